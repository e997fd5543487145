"""Who guards this organisation's capsules, and what this node guards for others."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.node import capsules, custodian, guardians, recovery, roster, shares, sheets
from apps.node.capsules import CapsuleStanding
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, needs_code, take_code, tell
from apps.node.console.forms import BindingForm, CustodiansForm, RecoveryForm, SheetForm, SheetWordsForm, errors_in
from apps.node.console.words import CAPSULE_STATES, HOLDER_STATES, ROLES
from apps.node.custodian import Guarded
from apps.node.errors import Forbidden
from apps.node.roster import Act
from apps.node.shares import Heard
from creditzone.kernel.refusals import Language, Refusal


@require_safe
def page(request: NodeRequest) -> HttpResponse:
    """The custodians that were chosen, each own capsule's holders, and the deposits that are kept here."""
    node = request.node
    is_own = request.acting.organisation == node.organisation
    own, heard = capsules.listing(node, request.acting), shares.heard(node)
    context = {
        "custodians": [_custodian(request, one) for one in guardians.listing(node)] if is_own else [],
        "threshold": guardians.threshold(node),
        "capsules": [{"capsule": one, "holders": _holders(request, one, heard)} for one in own],
        "guarded": [_guarded(request, one) for one in custodian.listing(node)] if is_own else [],
        "is_own": is_own,
        "sheets": sheets.listing(node) if is_own else [],
        "may_answer": is_own and roster.may(request.acting, Act.ANSWER_RECOVERY),
        "may_choose": is_own and roster.may(request.acting, Act.CHOOSE_CUSTODIANS),
    }
    return render(request, "node/custody.html", context)


@require_http_methods(["GET", "POST"])
def choose(request: NodeRequest) -> HttpResponseBase:
    """Choose who guards the versions that are sealed from now on, and how many it takes."""
    node = request.node
    _require(request, Act.CHOOSE_CUSTODIANS)
    fit = [(card.organisation, node.name_of(card.organisation, language())) for card in guardians.eligible(node)]
    form = CustodiansForm(
        request.POST if request.method == "POST" else None,
        fit=fit,
        needs_code=needs_code(request),
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


@require_http_methods(["GET", "POST"])
def make_sheet(request: NodeRequest) -> HttpResponseBase:
    """Draw a recovery sheet and show its words, once, to be printed."""
    _require(request, Act.CHOOSE_CUSTODIANS)
    form = SheetForm(request.POST if request.method == "POST" else None, needs_code=needs_code(request))
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            given = form.cleaned_data
            printed = sheets.make(
                request.node,
                request.acting,
                kind=given["kind"],
                name=given["name"],
                organisation=given["organisation"].strip().upper(),
                language=language(),
            )
            return render(
                request,
                "node/sheet.html",
                {"printed": printed, "organisation": request.node.name_of(request.node.organisation, language())},
            )
    return render(request, "node/sheet_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def confirm_sheet(request: NodeRequest, digest: str) -> HttpResponseBase:
    """Some words are typed back: from then on the sheet serves."""
    _require(request, Act.CHOOSE_CUSTODIANS)
    sheet = sheets.get(request.node, digest)
    if sheet.confirmed_at is not None:
        return redirect("node:custody")
    form = SheetWordsForm(request.POST if request.method == "POST" else None, needs_code=needs_code(request))
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            sheets.confirm(request.node, request.acting, digest, form.cleaned_data["words"])
            tell(request, _("The sheet serves for every policy that is signed from now on."))
            return redirect("node:custody")
    context = {"form": form, "sheet": sheet}
    return render(request, "node/sheet_words.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def drop_sheet(request: NodeRequest, digest: str) -> HttpResponseBase:
    """Seal nothing to a sheet from now on."""
    _require(request, Act.CHOOSE_CUSTODIANS)
    sheet = sheets.get(request.node, digest)
    form = BindingForm(request.POST if request.method == "POST" else None, needs_code=needs_code(request))
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            sheets.drop(request.node, request.acting, digest)
            tell(request, _("Nothing is sealed to that sheet any more."))
            return redirect("node:custody")
    return render(request, "node/sheet_drop.html", {"form": form, "sheet": sheet}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def answer_recovery(request: NodeRequest) -> HttpResponseBase:
    """Give a deposit and our share of it out to its provider's new node."""
    _require(request, Act.ANSWER_RECOVERY)
    form = RecoveryForm(request.POST if request.method == "POST" else None, needs_code=needs_code(request))
    answer = ""
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            given = form.cleaned_data
            answer = recovery.answer(request.node, request.acting, given["request"], typed=given["fingerprint"])
    status = 422 if form.is_bound and not answer else 200
    return render(request, "node/recovery.html", {"form": form, "answer": answer}, status=status)


def _require(request: NodeRequest, act: Act) -> None:
    """The node's own organisation alone, in a role that may."""
    if request.acting.organisation != request.node.organisation or not roster.may(request.acting, act):
        raise Forbidden("forbidden", role=str(ROLES[request.acting.role]))


def _custodian(request: NodeRequest, one: guardians.Custodian) -> dict[str, Any]:
    return {"name": request.node.name_of(one.organisation, language()), "custodian": one}


def _holders(request: NodeRequest, own: CapsuleStanding, heard: dict[tuple[str, str], Heard]) -> list[dict[str, Any]]:
    lines = []
    for holder in own.header.custody.holders:
        name = request.node.name_of(holder.organisation, language())
        last = heard.get((own.capsule, holder.organisation)) if holder.kind == "node" else None
        state, tone = HOLDER_STATES[last.state if last else f"holds-{holder.kind}"]
        why = last.refusal.sentence(_kernel_language()) if last and last.refusal else ""
        lines.append({"name": name, "state": state, "tone": tone, "at": last.at if last else None, "why": why})
    return lines


def _kernel_language() -> Language:
    return "zh" if language().startswith("zh") else "en"


def _guarded(request: NodeRequest, one: Guarded) -> dict[str, Any]:
    why = Refusal(one.clause, one.facts).sentence(_kernel_language()) if one.clause else ""
    closed = "" if one.state == "sealed" else CAPSULE_STATES[one.state][0]
    return {"name": request.node.name_of(one.provider, language()), "deposit": one, "why": why, "closed": closed}
