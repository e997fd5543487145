"""Unified social credit codes (统一社会信用代码) after GB 32100-2015.

A code has 18 characters: registering department (1), kind of entity (1), division of registration (6, GB/T
2260), the body, which is the organisation code of GB 11714 (9, its last a check digit), check digit (1).

The outer check digit (mod 31) decides. The inner one and an unknown division only warn: real, valid codes
exist that fail the inner check, and a code keeps the division of the year in which it was given.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
DEMONSTRATION_BODY = "XY"
"""Bodies that begin so are used for invented firms only."""

_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_KNOWN = frozenset(ALPHABET)
PROVINCES = frozenset(
    {
        "10",
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
    }
    | {"43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"}
)
KINDS = frozenset(
    {
        "11",
        "12",
        "13",
        "19",
        "21",
        "29",
        "31",
        "32",
        "33",
        "34",
        "35",
        "39",
        "41",
        "49",
        "51",
        "52",
        "53",
        "54",
    }
    | {
        "55",
        "59",
        "61",
        "62",
        "69",
        "71",
        "72",
        "79",
        "81",
        "89",
        "91",
        "92",
        "93",
        "A1",
        "A9",
        "N1",
        "N2",
        "N3",
    }
    | {"N9", "Y1"}
)


class Reason(StrEnum):
    """Why a text is no code."""

    LENGTH = "uscc-length"
    CHARACTER = "uscc-character"
    MANGLED = "uscc-mangled"
    CHECK = "uscc-check"


class Notice(StrEnum):
    """What is unusual about a valid code."""

    INNER_CHECK = "uscc-inner-check"
    UNKNOWN_DIVISION = "uscc-unknown-division"
    UNKNOWN_KIND = "uscc-unknown-kind"


SENTENCES: dict[Reason | Notice, dict[str, str]] = {
    Reason.LENGTH: {
        "zh": "统一社会信用代码应为 18 位。",
        "en": "A unified social credit code has 18 characters.",
    },
    Reason.CHARACTER: {
        "zh": "统一社会信用代码含有不允许的字符（不使用 I、O、S、V、Z）。",
        "en": "The code holds a character that such codes never use (I, O, S, V and Z are left out).",
    },
    Reason.MANGLED: {
        "zh": "代码像是被表格软件改成了数字（丢失前导零或变成科学计数法），请以文本格式重新导出。",
        "en": "The code looks like a number made by a spreadsheet: export the column as text again.",
    },
    Reason.CHECK: {
        "zh": "统一社会信用代码校验位不正确（GB 32100，模 31）。",
        "en": "The check digit of the code is wrong (GB 32100, modulo 31).",
    },
    Notice.INNER_CHECK: {
        "zh": "主体标识码校验位（GB 11714）不符，请核对；部分真实代码也如此。",
        "en": "The inner check digit (GB 11714) does not fit; some real codes are so: please compare.",
    },
    Notice.UNKNOWN_DIVISION: {
        "zh": "登记管理机关行政区划码不在现行区划表中，可能为历史区划。",
        "en": "The division is not in the present table; it may be that of the year of registration.",
    },
    Notice.UNKNOWN_KIND: {
        "zh": "登记部门与机构类别组合不在标准列表中。",
        "en": "The kind of entity is not listed in the standard.",
    },
}


class InvalidUscc(ValueError):
    """The text is no unified social credit code; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    def sentence(self, language: str) -> str:
        """The reason for a reader of `language` ("zh" or "en")."""
        return SENTENCES[self.reason][language]


@dataclass(frozen=True)
class Uscc:
    """A valid code, upper case, with what is unusual about it."""

    code: str
    warnings: tuple[Notice, ...] = ()

    @property
    def division(self) -> str:
        """The six digits of GB/T 2260 under which the code was given."""
        return self.code[2:8]

    @property
    def body(self) -> str:
        """The nine characters of GB 11714."""
        return self.code[8:17]


def check_digit(body17: str) -> str:
    """The 18th character for the first 17 (GB 32100, modulo 31). Raises InvalidUscc."""
    if len(body17) != len(WEIGHTS):
        raise InvalidUscc(Reason.LENGTH)
    try:
        total = sum(_VALUE[character] * weight for character, weight in zip(body17, WEIGHTS, strict=True))
    except KeyError:
        raise InvalidUscc(Reason.CHARACTER) from None
    return ALPHABET[-total % 31]


def inner_check_digit(body8: str) -> str:
    """The ninth character of an organisation code for its first eight (GB 11714, modulo 11)."""
    total = sum(int(character, 36) * weight for character, weight in zip(body8, INNER_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def parse_uscc(text: str, *, divisions: Container[str] | None = None) -> Uscc:
    """Check a code as people write it: blanks around it and lower case are forgiven, nothing else.

    `divisions` are the six-digit codes known to the caller; without them only the province is looked at.
    Raises InvalidUscc with the first thing that is wrong.
    """
    code = text.strip().upper()
    if len(code) != 18:
        raise InvalidUscc(Reason.MANGLED if _is_spreadsheet_number(code) else Reason.LENGTH)
    if not _KNOWN.issuperset(code):
        raise InvalidUscc(Reason.MANGLED if _is_spreadsheet_number(code) else Reason.CHARACTER)
    if check_digit(code[:17]) != code[17]:
        raise InvalidUscc(Reason.CHECK)
    return Uscc(code, tuple(_unusual(code, divisions)))


def is_valid_uscc(text: str) -> bool:
    """Whether `text`, exactly as it stands, is a code."""
    return len(text) == 18 and _KNOWN.issuperset(text) and check_digit(text[:17]) == text[17]


def is_person(code: str) -> bool:
    """Whether the code is that of an individual business (个体工商户, 92): never scored."""
    return code.startswith("92")


def _unusual(code: str, divisions: Container[str] | None) -> list[Notice]:
    found = []
    if inner_check_digit(code[8:16]) != code[16]:
        found.append(Notice.INNER_CHECK)
    division = code[2:8]
    known = code[2:4] in PROVINCES if divisions is None else division in divisions or division == "100000"
    if not (known and division.isdigit()):
        found.append(Notice.UNKNOWN_DIVISION)
    if code[:2] not in KINDS:
        found.append(Notice.UNKNOWN_KIND)
    return found


def _is_spreadsheet_number(text: str) -> bool:
    """Whether a spreadsheet made a number of it: `9.14201E+17`, or digits that lost some."""
    if "E+" in text or text.endswith(".0"):
        return text.replace("E+", "").replace(".", "").isdigit()
    return text.isdigit() and 14 <= len(text) < 18
