"""Policies in words at the portal: names from the zone's organisations and its registered scorecards.

The node renders the sentence again from the document itself, with the names of confirmed cards: what is signed is that
one."""

from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.governance import selectors as governance
from apps.governance.wording import language
from apps.scoring.wording import PortalNames
from apps.ui.pieces import Words
from creditzone.kernel.documents import Policy
from creditzone.kernel.domain import say_column
from creditzone.kernel.policy.constraints.action import OPERATIONS
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
CLAUSE_FIELDS = {
    "grantee": "grantees",
    "role": "grantees",
    "person": "grantees",
    "program": "models",
    "contract-days": "days",
    "purpose": "purposes",
    "model": "models",
    "engine": "engines",
    "disclosure": "disclosures",
    "validity": "days",
    "uses": "uses",
    "minimum-group": "minimum_group",
    "operation": "models",
    "columns": "models",
    "attestation": "engines",
    "uses-a-day": "per_day",
    "rows-a-day": "rows_per_day",
    "uses-a-firm": "per_subject",
    "max-rows": "max_rows",
    "decision-band": "decision_band",
    "daily-window": "opens",
    "derivation": "generations",
    "notify": "notify",
    "delete-after": "delete_after_days",
    "consent": "evidence",
    "place": "grantees",
    "price": "grantees",
}
"""The form field behind each value of a sentence: what a form does not ask follows from what it does."""
FACTS: dict[str, Words] = {
    "why": gettext_lazy("Reason given"),
    "what": gettext_lazy("What differs"),
    "party": gettext_lazy("Party"),
    "stage": gettext_lazy("Stage"),
    "rule": gettext_lazy("Rule of the policy"),
    "capsule": gettext_lazy("Capsule"),
    "source": gettext_lazy("Source capsule"),
    "state": gettext_lazy("State"),
    "asked": gettext_lazy("Version asked for"),
    "head": gettext_lazy("Version in force"),
    "purpose": gettext_lazy("Purpose"),
    "model": gettext_lazy("Scorecard"),
    "engine": gettext_lazy("Engine"),
    "disclosure": gettext_lazy("Result form"),
    "grantee": gettext_lazy("User"),
    "organisation": gettext_lazy("Organisation"),
    "uses": gettext_lazy("Uses allowed"),
    "used": gettext_lazy("Uses spent"),
    "found": gettext_lazy("Found"),
    "k": gettext_lazy("At least"),
    "seconds": gettext_lazy("Seconds"),
    "expired_at": gettext_lazy("Expired at"),
    "attempt": gettext_lazy("Attempt"),
    "fence": gettext_lazy("Fence"),
    "receipt": gettext_lazy("Receipt"),
    "agreement": gettext_lazy("Agreement"),
    "digest": gettext_lazy("Digest"),
    "person": gettext_lazy("Person"),
    "by": pgettext_lazy("fact", "By"),
    "reason": gettext_lazy("Reason"),
    "count": gettext_lazy("Count"),
    "price_fen": gettext_lazy("Price in fen"),
    "not_before": gettext_lazy("From"),
    "not_after": gettext_lazy("Until"),
    "at": pgettext_lazy("fact", "Instant"),
    "band": pgettext_lazy("fact", "Lowest band of a decision"),
    "clause": pgettext_lazy("fact", "Clause"),
    "columns": pgettext_lazy("fact", "Columns"),
    "days": pgettext_lazy("fact", "Days"),
    "division": pgettext_lazy("fact", "Region"),
    "expected": pgettext_lazy("fact", "Expected"),
    "fact": pgettext_lazy("fact", "Fact"),
    "firms": pgettext_lazy("fact", "Firms"),
    "holder": pgettext_lazy("fact", "Holder of a share"),
    "least": pgettext_lazy("fact", "Not less than"),
    "limit": pgettext_lazy("fact", "Limit"),
    "most": pgettext_lazy("fact", "At most"),
    "operation": pgettext_lazy("fact", "Operation"),
    "parameter": pgettext_lazy("fact", "Parameter"),
    "program": pgettext_lazy("fact", "Program"),
    "role": pgettext_lazy("fact", "Role"),
    "rows": pgettext_lazy("fact", "Rows"),
    "version": pgettext_lazy("fact", "Version"),
    "window": pgettext_lazy("fact", "Window"),
}
"""What a refusal's facts are called."""


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
    if "columns" in facts:
        facts["columns"] = say_column(facts["columns"], language())
    if "operation" in facts:
        facts["operation"] = OPERATIONS.get(facts["operation"], (facts["operation"],) * 2)[at]
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
