"""Groups of firms for statistics: none with fewer firms than the least, and no firm in none.

A group is read off the firms' codes, which all parties of the set have. Were a group with too few firms left out, its
counts would be what a statistic of the whole set has beyond the others; so small ones are put together instead.
"""

from collections.abc import Sequence
from typing import Final

OTHERS: Final = "others"
WHOLE: Final = "all"
_PROVINCE: Final = slice(2, 4)


def groups_of(codes: Sequence[str], *, grouping: str | None, least: int) -> dict[str, list[int]]:
    """Places of the codes by group, in the groups' order; `province` groups by the first two digits of the division
    (GB/T 2260) in which a code was given. Groups smaller than `least` become `others`, with as many of the next
    smallest as it needs. A set that is smaller altogether stays whole, for whoever counts to refuse."""
    if grouping is None:
        return {WHOLE: list(range(len(codes)))}
    groups: dict[str, list[int]] = {}
    for place, code in enumerate(codes):
        groups.setdefault(code[_PROVINCE], []).append(place)
    joined: list[int] = []
    for name in sorted(groups, key=lambda one: (len(groups[one]), one)):
        if len(groups[name]) >= least and (not joined or len(joined) >= least):
            break
        joined += groups.pop(name)
    named = {name: groups[name] for name in sorted(groups)}
    return {**named, OTHERS: sorted(joined)} if joined else named


PROVINCES: Final[dict[str, tuple[str, str]]] = {
    "11": ("北京市", "Beijing"),
    "12": ("天津市", "Tianjin"),
    "13": ("河北省", "Hebei"),
    "14": ("山西省", "Shanxi"),
    "15": ("内蒙古自治区", "Inner Mongolia"),
    "21": ("辽宁省", "Liaoning"),
    "22": ("吉林省", "Jilin"),
    "23": ("黑龙江省", "Heilongjiang"),
    "31": ("上海市", "Shanghai"),
    "32": ("江苏省", "Jiangsu"),
    "33": ("浙江省", "Zhejiang"),
    "34": ("安徽省", "Anhui"),
    "35": ("福建省", "Fujian"),
    "36": ("江西省", "Jiangxi"),
    "37": ("山东省", "Shandong"),
    "41": ("河南省", "Henan"),
    "42": ("湖北省", "Hubei"),
    "43": ("湖南省", "Hunan"),
    "44": ("广东省", "Guangdong"),
    "45": ("广西壮族自治区", "Guangxi"),
    "46": ("海南省", "Hainan"),
    "50": ("重庆市", "Chongqing"),
    "51": ("四川省", "Sichuan"),
    "52": ("贵州省", "Guizhou"),
    "53": ("云南省", "Yunnan"),
    "54": ("西藏自治区", "Tibet"),
    "61": ("陕西省", "Shaanxi"),
    "62": ("甘肃省", "Gansu"),
    "63": ("青海省", "Qinghai"),
    "64": ("宁夏回族自治区", "Ningxia"),
    "65": ("新疆维吾尔自治区", "Xinjiang"),
}
"""Provinces by the first two digits of a division (GB/T 2260)."""


def say_group(name: str, language: str) -> str:
    """A group's name for people."""
    words = {WHOLE: ("全部企业", "all firms"), OTHERS: ("其他地区", "other regions"), **PROVINCES}
    zh, en = words.get(name, (name, name))
    return zh if language.startswith("zh") else en
