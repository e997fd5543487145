"""A person's own passkeys: enrol with a code, rename, revoke."""

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.node import passkeys
from apps.node.console.door import NodeRequest, tell
from apps.node.console.forms import EnrolForm, RenameForm, errors_in
from apps.node.errors import NotFound
from apps.node.passkeys import Passkey


@require_POST
def ask(request: NodeRequest) -> HttpResponseBase:
    """What the person's authenticator is to make."""
    return JsonResponse(passkeys.ask_to_enrol(request.node, request.acting, code=request.POST.get("code", "")[:80]))


@require_http_methods(["GET", "POST"])
def listing(request: NodeRequest) -> HttpResponseBase:
    """One's own passkeys, and the form that enrols another."""
    form = EnrolForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with errors_in(form):
            given = form.cleaned_data
            shown = passkeys.enrol(
                request.node, request.acting, code=given["code"], name=given["name"], answer=given["answer"]
            )
            context = {"name": given["name"], "fingerprint": shown, "origin": passkeys.site(request.node).origin}
            return render(request, "node/passkey_enrolled.html", context)
    own = passkeys.listing(request.node, request.acting, person=request.acting.person)
    return render(request, "node/passkeys.html", {"passkeys": own, "form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def passkey(request: NodeRequest, credential: str) -> HttpResponseBase:
    """One of them: another name, or revoked."""
    found = _own(request, credential)
    if request.POST.get("what") == "revoke":
        passkeys.revoke(request.node, request.acting, credential)
        tell(request, _("The passkey “%(name)s” is revoked.") % {"name": found.name})
        return redirect("node:passkeys")
    form = RenameForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_valid():
        passkeys.rename(request.node, request.acting, credential, name=form.cleaned_data["name"])
        return redirect("node:passkeys")
    return _page(request, found, form)


def _page(request: NodeRequest, found: Passkey, form: RenameForm) -> HttpResponse:
    context = {"passkey": found, "form": form, "here": request.path, "revoking": {"what": "revoke"}}
    return render(request, "node/passkey.html", context, status=422 if form.is_bound else 200)


def _own(request: NodeRequest, credential: str) -> Passkey:
    for each in passkeys.listing(request.node, request.acting, person=request.acting.person):
        if each.credential == credential and each.revoked_at is None:
            return each
    raise NotFound
