"""The organisation's own capsules: what was used of each rule, withdraw one, delete what a withdrawn one held."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.node import capsules, datasets, roster
from apps.node.capsules import CapsuleStanding
from apps.node.console.door import NodeRequest, is_stale, take_code, tell
from apps.node.console.forms import TitleForm, errors_in
from apps.node.console.words import ROLES
from apps.node.errors import Forbidden, IllegalMove
from apps.node.roster import Act


@require_safe
def listing(request: NodeRequest) -> HttpResponse:
    """All own capsules, newest first, rule by rule."""
    own = capsules.listing(request.node, request.acting)
    may_withdraw = roster.may(request.acting, Act.WITHDRAW_CAPSULE)
    is_alone = all(len(one.header.custody.holders) == 1 for one in own)
    context = {"capsules": own, "may_withdraw": may_withdraw, "is_alone": is_alone}
    return render(request, "node/capsules.html", context)


@require_http_methods(["GET", "POST"])
def withdraw(request: NodeRequest, capsule: str) -> HttpResponseBase:
    """Withdraw one capsule; it holds at this node at once."""
    found = _find(request, capsule)
    if found.withdrawn:
        raise IllegalMove("withdrawn")
    form = _form(request, found)
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            capsules.withdraw(request.node, request.acting, capsule)
            tell(request, _("The capsule “%(title)s” is withdrawn: orders on it are refused.") % {"title": found.title})
            return redirect("node:capsules")
    return _page(request, found, form, act="withdraw")


@require_http_methods(["GET", "POST"])
def delete(request: NodeRequest, capsule: str) -> HttpResponseBase:
    """Delete a withdrawn capsule with its dataset, body and keys; nothing opens it any more."""
    found = _find(request, capsule)
    if not found.withdrawn:
        raise IllegalMove("open")
    form = _form(request, found)
    if form.is_valid():
        with errors_in(form):
            take_code(request, form)
            datasets.delete(request.node, request.acting, found.dataset)
            tell(request, _("The capsule “%(title)s” is deleted, its body and keys too.") % {"title": found.title})
            return redirect("node:capsules")
    return _page(request, found, form, act="delete")


def _find(request: NodeRequest, capsule: str) -> CapsuleStanding:
    if not roster.may(request.acting, Act.WITHDRAW_CAPSULE):
        raise Forbidden("forbidden", role=str(ROLES[request.acting.role]))
    return capsules.get(request.node, request.acting, capsule)


def _form(request: NodeRequest, found: CapsuleStanding) -> TitleForm:
    data = request.POST if request.method == "POST" else None
    return TitleForm(data, title=found.title, needs_code=is_stale(request))


def _page(request: NodeRequest, found: CapsuleStanding, form: TitleForm, *, act: str) -> HttpResponse:
    context = {"form": form, "capsule": found, "act": act}
    return render(request, "node/capsule_act.html", context, status=422 if form.is_bound else 200)
