"""Pages of capsules: the list and the catalogue, one capsule with its policy in words, and the acts on it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from apps.capsules import acts, derived, guarding, selectors, services
from apps.capsules.models import Capsule, CapsuleCertificate
from apps.capsules.selectors import MAY, Act
from apps.capsules.sources import own_state
from apps.capsules.wording import policy_segments
from apps.core.errors import NotFound
from apps.core.http import TenantRequest
from apps.datasets.wording import domain_name, language
from apps.exchange.links import node_url, sign_url
from apps.governance import selectors as governance
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind
from apps.ui.exports import download
from apps.ui.pieces import Words
from apps.ui.tables import Column, table_of
from apps.ui.templatetags.ui import called, exact
from creditzone.kernel.capsule.states import acts_in
from creditzone.kernel.policy.constraints.subject import SUBJECT

COLUMNS = (
    Column(gettext_lazy("Capsule"), "title"),
    Column(gettext_lazy("Provider")),
    Column(gettext_lazy("Data domain"), "domain"),
    Column(gettext_lazy("Firms"), "rows", num=True),
    Column(gettext_lazy("State"), "state"),
    Column(gettext_lazy("Policy"), "version", num=True),
    Column(gettext_lazy("Sealed at")),
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """An act on a capsule as pages show it: the state it leads to, its words, what the form must hold."""

    act: Act
    to: str
    label: Words
    impacts: tuple[Words, ...]


@dataclass(frozen=True, kw_only=True)
class NodeStep:
    """An act that is signed in the owner's node; the portal says beforehand what it touches."""

    label: Words
    impacts: tuple[Words, ...]


STEPS: dict[str, Step] = {
    "list": Step(
        act=Act.LIST,
        to=Capsule.State.LISTED,
        label=gettext_lazy("List in the catalogue"),
        impacts=(
            gettext_lazy("Every organisation of the zone sees its name, data domain, count and policy."),
            gettext_lazy("Nobody may use it without being named in its policy and under a contract."),
        ),
    ),
    "unlist": Step(
        act=Act.LIST,
        to=Capsule.State.SEALED,
        label=gettext_lazy("Take out of the catalogue"),
        impacts=(gettext_lazy("Those whom its policy names still see and use it."),),
    ),
}
NODE_STEPS: dict[str, NodeStep] = {
    "freeze": NodeStep(
        label=gettext_lazy("Freeze"),
        impacts=(
            gettext_lazy("Your node opens it for nobody until you resume it there; what runs on it stops."),
            gettext_lazy("Contracts in force are suspended by the same signature, and resume with it."),
        ),
    ),
    "resume": NodeStep(
        label=gettext_lazy("Resume"),
        impacts=(
            gettext_lazy("Your node takes orders on it again, under the policy in force."),
            gettext_lazy("Jobs that ended meanwhile do not come back."),
        ),
    ),
    "revoke": NodeStep(
        label=pgettext_lazy("capsule", "Revoke"),
        impacts=(
            gettext_lazy("Your node never opens it again, what runs on it stops, and its contracts end."),
            gettext_lazy("Results that were sealed before stay with whom they were sealed to."),
            gettext_lazy("This cannot be taken back. Your node holds the sealed body until you destroy it."),
        ),
    ),
    "destroy": NodeStep(
        label=gettext_lazy("Destroy"),
        impacts=(
            gettext_lazy("Your node deletes the sealed body, its keys and your part of the secret."),
            gettext_lazy("This cannot be taken back."),
        ),
    ),
}


# The list ---------------------------------------------------------------------------------------------------


def _is_catalogue(request: TenantRequest) -> bool:
    """Whether the address asks for others' capsules; a bank begins there, for it comes to look for data."""
    given = request.GET.get("catalogue", "")
    return given == "1" if given else request.actor.kind == Kind.BANK


def _found(request: TenantRequest) -> Any:
    find = selectors.of_others if _is_catalogue(request) else selectors.owned
    found = find(request.actor)
    title = request.GET.get("title", "")[:400].strip()
    return found.filter(title__icontains=title) if title and "\0" not in title else found


@require_safe
def capsules(request: TenantRequest) -> HttpResponse:
    """The organisation's own capsules, or those of others that it may see."""
    selectors.require_role(request.actor, Act.READ)
    table = table_of(_found(request), columns=COLUMNS, query=request.GET, default_sort="-id", exportable=True)
    if table.form:
        heads = [*table.titles, _("Digest of the head"), _("Digest of the policy")]
        return download(table.form, "capsules", _("Capsules"), heads, map(_line, table.rows))
    context = {
        "table": table,
        "rows": [(one, domain_name(one.domain)) for one in table.rows],
        "is_catalogue": _is_catalogue(request),
        "title_filter": request.GET.get("title", "").replace("\0", "")[:400].strip(),
        "may_draft": request.actor.role in MAY[Act.DRAFT_POLICY],
    }
    return render(request, "capsules/list.html", context)


def _line(capsule: Capsule) -> list[Any]:
    return [
        capsule.title,
        called(capsule.provider),
        domain_name(capsule.domain),
        capsule.rows,
        str(capsule.get_state_display()),
        capsule.version,
        exact(capsule.sealed_at) if capsule.sealed_at else "",
        capsule.header_digest,
        capsule.policy_digest,
    ]


# One capsule ------------------------------------------------------------------------------------------------


@require_safe
def capsule(request: TenantRequest, capsule_id: UUID) -> HttpResponse:
    """One capsule: its state, its policy in words, whom it names, its versions and contracts, what may be done."""
    actor: Member = request.actor
    found = selectors.get_for(actor, capsule_id, to=Act.READ)
    is_own = found.owner == actor.organisation_id
    head = selectors.head_of(found)
    grantees = {grantee for rule in head.policy.rules for grantee in rule.grantees} if head else set()
    context = {
        "capsule": found,
        "domain": domain_name(found.domain),
        "is_own": is_own,
        "head": head,
        "sentences": policy_segments(head.policy, language()) if head else [],
        "kept_rules": governance.by_digest(head.policy.zone_rules) if head else None,
        "rules_in_force": governance.in_force(),
        "grantees": Organisation.objects.filter(uscc__in=grantees).order_by("kind", "id"),
        "sources": derived.known_sources(head.policy.parents) if head else [],
        "closed_source": _closed_source(found),
        "for_subjects": SUBJECT in grantees,
        "may_ask": is_own and actor.role in MAY[Act.DRAFT_POLICY],
        "is_loosened": head is not None and head.policy.loosened_by is not None,
        "versions": selectors.versions_of(found),
        "guards": guarding.lines(found, head) if head else [],
        "contracts": _contracts(found),
        "acts": acts.acts_on(found),
        "certificates": _certificates(found),
        "states": _states(found),
        "steps": _steps(found, actor) if is_own else [],
        "node_steps": _node_steps(found, actor) if is_own else [],
        "sign_url": sign_url(actor, found.draft_digest) if is_own and found.draft_digest else None,
        "draft_version": found.version + 1,
        "node_url": node_url(actor, f"/datasets/{found.dataset_id}/") if is_own else None,
        "may_draft": is_own and actor.role in MAY[Act.DRAFT_POLICY] and found.state not in OVER,
        "may_offer": is_own and found.is_usable and actor.role in MAY[Act.OFFER],
        "crumbs": [(_("Capsules"), reverse("capsules:list")), (found.title, "")],
    }
    return render(request, "capsules/detail.html", context)


def _closed_source(capsule: Capsule) -> dict[str, Any] | None:
    """The source for whose sake it is frozen: its provider, and its title where the reader may see it."""
    if not capsule.closed_by or capsule.refusal is None:
        return None
    facts = capsule.refusal.facts
    return {
        "capsule": Capsule.objects.filter(pk=UUID(facts["source"])).first(),
        "id": facts["source"],
        "provider": Organisation.objects.filter(uscc=facts["organisation"]).first(),
        "is_revoked": capsule.refusal.clause == "source-revoked",
    }


OVER = {Capsule.State.REVOKED, Capsule.State.DESTROYED}


def _contracts(capsule: Capsule) -> list[Any]:
    """The contracts on it that the reader may see, newest first."""
    rows: Any = capsule.contracts  # the app above names its contracts so; row-level security chooses
    return list(rows.select_related("provider", "consumer").order_by("-id")[:50])


def _certificates(capsule: Capsule) -> list[tuple[CapsuleCertificate, Organisation]]:
    """The certificates that the reader may see, each with whom it was issued to."""
    found = acts.certificates_of(capsule)
    names = Organisation.objects.in_bulk([one.org for one in found])
    return [(one, names[one.org]) for one in found]


def _states(capsule: Capsule) -> list[tuple[Words, bool, bool]]:
    """The state machine for the reader: each state's word, whether it is the current one, whether it can be next."""
    following = {str(state) for state in Capsule.MOVES.get(capsule.state, ())}
    return [(label, value == capsule.state, value in following) for value, label in Capsule.State.choices]


def _steps(capsule: Capsule, actor: Member) -> list[tuple[str, Step]]:
    """The acts that its state and the reader's role allow."""
    return [(name, step) for name, step in STEPS.items() if _is_open(capsule, name) and actor.role in MAY[step.act]]


def _node_steps(capsule: Capsule, actor: Member) -> list[tuple[str, NodeStep]]:
    """The acts that its owner can sign in its node now."""
    if actor.role not in MAY[Act.CLOSE] or capsule.state == Capsule.State.DRAFT:
        return []
    return [(act, NODE_STEPS[act]) for act in acts_in(own_state(capsule))]


def _is_open(capsule: Capsule, name: str) -> bool:
    possible = STEPS[name].to in Capsule.MOVES.get(capsule.state, ())
    return possible and (name != "unlist" or capsule.state == Capsule.State.LISTED)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: TenantRequest, capsule_id: UUID, step: str) -> HttpResponse:
    """Say what the act does; then do it. What is signed in the node shows what it touches and leads there."""
    if step in NODE_STEPS:
        return _impact(request, capsule_id, step)
    taken = STEPS.get(step)
    if taken is None:
        raise NotFound()
    found = selectors.get_for(request.actor, capsule_id, to=taken.act)
    if not _is_open(found, step) and request.method != "POST":
        return redirect("capsules:detail", capsule_id=capsule_id)
    if request.method == "POST":
        change = services.list_capsule if step == "list" else services.unlist_capsule
        change(actor=request.actor, capsule_id=capsule_id)
        messages.success(request, _("Done, and written to the ledger."))
        return redirect("capsules:detail", capsule_id=capsule_id)
    return render(request, "capsules/act.html", {"capsule": found, "step": taken, "crumbs": _crumbs(found)})


def _impact(request: TenantRequest, capsule_id: UUID, step: str) -> HttpResponse:
    if request.method == "POST":
        raise NotFound()
    found = selectors.get_for(request.actor, capsule_id, to=Act.CLOSE)
    if step not in dict(_node_steps(found, request.actor)):
        return redirect("capsules:detail", capsule_id=capsule_id)
    context = {
        "capsule": found,
        "step": NODE_STEPS[step],
        "impact": acts.impact_of(found),
        "node_url": node_url(request.actor, f"/capsules/{found.id}/{step}/"),
        "crumbs": _crumbs(found),
    }
    return render(request, "capsules/impact.html", context)


def _crumbs(capsule: Capsule) -> list[tuple[Words, str]]:
    return [
        (_("Capsules"), reverse("capsules:list")),
        (capsule.title, reverse("capsules:detail", args=[capsule.id])),
    ]
