"""Looking firms up. Every search walks an index from a key, so that 23 million rows cost what a thousand do."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotFound
from apps.registry.models import Enterprise, Industry, Region
from creditzone.kernel.credit.uscc import ALPHABET, SENTENCES, InvalidUscc, is_person, is_valid_uscc, parse_uscc

MOST_TYPED = 200
_CODE = frozenset(ALPHABET)


@dataclass(frozen=True, kw_only=True)
class Search:
    """What was typed and what it was taken for: firms in the order of `sort`; `fault` is what is wrong with it."""

    text: str
    by_code: bool
    firms: QuerySet[Enterprise]
    sort: str
    exact: str = ""
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A firm in a list, its codes in words where the tables have them."""

    firm: Enterprise
    industry: str
    division: str


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A firm with its codes explained, and what is unusual about its own code."""

    firm: Enterprise
    industries: list[Industry]
    regions: list[Region]
    warnings: list[str]
    is_person: bool


def search(text: str) -> Search:
    """Firms whose code or name begins with `text`; all of them, by code, for nothing typed."""
    typed = " ".join(text.replace("\0", "").split())[:MOST_TYPED]
    code = typed.replace(" ", "").upper()
    if not typed:
        return Search(text="", by_code=True, firms=Enterprise.objects.all(), sort="uscc")
    if _CODE.issuperset(code) and code[0].isalnum() and code.isascii():
        return _by_code(typed, code)
    return Search(text=typed, by_code=False, firms=_beginning("name", typed), sort="name")


def _by_code(typed: str, code: str) -> Search:
    firms = _beginning("uscc", code)
    if len(code) < 15:
        return Search(text=typed, by_code=True, firms=firms, sort="uscc")
    try:
        exact = parse_uscc(code).code
    except InvalidUscc as invalid:
        fault = "" if len(code) < 18 else invalid.sentence(_language())
        return Search(text=typed, by_code=True, firms=firms, sort="uscc", fault=fault)
    return Search(text=typed, by_code=True, firms=firms, sort="uscc", exact=exact)


def _beginning(column: str, prefix: str) -> QuerySet[Enterprise]:
    """Rows whose `column` begins with `prefix`, as a range of the index.

    Not by LIKE: it is not leakproof, so under row-level security it is tested row by row (2 s at a million rows)."""
    last = ord(prefix[-1])
    after = prefix[:-1] + chr(0xE000 if last == 0xD7FF else last + 1) if last < 0x10FFFF else None
    firms = Enterprise.objects.filter(**{f"{column}__gte": prefix})
    return firms.filter(**{f"{column}__lt": after}) if after is not None else firms


def is_registered(code: str) -> bool:
    """Whether the register has a firm with this whole code."""
    return Enterprise.objects.filter(pk=code).exists()


def firm(uscc: str) -> Enterprise:
    """The firm with this code; raises NotFound."""
    code = uscc.upper()
    found = Enterprise.objects.filter(pk=code).first() if is_valid_uscc(code) else None
    if found is None:
        raise NotFound(what=_("firm"))
    return found


def profile(uscc: str) -> Profile:
    """A firm and what its codes mean; raises NotFound."""
    found = firm(uscc)
    checked = parse_uscc(found.uscc, divisions=_divisions())
    return Profile(
        firm=found,
        industries=_line(Industry, found.industry),
        regions=_line(Region, found.division),
        warnings=[SENTENCES[warning][_language()] for warning in checked.warnings],
        is_person=is_person(found.uscc),
    )


def with_words(firms: Sequence[Enterprise]) -> list[Row]:
    """The firms of one page with the names of their industries and divisions, in two queries."""
    industries = Industry.objects.in_bulk({firm.industry for firm in firms})
    regions = Region.objects.select_related("parent").in_bulk({firm.division for firm in firms})
    return [
        Row(
            firm=firm,
            industry=str(industries.get(firm.industry, firm.industry)),
            division=_place(regions[firm.division]) if firm.division in regions else firm.division,
        )
        for firm in firms
    ]


def _place(region: Region) -> str:
    """City and county, or whatever of it there is: “武汉市洪山区”."""
    above = region.parent.name if region.parent is not None and region.level > 2 else ""
    return f"{'' if above == '市辖区' else above}{region.name}"


def _line(table: type[Industry] | type[Region], code: str) -> list[Any]:
    """The row of a code table and all above it, the widest first; empty for a code that the table does not have."""
    line = []
    row: Any = table._default_manager.filter(pk=code).select_related("parent__parent__parent").first()
    while row is not None:
        line.append(row)
        row = row.parent
    return line[::-1]


@cache
def _all_divisions() -> frozenset[str]:
    return frozenset(Region.objects.values_list("code", flat=True))


def _divisions() -> frozenset[str]:
    """The codes of the present table: read once a process, unless the table is still empty."""
    found = _all_divisions()
    if not found:
        _all_divisions.cache_clear()
    return found


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"
