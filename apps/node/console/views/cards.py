"""Other organisations' cards: shown by the portal, believed only once an officer typed the fingerprint."""

from typing import Any

import msgspec
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Words
from apps.node import cards, roster
from apps.node.cards import CardEntry
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, needs_code, take_code, tell
from apps.node.console.forms import CardForm, errors_in
from apps.node.console.words import CARD_STATES, CONFIRMED_BY, ORGANISATION_KINDS
from apps.node.errors import NotFound
from apps.node.roster import Act


@require_safe
def listing(request: NodeRequest) -> HttpResponse:
    """Own card, cards that wait, confirmed ones, refused and replaced ones."""
    entries = [_line(entry) for entry in cards.listing(request.node)]
    own = [line for line in entries if line["entry"].state == "own"]
    is_host = request.acting.organisation == request.node.organisation
    context = {
        "own": [line for line in own if line["card"].organisation == request.acting.organisation],
        "hosted": [line for line in own if is_host and line["card"].organisation != request.node.organisation],
        "shown": [line for line in entries if line["entry"].state == "shown"],
        "confirmed": [line for line in entries if line["entry"].state == "confirmed"],
        "past": [line for line in entries if line["entry"].state in {"refused", "replaced"}],
        "may_confirm": _may_confirm(request),
    }
    return render(request, "node/cards.html", context)


@require_safe
def own(request: NodeRequest) -> HttpResponse:
    """This node's card as a file: the sealer takes it along, and seals to its key."""
    signed = cards.own(request.node)
    response = HttpResponse(msgspec.json.encode(signed), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="card-{request.node.organisation}.json"'
    return response


@require_http_methods(["GET", "POST"])
def confirm(request: NodeRequest, digest: str) -> HttpResponseBase:
    """Compare one card with what its organisation said by another way, and confirm it."""
    entry = _find(request, digest)
    held = next(
        (
            each
            for each in cards.listing(request.node)
            if each.state == "confirmed" and each.card.organisation == entry.card.organisation
        ),
        None,
    )
    form = CardForm(
        request.POST if request.method == "POST" else None,
        needs_code=needs_code(request),
    )
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            cards.confirm(request.node, request.acting, digest, fingerprint=form.cleaned_data["fingerprint"])
            tell(request, _("The card of %(name)s is confirmed.") % {"name": _name(entry)})
            return redirect("node:cards")
    context = {
        "line": _line(entry),
        "held": _line(held) if held else None,
        "form": form,
        "may_confirm": _may_confirm(request) and entry.state == "shown",
    }
    return render(request, "node/card.html", context, status=422 if form.is_bound else 200)


@require_POST
def refuse(request: NodeRequest, digest: str) -> HttpResponseBase:
    """Do not believe a card that was shown; it stays in the list as refused."""
    entry = _find(request, digest)
    if needs_code(request):
        tell(request, _("Give this node's one-time code first, then repeat."), tone="warning")
        return redirect(reverse("node:factor", query={"next": request.path.removesuffix("refuse/")}))
    cards.refuse(request.node, request.acting, digest)
    tell(request, _("The card of %(name)s is refused.") % {"name": _name(entry)})
    return redirect("node:cards")


def _may_confirm(request: NodeRequest) -> bool:
    """Whom a node believes is its own organisation's matter; a firm that it hosts only looks."""
    is_host = request.acting.organisation == request.node.organisation
    return is_host and roster.may(request.acting, Act.CONFIRM_CARD)


def _find(request: NodeRequest, digest: str) -> CardEntry:
    for entry in cards.listing(request.node):
        if entry.digest == digest:
            return entry
    raise NotFound


def _name(entry: CardEntry) -> str:
    return entry.card.name_en if language() == "en" else entry.card.name


def _said_by(by: str) -> Words:
    """Who confirmed a card: an officer's name, the machine's keeper, the key before, or the firm's host."""
    if by.startswith("host "):
        return _("the firm's host %(code)s") % {"code": by.removeprefix("host ")}
    return CONFIRMED_BY.get(by, by or "—")


def _line(entry: CardEntry) -> dict[str, Any]:
    state, tone = CARD_STATES[entry.state]
    return {
        "entry": entry,
        "card": entry.card,
        "name": _name(entry),
        "kind": ORGANISATION_KINDS[entry.card.kind],
        "by": _said_by(entry.confirmed_by or ""),
        "state": state,
        "tone": tone,
    }
