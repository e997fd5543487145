"""The gallery: every component in every state, with invented names, for developers and the browser tests."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.ui import charts
from apps.ui.forms import Renderer
from apps.ui.pieces import Band, Change, Clause, Event, Lane, Proof, Stage, Thing
from apps.ui.tables import Column, table_of_rows

DIGEST = "sm3:9f2c0b7e51d84a66c3f0aa1927be5d4430fe8c7712ab90d16e5f38c24b7741ab"
CODE = "91420100XY4K2F3X0P"
STAGES = ["任务预检", "启封胶囊", "隐私求交", "密态评分", "封装结果"]
STATES = {
    "draft": "草稿", "running": "运行中", "active": "生效", "suspended": "已中止", "refused": "已拒绝",
}  # fmt: skip


View = TypeVar("View", bound=Callable[..., HttpResponse])


def shown_to_all(view: View) -> View:
    """The mark of `apps.core.http.public`, set here because this layer knows no other app."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


class SpecimenForm(forms.Form):
    """One field of each kind, two of them wrong."""

    default_renderer = Renderer

    grantee = forms.CharField(label="使用方", help_text="填写机构全称。")
    purpose = forms.ChoiceField(label="用途", choices=[("pre", "信贷风控 › 贷前"), ("post", "信贷风控 › 贷后")])
    minimum_group = forms.IntegerField(
        label="统计最小户数",
        min_value=10,
        error_messages={"min_value": "低于本数据域下限 10 户。请改为 10 或申请例外。"},
    )
    ends = forms.DateField(label="有效期至", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    disclosure = forms.ChoiceField(
        label="返回结果",
        widget=forms.RadioSelect,
        choices=[("decision", "准入结论"), ("grade", "评分等级"), ("score", "分数")],
    )
    tags = forms.MultipleChoiceField(
        label="数据项",
        widget=forms.CheckboxSelectMultiple,
        choices=[("a", "成立日期"), ("b", "参保人数"), ("c", "行政处罚")],
    )
    reason = forms.CharField(label="说明", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    agree = forms.BooleanField(label="已与对方核对名片指纹", help_text="请以另外的方式核对，例如电话。")
    code = forms.CharField(
        label="本节点动态口令", widget=forms.TextInput(attrs={"class": "otp", "inputmode": "numeric"})
    )


@shown_to_all
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """All components on one page."""
    return render(request, "ui/gallery.html", _specimens(request))


@shown_to_all
@require_GET
def node_gallery(request: HttpRequest) -> HttpResponse:
    """The frame of a node's pages."""
    band = Band(organisation="江城银行", kind="bank", person="李敏", minutes_left=13, portal_url="/ui/")
    return render(request, "ui/gallery_node.html", {**_specimens(request), "band": band})


@shown_to_all
@require_GET
def error_gallery(request: HttpRequest, status: int) -> HttpResponse:
    """The error page in the words of one status."""
    context = {
        "status": status,
        "title": "此合约已中止，不能再次中止",
        "why": "打开本页之后，汉水农商行的周岚已于 14:02 中止该合约。",
        "remedy": "请重新载入合约页，查看现在的状态。",
        "remedy_href": "/ui/",
        "remedy_act": "重新载入",
        "clause": "contract.state",
        "facts": [("现在的状态", "已中止"), ("想要的状态", "已中止")],
        "incident": "019a7c20-4be1",
    }
    return render(request, "ui/error.html", context, status=status)


def _specimens(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    form = SpecimenForm(
        {"grantee": "江城银行", "purpose": "pre", "minimum_group": "3", "disclosure": "grade", "tags": ["a", "c"]}
    )
    columns = [
        Column("企业", "name"),
        Column("统一社会信用代码"),
        Column("评分等级", "grade"),
        Column("测算额度", "limit", num=True),
    ]
    firms = [
        {"name": "武汉临江精工机械有限公司", "code": CODE, "grade": "B", "limit": 80_000_000, "tone": "good"},
        {
            "name": "武汉楚云冷链物流有限公司",
            "code": "91420106XY49R8QW6W",
            "grade": "D",
            "limit": 25_000_000,
            "tone": "",
        },
        {
            "name": "武汉鹤汀新材料科技有限公司",
            "code": "91420111XY4L0C6H0P",
            "grade": "G",
            "limit": None,
            "tone": "bad",
        },
    ]
    return {
        "digest": DIGEST,
        "code": CODE,
        "form": form,
        "now": now,
        "yesterday": now - timedelta(hours=2),
        "last_week": now - timedelta(days=7),
        "crumbs": [("评分任务", "/ui/"), ("2026 年第 47 周申请名单", "")],
        "table": table_of_rows(firms, columns=columns, query=request.GET, exportable=True),
        "empty_table": table_of_rows([], columns=columns, query=request.GET),
        "states": [_state(value, label) for value, label in STATES.items()],
        "stages_running": [
            Stage("任务预检", "done", "三方就绪 · 0.4 秒"), Stage("启封胶囊", "done", "策略放行 · 1.1 秒"),
            Stage("隐私求交", "now", "已比对 8,214 户"), Stage("密态评分"), Stage("封装结果"),
        ],
        "stages_done": [Stage(name, "done", "0.4 秒") for name in STAGES],
        "stages_failed": [
            Stage("任务预检", "done", "三方就绪"), Stage("启封胶囊", "failed", "商桥平台拒绝：用途不在范围内"),
            Stage("隐私求交"), Stage("密态评分"), Stage("封装结果"),
        ],
        "lanes": _lanes(),
        "segments": _segments(),
        "changes": [
            Change(about="新增使用方", after="汉水农商行", effect="loosen"),
            Change(before="累计 60 次", after="累计 40 次", effect="tighten"),
        ],
        "events": _events(now),
        "facts": [("输出摘要（三方一致）", "sm3:c41d…77e0"), ("回执", "3 / 3 份 SM2 签名有效"), ("启封记录", None)],
        "chart": charts.bars(
            labels=list("ABCDEFGH"), values=[712, 1301, 1988, 1702, 1122, 803, 391, 195],
            reference=[650, 1240, 1900, 1800, 1200, 820, 420, 230], reference_name="近 12 周申请",
            x_title="评分等级", y_title="户", caption="8,214 户中 C 级最多；虚线为近 12 周申请，群体稳定性指标 0.01。",
        ),
        "trend": charts.lines(
            x=[1, 2, 3, 4, 5, 6], series=[("匹配率", [61, 63, 62, 66, 68, 70])], x_title="月", y_title="%",
            caption="匹配率六个月由 61% 升至 70%。",
        ),
        "shares": [("A", 712), ("B", 1301), ("C", 1988), ("D", 1702)],
        "proof": Proof(
            holds=True, rows=[("日志叶", "#1,204,318"), ("见证方", "市场监管总局、江城银行、代码中心")],
            digests=[("检查点根", DIGEST)], proves="该记录在当时已写入，此后未被修改或删除。",
            does_not_prove="投入的数据本身真实。",
        ),
        "impacts": ["3 个排队的任务不再启动", "1 个在跑的任务在下一次启封前停止", "2 个派生胶囊一并吊销"],
        "steps": ["选择数据与评分卡", "选择申请名单", "核对并到节点确认"],
    }  # fmt: skip


def _state(value: str, label: str) -> Any:
    return SimpleNamespace(state=value, get_state_display=lambda: label)


def _lanes() -> list[Lane]:
    return [
        Lane(
            party="江城银行", kind="bank", own=True, put_in=["12,000 户申请 · 6 项；无有效授权剔除 258 户"],
            left=["盲化代码 11,742", "秘密份额 8,214"],
            learned=[Thing("8,214 个评分等级（A 至 H）", strong=True), "不含分数，不含他方任何数据项"],
        ),
        Lane(
            party="代码中心", kind="code_centre", put_in=[Thing("登记信息胶囊 v4 · 21,640 户", "/ui/")],
            left=["盲化代码 21,640", "秘密份额 8,214"],
            learned=["可知本方哪 8,214 户被查询；不可知等级、申请内容和名单其余部分"],
        ),
        Lane(
            party="商桥平台", kind="platform", put_in=[Thing("经营活跃胶囊 v2 · 15,302 户", "/ui/")],
            left=["盲化代码 15,302", "秘密份额 8,214"], learned=["可知本方哪 8,214 户被查询；不可知等级"],
        ),
    ]  # fmt: skip


def _segments() -> list[str | Clause]:
    return [
        "允许 ", Clause("江城银行", field="id_grantee"), "、",
        Clause("汉水农商行", field="id_grantee"), " 为 ",
        Clause("信贷风控（贷前、贷中）", field="id_purpose"), " 目的，使用评分卡 ",
        Clause("小微贷 v3 及以上"), " 进行 ",
        Clause("隐私求交"), " 和 ", Clause("联合评分"), "，仅返回 ", Clause("评分等级"),
        "；统计类结果不少于 ",
        Clause("10 户", field="id_minimum_group"), "；自签约之日起 ", Clause("30 天"), " 内有效，累计 ",
        Clause("40 次"),
        "；无有效授权的企业 ", Clause("自动剔除并计数"), "；", Clause("不得", deny=True), " 导出明细、转授权。",
    ]  # fmt: skip


def _events(now: Any) -> list[Event]:
    return [
        Event(
            title="密态输入", kind="code_centre", party="代码中心", text="登记信息胶囊 v4", seal="密态",
            at=now - timedelta(days=5), meta="策略 v4", href="/ui/", link="包含证明 有效",
        ),
        Event(
            title="密态计算", kind="bank", text="隐私求交 RR22 → 密态评分 ABY3", at=now,
            meta="半诚实安全模型，无硬件可信证明",
        ),
        Event(
            title="密封结果", kind="bank", party="江城银行", text="8,214 个评分等级，仅交付", meta="输出摘要三方一致",
        ),
        Event(title="信贷决定", kind="sme", text="1 笔 · 授信内容不在贵单位职权范围，仅可核验存证"),
    ]  # fmt: skip
