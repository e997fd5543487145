"""Pages of votes: who said what about looser rules for a derived capsule, and asking for them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from apps.capsules import derived
from apps.capsules.changes import changes_of
from apps.capsules.models import Capsule
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.http import TenantRequest
from apps.datasets.wording import language
from apps.scoring.wording import PortalNames
from apps.tenants.models import Organisation
from apps.ui.pieces import Clause
from apps.votes import selectors, services
from apps.votes.forms import LooserForm, OpenForm, looser_forms
from apps.votes.models import Vote
from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.sentence import say_vote

CRUMB = gettext_lazy("Votes for looser rules")


@require_safe
def listing(request: TenantRequest, capsule_id: UUID) -> HttpResponse:
    """Every vote on one of the own derived capsules, with what is to be done about it."""
    capsule = selectors.capsule_for(request.actor, capsule_id)
    selectors.lineage_for(capsule)
    found = selectors.votes_on(capsule)
    context = {
        "capsule": capsule,
        "crumbs": _crumbs(capsule),
        "votes": [_shown(vote) for vote in found],
        "is_asking": any(vote.state == Vote.State.ASKED for vote in found),
    }
    return render(request, "votes/list.html", context)


def _shown(vote: Vote) -> dict[str, Any]:
    owners = {one.uscc: one for one in Organisation.objects.filter(uscc__in=vote.document.owners)}
    return {
        "vote": vote,
        "sentences": _sentences(vote),
        "agreed": [owners.get(code, code) for code in vote.document.owners if code not in vote.missing],
        "missing": [owners.get(code, code) for code in vote.missing],
        "said_no": owners.get(vote.said_no),
        "may_draft": vote.state == Vote.State.AGREED and vote.expires_at > clock.now(),
        "may_withdraw": vote.state == Vote.State.ASKED,
    }


def _sentences(vote: Vote) -> list[list[Any]]:
    said = say_vote(vote.document, language(), PortalNames(language()))
    return [[Clause(part.text, deny=part.deny) if part.clause else part.text for part in one] for one in said]


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: TenantRequest, capsule_id: UUID) -> HttpResponse:
    """Write looser rules over those that the sources leave, and ask every owner for them."""
    capsule = selectors.capsule_for(request.actor, capsule_id)
    left = _left(capsule)
    data = request.POST if request.method == "POST" else None
    opened, forms = OpenForm(data), looser_forms(left, data)
    if data is not None and all([opened.is_valid(), *(form.is_valid() for form in forms)]):
        try:
            services.ask(
                actor=request.actor,
                capsule_id=capsule_id,
                rules=_rules(left, forms),
                days=opened.cleaned_data["open_days"],
            )
        except Invalid as error:
            opened.add_error(None, [str(one) for sentences in error.errors.values() for one in sentences])
        else:
            target = reverse("votes:list", args=[capsule_id])
            return HttpResponseClientRedirect(target) if request.htmx else redirect(target)
    context = {
        "capsule": capsule,
        "crumbs": [*_crumbs(capsule)[:-1], (CRUMB, reverse("votes:list", args=[capsule_id])), (_("ask"), "")],
        "opened": opened,
        "forms": forms,
        **_said(left, forms),
    }
    name = "votes/_form.html" if request.htmx else "votes/ask.html"
    return render(request, name, context, status=422 if data is not None else 200)


@require_POST
def preview(request: TenantRequest, capsule_id: UUID) -> HttpResponse:
    """What the rules in the form change against those that the sources leave."""
    left = _left(selectors.capsule_for(request.actor, capsule_id))
    return render(request, "votes/_said.html", _said(left, looser_forms(left, request.POST)))


@require_POST
def withdraw(request: TenantRequest, vote_id: UUID) -> HttpResponse:
    """Take a question back."""
    vote = services.withdraw(actor=request.actor, vote_id=vote_id)
    messages.success(request, _("Withdrawn: a signature that still comes is not taken."))
    return redirect("votes:list", capsule_id=vote.capsule_id)


@require_POST
def draft(request: TenantRequest, vote_id: UUID) -> HttpResponse:
    """Draft the policy that all owners agreed to."""
    try:
        capsule = services.draft_policy(actor=request.actor, vote_id=vote_id)
    except Invalid as error:
        messages.error(request, " ".join(str(one) for sentences in error.errors.values() for one in sentences))
        return redirect("votes:list", capsule_id=selectors.get_for(request.actor, vote_id).capsule_id)
    return redirect("capsules:detail", capsule_id=capsule.id)


def _crumbs(capsule: Capsule) -> list[tuple[Any, str]]:
    return [
        (_("Capsules"), reverse("capsules:list")),
        (capsule.title, reverse("capsules:detail", args=[capsule.id])),
        (CRUMB, ""),
    ]


def _left(capsule: Capsule) -> tuple[Rule, ...]:
    """The rules that the sources leave; raises Invalid where these leave none."""
    sources = derived.sources_of(selectors.lineage_for(capsule).parents)
    return derived.rules_of(capsule.dataset, sources)


def _rules(left: tuple[Rule, ...], forms: list[LooserForm]) -> list[Rule]:
    now = clock.now()
    changed = {form.left.id: form.rule(since=now) for form in forms}
    return [changed.get(rule.id, rule) for rule in left]


def _said(left: tuple[Rule, ...], forms: list[LooserForm]) -> dict[str, Any]:
    """What differs, once every field is filled in rightly."""
    if not all(form.is_bound for form in forms):
        return {"changes": [], "unfinished": False}
    whole = all(form.is_valid() for form in forms)
    return {"changes": changes_of(left, _rules(left, forms)) if whole else [], "unfinished": not whole}
