"""Who takes part in the demonstration. Codes have valid check digits and a body that begins with XY, so that no real
organisation is meant; secrets are drawn at the first start."""

import base64
import secrets
import string
from dataclasses import dataclass
from typing import Any

from creditzone.kernel.credit.uscc import check_digit, inner_check_digit
from demo.firms import OWNER


def _code(kind: str, body: str) -> str:
    """A code of Wuhan (420100) with both check digits right."""
    first = f"{kind}420100{body}"
    whole = first + inner_check_digit(body)
    return whole + check_digit(whole)


OPERATOR = {"uscc": _code("91", "XY7Q3N1H"), "name": "江城信用专区运营中心", "name_en": "Jiangcheng Credit Zone"}
CENTRE = _code("12", "XY2B8KD3")
BANK = _code("91", "XY5H1GP6")
PLATFORM = _code("91", "XY8T4MC2")
REGULATOR = _code("11", "XY3W9FA7")
FIRM = OWNER.uscc

ORGANISATIONS: tuple[dict[str, str], ...] = (
    {"uscc": CENTRE, "name": "江城代码中心", "name_en": "Jiangcheng Code Centre", "kind": "code_centre"},
    {"uscc": BANK, "name": "江城银行", "name_en": "Jiangcheng Bank", "kind": "bank"},
    {"uscc": PLATFORM, "name": "商桥平台", "name_en": "Shangqiao Platform", "kind": "platform"},
    {
        "uscc": REGULATOR,
        "name": "江城市市场监督管理局",
        "name_en": "Jiangcheng Market Supervision",
        "kind": "regulator",
    },
    {
        "uscc": FIRM,
        "name": OWNER.name,
        "name_en": "Wuhan Linjiang Precision",
        "kind": "sme",
        "hosted_by": OPERATOR["uscc"],
    },
)


@dataclass(frozen=True)
class Person:
    """Somebody of the demonstration: role at the portal, at which node (None: has no node), and who checks the policies
    that the person proposes."""

    username: str
    name: str
    organisation: str
    role: str
    node: str | None
    checker: str | None = None


PEOPLE = (
    Person("admin", "赵敏之", str(OPERATOR["uscc"]), "owner", None),
    Person("steward", "周岚", CENTRE, "steward", "centre", checker="approver"),
    Person("approver", "吴静", CENTRE, "approver", "centre"),
    Person("merchant", "孙磊", PLATFORM, "steward", "platform", checker="merchant-approver"),
    Person("merchant-approver", "钱芳", PLATFORM, "approver", "platform"),
    Person("officer", "李敏", BANK, "officer", "bank"),
    Person("bank-steward", "王蕾", BANK, "steward", "bank", checker="bank-approver"),
    Person("bank-approver", "郑涛", BANK, "approver", "bank"),
    Person("owner", "陈建国", FIRM, "owner", "hosted"),
    Person("regulator", "何平", REGULATOR, "auditor", None),
)


def draw_password() -> str:
    """A password that the zone's policy accepts: 20 letters and digits, all kinds in it."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(17)) + "Aa7"


def draw_totp() -> str:
    """A TOTP secret of 160 bits, base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def zone_manifest(known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What `set_up_zone` reads; `known` holds each person's drawn password, TOTP secret and token by sign-in name."""
    people = [
        {
            "username": person.username,
            "name": person.name,
            "organisation": person.organisation,
            "role": person.role,
            "password": known[person.username]["password"],
            "totp": known[person.username]["totp"],
            "has_token": bool(known[person.username].get("token")),
        }
        for person in PEOPLE
    ]
    return {"operator": dict(OPERATOR), "organisations": [dict(one) for one in ORGANISATIONS], "people": people}
