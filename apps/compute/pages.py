"""What a job's page shows, put together once for the page, its live part, its print and the regulator's trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from apps.compute import duties, selectors, wording
from apps.compute.models import Duty, Job
from apps.compute.selectors import JobPage, ReceiptRow
from apps.compute.usage import Usage, usage_of
from apps.compute.wording import Lesson, Progress
from apps.core import clock
from apps.core.errors import NotFound
from apps.exchange.links import node_url, sign_url
from apps.ledger.models import Entry
from apps.ledger.selectors import entries_about
from apps.scoring import selectors as scoring
from apps.tenants.members import Member
from apps.tenants.models import Organisation, Person
from apps.tenants.roles import Kind
from apps.ui import pieces
from apps.ui.pieces import Proof, Words
from apps.ui.templatetags.ui import called, exact
from creditzone.kernel.documents import Scorecard
from creditzone.kernel.policy.purposes import say_purpose

DOCUMENTS: dict[str, Words] = {
    "authorisation": gettext_lazy("Authorisation"),
    "request": gettext_lazy("Job request"),
}


@dataclass(frozen=True, kw_only=True)
class ToSign:
    """A document that waits for the recipient's signature, and where it is read and signed."""

    kind: Words
    digest: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Somebody opened the result, or took grades from it into the file, at the recipient's node."""

    act: Words
    person: str
    at: Any


@dataclass(frozen=True, kw_only=True)
class View:
    """One job as one reader sees it."""

    page: JobPage
    viewer: Member
    card_name: str
    card: Scorecard | None
    sentence: str
    progress: Progress
    lanes: list[pieces.Lane]
    usage: Usage
    lesson: Lesson | None
    to_sign: list[ToSign]
    openings: list[Opening]
    result_url: str
    duties: list[tuple[Duty, Organisation, Organisation]]

    @property
    def job(self) -> Job:
        """The job."""
        return self.page.job

    @property
    def is_mine(self) -> bool:
        """Whether the reader's organisation is the recipient."""
        return self.job.owner == self.viewer.organisation_id

    @property
    def mark(self) -> str:
        """What the live part compares: the page is drawn anew when it changes, else only its stages are."""
        return f"{self.job.state}.{self.job.attempt}.{len(self.page.receipts)}.{len(self.to_sign)}"

    @property
    def matched(self) -> int | None:
        """How many firms matched, as the receipts say."""
        return next((lane.matched for lane in self.page.lanes if lane.matched is not None), None)

    @property
    def valid(self) -> int:
        """How many receipts verify now."""
        return sum(row.is_valid for row in self.page.receipts)

    @property
    def agreements(self) -> list[str]:
        """The different digests that the parties' receipts agree on: one, unless they differ."""
        return sorted({row.receipt.agreement for row in self.page.receipts})

    @property
    def output(self) -> str:
        """The digest of the sealed result, as the recipient's receipt names it; empty where it did not compute."""
        return next((row.receipt.output for row in self.page.receipts if row.receipt.output), "")

    @property
    def sources(self) -> list[tuple[Any, str]]:
        """Whose data, of which domain."""
        return [(row.organisation, wording.domain_name(row.domain)) for row in self.page.parties if row.domain]

    @property
    def purpose(self) -> str:
        """The purpose in words."""
        return say_purpose(self.job.purpose, wording.language())

    @property
    def disclosed(self) -> str:
        """The result forms in words."""
        return wording.disclosed(self.page.request.disclosures)

    @property
    def engine(self) -> Words:
        """The engine in words."""
        return wording.ENGINES.get(self.job.engine, self.job.engine)


def view_of(viewer: Member, job_id: UUID) -> View:
    """The job's page for this reader. Raises NotFound, Forbidden."""
    page = selectors.job_page(viewer, job_id)
    job = page.job
    card_name, card = _card(job.model)
    names = wording.names_of(page.parties)
    matched = next((lane.matched for lane in page.lanes if lane.matched is not None), None)
    return View(
        page=page,
        viewer=viewer,
        card_name=card_name,
        card=card,
        sentence=wording.say(job, page.request, matched=matched, recipient=called(job.recipient)),
        progress=wording.progress(job, page.stages, now=clock.now()),
        lanes=wording.lanes(page.lanes, card, page.request),
        usage=usage_of(job, page.request, page.lanes),
        lesson=wording.lesson(page.reason, viewer, job=job, names=names) if page.reason else None,
        to_sign=_to_sign(viewer, page) if page.sign_digests else [],
        openings=_openings(job) if job.owner == viewer.organisation_id else [],
        result_url=(node_url(viewer, f"/results/{job.id}/") or "") if job.owner == viewer.organisation_id else "",
        duties=duties.with_names(duties.of_job(job)),
    )


def _card(model: str) -> tuple[str, Scorecard | None]:
    try:
        found = scoring.get_card(model)
    except NotFound:
        return model, None
    return scoring.name_of(found), found.document


def _to_sign(viewer: Member, page: JobPage) -> list[ToSign]:
    kinds = {page.job.digest: "request", page.job.authorisation_digest: "authorisation"}
    return [
        ToSign(kind=DOCUMENTS[kinds[digest]], digest=digest, href=sign_url(viewer, digest) or "")
        for digest in page.sign_digests
    ]


def _openings(job: Job) -> list[Opening]:
    """Who opened the result or took grades from it, newest first, from the recipient's own ledger entries."""
    acts = {"result.open": _("opened in the node"), "grades.take": _("%(n)s grades taken into the file")}
    entries: list[Entry] = list(entries_about("job", job.id).filter(act__in=acts)[:20])
    people = {
        str(person.id): person.name
        for person in Person.objects.filter(pk__in=[one.facts.get("person", "") for one in entries])
    }
    return [
        Opening(
            act=acts[one.act] % {"n": one.facts.get("count", 0)} if one.act == "grades.take" else acts[one.act],
            person=people.get(one.facts.get("person", ""), _("a colleague")),
            at=one.at,
        )
        for one in entries
    ]


def crumbs(viewer: Member) -> list[tuple[Words, str]]:
    """The way to a job's page."""
    if viewer.kind == Kind.SME:
        return [(_("Self-enquiries"), reverse("compute:list"))]
    return [(_("Scoring jobs"), reverse("compute:list"))]


def facts(view: View) -> list[tuple[Words, Any]]:
    """What the job is, line by line."""
    job = view.job
    rows: list[tuple[Words, Any]] = [
        (_("Scorecard"), view.card_name),
        (_("Purpose"), view.purpose),
        (_("Result form"), view.disclosed),
        (_("Computed with"), view.engine),
        (_("Drafted"), exact(job.created_at)),
    ]
    if view.page.request.consent == "declared":
        rows.append(
            (_("Firms' authorisations"), _("declared by the recipient; its node drops rows without a live one"))
        )
    elif view.page.request.subject is None:
        rows.append(
            (_("Firms' authorisations"), _("signed by each firm; the providers' nodes drop and count all other rows"))
        )
    else:
        rows.append((_("Firms' authorisations"), _("signed by the firm itself")))
    if job.attempt > 1:
        rows.append((_("Attempt"), job.attempt))
    return rows


def proofs(view: View) -> list[tuple[ReceiptRow, Proof]]:
    """Each receipt as evidence, verified while this is read."""
    checked_at = exact(clock.now())
    return [(row, receipt_proof(row, view.job, checked_at=checked_at)) for row in view.page.receipts]


def receipt_proof(row: ReceiptRow, job: Job, *, checked_at: str) -> Proof:
    """One receipt: its signature against the signer's registered cards, and that it speaks of this request."""
    receipt = row.receipt
    fits = receipt.request == job.digest
    return Proof(
        rows=[
            (_("SM2 signature"), _("fits a registered card of its signer") if row.is_valid else _("does not fit")),
            (_("Speaks of this request"), _("yes") if fits else _("no")),
            (_("Checked"), checked_at),
            (_("Began, ended"), f"{exact(receipt.started_at)} – {exact(receipt.finished_at)}"),
        ],
        digests=[
            (_("Receipt"), row.digest),
            (pgettext("job", "Order"), receipt.order),
            (_("Program of the node"), receipt.code),
            *[(_("Capsule's header"), one) for one in receipt.inputs],
            (_("Agreement"), receipt.agreement),
            *([(_("Sealed output"), receipt.output)] if receipt.output else []),
        ],
        proves=_("the node holding this key said this about this job, and nobody changed it since."),
        does_not_prove=_(
            "that the data put in were true, or that the node ran the program it names: the model is semi-honest, "
            "without hardware attestation."
        ),
        holds=row.is_valid and fits,
    )


def receipts_json(view: View) -> dict[str, Any]:
    """The receipts, byte for byte, for whoever verifies them elsewhere."""
    return {
        "job": str(view.job.id),
        "request": view.job.digest,
        "receipts": [
            {
                "party": row.party.uscc,
                "digest": row.digest,
                "text": row.signed.text,
                "signatures": [{"by": one.by, "key": one.key, "value": one.value} for one in row.signed.signatures],
            }
            for row in view.page.receipts
        ],
    }


def differing(view: View) -> Sequence[tuple[str, str, Any]]:
    """Party by party what a disputed job's receipts say: name, agreement, firms matched."""
    matched = {lane.party.uscc: lane.matched for lane in view.page.lanes}
    return [(called(row.party), row.receipt.agreement, matched.get(row.party.uscc)) for row in view.page.receipts]
