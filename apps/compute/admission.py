"""Admission: a job gets slots at all its parties' nodes in one transaction, or at none.

Oldest first. Nodes are locked in the order of their ids, so two jobs that want the same parties never wait for each
other in a ring. A job that was passed over for a minute holds its parties against younger ones."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.conf import settings

from apps.compute.endings import end_job, next_fence
from apps.compute.log import log
from apps.compute.models import Attempt, ComputingNode, Job, Lease
from apps.compute.precheck import require_authorised, require_runnable
from apps.compute.ranks import ranks_of
from apps.compute.selectors import document_of as document_of_job
from apps.contracts.selectors import authorisation_document, by_digest, document_of
from apps.core import clock
from apps.core.errors import NotFound
from apps.core.models import new_id
from apps.core.tenancy import tenant_tx
from apps.exchange.cards import current_card
from apps.exchange.selectors import last_seen
from apps.exchange.services import UNNUMBERED, tell
from apps.scoring.selectors import card_of, card_text
from apps.tenants import zone
from apps.tenants.models import Organisation
from creditzone.kernel.documents import JobRequest, Order, OrderOffered, Peer, Signed, read
from creditzone.kernel.refusals import Refused

HOLDS_AFTER = timedelta(minutes=1)
QUEUE_AT_ONCE = 200
PORTS_A_SLOT = 4
Outcome = Literal["offered", "waits", "ended", "gone"]


@dataclass(frozen=True, kw_only=True)
class _Slot:
    """A free slot at one party's node."""

    party: Organisation
    rank: int
    slot: int


def admit_waiting() -> int:
    """Offer every queued job whose parties are free, oldest first; how many were offered. Safe beside itself."""
    with tenant_tx(None, role="exchange"):
        now = clock.now()
        waiting = list(
            Job.objects.filter(state=Job.State.QUEUED)
            .exclude(not_before__gt=now)
            .order_by("queued_at", "id")
            .values_list("id", flat=True)[:QUEUE_AT_ONCE]
        )
    held: set[UUID] = set()
    return sum(admit(job_id, held=held) == "offered" for job_id in waiting)


def admit(job_id: UUID, *, held: set[UUID] | None = None) -> Outcome:
    """Offer one queued job to all its parties, or leave it waiting; `held` are nodes that older jobs keep for
    themselves, to which this one adds its own once it was passed over for a minute.

    `gone`: it is queued no longer, or somebody else is admitting it. `ended`: a check that every node makes fails
    already here, or its time is over."""
    held = set() if held is None else held
    with tenant_tx(None, role="exchange"):
        job = (
            Job.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("recipient")
            .filter(pk=job_id, state=Job.State.QUEUED)
            .first()
        )
        return "gone" if job is None else _admit(job, held)


def _admit(job: Job, held: set[UUID]) -> Outcome:
    now = clock.now()
    signed = document_of_job(job)
    request = read(signed, JobRequest)
    if now >= job.expires_at:
        end_job(job, to=Job.State.EXPIRED, reason="request-expired")
        return "ended"
    if signed.by(job.recipient.uscc) is None:  # never so, unless somebody edits the table
        end_job(job, to=Job.State.REFUSED, reason="request-signature", facts={"organisation": job.recipient.uscc})
        return "ended"
    try:
        require_runnable(request, card_of(request.model), now=now)
        authorisation = require_authorised(request, now=now)
    except Refused as error:
        refusal = error.refusal
        end_job(job, to=Job.State.REFUSED, reason=refusal.clause, facts=refusal.facts, at_party=None)
        return "ended"
    except NotFound:
        end_job(job, to=Job.State.REFUSED, reason="model-digest")
        return "ended"
    if request.authorisation is not None and authorisation is None:
        _wait(job, reason="authorisation-missing", at=job.recipient)
        return "waits"
    ranks = ranks_of(request)
    parties = {one.uscc: one for one in Organisation.objects.filter(uscc__in=ranks)}
    away = _away(job, parties, now)
    if away is not None:
        _wait(job, reason="node-lost", at=away)
        return "waits"
    slots = _free_slots(job, parties, ranks, held, now)
    if slots is None:
        return "waits"
    order_authorisation = authorisation_document(authorisation) if authorisation else None
    _offer(job, request, slots, authorisation=order_authorisation, now=now)
    return "offered"


def _wait(job: Job, *, reason: str, at: Organisation) -> None:
    """Leave the job in the queue, and show for whom it waits."""
    Job.objects.filter(pk=job.pk).update(reason=reason, facts={"party": at.uscc}, at_party=at)


def _away(job: Job, parties: dict[str, Organisation], now: datetime) -> Organisation | None:
    """A party whose node does not call just now; a second attempt does not wait for it, so that the job ends."""
    if job.attempt > 1:
        return None
    seen = last_seen([party.id for party in parties.values()])
    silence = timedelta(seconds=settings.LEASE_SECONDS)
    for _, party in sorted(parties.items()):
        at = seen.get(party.id)
        if at is None or now - at > silence:
            return party
    return None


def _free_slots(
    job: Job, parties: dict[str, Organisation], ranks: dict[str, int], held: set[UUID], now: datetime
) -> list[_Slot] | None:
    """A free slot at every party's node, their rows locked; None (and the job marked as passed over) if one lacks."""
    nodes = sorted(party.id for party in parties.values())
    ComputingNode.objects.bulk_create([ComputingNode(node_id=node) for node in nodes], ignore_conflicts=True)
    list(ComputingNode.objects.select_for_update().filter(node_id__in=nodes).order_by("node_id"))
    taken: dict[UUID, set[int]] = {node: set() for node in nodes}
    for node, slot in Lease.objects.filter(node_id__in=nodes, released_at=None).values_list("node_id", "slot"):
        taken[node].add(slot)
    slots: list[_Slot] = []
    for uscc, party in sorted(parties.items()):
        free = None if party.id in held else _first_free(party, taken[party.id])
        if free is None:
            _pass_over(job, party, nodes, held, now)
            return None
        slots.append(_Slot(party=party, rank=ranks[uscc], slot=free))
    return sorted(slots, key=lambda slot: slot.rank)


def _first_free(party: Organisation, taken: set[int]) -> int | None:
    card = current_card(party)
    if card is None or card.link_ports is None:
        return None
    low, high = card.link_ports
    slots = min(card.slots, (high - low + 1) // PORTS_A_SLOT)
    return next((slot for slot in range(slots) if slot not in taken), None)


def _pass_over(job: Job, party: Organisation, nodes: list[UUID], held: set[UUID], now: datetime) -> None:
    since = job.passed_over_at or now
    if now - since >= HOLDS_AFTER:
        held.update(nodes)
    Job.objects.filter(pk=job.pk).update(
        passed_over_at=since, reason="busy", facts={"party": party.uscc}, at_party=party
    )


def _offer(job: Job, request: JobRequest, slots: list[_Slot], *, authorisation: Signed | None, now: datetime) -> None:
    """Take the slots, raise the fence, and leave each party its own order."""
    fence = next_fence()
    accept_by = now + timedelta(seconds=settings.ACCEPT_SECONDS)
    attempt = Attempt(
        job=job, number=job.attempt, fence=fence, deadline_seconds=settings.DEADLINE_SECONDS, offered_at=now
    )
    attempt.save(force_insert=True)
    contracts = by_digest([one.contract for one in request.inputs if one.contract])
    peers = tuple(Peer(party=slot.party.uscc, rank=slot.rank, slot=slot.slot) for slot in slots)
    for slot in slots:
        own = [
            document_of(contract)
            for contract in contracts.values()
            if slot.party.id in {contract.provider_id, contract.consumer_id}
        ]
        order = zone.sign_as_zone(
            Order(
                zone=zone.zone_digest(),
                id=str(new_id()),
                job=str(job.id),
                attempt=job.attempt,
                fence=fence,
                party=slot.party.uscc,
                request=document_of_job(job),
                contracts=tuple(own),
                authorisation=authorisation,
                model=card_text(request.model),
                peers=peers,
                deadline_seconds=attempt.deadline_seconds,
                issued_at=clock.to_ms(now),
                expires_at=clock.to_ms(min(accept_by, job.expires_at)),
            )
        )
        Lease(
            job=job,
            attempt=attempt,
            node=slot.party,
            rank=slot.rank,
            slot=slot.slot,
            order_digest=order.digest,
            until=accept_by,
        ).save(force_insert=True)
        tell(slot.party, OrderOffered(number=UNNUMBERED, order=order), sender=job.owner)
    job.move(
        to=Job.State.OFFERED, fence=fence, reason="", facts={}, at_party=None, passed_over_at=None, not_before=None
    )
    log(None, "job.offer", job, attempt=job.attempt, fence=fence)
