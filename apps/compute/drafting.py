"""Drafting a job request: what is asked of whose data, before the recipient signs it in its node."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from typing import Literal, cast
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.capsules import selectors as capsules
from apps.capsules.models import Capsule
from apps.compute.log import log
from apps.compute.models import Job, JobParty
from apps.compute.precheck import policy_allows, require_runnable
from apps.compute.ranks import ranks_of
from apps.compute.selectors import Act, require_role
from apps.contracts.selectors import usable_for
from apps.contracts.services import draft_authorisation
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.models import new_id
from apps.exchange.services import request_signatures
from apps.scoring.selectors import card_of
from apps.tenants import zone
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from creditzone.kernel.documents import Disclosure, Engine, Input, JobRequest, Scorecard, unsigned
from creditzone.kernel.orders import ENGINE_OF_PARTIES
from creditzone.kernel.policy.constraints.output import STATISTIC

Consent = Literal["declared", "signed"]
Grouping = Literal["province"]
LIVES = timedelta(hours=24)
AUTHORISED_FOR = timedelta(days=1)
SELF_ENQUIRY = "self-enquiry"


@transaction.atomic
def draft_job(
    *,
    actor: Member,
    title: str,
    model: str,
    capsule_ids: Sequence[UUID],
    purpose: str,
    disclosures: Sequence[Disclosure],
    decision_band: int | None = None,
    minimum_group: int | None = None,
    grouping: Grouping | None = None,
    consent: Consent = "declared",
    lives: timedelta = LIVES,
) -> Job:
    """Draft the organisation's job over its own capsule and those that it has contracts for, one of each domain of
    the scorecard `model` (its digest), and send the request to its node to be signed.

    Raises Forbidden, Invalid; Refused with the clause at which a node would stop it."""
    request = compose_job(
        actor=actor,
        title=title,
        model=model,
        capsule_ids=capsule_ids,
        purpose=purpose,
        disclosures=disclosures,
        decision_band=decision_band,
        minimum_group=minimum_group,
        grouping=grouping,
        consent=consent,
        lives=lives,
    )
    require_runnable(request, card_of(model), now=clock.now())
    return _keep(actor, request)


def compose_job(
    *,
    actor: Member,
    title: str,
    model: str,
    capsule_ids: Sequence[UUID],
    purpose: str,
    disclosures: Sequence[Disclosure],
    decision_band: int | None = None,
    minimum_group: int | None = None,
    grouping: Grouping | None = None,
    consent: Consent = "declared",
    lives: timedelta = LIVES,
) -> JobRequest:
    """The request as it would be signed, nothing kept: what a check beforehand reads. Raises Forbidden, Invalid."""
    require_role(actor, Act.DRAFT)
    scorecard = card_of(model)
    chosen = [capsules.get_for(actor, capsule_id, to=capsules.Act.READ) for capsule_id in capsule_ids]
    now = clock.now()
    fitting = [contract for contract in usable_for(actor.organisation_id) if contract.purpose == purpose]
    fitting.sort(key=lambda one: (one.not_before <= now < one.not_after, one.id))
    contracts = {str(contract.capsule_id): contract.digest for contract in fitting}  # the newest that runs now
    inputs = [_input(capsule, contracts.get(str(capsule.id))) for capsule in _in_order(chosen, scorecard)]
    return JobRequest(
        zone=zone.zone_digest(),
        id=str(new_id()),
        recipient=actor.organisation.uscc,
        inputs=tuple(inputs),
        model=model,
        engine=_engine(len(inputs)),
        purpose=purpose,
        disclosures=tuple(disclosures),
        decision_band=_band(decision_band, disclosures, scorecard),
        subject=None,
        authorisation=None,
        consent=consent,
        operation="statistics" if STATISTIC in disclosures else "score",
        minimum_group=minimum_group,
        grouping=grouping,
        person=str(actor.person_id),
        role=actor.role.value,  # type: ignore[arg-type]
        title=title,
        drafted_at=clock.to_ms(now),
        expires_at=clock.to_ms(now + lives),
    )


@transaction.atomic
def draft_enquiry(
    *, actor: Member, model: str, disclosures: Sequence[Disclosure] = ("grade", "reasons"), title: str = ""
) -> Job:
    """Draft a firm's enquiry about itself: its authorisation and the job request, both for it to sign in its node.

    For each domain of the public scorecard the newest capsule is taken whose policy lets firms ask about themselves,
    each of another provider.
    Raises Forbidden, Invalid; Refused with the clause at which a node would stop it."""
    require_role(actor, Act.DRAFT)
    scorecard = card_of(model)
    now = clock.now()
    firm = actor.organisation
    asked = JobRequest(
        zone=zone.zone_digest(),
        id=str(new_id()),
        recipient=firm.uscc,
        inputs=(),
        model=model,
        engine=_engine(len(scorecard.domains)),
        purpose=SELF_ENQUIRY,
        disclosures=tuple(disclosures),
        decision_band=None,
        subject=firm.uscc,
        authorisation=None,
        consent="signed",
        person=str(actor.person_id),
        role=actor.role.value,  # type: ignore[arg-type]
        title=title or scorecard.name,
        drafted_at=clock.to_ms(now),
        expires_at=clock.to_ms(now + LIVES),
    )
    chosen = _open_capsules(scorecard.domains, asked)
    authorisation = draft_authorisation(
        actor=actor,
        enquirer=firm,
        providers=[capsule.provider for capsule in chosen],
        domains=scorecard.domains,
        purpose=SELF_ENQUIRY,
        disclosures=disclosures,
        application=asked.id,
        not_before=now,
        not_after=now + AUTHORISED_FOR,
    )
    inputs = tuple(_input(capsule, None) for capsule in chosen)
    request = msgspec.structs.replace(asked, inputs=inputs, authorisation=authorisation.digest)
    require_runnable(request, scorecard, now=now)
    return _keep(actor, request)


def _open_capsules(domains: Sequence[str], asked: JobRequest) -> tuple[Capsule, ...]:
    """The newest capsules that let firms ask, one a domain and each of another provider: one that holds two of the
    domains is one party only."""
    for chosen in product(*(_newest_by_provider(domain, asked) for domain in domains)):
        if len({capsule.provider_id for capsule in chosen}) == len(chosen):
            return chosen
    raise Invalid.of("model", _("No provider lets firms ask about themselves with this scorecard yet."))


def _newest_by_provider(domain: str, asked: JobRequest) -> list[Capsule]:
    found: dict[UUID, Capsule] = {}
    for capsule in capsules.open_to_subjects(domain).select_related("provider"):
        head = None if capsule.provider_id in found else capsules.head_of(capsule)
        if head is not None and policy_allows(head, asked, _input(capsule, None), now=clock.now()):
            found[capsule.provider_id] = capsule
    return list(found.values())


def _engine(parties: int) -> Engine:
    engine = cast("Engine | None", ENGINE_OF_PARTIES.get(parties))
    if engine is None:
        raise Invalid.of("capsules", _("A job has two or three computing parties."))
    return engine


def _band(band: int | None, disclosures: Sequence[str], scorecard: Scorecard) -> int | None:
    if "decision" not in disclosures:
        return None
    if band is None or not 0 < band < len(scorecard.grades):
        raise Invalid.of("decision_band", _("Choose from which grade on the answer is yes."))
    return band


def _in_order(chosen: Sequence[Capsule], scorecard: Scorecard) -> list[Capsule]:
    """The capsules in the order of the scorecard's domains, one of each."""
    if sorted(capsule.domain for capsule in chosen) != sorted(scorecard.domains):
        raise Invalid.of("capsules", _("Choose one capsule for each data domain of the scorecard."))
    return sorted(chosen, key=lambda capsule: scorecard.domains.index(capsule.domain))


def _input(capsule: Capsule, contract: str | None) -> Input:
    return Input(
        provider=capsule.provider.uscc,
        domain=capsule.domain,
        capsule=str(capsule.id),
        version=max(capsule.version, 1),
        contract=contract,
    )


def _keep(actor: Member, request: JobRequest) -> Job:
    """Keep the request as a drafted job with its parties, and send it to the recipient's node."""
    job = Job(
        id=UUID(request.id),
        owner=actor.organisation_id,
        recipient=actor.organisation,
        title=request.title,
        digest=request_signatures(request, of=[actor.organisation], drafter=actor.organisation_id),
        document=msgspec.to_builtins(unsigned(request)),
        model=request.model,
        engine=request.engine,
        purpose=request.purpose,
        subject_code=request.subject or "",
        authorisation_digest=request.authorisation or "",
        parties_count=len(request.inputs),
        expires_at=clock.from_ms(request.expires_at),
    )
    job.save(force_insert=True)
    ranks = ranks_of(request)
    named = {one.uscc: one.id for one in Organisation.objects.filter(uscc__in=[*ranks, request.recipient])}
    domains = {one.provider: one.domain for one in request.inputs}
    JobParty.objects.bulk_create(
        [
            JobParty(org=org, subject=job, owner=job.owner, rank=ranks.get(uscc), domain=domains.get(uscc, ""))
            for uscc, org in named.items()
        ]
    )
    log(actor, "job.draft", job, model=job.model, engine=job.engine, purpose=job.purpose)
    return job
