"""Policies in words at the portal: names from the zone's organisations and its registered scorecards.

The node renders the sentence again from the document itself, with the names of confirmed cards: what is signed is that
one."""

from apps.governance import selectors as governance
from apps.governance.wording import language
from apps.scoring.wording import PortalNames
from creditzone.kernel.documents import Policy
from creditzone.kernel.policy.constraints.base import Names, Segment
from creditzone.kernel.policy.constraints.consent import EVIDENCE
from creditzone.kernel.policy.constraints.environment import ATTESTATIONS, ENGINES
from creditzone.kernel.policy.constraints.output import say_form
from creditzone.kernel.policy.floors import undercuts
from creditzone.kernel.policy.purposes import PURPOSES
from creditzone.kernel.policy.sentence import say_policy
from creditzone.kernel.refusals import Refusal

FLOOR_FIELDS = {
    "floor-purpose": "purposes",
    "floor-minimum-group": "minimum_group",
    "floor-window": "days",
    "floor-uses": "uses",
    "floor-attestation": "engines",
    "floor-consent": "evidence",
}
"""The form field that a floor of the zone-wide rules speaks of."""
NAME_FIELDS = {"unknown-column": "models", "unknown-purpose": "purposes", "unknown-parameter": "disclosures"}
"""The form field from which a name in a policy follows that nothing bears."""


def say_refusal(refusal: Refusal) -> str:
    """What was wrong and what to do, in the reader's language, with names in the place of codes."""
    said = named(refusal, PortalNames(language()))
    return f"{said.sentence(language())} {said.remedy(language())}"


def named(refusal: Refusal, names: Names) -> Refusal:
    """The refusal with names for people in the place of the codes among its facts."""
    at = 0 if language() == "zh" else 1
    words = {code: pair[at] for table in (PURPOSES, ATTESTATIONS, EVIDENCE, ENGINES) for code, pair in table.items()}
    facts = {name: words.get(value, value) for name, value in refusal.facts.items() if name != "rule"}
    if "grantee" in facts:
        facts["grantee"] = names.organisation(facts["grantee"])
    if "model" in facts:
        facts["model"] = names.model(facts["model"])
    if "disclosure" in facts:
        facts["disclosure"] = ", ".join(say_form(one, language()) for one in facts["disclosure"].split(", "))
    return Refusal(refusal.clause, {**refusal.facts, **facts})


def floors_below(policy: Policy) -> list[str]:
    """Everything in which the policy undercuts the zone-wide rules in force, in the reader's language."""
    head = governance.in_force()
    return [say_refusal(refusal) for refusal in undercuts(policy, head.document)] if head else []


def policy_segments(policy: Policy, language: str) -> list[list[Segment]]:
    """One list of segments a rule, for the sentence component."""
    names: Names = PortalNames(language)
    return say_policy(policy, language, names)


def policy_sentences(policy: Policy, language: str) -> list[str]:
    """Each rule as plain text."""
    return ["".join(segment.text for segment in sentence) for sentence in policy_segments(policy, language)]
