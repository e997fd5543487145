"""What waits for a signature, and the one page on which a document is read, signed or returned."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Words
from apps.node import capsules, datasets, roster, signing
from apps.node.console.changes import changes_of
from apps.node.console.context import language
from apps.node.console.door import POLLS_AT_MOST, NodeRequest, needs_code, polls, take_code, tell
from apps.node.console.forms import ApproveForm, DeclineForm, SignForm, errors_in
from apps.node.console.standing import Line, lines_of, standing_of
from apps.node.console.words import DRAFT_STATES, KINDS, WAITS_FOR_OTHER
from apps.node.errors import NotFound
from apps.node.signing import ACT_OF, Draft
from apps.ui.pieces import Clause
from creditzone.kernel.documents import Authorisation, AuthorisationWithdrawal, Contract, JobRequest, Policy, ZoneRules
from creditzone.kernel.policy.constraints.base import Segment


@dataclass(frozen=True)
class Page:
    """A draft as its page shows it: everything rendered here, from the canonical document."""

    draft: Draft
    kind: Words
    title: str
    sentences: Sequence[Sequence[str | Clause]]
    rows: list[tuple[str, str]]
    warnings: list[str]
    blocked: str
    remedy: str
    state: Words
    tone: str
    json: str
    may_sign: bool


@require_safe
def pending(request: NodeRequest) -> HttpResponse:
    """What waits for this organisation's signature, then what it signed."""
    waiting = [_page(request, draft) for draft in signing.pending(request.node, request.acting)]
    seconds = [(page, lines) for page in waiting if (lines := _approved(request, page.draft))]
    signed = [_page(request, draft) for draft in signing.signed_by_us(request.node, request.acting)[:50]]
    first = [page for page in waiting if page not in [each for each, _lines in seconds]]
    return render(request, "node/signing.html", {"waiting": first, "seconds": seconds, "signed": signed})


def _approved(request: NodeRequest, draft: Draft) -> list[Line]:
    """Who has approved a policy that waits for a second officer."""
    is_policy = draft.kind == "policy"
    return [line for line in lines_of(request, draft) if line.entry.holds] if is_policy else []


@require_http_methods(["GET", "POST"])
def sign(request: NodeRequest, digest: str) -> HttpResponseBase:
    """Read one document in this node's own words, then sign it or return it to its drafter."""
    digest = whole(digest)
    try:
        draft = signing.draft(request.node, request.acting, digest)
    except NotFound:
        return _not_here_yet(request, digest)
    together = _together(request, draft)
    if request.method == "POST":  # what is signed is what was shown: a draft that came in since waits for its own page
        shown = {draft.digest, *request.POST.getlist("document")}
        together = [each for each in together if each.digest in shown]
    needs = {
        "needs_code": needs_code(request) and any(each.binds for each in together),
        "needs_passphrase": any(each.needs_passphrase for each in together),
    }
    is_sign = request.method == "POST" and "decline" not in request.POST
    is_decline = request.method == "POST" and not is_sign
    form = SignForm(request.POST if is_sign else None, **needs)
    decline = DeclineForm(request.POST if is_decline else None)
    if is_sign and form.is_valid():
        with errors_in(form):
            take_code(request, form)
            signing.sign(request.node, request.acting, [each.digest for each in together], passphrase=form.passphrase)
            tell(request, ngettext("Signed.", "%(n)s documents signed.", len(together)) % {"n": len(together)})
            return redirect("node:sign-one", digest=digest)
    if is_decline and decline.is_valid():
        with errors_in(decline):
            signing.decline(request.node, request.acting, digest, reason=decline.cleaned_data["reason"])
            tell(request, _("Returned unsigned; the drafter reads your reason at the portal."))
            return redirect("node:sign-one", digest=digest)
    return show(request, together, form=form, decline=decline)


def whole(digest: str) -> str:
    """A digest with its algorithm's name, which links may leave out."""
    return digest if digest.startswith("sm3:") else f"sm3:{digest}"


def show(
    request: NodeRequest,
    together: list[Draft],
    *,
    form: SignForm | None = None,
    decline: DeclineForm | None = None,
    approving: ApproveForm | None = None,
) -> HttpResponse:
    """The page of one document, or of several that one act signs."""
    form, decline = form or SignForm(needs_code=False), decline or DeclineForm()
    pages = [_page(request, draft) for draft in together]
    first = pages[0]
    context = {
        "pages": pages,
        "page": first,
        "form": form,
        "decline": decline,
        "may_sign": all(page.may_sign for page in pages) and first.draft.state == "draft",
        "is_blocked": any(page.blocked for page in pages),
        "portal_page": portal_page(first.draft),
        "is_request": first.draft.kind == "request",
        "binds": any(page.draft.binds for page in pages),
        **_against_head(request, first.draft),
    }
    if first.draft.kind == "policy":
        context["approval"] = standing_of(request, first.draft, approving)
    is_refused = form.is_bound or decline.is_bound or approving is not None
    return render(request, "node/sign.html", context, status=422 if is_refused else 200)


def _against_head(request: NodeRequest, draft: Draft) -> dict[str, Any]:
    """For a policy: how many rows it covers, and what differs from the version that holds now."""
    document = draft.document
    if not isinstance(document, Policy):
        return {}
    known = [each for each in datasets.listing(request.node, request.acting) if each.id == document.dataset]
    heads = [each for each in capsules.listing(request.node, request.acting) if each.capsule == document.capsule]
    context: dict[str, Any] = {"rows_sealed": known[0].accepted if known else None}
    if draft.state == "draft" and heads:
        context["head_version"] = heads[0].version
        context["changes"] = changes_of(request.node, heads[0].policy, document)
    return context


def _not_here_yet(request: NodeRequest, digest: str) -> HttpResponse:
    if request.method != "GET":
        raise Http404
    count = polls(request)
    context = {"digest": digest, "polled": count + 1, "is_waiting": count < POLLS_AT_MOST}
    return render(request, "node/sign_waiting.html", context)


def _together(request: NodeRequest, draft: Draft) -> list[Draft]:
    """The drafts that one act signs: a firm's authorisation and the request that names it go together."""
    if draft.state != "draft":
        return [draft]
    others = [each for each in signing.pending(request.node, request.acting) if each.digest != draft.digest]
    if draft.kind == "authorisation":
        return [draft, *(each for each in others if _authorisation_of(each) == draft.digest)]
    named = _authorisation_of(draft)
    return [*(each for each in others if each.digest == named), draft] if named else [draft]


def _authorisation_of(draft: Draft) -> str | None:
    return draft.document.authorisation if isinstance(draft.document, JobRequest) else None


def _page(request: NodeRequest, draft: Draft) -> Page:
    waits_for_other = draft.kind == "contract" and draft.state == "signed"
    state, tone = WAITS_FOR_OTHER if waits_for_other else DRAFT_STATES[draft.state]
    blocked = draft.blocked
    return Page(
        draft=draft,
        kind=KINDS[draft.kind],
        title=draft.title(language()),
        sentences=[_clauses(each) for each in draft.segments(language())],
        rows=draft.rows(language()),
        warnings=draft.warnings(language()),
        blocked=blocked.sentence(language()) if blocked else "",
        remedy=blocked.remedy(language()) if blocked else "",
        state=state,
        tone=tone,
        json=json.dumps(json.loads(draft.text.text), ensure_ascii=False, indent=2, sort_keys=True),
        may_sign=roster.may(request.acting, ACT_OF[draft.kind]),
    )


def _clauses(sentence: Sequence[Segment]) -> list[str | Clause]:
    return [Clause(part.text, deny=part.deny) if part.clause or part.deny else part.text for part in sentence]


def portal_page(draft: Draft) -> str:
    """The portal's page on which the signed document goes on."""
    match draft.document:
        case Policy(capsule=capsule):
            return f"/capsules/{capsule}/"
        case Contract(id=contract):
            return f"/contracts/{contract}/"
        case JobRequest(id=job):
            return f"/jobs/{job}/"
        case Authorisation() | AuthorisationWithdrawal():
            return "/credit/"
        case ZoneRules():
            return "/zone-rules/"
        case _:
            return "/"
