"""Pages of contracts: the list for both sides, an offer, one contract. Signing and ending happen at the nodes."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from apps.capsules import selectors as capsules
from apps.capsules.models import Capsule
from apps.capsules.wording import policy_segments
from apps.contracts import selectors, services
from apps.contracts.forms import OfferForm, WithdrawForm
from apps.contracts.models import Contract
from apps.contracts.selectors import MAY, Act
from apps.core.errors import Invalid, NotFound
from apps.core.http import TenantRequest
from apps.datasets.wording import domain_name, language
from apps.exchange.links import node_url, sign_url
from apps.tenants.members import Member
from apps.ui.exports import download
from apps.ui.pieces import Event
from apps.ui.tables import Column, table_of
from apps.ui.templatetags.ui import called, exact, yuan
from creditzone.kernel.policy.purposes import say_purpose

COLUMNS = (
    Column(gettext_lazy("Capsule")),
    Column(gettext_lazy("Provider")),
    Column(pgettext_lazy("contract", "User")),
    Column(gettext_lazy("Purpose")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("Price a matched firm"), num=True),
    Column(gettext_lazy("Until")),
)
RUNNING = {Contract.State.PROPOSED, Contract.State.ACTIVE, Contract.State.SUSPENDED}
ACTS = {
    "suspend": gettext_lazy("suspended"),
    "resume": gettext_lazy("resumed"),
    "terminate": gettext_lazy("terminated"),
}


# The list ---------------------------------------------------------------------------------------------------


def _filters(request: TenantRequest) -> dict[str, str]:
    given = {name: request.GET.get(name, "")[:400].strip() for name in ("state", "title")}
    return {name: "" if "\0" in text else text for name, text in given.items()}


@require_safe
def contracts(request: TenantRequest) -> HttpResponse:
    """The organisation's contracts, as provider or as user, newest first."""
    selectors.require_role(request.actor, Act.READ)
    found = selectors.held(request.actor, **_filters(request))
    table = table_of(found, columns=COLUMNS, query=request.GET, default_sort="-subject_id", exportable=True)
    if table.form:
        heads = [*table.titles, _("From"), _("Digest of the contract")]
        return download(table.form, "contracts", _("Contracts"), heads, [_line(party.subject) for party in table.rows])
    context = {
        "table": table,
        "rows": [_row(party.subject, request.actor) for party in table.rows],
        "states": Contract.State.choices,
        "filters": _filters(request),
        "is_filtered": any(_filters(request).values()),
        "may_offer": _may_offer(request.actor),
    }
    return render(request, "contracts/list.html", context)


def _may_offer(actor: Member) -> bool:
    """Whether there is anything that this reader could offer."""
    if actor.role not in capsules.MAY[capsules.Act.OFFER]:
        return False
    return capsules.owned(actor).filter(state__in=Capsule.USABLE).exists()


def _row(contract: Contract, actor: Member) -> dict[str, Any]:
    return {
        "contract": contract,
        "purpose": say_purpose(contract.purpose, language()),
        "waits_for_us": contract.state == Contract.State.PROPOSED and not _has_signed(contract, actor),
    }


def _has_signed(contract: Contract, actor: Member) -> bool:
    return selectors.document_of(contract).by(actor.organisation.uscc) is not None


def _line(contract: Contract) -> list[Any]:
    return [
        contract.title,
        called(contract.provider),
        called(contract.consumer),
        say_purpose(contract.purpose, language()),
        str(contract.get_state_display()),
        contract.price_fen / 100,
        exact(contract.not_after),
        exact(contract.not_before),
        contract.digest,
    ]


# An offer ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: TenantRequest) -> HttpResponse:
    """Offer a capsule to a named user; both sign in their nodes before it holds."""
    capsules.require_role(request.actor, capsules.Act.OFFER)
    given = request.GET.get("capsule", "")
    if not given:
        usable = capsules.owned(request.actor).filter(state__in=Capsule.USABLE).order_by("-id")[:100]
        rows = [(one, domain_name(one.domain)) for one in usable]
        return render(request, "contracts/choose.html", {"rows": rows, "crumbs": _crumbs(_("Offer a contract"))})
    try:
        capsule = capsules.get_for(request.actor, UUID(given), to=capsules.Act.OFFER)
    except ValueError:
        raise NotFound(what=_("capsule")) from None
    head = capsules.head_of(capsule)
    if head is None or not capsule.is_usable:
        raise Invalid.of("capsule", _("Only a sealed capsule in use can be offered."))
    form = OfferForm(request.POST if request.method == "POST" else None, policy=head.policy)
    if request.method == "POST" and form.is_valid():
        try:
            contract = services.offer(actor=request.actor, **form.terms(capsule))
            return redirect("contracts:detail", contract_id=contract.id)
        except Invalid as error:
            for name, sentences in error.errors.items():
                place = {"not_after": "days", "price_fen": "price"}.get(name, name)
                form.add_error(place if place in form.fields else None, [str(one) for one in sentences])
    context = {
        "capsule": capsule,
        "domain": domain_name(capsule.domain),
        "form": form,
        "sentences": policy_segments(head.policy, language()),
        "crumbs": _crumbs(_("Offer a contract")),
    }
    return render(request, "contracts/new.html", context, status=422 if form.is_bound else 200)


def _crumbs(last: str) -> list[tuple[str, str]]:
    return [(_("Contracts"), reverse("contracts:list")), (last, "")]


# One contract -----------------------------------------------------------------------------------------------


@require_safe
def contract(request: TenantRequest, contract_id: UUID) -> HttpResponse:
    """One contract: its terms in a sentence, who has signed, what was done with it, and the way to the own node."""
    actor: Member = request.actor
    found = selectors.get_for(actor, contract_id, to=Act.READ)
    signers = selectors.signers_of(found)
    is_party = actor.organisation_id in {found.provider_id, found.consumer_id}
    waits = found.state == Contract.State.PROPOSED and is_party and not _has_signed(found, actor)
    context = {
        "contract": found,
        "purpose": say_purpose(found.purpose, language()),
        "domain": domain_name(found.domain),
        "signers": signers,
        "waiting": [party for party, has_signed in signers if not has_signed],
        "events": _events(found),
        "sign_url": sign_url(actor, found.digest) if waits else None,
        "waits_for_us": waits,
        "may_act": is_party and actor.role in MAY[Act.ACT] and found.state in RUNNING - {Contract.State.PROPOSED},
        "acts_url": node_url(actor, "/contracts/") if is_party else None,
        "may_withdraw": actor.organisation_id == found.provider_id
        and found.state == Contract.State.PROPOSED
        and actor.role in MAY[Act.WITHDRAW_OFFER],
        "suspended_by": next((p for p, _signed in signers if p.uscc == found.suspended_by), None),
        "crumbs": _crumbs(found.title),
    }
    return render(request, "contracts/detail.html", context)


def _events(contract: Contract) -> list[Event]:
    """What the parties did with it at their nodes, newest first, and the offer at the end."""
    acts = contract.acts.select_related("by").order_by("-at", "-id")
    done = [
        Event(title=ACTS.get(one.act, one.act), at=one.at, kind=one.by.kind, party=called(one.by), text=one.reason)
        for one in acts
    ]
    offered = Event(
        title=_("offered"),
        at=contract.created_at,
        kind=contract.provider.kind,
        party=called(contract.provider),
        text=_("%(price)s a matched firm") % {"price": yuan(contract.price_fen)},
    )
    return [*done, offered]


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: TenantRequest, contract_id: UUID) -> HttpResponse:
    """Say what withdrawing an offer does and ask why; then do it."""
    found = selectors.get_for(request.actor, contract_id, to=Act.WITHDRAW_OFFER)
    if found.provider_id != request.actor.organisation_id:
        raise NotFound(what=_("contract"))
    if found.state != Contract.State.PROPOSED and request.method != "POST":
        return redirect("contracts:detail", contract_id=contract_id)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.withdraw_offer(actor=request.actor, contract_id=contract_id, reason=form.cleaned_data["reason"])
        return redirect("contracts:detail", contract_id=contract_id)
    back = (found.title, reverse("contracts:detail", args=[found.id]))
    context = {"contract": found, "form": form, "crumbs": [(_("Contracts"), reverse("contracts:list")), back]}
    return render(request, "contracts/withdraw.html", context, status=422 if form.is_bound else 200)
