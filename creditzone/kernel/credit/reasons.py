"""Reason codes: why a grade is not better, in words for the firm. Codes are stable; words may be mended.

Holder of the fact: R code centre, A platform, L bank (terms), V invoices, F statements (balance sheet at the bank,
profit and loss at the code centre, turnover at the platform), D data, H hard rule, K capacity.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reach(StrEnum):
    """What can be done about a reason: by the firm, by time only, or by other terms of the application (which stand in
    the bank's letter alone and are never advice)."""

    FIRM = "firm"
    TIME = "time"
    TERMS = "terms"


class Reason(NamedTuple):
    """A reason's words and what can be done about it."""

    zh: str
    en: str
    reach: Reach

    def sentence(self, language: str) -> str:
        """The words for a reader of "zh" or "en"."""
        return self.zh if language.startswith("zh") else self.en


REASONS: dict[str, Reason] = {
    "R01": Reason("所属行业近年违约率高于平均水平", "Industry defaults above average", Reach.TIME),
    "R02": Reason("成立不足 2 年，经营记录较短", "Less than two years in business", Reach.TIME),
    "R03": Reason("用工（参保）规模较小", "Small insured workforce", Reach.TIME),
    "R04": Reason("经营地区同类企业违约率偏高", "Area defaults above average for its kind", Reach.TIME),
    "R05": Reason("独立经营，未纳入连锁（加盟）体系", "Not part of a franchise", Reach.TIME),
    "A01": Reason("近期新增岗位少", "Few jobs created", Reach.TIME),
    "A02": Reason("存量岗位稳定性不足", "Few jobs retained", Reach.TIME),
    "L01": Reason("申请金额与经营规模不匹配", "Amount out of proportion to the business", Reach.TERMS),
    "L02": Reason("所申请产品的担保（风险分担）比例较低", "Low guaranteed share", Reach.TERMS),
    "L03": Reason("一次性借款，非循环额度", "Single drawdown, not revolving", Reach.TERMS),
    "L04": Reason("采用简化材料，可核实信息较少", "Low-documentation application", Reach.TERMS),
    "L05": Reason("无不动产抵押", "Not secured by real estate", Reach.TERMS),
    "V01": Reason("近 12 个月开票销售额较低", "Low invoiced turnover", Reach.TIME),
    "V02": Reason("开票销售额同比下降", "Turnover fell year on year", Reach.FIRM),
    "V03": Reason("月度开票金额波动较大", "Volatile monthly turnover", Reach.FIRM),
    "V04": Reason("作废发票占比偏高", "High share of voided invoices", Reach.FIRM),
    "V05": Reason("红字发票占比偏高", "High share of red-letter invoices", Reach.FIRM),
    "V06": Reason("前五大客户占比偏高", "Sales concentrated on few customers", Reach.FIRM),
    "V07": Reason("前五大供应商占比偏高", "Purchases concentrated on few suppliers", Reach.FIRM),
    "V08": Reason("近 12 个月有连续未开票月份", "Months without invoices", Reach.FIRM),
    "F01": Reason("资产负债率偏高", "High debt to assets", Reach.FIRM),
    "F02": Reason("流动比率（速动比率）偏低", "Low current or quick ratio", Reach.FIRM),
    "F03": Reason("营运资金不足", "Thin working capital", Reach.FIRM),
    "F04": Reason("留存收益（资本积累）偏少", "Little retained capital", Reach.TIME),
    "F05": Reason("现金类资产对短期负债覆盖不足", "Liquid assets cover too little short-term debt", Reach.FIRM),
    "F06": Reason("销售净利率偏低", "Low net margin", Reach.FIRM),
    "F07": Reason("毛利率偏低或近三年盈利偏弱", "Low gross margin or weak three-year profit", Reach.TIME),
    "F08": Reason("营业收入同比下降", "Sales fell year on year", Reach.FIRM),
    "F09": Reason("成本费用占收入比重偏高", "Costs take a high share of sales", Reach.FIRM),
    "F10": Reason("应收账款周转天数偏长", "Receivables turn slowly", Reach.FIRM),
    "F11": Reason("存货周转天数偏长", "Inventory turns slowly", Reach.FIRM),
    "F12": Reason("短期负债周转天数偏长", "Short-term liabilities are paid slowly", Reach.FIRM),
    "F13": Reason("资产周转率偏低", "Low asset turnover", Reach.TIME),
    "D01": Reason("可用数据不足，暂不能评分", "Not enough data to score", Reach.FIRM),
    "D02": Reason("数据未及时更新", "Data out of date", Reach.FIRM),
    "D03": Reason("缺少有效授权，未使用相关数据", "No valid authorisation for the data", Reach.FIRM),
    "H01": Reason("列入经营异常名录，尚未移出", "On the abnormal-operation list", Reach.FIRM),
    "H02": Reason(
        "列入严重违法失信名单或为失信被执行人", "On a serious-violation or judgment-defaulter list", Reach.FIRM
    ),
    "H03": Reason("公示期内的行政处罚（未修复）", "Penalty in force, not repaired", Reach.FIRM),
    "H04": Reason("存在未结清欠税", "Unpaid taxes", Reach.FIRM),
    "K01": Reason("经营现金流不足以覆盖拟新增还款", "Cash flow does not cover the new debt", Reach.FIRM),
    "K02": Reason("现有负债或集团授信已达上限", "Existing or group debt at its limit", Reach.FIRM),
}


def reason(code: str) -> Reason:
    """The reason with this code; raises KeyError."""
    return REASONS[code]
