"""The card of the policy editor that tries a proposed job: its fields, jobs that wait, and the answer in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.capsules.forms import RuleForm
from apps.capsules.models import Capsule
from apps.capsules.proposal import (
    PREFIX,
    ProposalForm,
    Proposed,
    raw_proposal,
    values_of_request,
    values_of_rules,
)
from apps.capsules.trial import Trial, open_requests, try_job
from apps.capsules.wording import CLAUSE_FIELDS, FACTS, floors_below, named
from apps.core import clock
from apps.datasets.wording import language
from apps.scoring.wording import PortalNames
from apps.ui.pieces import Words
from creditzone.kernel.documents import JobRequest, Policy
from creditzone.kernel.policy.constraints.base import Names, Scope
from creditzone.kernel.policy.scopes import say_scope
from creditzone.kernel.refusals import Refusal

ANSWER = "policy-trial-answer"
OUTCOMES: dict[str, tuple[Words, str]] = {
    "passed": (gettext_lazy("passes"), "good"),
    "refused": (gettext_lazy("refused here"), "bad"),
    "unneeded": (gettext_lazy("not needed"), ""),
    "unreached": (gettext_lazy("not reached"), ""),
}


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A refusal for the steward: where, by which clause, what it read, what the rule says there, and what would have
    to change, in the job or in the field of a rule."""

    point: Words
    clause: str
    sentence: str
    remedy: str
    facts: list[tuple[Words, str]]
    says: str
    rule: Words
    field: BoundField | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What would become of the job: `points` each with a word and its tone. With `floors` no node signs the policy;
    without them and a `lesson` the rule permits the job."""

    points: list[tuple[Words, Words, str]]
    floors: list[str]
    lesson: Lesson | None
    rule: Words


def context_of(
    data: Any, *, policy: Policy, forms: Sequence[RuleForm], domain: str, capsule: Capsule | None, asked: bool
) -> dict[str, Any]:
    """What the card shows; `asked` where its fields were sent to be answered, not merely along with the rules."""
    waiting = open_requests(capsule.id) if capsule else []
    taken = next((one for one in waiting if one.id == data.get("take")), None)
    proposal = _proposal(data, policy, taken, domain=domain, asked=asked)
    context: dict[str, Any] = {
        "proposal": proposal,
        "waiting": _waiting(waiting),
        "taken": taken.id if taken else "",
        "is_gone": "take" in data and taken is None,
    }
    if proposal.is_valid():
        context["answer"] = _answer(policy, proposal.proposed(policy, now=clock.now()), forms)
    return context


def _proposal(data: Any, policy: Policy, taken: JobRequest | None, *, domain: str, asked: bool) -> ProposalForm:
    if taken is not None:
        return ProposalForm(_as_sent(values_of_request(taken)), domain=domain, rules=policy.rules)
    if asked and "take" not in data:
        return ProposalForm(data, domain=domain, rules=policy.rules)
    values = raw_proposal(data) if data else values_of_rules(policy.rules)
    return ProposalForm(initial=values, domain=domain, rules=policy.rules)


def _as_sent(values: Mapping[str, Any]) -> MultiValueDict[str, Any]:
    return MultiValueDict(
        {
            f"{PREFIX}-{name}": value if isinstance(value, list) else ["" if value is None else str(value)]
            for name, value in values.items()
        }
    )


def _waiting(requests: Sequence[JobRequest]) -> list[tuple[str, str]]:
    """Each by its id: its title, and who asks."""
    names = PortalNames(language())
    themselves = _("the firm itself")
    return [
        (one.id, f"{one.title} · {themselves if one.subject else names.organisation(one.recipient)}")
        for one in requests
    ]


def _answer(policy: Policy, proposed: Proposed, forms: Sequence[RuleForm]) -> Answer:
    floors = floors_below(policy)
    if floors:
        unreached = [(say_scope(scope, language()), *OUTCOMES["unreached"]) for scope in Scope]
        signing = (_("Your node, before it signs"), *OUTCOMES["refused"])
        return Answer(points=[signing, *unreached], floors=floors, lesson=None, rule="")
    trial = try_job(policy, proposed)
    return Answer(
        points=[(say_scope(scope, language()), *OUTCOMES[outcome]) for scope, outcome in trial.points],
        floors=[],
        lesson=_lesson(policy, trial, proposed, forms),
        rule=_rule(trial.rule, forms),
    )


def _lesson(policy: Policy, trial: Trial, proposed: Proposed, forms: Sequence[RuleForm]) -> Lesson | None:
    refusal = trial.refusal
    if refusal is None or trial.refused_at is None:
        return None
    names = PortalNames(language())
    said = named(refusal, names)
    if proposed.request.subject and "grantee" in said.facts:
        said = Refusal(said.clause, {**said.facts, "grantee": _("the firm itself")})
    rule = said.facts.get("rule", "")
    return Lesson(
        point=say_scope(trial.refused_at, language()),
        clause=said.clause,
        sentence=said.sentence(language()),
        remedy=said.remedy(language()),
        facts=[(FACTS[name], value) for name, value in said.facts.items() if name != "rule"],
        says=_says(policy, refusal, names),
        rule=_rule(rule, forms),
        field=_field(refusal, forms),
    )


def _says(policy: Policy, refusal: Refusal, names: Names) -> str:
    """What the rule says at the clause that decided."""
    rule = next((one for one in policy.rules if one.id == refusal.facts.get("rule")), None)
    for clause in rule.clauses if rule else ():
        said = clause.say(language(), names)
        if any(segment.clause == refusal.clause for segment in said):
            return "".join(segment.text for segment in said).strip(" ；;，,")
    return ""


def _rule(name: str, forms: Sequence[RuleForm]) -> Words:
    at = next((at for at, form in enumerate(forms, start=1) if form["id"].value() == name), None)
    return "" if at is None else _("Rule %(n)s") % {"n": at}


def _field(refusal: Refusal, forms: Sequence[RuleForm]) -> BoundField | None:
    form = next((one for one in forms if one["id"].value() == refusal.facts.get("rule")), None)
    name = CLAUSE_FIELDS.get(refusal.clause)
    return form[name] if form is not None and name is not None else None
