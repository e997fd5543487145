"""Jobs in words: stages, lanes, what a refusal teaches. Figures come from selectors, which read signed receipts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from apps.capsules.wording import FACTS, named
from apps.compute.models import Job
from apps.compute.selectors import Lane, LearnedRow, LeftRow, PartyRow, PutIn, StageRow, may_draft
from apps.contracts.models import Contract
from apps.exchange.links import node_url
from apps.scoring.wording import PortalNames
from apps.tenants.members import Member
from apps.tenants.roles import Kind
from apps.ui import pieces
from apps.ui.pieces import Thing, Words
from apps.ui.templatetags.ui import called, thousands
from creditzone.kernel.documents import JobRequest, Scorecard
from creditzone.kernel.domain import domain
from creditzone.kernel.domain.model import UnknownDomain
from creditzone.kernel.refusals import Refusal

Language = Literal["zh", "en"]

STAGE_NAMES: dict[str, Words] = {
    "check": gettext_lazy("Check beforehand"),
    "open": gettext_lazy("Open capsules"),
    "intersect": gettext_lazy("Private set intersection"),
    "grade": gettext_lazy("Encrypted scoring"),
    "seal": gettext_lazy("Seal the result"),
}
DISCLOSURES: dict[str, Words] = {
    "grade": gettext_lazy("score grade"),
    "decision": gettext_lazy("yes or no"),
    "score": gettext_lazy("score"),
    "reasons": gettext_lazy("reason codes"),
    "statistic": gettext_lazy("statistics: how many firms in each grade"),
}
ENGINES: dict[str, Words] = {
    "cheetah": gettext_lazy("CHEETAH, two parties"),
    "aby3": gettext_lazy("ABY3, three parties"),
}
LEFT: dict[str, Words] = {
    "blinded-codes": gettext_lazy("blinded codes"),
    "secret-shares": gettext_lazy("secret shares"),
    "output-shares": gettext_lazy("shares of the output"),
    "common-set": gettext_lazy("matched codes, over the encrypted link"),
    "sealed-shares": gettext_lazy("sealed shares of the output"),
    "sealed-reasons": gettext_lazy("sealed reason codes"),
}


def language() -> Language:
    """The reader's language as the kernel names it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def domain_name(name: str) -> str:
    """A data domain for the reader; an unknown one as it stands."""
    try:
        return domain(name).label(language())
    except UnknownDomain:
        return name


def disclosed(disclosures: Sequence[str]) -> str:
    """The result forms of a job in one phrase."""
    return listed(str(DISCLOSURES.get(one, one)) for one in disclosures)


def listed(words: Iterable[str]) -> str:
    """Words one after the other, as the language lists them."""
    return pgettext("between the items of a list", ", ").join(words)


# Stages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job is: boxes for the stages, percent of the bar, elapsed time and what is left as an estimate."""

    stages: list[pieces.Stage]
    percent: int
    elapsed: str
    estimate: str


def progress(job: Job, rows: Sequence[StageRow], *, now: datetime) -> Progress:
    """The stages in words. The estimate is the median of past jobs of the same scorecard; without any it says so."""
    ended = job.ended_at or now
    rows = [row for row in rows if not (job.subject_code and row.stage == "intersect")]  # one firm is no set to join
    boxes = [_box(job, row) for row in rows]
    known = sum(row.estimate_seconds or 0.0 for row in rows)
    left = sum(_left_of(row, now) for row in rows)
    done = sum(row.state == "finished" for row in rows) / max(len(rows), 1)
    percent = 100 if job.state == Job.State.DONE else round(100 * (1 - left / known) if known else 100 * done)
    return Progress(
        stages=boxes,
        percent=min(max(percent, 0), 100),
        elapsed=_("took %(time)s") % {"time": seconds((ended - job.started_at).total_seconds())}
        if job.started_at
        else "",
        estimate="" if job.is_final else _estimate(left, known=bool(known)),
    )


def _estimate(left: float, *, known: bool) -> str:
    if not known:
        return _("no estimate yet: no job with this scorecard has finished")
    if left < 1:
        return _("about to finish")
    return _("about %(time)s left") % {"time": seconds(left)}


def _left_of(row: StageRow, now: datetime) -> float:
    if row.state == "finished" or row.estimate_seconds is None:
        return 0.0
    spent = (now - row.started_at).total_seconds() if row.started_at else 0.0
    return max(row.estimate_seconds - spent, 0.0)


def _box(job: Job, row: StageRow) -> pieces.Stage:
    state: pieces.StageState = {"finished": "done", "started": "now"}.get(row.state, "waiting")  # type: ignore[assignment]
    if job.is_final and row.state == "started":
        state = "stopped" if job.state == Job.State.CANCELLED else "failed"
    return pieces.Stage(STAGE_NAMES.get(row.stage, row.stage), state, _detail(row, is_over=job.is_final))


def _detail(row: StageRow, *, is_over: bool) -> str:
    matched = max((figures.get("matched", 0) for figures in row.figures.values()), default=0)
    parts = [matched_firms(matched)] if matched and row.stage in {"intersect", "grade"} else []
    if row.seconds is not None:
        parts.append(seconds(row.seconds))
    elif row.estimate_seconds is not None and not is_over:
        parts.append(_("about %(time)s") % {"time": seconds(row.estimate_seconds)})
    return " · ".join(parts)


def matched_firms(count: int) -> str:
    """How many firms matched."""
    return ngettext("%(n)s firm matched", "%(n)s firms matched", count) % {"n": thousands(count)}


def seconds(count: float) -> str:
    """A span of time as a person says it."""
    if count < 60:
        return _("%(n)s s") % {"n": f"{count:.1f}" if count < 10 else f"{count:.0f}"}
    return _("%(m)s min %(s)s s") % {"m": int(count // 60), "s": int(count % 60)}


# Who saw what -----------------------------------------------------------------------------------------------


def lanes(found: Sequence[Lane], card: Scorecard | None, request: JobRequest) -> list[pieces.Lane]:
    """The lanes as the component draws them; a party without a receipt says just that."""
    return [
        pieces.Lane(
            party=called(lane.party),
            kind=lane.party.kind,
            own=lane.is_mine,
            put_in=_put_in(lane, request),
            left=_all_left(lane.left) if lane.receipt or not lane.computes else [_none(lane)],
            learned=[_learned(one, card) for one in lane.learned] if lane.receipt or lane.learned else [_none(lane)],
        )
        for lane in found
    ]


def _none(lane: Lane) -> Thing:
    return Thing(_("no signed receipt yet") if lane.computes else _("nothing was sealed to it yet"))


def _put_in(lane: Lane, request: JobRequest) -> list[Words | Thing]:
    if not lane.computes:
        return [_("nothing: it takes no part in the computation")]
    if not lane.receipt:
        return [_none(lane)]
    return [_one_put_in(one, request) for one in lane.put_in]


def _one_put_in(one: PutIn, request: JobRequest) -> Thing:
    capsule = next((given.capsule for given in request.inputs if given.domain == one.domain), "")
    rows = ngettext("%(n)s row", "%(n)s rows", one.rows or 0) % {"n": thousands(one.rows)}
    text = f"{domain_name(one.domain)} v{one.version} · {rows}"
    if one.dropped:
        said = ngettext(
            "%(n)s row without a live authorisation dropped",
            "%(n)s rows without a live authorisation dropped",
            one.dropped,
        )
        text = _("; ").join([text, said % {"n": thousands(one.dropped)}])
    if one.used_up:
        said = ngettext("%(n)s firm left out: used up", "%(n)s firms left out: used up", one.used_up)
        text = _("; ").join([text, said % {"n": thousands(one.used_up)}])
    return Thing(text, href=address("capsules:detail", capsule))


def _all_left(rows: Sequence[LeftRow]) -> list[Words | Thing]:
    """One line for each form and count; who it went to only where that differs from line to line."""
    lines: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        lines.setdefault((row.form, row.count), []).append(row.to_name)
    return [
        Thing(
            f"{LEFT.get(form, form)} {thousands(count)} → {listed(names)}",
            sealed=form != "common-set",
        )
        for (form, count), names in lines.items()
    ]


def _learned(row: LearnedRow, card: Scorecard | None) -> Thing:
    said: dict[str, str] = {
        "grades": _("%(n)s score grades (%(best)s to %(worst)s); no score, no item of anybody else's data"),
        "scores": _("%(n)s scores; no item of anybody else's data"),
        "decisions": _("%(n)s answers, yes or no; no grade, no item of anybody else's data"),
        "statistics": _("counts of %(n)s firms by score grade, small ones held back; nothing about any one firm"),
        "reasons": _("reason codes of %(of)s for %(n)s firms, at most four each"),
        "own-firms-asked": _("may know which %(n)s of its own firms were asked about; no grade, nothing else"),
        "own-firms-known": _("may know which %(n)s of its firms %(of)s has on record"),
        "set-size": _("may know how many firms %(of)s put in"),
        "nothing": _("nothing"),
    }
    grades = card.grades if card else ("", "")
    facts = {"n": thousands(row.count), "of": row.of_name, "best": grades[-1], "worst": grades[0]}
    strong = {"grades", "scores", "decisions", "statistics", "reasons"}
    return Thing(said.get(row.what, row.what) % facts, strong=row.what in strong)


# Refusals ---------------------------------------------------------------------------------------------------

CONTRACTS, CAPSULES, AGAIN = "contracts", "capsules", "again"
CARDS, ROWS, HEALTH, CREDIT, CARD = "cards", "rows", "health", "credit", "card"
HELPS: dict[str, tuple[str, ...]] = {
    CONTRACTS: ("contract-missing", "contract-signature", "contract-mismatch", "contract-state", "contract-window"),
    CAPSULES: (
        "capsule-unknown", "capsule-signature", "capsule-version", "capsule-damaged", "share-missing", "share-wrong",
        "custody-malformed", "capsule-frozen", "capsule-revoked", "capsule-destroyed", "policy-digest",
        "policy-empty", "grantee", "purpose", "model", "engine", "disclosure", "minimum-group", "validity", "uses",
        "uses-a-firm", "source-frozen", "source-revoked",
    ),
    CREDIT: (
        "authorisation-missing", "authorisation-signature", "authorisation-mismatch", "authorisation-window",
    ),
    ROWS: ("natural-person", "set-duplicates", "set-foreign", "set-empty"),
    CARDS: ("unknown-card",),
    HEALTH: ("clock-skew", "clock-back", "scratch", "node-restored", "settings-differ"),
    CARD: ("model-digest", "parties"),
}  # fmt: skip
ACTS: dict[str, tuple[Words, str]] = {
    CONTRACTS: (gettext_lazy("To the contracts"), "contracts:list"),
    CAPSULES: (gettext_lazy("To the available data"), "capsules:list"),
    CREDIT: (gettext_lazy("To my credit"), "lending:credit"),
    CARD: (gettext_lazy("To the scorecards"), "scoring:list"),
}
NODE_ACTS: dict[str, tuple[Words, str]] = {
    ROWS: (gettext_lazy("To the data in your node"), "/datasets/"),
    CARDS: (gettext_lazy("To the cards in your node"), "/cards/"),
    HEALTH: (gettext_lazy("To the health of your node"), "/health/"),
}


DIFFERENCES: dict[str, Words] = {
    "agreement": gettext_lazy("the agreement over request, set and settings"),
    "matched": gettext_lazy("firms matched"),
    "shares": gettext_lazy("firms shared"),
    "left": gettext_lazy("counts of what left the parties"),
    "inputs": gettext_lazy("the capsule that was opened"),
}
"""What receipts can differ in, as `agreement.py` names it."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a refusal teaches: the clause, what it read, what to do next, and where that is done."""

    clause: str
    sentence: str
    remedy: str
    facts: list[tuple[Words, str]]
    act: Words
    href: str


def lesson(refusal: Refusal, viewer: Member, *, job: Job | None = None, names: dict[str, str] | None = None) -> Lesson:
    """The refusal in the reader's words, with a link that does the remedy where this reader can do it."""
    act, href = _help(refusal.clause, viewer, job)
    said = named(refusal, PortalNames(language()))
    return Lesson(
        clause=refusal.clause,
        sentence=said.sentence(language()),
        remedy=said.remedy(language()),
        facts=[(FACTS.get(name, name), _fact(name, value, names or {})) for name, value in said.facts.items()],
        act=act,
        href=href,
    )


def _fact(name: str, value: str, names: dict[str, str]) -> str:
    if name == "stage":
        return str(STAGE_NAMES.get(value, value))
    if name == "state":
        return str(dict(Contract.State.choices).get(value, value))
    if name == "what":
        return listed(str(DIFFERENCES.get(one, one)) for one in value.split(", "))
    return names.get(value, value)


def _help(clause: str, viewer: Member, job: Job | None) -> tuple[Words, str]:
    kind = next((kind for kind, clauses in HELPS.items() if clause in clauses), AGAIN)
    if kind in NODE_ACTS:
        words, path = NODE_ACTS[kind]
        return words, node_url(viewer, path) or ""
    if kind in ACTS:
        words, name = ACTS[kind]
        return words, address(name)
    if job is None or job.owner != viewer.organisation_id:
        return "", ""
    if viewer.kind == Kind.SME:
        return ACTS[CREDIT][0], address("lending:credit")
    return (_("Ask again"), f"{address('compute:new')}?model={job.model}") if may_draft(viewer) else ("", "")


def address(name: str, *args: Any) -> str:
    """A page's address by its name; empty where this zone has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


# The first sentence -----------------------------------------------------------------------------------------

WAITING: dict[str, Words] = {
    Job.State.DRAFTED: gettext_lazy("Drafted. It binds nobody until its recipient signs it in its own node."),
    Job.State.QUEUED: gettext_lazy("Signed and queued: it begins as soon as every party has a free slot."),
    Job.State.OFFERED: gettext_lazy("Offered: each party's node checks the order itself before anything begins."),
    Job.State.RUNNING: gettext_lazy("Running. You may leave this page; the result waits in the recipient's node."),
    Job.State.DISPUTED: gettext_lazy("Disputed: the parties' receipts differ, so the result does not count."),
    Job.State.FAILED: gettext_lazy("Failed: no result came out of it, and nothing is charged."),
    Job.State.REFUSED: gettext_lazy("Refused: one clause decided, nothing was computed, nothing is charged."),
    Job.State.CANCELLED: gettext_lazy("Cancelled. Nothing is charged."),
    Job.State.EXPIRED: gettext_lazy("Expired before it was signed or begun. Nothing is charged."),
}
ONLY: dict[str, Words] = {
    "grade": gettext_lazy("grades"),
    "decision": gettext_lazy("yes or no"),
    "score": gettext_lazy("scores"),
    "reasons": pgettext_lazy("disclosed", "reason codes"),
    "statistic": gettext_lazy("counts by grade"),
}


def say(job: Job, request: JobRequest, *, matched: int | None, recipient: str) -> str:
    """What is true now, in one sentence."""
    if job.state != Job.State.DONE:
        return str(WAITING[job.state])
    only = _(" and ").join(str(ONLY[one]) for one in request.disclosures)
    if request.subject:
        return _("Done: %(recipient)s alone gets %(only)s about itself, sealed to its node.") % {
            "recipient": recipient,
            "only": only,
        }
    return _("%(matched)s; %(recipient)s gets %(only)s and nothing else.") % {
        "matched": matched_firms(matched or 0),
        "recipient": recipient,
        "only": only,
    }


def names_of(parties: Sequence[PartyRow]) -> dict[str, str]:
    """The parties' names by code, in the reader's language."""
    return {row.organisation.uscc: called(row.organisation) for row in parties}
