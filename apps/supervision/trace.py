"""A job from its sealed inputs to the use of its result: every step with the evidence that is checked while it is read.

Nothing here is believed from a column: signatures are verified again, digests are taken again, and each proof says
what it does not prove."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from apps.capsules.models import CapsuleVersion
from apps.compute import pages, selectors, wording
from apps.compute.models import Job, Lease
from apps.compute.pages import View
from apps.compute.selectors import PartyRow
from apps.core import clock
from apps.exchange.cards import require_signed_by
from apps.ledger.models import Entry
from apps.ledger.selectors import entries_about
from apps.ledger.services import digest_of as digest_of_entry
from apps.lending.models import ResultOpening
from apps.tenants.models import Organisation
from apps.ui.pieces import Event, Proof
from apps.ui.templatetags.ui import called, exact, short, thousands
from creditzone.kernel.documents import (
    CapsuleHeader,
    DocumentError,
    Input,
    JobRequest,
    Policy,
    SignatureInvalid,
    Signed,
    read,
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the trace: its place on the line, and its evidence."""

    key: str
    event: Event
    proof: Proof


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A job as a regulator sees it. `entries` are the ledger's, each taken again; `agrees` None while it runs."""

    view: View
    steps: list[Step]
    entries: list[Entry]
    entries_hold: int
    agrees: bool | None
    checked_at: datetime

    @property
    def holding(self) -> int:
        """How many steps' proofs hold."""
        return sum(bool(step.proof.holds) for step in self.steps)


def trace_of(view: View) -> Trace:
    """The trace of a job, every signature and digest checked now."""
    job, now = view.job, clock.now()
    entries = list(entries_about("job", job.id).order_by("id"))
    steps = [_request(view, now)]
    steps += [_input(view, one, now) for one in view.page.request.inputs]
    steps += _order(view, now)
    steps += [_receipt(view, row, now) for row in view.page.receipts]
    steps += _result(view, now)
    steps += _use(job, entries, now)
    return Trace(
        view=view,
        steps=[_linked(step) for step in steps],
        entries=entries,
        entries_hold=sum(digest_of_entry(one) == one.digest for one in entries),
        agrees=_agrees(view),
        checked_at=now,
    )


def _agrees(view: View) -> bool | None:
    if view.job.state == Job.State.DISPUTED:
        return False
    return len(view.agreements) == 1 if view.job.state == Job.State.DONE else None


def _linked(step: Step) -> Step:
    event = replace(step.event, href=f"?step={step.key}#evidence", link=_said(step.proof.holds))
    return Step(key=step.key, event=event, proof=step.proof)


def _said(holds: bool | None) -> str:
    if holds is None:
        return _("evidence")
    return _("evidence: holds") if holds else _("evidence: does not hold")


def _holds(check: Callable[[], Any]) -> bool:
    try:
        check()
    except (SignatureInvalid, DocumentError):
        return False
    return True


def _yes(holds: bool) -> str:
    return _("holds") if holds else _("does not hold")


# The request ------------------------------------------------------------------------------------------------


def _request(view: View, now: datetime) -> Step:
    job = view.job
    signed = selectors.document_of(job)
    is_signed = _holds(lambda: require_signed_by(signed, JobRequest, job.recipient, current=False))
    is_same = signed.digest == job.digest
    return Step(
        key="request",
        event=Event(
            title=_("Request"),
            party=called(job.recipient),
            kind=job.recipient.kind,
            at=job.queued_at or job.created_at,
            text=_("asks for %(what)s, for %(purpose)s") % {"what": view.disclosed, "purpose": view.purpose},
            meta=short(job.digest),
        ),
        proof=Proof(
            rows=[
                (_("SM2 signature of the recipient"), _yes(is_signed)),
                (_("Digest taken again"), _yes(is_same)),
                (_("Checked"), exact(now)),
            ],
            digests=[(_("Job request"), job.digest), (_("Scorecard"), job.model)],
            proves=_("the recipient's node signed exactly this wish; nobody else can have begun the job."),
            does_not_prove=_("that the firms behind it applied: a bank declares that, its node counts it."),
            holds=is_signed and is_same if job.state != Job.State.DRAFTED else None,
        ),
    )


# Sealed inputs ----------------------------------------------------------------------------------------------


def _input(view: View, one: Input, now: datetime) -> Step:
    party = _party(view.page.parties, one.provider)
    version = CapsuleVersion.objects.filter(capsule_id=one.capsule, version=one.version).first()
    header = msgspec.convert(version.header, Signed) if version else None
    policy = msgspec.convert(version.policy, Signed) if version else None
    named = [digest for row in view.page.receipts if row.party.uscc == one.provider for digest in row.receipt.inputs]
    signed = bool(header and party and _holds(lambda: require_signed_by(header, CapsuleHeader, party, current=False)))
    bound = bool(header and policy and _is_bound(header, policy))
    opened = not named or (header is not None and header.digest in named)
    return Step(
        key=f"input-{one.domain}",
        event=Event(
            title=_("Sealed input"),
            party=called(party) if party else one.provider,
            kind=party.kind if party else "",
            at=read(header, CapsuleHeader).sealed_at if header else None,
            text=f"{wording.domain_name(one.domain)} v{one.version}",
            seal=pgettext("trace", "sealed"),
            meta=short(header.digest) if header else _("no header is registered"),
        ),
        proof=Proof(
            rows=[
                (_("SM2 signature of the provider"), _yes(signed)),
                (_("Policy is the one that the header binds"), _yes(bound)),
                (_("Header that the node opened"), _yes(opened) if named else _("no receipt yet")),
                (_("Rows sealed"), thousands(read(header, CapsuleHeader).rows) if header else _("no data")),
                (_("Checked"), exact(now)),
            ],
            digests=[
                *([(_("Header"), header.digest)] if header else []),
                *([(_("Policy"), policy.digest)] if policy else []),
                *([(_("Contract"), one.contract)] if one.contract else []),
            ],
            proves=_("the provider sealed this body under this policy, and its node says it opened this one."),
            does_not_prove=_("that the rows inside are true, or complete."),
            holds=signed and bound and opened,
        ),
    )


def _is_bound(header: Signed, policy: Signed) -> bool:
    try:
        return read(header, CapsuleHeader).policy == policy.digest and read(policy, Policy) is not None
    except DocumentError:
        return False


def _party(parties: Sequence[PartyRow], uscc: str) -> Organisation | None:
    return next((row.organisation for row in parties if row.organisation.uscc == uscc), None)


# Orders -----------------------------------------------------------------------------------------------------


def _order(view: View, now: datetime) -> list[Step]:
    found = Lease.objects.select_related("node", "attempt").filter(job=view.job)
    leases = list(found.order_by("-attempt__fence", "rank"))
    if not leases:
        return []
    latest = [lease for lease in leases if lease.attempt_id == leases[0].attempt_id]
    orders = {lease.node.uscc: lease.order_digest for lease in latest}
    named = {row.party.uscc: row.receipt.order for row in view.page.receipts}
    fits = all(orders.get(uscc) == order for uscc, order in named.items())
    said = ngettext("one party", "%(n)s parties", len(latest)) % {"n": len(latest)}
    return [
        Step(
            key="order",
            event=Event(
                title=pgettext("job", "Order"),
                party=_("the zone"),
                kind="operator",
                at=latest[0].attempt.offered_at,
                text=_("to %(parties)s; each node checks it itself") % {"parties": said},
                meta=_("attempt %(n)s, fence %(fence)s")
                % {"n": latest[0].attempt.number, "fence": latest[0].attempt.fence},
            ),
            proof=Proof(
                rows=[
                    *[(called(lease.node), lease.get_state_display()) for lease in latest],
                    (_("Receipts name these orders"), _yes(fits) if named else _("no receipt yet")),
                    (_("Checked"), exact(now)),
                ],
                digests=[(called(lease.node), lease.order_digest) for lease in latest],
                proves=_("which order each party was offered under which fence, and that its receipt speaks of it."),
                does_not_prove=_("what a node checked inside: that it did so is its own word."),
                holds=fits if named else None,
            ),
        )
    ]


# Computing, result, use -------------------------------------------------------------------------------------


def _receipt(view: View, row: selectors.ReceiptRow, now: datetime) -> Step:
    matched = next((figure.value for figure in row.receipt.figures if figure.name == "matched"), None)
    return Step(
        key=f"computing-{row.party.uscc}",
        event=Event(
            title=_("Encrypted computing"),
            party=called(row.party),
            kind=row.party.kind,
            at=row.receipt.finished_at,
            text=f"{view.engine} · {wording.matched_firms(matched)}" if matched is not None else str(view.engine),
            meta=_("semi-honest model, no hardware attestation"),
        ),
        proof=pages.receipt_proof(row, view.job, checked_at=exact(now)),
    )


def _result(view: View, now: datetime) -> list[Step]:
    job = view.job
    if job.state not in {Job.State.DONE, Job.State.DISPUTED}:
        return []
    is_whole = len(view.page.receipts) == view.page.receipts_expected
    agrees = len(view.agreements) == 1
    return [
        Step(
            key="result",
            event=Event(
                title=_("Sealed result"),
                party=called(job.recipient),
                kind=job.recipient.kind,
                at=job.ended_at,
                text=view.sentence,
                seal=pgettext("trace", "sealed"),
                meta=_("all parties agree") if agrees else _("the parties' receipts differ"),
            ),
            proof=Proof(
                rows=[
                    (_("Receipts"), f"{len(view.page.receipts)} / {view.page.receipts_expected}"),
                    (_("Agreement of all parties"), _yes(agrees)),
                    (_("Checked"), exact(now)),
                ],
                digests=[
                    *[(_("Agreement"), one) for one in view.agreements],
                    *([(_("Sealed output"), view.output)] if view.output else []),
                ],
                proves=_(
                    "all parties say the same about request, set, counts and settings, and what came out is sealed."
                ),
                does_not_prove=_(
                    "which firms and which grades: these are outside your remit and open in one node alone."
                ),
                holds=is_whole and agrees,
            ),
        )
    ]


def _use(job: Job, entries: Sequence[Entry], now: datetime) -> list[Step]:
    """Openings and grades taken, each an entry of the ledger; nothing while nobody did."""
    uses = [one for one in entries if one.act in {"result.open", "grades.take"}]
    if not uses:
        return []
    taken = sum(int(one.facts.get("count", 0)) for one in uses if one.act == "grades.take")
    openings = ResultOpening.objects.filter(job=job).count()
    holds = all(digest_of_entry(one) == one.digest for one in uses)
    return [
        Step(
            key="use",
            event=Event(
                title=_("Use of the result"),
                party=called(job.recipient),
                kind=job.recipient.kind,
                at=uses[-1].at,
                text=_("opened %(n)s times, %(taken)s grades taken into files") % {"n": openings, "taken": taken},
                meta=_("contents are outside your remit; evidence only"),
            ),
            proof=Proof(
                rows=[
                    (_("Openings"), str(openings)),
                    (_("Grades taken"), str(taken)),
                    (_("Entries' digests taken again"), _yes(holds)),
                    (_("Checked"), exact(now)),
                ],
                digests=[(_("Ledger entry"), one.digest) for one in uses[-5:]],
                proves=_("these acts were written when they were done, by the word of the recipient's node."),
                does_not_prove=_(
                    "that nothing else was done with an opened result, or that no entry was left out: "
                    "a tree over all entries does not exist yet."
                ),
                holds=holds,
            ),
        )
    ]


# Evidence as a file -----------------------------------------------------------------------------------------


def evidence(trace: Trace) -> dict[str, Any]:
    """Request, headers, policies, receipts and ledger entries, byte for byte, for whoever verifies them elsewhere."""
    view = trace.view
    versions = [
        found
        for one in view.page.request.inputs
        if (found := CapsuleVersion.objects.filter(capsule_id=one.capsule, version=one.version).first())
    ]
    return {
        "job": str(view.job.id),
        "state": view.job.state,
        "checked_at": trace.checked_at.isoformat(),
        "request": view.job.document,
        "capsules": [{"header": one.header, "policy": one.policy} for one in versions],
        "receipts": pages.receipts_json(view)["receipts"],
        "ledger": [
            {
                "id": str(one.id), "at": one.at.isoformat(), "act": one.act, "digest": one.digest, "salt": one.salt,
                "actor_organisation": str(one.actor_organisation or ""), "facts": one.facts,
                "organisations": [str(each) for each in one.organisations],
            }
            for one in trace.entries
        ],
    }  # fmt: skip


def choose(trace: Trace, key: str) -> Step:
    """The step whose evidence is shown: the one asked for, else the last."""
    return next((step for step in trace.steps if step.key == key), trace.steps[-1])
