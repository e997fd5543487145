"""Who guards this organisation's capsules, and what this node guards for others."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.node import capsules, custodian, guardians, roster
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, is_stale, take_code, tell
from apps.node.console.forms import CustodiansForm, errors_in
from apps.node.console.words import CAPSULE_STATES, ROLES
from apps.node.custodian import Guarded
from apps.node.errors import Forbidden
from apps.node.roster import Act
from creditzone.kernel.refusals import Refusal


@require_safe
def page(request: NodeRequest) -> HttpResponse:
    """The custodians that were chosen, each own capsule's holders, and the deposits that are kept here."""
    node = request.node
    is_own = request.acting.organisation == node.organisation
    own = capsules.listing(node, request.acting)
    context = {
        "custodians": [_custodian(request, one) for one in guardians.listing(node)] if is_own else [],
        "threshold": guardians.threshold(node),
        "capsules": [{"capsule": one, "holders": _holders(request, one.header.custody.holders)} for one in own],
        "guarded": [_guarded(request, one) for one in custodian.listing(node)] if is_own else [],
        "is_own": is_own,
        "may_choose": is_own and roster.may(request.acting, Act.CHOOSE_CUSTODIANS),
    }
    return render(request, "node/custody.html", context)


@require_http_methods(["GET", "POST"])
def choose(request: NodeRequest) -> HttpResponseBase:
    """Choose who guards the versions that are sealed from now on, and how many it takes."""
    node = request.node
    if request.acting.organisation != node.organisation or not roster.may(request.acting, Act.CHOOSE_CUSTODIANS):
        raise Forbidden("forbidden", role=str(ROLES[request.acting.role]))
    fit = [(card.organisation, node.name_of(card.organisation, language())) for card in guardians.eligible(node)]
    form = CustodiansForm(
        request.POST if request.method == "POST" else None,
        fit=fit,
        needs_code=is_stale(request),
        initial={
            "custodians": [one.organisation for one in guardians.listing(node)],
            "threshold": guardians.threshold(node),
        },
    )
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            chosen, least = form.cleaned_data["custodians"], form.cleaned_data["threshold"]
            guardians.choose(node, request.acting, chosen, least=least)
            tell(request, _("Kept. It holds for every policy that is signed from now on."))
            return redirect("node:custody")
    return render(request, "node/custodians.html", {"form": form, "fit": fit}, status=422 if form.is_bound else 200)


def _custodian(request: NodeRequest, one: guardians.Custodian) -> dict[str, Any]:
    return {"name": request.node.name_of(one.organisation, language()), "custodian": one}


def _holders(request: NodeRequest, holders: Any) -> list[str]:
    return [request.node.name_of(holder.organisation, language()) for holder in holders]


def _guarded(request: NodeRequest, one: Guarded) -> dict[str, Any]:
    kernel = "zh" if language().startswith("zh") else "en"
    why = Refusal(one.clause, one.facts).sentence(kernel) if one.clause else ""  # type: ignore[arg-type]
    closed = "" if one.state == "sealed" else CAPSULE_STATES[one.state][0]
    return {"name": request.node.name_of(one.provider, language()), "deposit": one, "why": why, "closed": closed}
