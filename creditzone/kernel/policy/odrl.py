"""A policy as ODRL 2.2 (W3C), and the JSON schema of the policy document: for other systems and for editors."""

from typing import Any

import msgspec

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.policy.constraints.duties import Duties

PROFILE = "urn:uuid:6b1f0c52-6a0e-5d5f-9f3e-3c1d0a7c2e41"
"""The IRI of the profile whose terms, with the prefix `cz`, ODRL does not have."""
CONTEXT = ["http://www.w3.org/ns/odrl.jsonld", {"cz": f"{PROFILE}#"}]


def to_odrl(policy: Policy) -> dict[str, Any]:
    """The policy in ODRL's JSON-LD: a permission or a prohibition a rule, all of its constraints joined by `and`; the
    conflict rule is that prohibitions win."""
    rules = {"permission": [], "prohibition": []}  # type: dict[str, list[dict[str, Any]]]
    for rule in policy.rules:
        rules["permission" if rule.effect == "permit" else "prohibition"].append(_rule(policy, rule))
    return {
        "@context": CONTEXT,
        "@type": "Set",
        "uid": f"urn:uuid:{policy.capsule}:v{policy.version}",
        "profile": PROFILE,
        "conflict": "prohibit",
        **{name: found for name, found in rules.items() if found},
    }


def policy_schema() -> dict[str, Any]:
    """The JSON schema of the policy document; what it does not know is refused."""
    return msgspec.json.schema(Policy)


def _rule(policy: Policy, rule: Rule) -> dict[str, Any]:
    constraints = [one for clause in rule.clauses for one in clause.to_odrl()]
    duties = rule.clause(Duties) if rule.effect == "permit" else None
    owed = duties.to_odrl_duties() if duties is not None else []
    return {
        "uid": rule.id,
        "target": f"urn:uuid:{policy.capsule}",
        "assigner": policy.provider,
        "action": "use",
        "constraint": [{"and": constraints}],
        **({"duty": owed} if owed else {}),
    }
