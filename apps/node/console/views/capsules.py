"""The organisation's own capsules: what was used of each rule, and the acts on one, each after the list of what it
touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Words
from apps.node import capsule_acts, capsules, queries, roster
from apps.node.capsules import CapsuleStanding
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, needs_code, take_code, tell
from apps.node.console.forms import CapsuleActForm, errors_in
from apps.node.console.words import CAPSULE_ACTS, CAPSULE_STATES, CONTRACT_STATES, ROLES
from apps.node.contracts import ContractStanding
from apps.node.errors import Forbidden, IllegalMove
from apps.node.node import Node
from apps.node.roster import Act
from creditzone.kernel.capsule.states import IRREVERSIBLE, acts_in
from creditzone.kernel.documents import CapsuleActKind
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True)
class Line:
    """A capsule with the words about it."""

    standing: CapsuleStanding
    state: Words
    tone: str
    acts: list[tuple[CapsuleActKind, Words, bool]]
    source: str = ""
    """The closed source for whose sake nothing opens it, in a sentence."""


@require_safe
def listing(request: NodeRequest) -> HttpResponse:
    """All own capsules, newest first, rule by rule."""
    own = capsules.listing(request.node, request.acting)
    is_alone = all(len(one.header.custody.holders) == 1 for one in own)
    context = {
        "lines": [_line(request.node, one) for one in own],
        "may_act": roster.may(request.acting, Act.ACT_ON_CAPSULE),
        "is_alone": is_alone,
        "statistics": _statistics(request, own),
    }
    return render(request, "node/capsules.html", context)


def _statistics(request: NodeRequest, own: Sequence[CapsuleStanding]) -> list[dict[str, Any]]:
    """Who has had how many statistics of which capsule in the last 30 days, and how many are left."""
    return [
        {"title": capsule.title, "recipient": request.node.name_of(recipient, language()), "used": used}
        for capsule in own
        for recipient, used in queries.budgets(request.node, capsule.capsule).items()
    ]


@require_http_methods(["GET", "POST"])
def act(request: NodeRequest, capsule: str, act: str) -> HttpResponseBase:
    """Say what the act touches and ask for what it needs; then it holds at this node at once."""
    if act not in CAPSULE_ACTS:
        raise Http404
    if not roster.may(request.acting, Act.ACT_ON_CAPSULE):
        raise Forbidden("forbidden", role=str(ROLES[request.acting.role]))
    found = capsules.get(request.node, request.acting, capsule)
    if act not in acts_in(found.state):
        raise IllegalMove(found.state)
    form = _form(request, found, act)
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            reason = form.cleaned_data["reason"]
            capsule_acts.act(request.node, request.acting, capsule, act=act, reason=reason, passphrase=form.passphrase)
            tell(request, _("Done, and in force at this node. The portal and whom it concerns hear of it next."))
            return redirect("node:capsules")
    return _page(request, found, form, act)


def _form(request: NodeRequest, found: CapsuleStanding, act: CapsuleActKind) -> CapsuleActForm:
    return CapsuleActForm(
        request.POST if request.method == "POST" else None,
        title=found.title,
        act=act,
        needs_code=needs_code(request),
        needs_passphrase=request.acting.organisation != request.node.organisation,
    )


def _page(request: NodeRequest, found: CapsuleStanding, form: CapsuleActForm, act: CapsuleActKind) -> HttpResponse:
    impact = capsule_acts.impact(request.node, request.acting, found)
    context = {
        "form": form,
        "line": _line(request.node, found),
        "act": act,
        "act_label": CAPSULE_ACTS[act],
        "is_final": act in IRREVERSIBLE,
        "impact": impact,
        "grantees": [_called(request.node, one) for one in impact.grantees],
        "contracts": [(_called(request.node, one.contract.consumer), _state(one)) for one in impact.contracts],
    }
    return render(request, "node/capsule_act.html", context, status=422 if form.is_bound else 200)


def _line(node: Node, standing: CapsuleStanding) -> Line:
    closed = standing.closed if standing.state == "sealed" else None
    state, tone = CAPSULE_STATES["frozen" if closed else standing.state]
    acts = [(act, CAPSULE_ACTS[act], act in IRREVERSIBLE) for act in acts_in(standing.state)]
    return Line(standing=standing, state=state, tone=tone, acts=acts, source=_said(node, closed) if closed else "")


def _said(node: Node, closed: Refusal) -> str:
    named = {**closed.facts, "organisation": node.name_of(closed.facts["organisation"], language())}
    return Refusal(closed.clause, named).sentence("zh" if language().startswith("zh") else "en")


def _called(node: Node, organisation: str) -> str:
    return _("the firm itself") if organisation == SUBJECT else node.name_of(organisation, language())


def _state(contract: ContractStanding) -> Words:
    return CONTRACT_STATES[contract.state][0]
