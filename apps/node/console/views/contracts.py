"""Contracts as this node holds them: from what its own officers signed, whatever the portal says."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Words
from apps.node import contracts, roster
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, needs_code, take_code, tell
from apps.node.console.forms import ContractActForm, errors_in
from apps.node.console.words import CONTRACT_ACTS, CONTRACT_STATES
from apps.node.contracts import ContractStanding
from apps.node.errors import NotFound
from apps.node.roster import Act
from creditzone.kernel.policy.purposes import say_purpose

NEXT = {"active": ("suspend", "terminate"), "suspended": ("resume", "terminate")}


@dataclass(frozen=True)
class Line:
    """A contract with the words about it."""

    standing: ContractStanding
    other: str
    other_code: str
    is_provider: bool
    purpose: str
    state: Words
    tone: str
    acts: list[tuple[str, Words]]


@require_safe
def listing(request: NodeRequest) -> HttpResponse:
    """Contracts, each with what this organisation may do to it."""
    lines = [_line(request, standing) for standing in contracts.listing(request.node, request.acting)]
    context = {"lines": lines, "may_act": roster.may(request.acting, Act.ACT_ON_CONTRACT)}
    return render(request, "node/contracts.html", context)


@require_http_methods(["GET", "POST"])
def act(request: NodeRequest, digest: str, act: str) -> HttpResponseBase:
    """Suspend, resume or terminate one contract; it holds at this node at once."""
    if act not in CONTRACT_ACTS:
        raise Http404
    line = _find(request, digest)
    form = ContractActForm(
        request.POST if request.method == "POST" else None,
        name=line.other,
        act=act,
        needs_code=needs_code(request),
        needs_passphrase=request.acting.organisation != request.node.organisation,
    )
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            contracts.act(
                request.node,
                request.acting,
                digest,
                act=act,  # type: ignore[arg-type]
                reason=form.cleaned_data["reason"],
                passphrase=form.passphrase,
            )
            tell(request, _("Done, and in force at this node. The other party hears of it at the next exchange."))
            return redirect("node:contracts")
    context = {"form": form, "line": line, "act": act, "act_label": CONTRACT_ACTS[act]}
    return render(request, "node/contract_act.html", context, status=422 if form.is_bound else 200)


def _find(request: NodeRequest, digest: str) -> Line:
    for standing in contracts.listing(request.node, request.acting):
        if standing.digest == digest:
            return _line(request, standing)
    raise NotFound


def _line(request: NodeRequest, standing: ContractStanding) -> Line:
    contract = standing.contract
    is_provider = contract.provider == request.acting.organisation
    other = contract.consumer if is_provider else contract.provider
    state, tone = CONTRACT_STATES[standing.state]
    return Line(
        standing=standing,
        other=request.node.name_of(other, language()),
        other_code=other,
        is_provider=is_provider,
        purpose=say_purpose(contract.purpose, "en" if language() == "en" else "zh"),
        state=state,
        tone=tone,
        acts=[(name, CONTRACT_ACTS[name]) for name in NEXT.get(standing.state, ())],
    )
