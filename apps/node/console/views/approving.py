"""Approving a policy with a passkey: the question for the authenticator, its answer, and taking an approval back."""

from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.node import approvals, signing
from apps.node.console.door import NodeRequest, tell
from apps.node.console.forms import errors_in
from apps.node.console.standing import form_for
from apps.node.console.views.signing import show, whole


@require_POST
def ask(request: NodeRequest, digest: str) -> HttpResponseBase:
    """What this person's authenticator is asked about exactly this policy."""
    return JsonResponse(approvals.ask(request.node, request.acting, whole(digest)))


@require_POST
def approve(request: NodeRequest, digest: str) -> HttpResponseBase:
    """Take the authenticator's answer; the last approval that is needed signs and seals."""
    draft = signing.draft(request.node, request.acting, whole(digest))
    form = form_for(request, draft, request.POST)
    if form.is_valid():
        with errors_in(form):
            answer = form.cleaned_data["answer"]
            done = approvals.approve(
                request.node, request.acting, draft.digest, answer=answer, passphrase=form.passphrase
            )
            is_sealed = done.state != "draft"
            tell(
                request, _("Approved, signed and sealed.") if is_sealed else _("Approved; a second officer checks it.")
            )
            return redirect("node:sign-one", digest=draft.digest)
    return show(request, [draft], approving=form)


@require_POST
def withdraw(request: NodeRequest, digest: str) -> HttpResponseBase:
    """Take one's own approval back while the policy is not signed."""
    approvals.withdraw(request.node, request.acting, whole(digest))
    tell(request, _("Your approval is withdrawn."))
    return redirect("node:sign-one", digest=whole(digest))
