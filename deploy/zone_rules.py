"""The zone-wide rules of the demonstration as its code centre drafts them, and how every node comes to hold them."""

from typing import Any

from deploy import manifest
from deploy.nodes import run_at
from deploy.officers.person import Officer, until
from deploy.zone import Zone

FLOORS: dict[str, Any] = {
    "minimum_group": 10,
    "max_days": 366,
    "max_uses": 10_000,
    "attestations": ["none", "hardware"],
    "evidence": ["declared", "signed"],
    "custody_threshold": 1,
}
PURPOSES = ["credit-risk", "self-enquiry", "public-governance"]


def _template(name: str, names: tuple[str, str], about: tuple[str, str], days: int, *clauses: Any) -> dict[str, Any]:
    zh, en = names
    return {
        "id": name, "name": zh, "name_en": en, "about": about[0], "about_en": about[1], "days": days,
        "clauses": list(clauses),
    }  # fmt: skip


def _environment(*engines: str) -> dict[str, Any]:
    return {"clause": "environment", "engines": list(engines), "attestations": ["none"]}


def _action(operation: str) -> dict[str, Any]:
    return {"clause": "action", "operations": [{"name": operation}]}


TEMPLATES = [
    _template(
        "credit-risk",
        ("仅限信贷风控模型", "Credit-risk model only"),
        ("银行贷前、贷中评分，返回等级和原因", "banks score before and while lending; grade and reasons come back"),
        30,
        {"clause": "purpose", "purposes": ["credit-risk/pre-loan", "credit-risk/in-loan"]},
        _action("score"),
        _environment("cheetah", "aby3"),
        {"clause": "output", "forms": ["grade", "reasons"]},
        {"clause": "count", "total": 40},
    ),
    _template(
        "joint-statistics",
        ("联合统计，十户以上", "Joint statistics, groups of ten and more"),
        ("只出统计结果，每组不少于十户", "figures alone come out, each on ten firms or more"),
        30,
        {"clause": "purpose", "purposes": ["credit-risk", "public-governance"]},
        _action("statistics"),
        _environment("cheetah", "aby3"),
        {"clause": "output", "forms": ["statistic"], "minimum_group": 10},
        {"clause": "count", "total": 20, "per_day": 2},
    ),
    _template(
        "self-enquiry",
        ("企业本人查询", "A firm's own enquiry"),
        ("企业凭本人授权查询自身，返回等级和原因", "a firm asks about itself on its own authorisation"),
        90,
        {"clause": "subject", "organisations": ["subject"]},
        {"clause": "purpose", "purposes": ["self-enquiry"]},
        _action("score"),
        _environment("cheetah"),
        {"clause": "output", "forms": ["grade", "reasons"]},
        {"clause": "count", "total": 1000},
    ),
]


def say_who_governs(zone: Zone) -> None:
    """Each node's keeper says that the code centre governs the zone."""
    for node in zone.place.nodes:
        run_at(zone, node, "confirm-governor", "--organisation", manifest.CENTRE)


def sign_zone_rules(zone: Zone, steward: Officer) -> str:
    """Draft the rules at the portal, sign them in the code centre's node, and wait until every node holds them."""
    held = steward.call("GET", "/zone-rules/")["results"]
    if not held:
        rules = {"purposes": PURPOSES, "floors": FLOORS, "templates": TEMPLATES}
        steward.sign(steward.call("POST", "/zone-rules/", rules)["digest"])
        held = until(lambda: steward.call("GET", "/zone-rules/")["results"], bool, what="the zone-wide rules")
    digest = str(held[0]["digest"])
    for node in zone.place.nodes:
        until(
            lambda node=node: run_at(zone, node, "zone-rules")["digest"],  # type: ignore[misc]
            lambda seen: seen == digest,
            what=f"the zone-wide rules at the node {node.name}",
        )
    return digest
