"""One attempt of a job at this node, from open to receipt: each stage in a process of its own, in one scratch folder.

The use is made spent, durably, before the first stage that talks to a peer begins; whatever ends earlier gives it back.
Keys reach the stages on standard input only. Whatever happens, the scratch folder is wiped and the portal is told.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
import structlog

from apps.node import attempts, capsules, consents, contracts, datasets, firmuses, outbox, releases, sealed, shares
from apps.node.accounts import figures_of, receipt_of
from apps.node.attempts import Attempt
from apps.node.errors import NodeError
from apps.node.firmuses import Limit
from apps.node.node import Node
from apps.node.queries import Query
from apps.node.releases import Release
from apps.node.uses import UseLost
from creditzone.kernel.capsule import CapsuleDamaged, group_of, open_header
from creditzone.kernel.credit.columns import columns_read
from creditzone.kernel.documents import (
    Card,
    Receipted,
    Stage,
    StageReached,
    now_ms,
    signed,
    to_canonical,
)
from creditzone.kernel.domain import domain
from creditzone.kernel.engine.faults import EngineFault, StageFailed
from creditzone.kernel.engine.process import run_stage
from creditzone.kernel.engine.scratch import make_scratch, wipe
from creditzone.kernel.orders import CheckedOrder, is_withdrawn
from creditzone.kernel.policy.constraints.columns import Columns
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.refusals import Refused
from creditzone.kernel.terms import lapsed

log = structlog.get_logger("node.jobs")
PORTS_A_SLOT: Final = 4
MPC_PORT: Final = 3
LONGEST_SECONDS: Final = 7200
_ROOM: Final = 64 << 20
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_REASONS: Final = {
    "deadline": "deadline",
    "peer-lost": "peer-lost",
    "peer-refused": "peer-lost",
    "settings-differ": "settings-differ",
    "scratch-unfit": "scratch",
    "empty-set": "set-empty",
    "group-too-small": "minimum-group",
    "duplicate-codes": "set-duplicates",
}


class Ended(Exception):
    """The attempt ends without a receipt; `reason` is a clause of `refusals`."""

    def __init__(self, reason: str, **facts: str) -> None:
        self.reason = reason
        self.facts = facts
        super().__init__(reason)


def compute(node: Node, attempt: Attempt, ending: threading.Event) -> None:
    """Carry the attempt out and tell the portal how it ended. Runs in a thread of the runner."""
    started = time.monotonic()
    reason, facts = "engine-failed", {}
    try:
        Computation.of(node, attempt, ending).run()
        reason = ""
    except Ended as ended:
        reason, facts = ended.reason, ended.facts
    except Refused as refused:
        reason, facts = refused.refusal.clause, refused.refusal.facts
    except EngineFault as fault:
        reason = _REASONS.get(fault.code, "engine-failed")
    except NodeError as error:
        reason = error.code
    except Exception as error:  # the runner lives on; only the error's class is logged, its text may hold a value
        log.error("job-broke", job=attempt.job, error=type(error).__name__)
    try:
        if reason:
            attempts.fail(node, job=attempt.job, fence=attempt.fence, reason=reason, facts=facts)
        seconds = round(time.monotonic() - started, 1)
        log.info("job-ended", job=attempt.job, attempt=attempt.attempt, reason=reason or "done", seconds=seconds)
    finally:
        node.store.close()


@dataclass
class Computation:
    """The attempt with everything its stages need, read once from the node's own store."""

    node: Node
    attempt: Attempt
    checked: CheckedOrder
    cards: dict[str, Card]
    links: dict[str, Card]
    ending: threading.Event
    ends_at: float
    started_at: int
    scratch: Path = Path()
    figures: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, node: Node, attempt: Attempt, ending: threading.Event) -> Computation:
        """Check the order once more as things stand now; raises Refused."""
        checked = attempts.check_again(node, attempt)
        return cls(
            node=node,
            attempt=attempt,
            checked=checked,
            cards=node.cards(),
            links=node.cards_at(checked.order.issued_at),
            ending=ending,
            ends_at=time.monotonic() + min(checked.order.deadline_seconds, LONGEST_SECONDS),
            started_at=now_ms(),
        )

    # What the order says --------------------------------------------------------------------------------------------

    @property
    def me(self) -> str:
        return self.node.organisation

    @property
    def parties(self) -> list[str]:
        """The computing parties by rank."""
        return [peer.party for peer in sorted(self.checked.order.peers, key=lambda peer: peer.rank)]

    @property
    def others(self) -> list[str]:
        return [party for party in self.parties if party != self.me]

    @property
    def recipient(self) -> str:
        return self.checked.request.recipient

    @property
    def receives(self) -> bool:
        return self.recipient == self.me

    @property
    def disclosure(self) -> Literal["decision", "grade", "score", "statistic"]:
        """The form of the number that comes out: the most telling one that was asked for."""
        asked = self.checked.request.disclosures
        if self.counts:
            return "statistic"
        if "score" in asked:
            return "score"
        return "decision" if "decision" in asked and "grade" not in asked else "grade"

    @property
    def counts(self) -> bool:
        """Whether the job is a statistic: counts of firms come out, nothing of a single one."""
        return self.checked.request.operation == "statistics"

    # The road -------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Open, intersect, grade, seal, receipt."""
        self.scratch = make_scratch(
            self.node.scratch_name,
            self.attempt.job,
            self.attempt.attempt,
            root=Path(self.node.config.scratch_root),
            room_bytes=_ROOM,
        )
        try:
            self._open()
            try:
                attempts.spend(self.node, self.attempt)
            except UseLost:
                raise Ended("uses") from None
            if self.checked.request.subject is None:
                self._intersect()
            self._finish(self._grade())
        finally:
            wipe(self.scratch)

    def _open(self) -> None:
        header, request = self.checked.header, self.checked.request
        checks = self.receives and domain(header.domain).bears_authorisations
        columns = columns_read(self.checked.scorecard, header.domain, authorised=checks)
        task = {
            "folder": str(datasets.bodies_folder(self.node)),
            "keys": {group: key.hex() for group, key in self._content_keys(columns).items()},
            "header": to_canonical(header).decode(),
            "model": self.checked.order.model,
            "authorised_on": _today() if checks else None,
            "consenting": None if self._consenting is None else sorted(self._consenting),
            "subject": request.subject,
            "transforms": self._transforms(columns),
        }
        result = self._stage("open", "apps.node.stages.open", task)
        self.figures |= {"rows": result["rows"] + result["dropped"], "dropped": result["dropped"]}

    def _content_keys(self, columns: Sequence[str]) -> dict[int, bytes]:
        """The content keys of the groups that hold these columns, and no others; raises Ended, Refused."""
        header = self.checked.header
        try:
            keys = open_header(header, shares.secret_of(self.node, self.attempt, header))
            groups = {group_of(header.groups, column).index: column for column in columns}
        except (CapsuleDamaged, KeyError):
            raise Ended("capsule-damaged", capsule=header.capsule) from None
        if missing := [column for index, column in groups.items() if index not in keys]:
            raise Ended("columns", columns=", ".join(missing))
        return {index: keys[index] for index in groups}

    def _transforms(self, columns: Sequence[str]) -> dict[str, Any]:
        """How the rule that permits the job changes a column before it enters, by column."""
        rule = next(one for one in self.checked.policy.rules if one.id == self.checked.rule)
        used = {name: rule.of(Columns).of(name) for name in columns}
        return {
            name: msgspec.to_builtins(one.transform) for name, one in used.items() if one is not None and one.transform
        }

    def _intersect(self) -> None:
        pairs = self._pairs()
        task = {
            "receiver": self.receives,
            "pairs": pairs,
            "link": self._link_files(),
            "protocol": self.node.config.psi_protocol,
            "timeout_ms": self._timeout_ms(),
        }
        self.figures["blinded"] = self.figures["rows"] - self.figures["dropped"]
        result = self._stage("intersect", "apps.node.stages.intersect", task)
        if self.receives:
            self.known = dict(zip(self.others, result["known"], strict=True))
            self.figures["matched"] = result["matched"]

    def _grade(self) -> dict[str, Any]:
        request, order = self.checked.request, self.checked.order
        computes = self.recipient in self.parties
        recipient_card = self.cards[self.recipient]
        task = {
            "zone": self.node.zone,
            "job": self.attempt.job,
            "attempt": self.attempt.attempt,
            "request": order.request.digest,
            "party": self.me,
            "rank": self.checked.rank,
            "engine": request.engine,
            "endpoints": [self._endpoint(party, MPC_PORT) for party in self.parties],
            "link_id": f"{self.attempt.job}-{self.attempt.attempt}",
            "link": self._link_files(),
            "timeout_ms": self._timeout_ms(),
            "model": order.model,
            "domain": self.checked.header.domain,
            "disclosure": self.disclosure,
            "decision_band": request.decision_band if self.disclosure == "decision" else None,
            "reasons": "reasons" in request.disclosures,
            "recipient": self.recipient,
            "recipient_rank": self.parties.index(self.recipient) if computes else None,
            "recipient_key": recipient_card.encryption_key,
            "minimum_group": request.minimum_group,
            "grouping": request.grouping,
            "subject": request.subject,
            "pair_parties": self.others,
            "policy": to_canonical(self.checked.policy).decode(),
            "rule": self.checked.rule,
            "use": msgspec.to_builtins(self.checked.use),
            "firm_key": self._firm_key(),
            "result_path": str(self._result_path()),
        }
        result = self._stage("grade", f"apps.node.stages.{'count' if self.counts else 'grade'}", task)
        self.figures |= {"matched": result["matched"], "shares": result["matched"], "common": result["common"]}
        if result["used_up"]:
            self.figures["used_up"] = result["used_up"]
        return result

    @cached_property
    def release(self) -> Release:
        """What the set is judged by here before anything joint is computed; the recipient's own statistics of its own
        capsule need no history."""
        request, capsule, job = self.checked.request, self.attempt.capsule, self.attempt.job
        rule = next(one for one in self.checked.policy.rules if one.id == self.checked.rule)
        count = rule.of(Count)
        least = request.minimum_group
        who = {"capsule": capsule, "rule": self.checked.rule, "recipient": self.recipient, "job": job}
        return Release(
            capsule=capsule,
            job=job,
            use=replace(self.checked.use, rule=self.checked.rule),
            count=count,
            limit=None if count.per_subject is None else Limit(**who, uses=count.per_subject),
            query=None if least is None or self.receives else Query(**who, minimum_group=least),
            question=f"{request.model} {least}",
        )

    def _firm_key(self) -> str | None:
        if self.release.limit is None and self.release.query is None:
            return None
        return firmuses.key_for(self.node, capsule=self.attempt.capsule, recipient=self.recipient).hex()

    def _finish(self, result: dict[str, Any]) -> None:
        """Everything that the attempt leaves behind, in one transaction."""
        messages = [self._messages(content) for content in result["sealed"]]
        receipt = signed(receipt_of(self, result), self.node.keys.signing, by=self.me)
        with self.node.store.write() as tx:
            if interruption := self.interruption():
                self._result_path().unlink(missing_ok=True)
                raise interruption
            now = self.node.act(tx)
            self._say_stage(tx, "seal", "finished")
            for parts in messages:
                for part in parts:
                    outbox.say(self.node, tx, part)
            outbox.say(self.node, tx, Receipted(receipt=receipt))
            if self.receives:
                tx.run(
                    "UPDATE result SET attempt = ?, file = ?, digest = ?, rows = ?, state = 'sealed', received_at = ?"
                    " WHERE job = ?",
                    self.attempt.attempt,
                    self._result_path().name,
                    result["output"],
                    result["rows"],
                    now,
                    self.attempt.job,
                )
            attempts.finish(tx, self.attempt)

    # Stages ---------------------------------------------------------------------------------------------------------

    def _stage(self, stage: Stage, module: str, task: dict[str, Any]) -> dict[str, Any]:
        """Run one stage; raises Ended with the clause that the stage told, or with how it failed."""
        self._note(stage, "started")
        heard: dict[str, Any] = {}
        try:
            result = run_stage(
                module,
                task,
                scratch=self.scratch,
                deadline_seconds=max(0.1, self.ends_at - time.monotonic()),
                on_event=self._listener(stage, heard),
                should_stop=self._should_stop,
                on_ask=self._asked,
            )
        except StageFailed as failure:
            raise self._ended(failure, heard) from None
        if "next" not in heard:
            self._note(stage, "finished")
        return result

    def _listener(self, stage: Stage, heard: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
        def hear(event: dict[str, Any]) -> None:
            if event["event"] == "refused":
                heard.update(event)
            elif event["event"] == "stage":  # the same process goes on to its next stage
                heard["next"] = event["stage"]
                self._note(stage, "finished")
                self._note(event["stage"], "started")

        return hear

    def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        """What a joint stage asks between alignment and its first share; the answer is durable when it leaves."""
        if question["what"] == "used-up":
            releases.tell_used_up(self.node, self.release, self.scratch)
            return {}
        refusal = releases.let_go_on(self.node, self.release, self.scratch, rows=question["matched"])
        if refusal is not None:
            return {"clause": refusal.clause, "facts": refusal.facts}
        self.figures["matched"] = question["matched"]
        return {}

    def _ended(self, failure: StageFailed, heard: dict[str, Any]) -> Ended:
        if "clause" in heard:
            return Ended(heard["clause"], **heard["facts"])
        if failure.code == "stopped":
            return self.interruption() or Ended("node-restarted")
        log.info(
            "stage-failed",
            job=self.attempt.job,
            code=failure.code,
            detail=failure.detail,
            about=failure.about,
        )
        return Ended(_REASONS.get(failure.code, "engine-failed"))

    def _should_stop(self) -> bool:
        return self.ending.is_set() or self.interruption() is not None

    def interruption(self) -> Ended | None:
        """Why this attempt is to end before its time: its capsule or a source of it is closed here, the zone said stop,
        or what it rests on was suspended, ended, taken back by either side or has run out. None while nothing stands
        against it."""
        if closed := capsules.closed_by(self.node, self.attempt.capsule):
            return Ended(closed.clause, **closed.facts)
        reason = attempts.stop_reason(self.node, self.attempt)
        if reason is not None:
            return Ended(reason)
        for digest in self._rests_on:
            state = contracts.state_of(self.node, digest)
            if state != "active":
                return Ended("contract-state", state=state or "unknown")
        if over := lapsed(self.checked, at=now_ms()):
            return Ended(over.clause, **over.facts)
        given = self.checked.request.authorisation
        if given is not None and is_withdrawn(given, self.recipient, attempts.standing_of(self.node)):
            return Ended("authorisation-withdrawn", organisation=self.recipient)
        if self._consenting and consents.is_one_taken_back(
            self.node, self._consenting, attempts.standing_of(self.node), since=self.started_at
        ):
            return Ended("consent-changed")  # whose, is for the portal not to know
        return None

    @cached_property
    def _consenting(self) -> dict[str, str] | None:
        """The firms whose rows may enter here by their own signature, as it stood when this was first asked."""
        return consents.of_job(self.node, self.checked, attempts.standing_of(self.node))

    @cached_property
    def _rests_on(self) -> tuple[str, ...]:
        """The contracts of this party's part, by digest; none where a firm asks about itself."""
        request = self.checked.request
        if request.subject is not None:
            return ()
        inputs = [one for one in request.inputs if self.receives or one.provider == self.me]
        return tuple(one.contract for one in inputs if one.contract is not None)

    def _note(self, stage: Stage, state: Literal["started", "finished"]) -> None:
        with self.node.store.write() as tx:
            attempts.reach(tx, self.attempt, stage=stage)
            self._say_stage(tx, stage, state)

    def _say_stage(self, tx: Any, stage: Stage, state: Literal["started", "finished"]) -> None:
        body = StageReached(
            job=self.attempt.job,
            attempt=self.attempt.attempt,
            fence=self.attempt.fence,
            stage=stage,
            state=state,
            figures=figures_of(self.figures),
            at=now_ms(),
        )
        outbox.say(self.node, tx, body)

    # Links ----------------------------------------------------------------------------------------------------------

    def _endpoint(self, party: str, port: int) -> dict[str, Any]:
        card = self.links[party]
        slot = next(peer.slot for peer in self.checked.order.peers if peer.party == party)
        if card.link_ports is None or card.link_host is None or card.link_certificate is None:
            raise Ended("unknown-card", organisation=party)
        first = card.link_ports[0] + PORTS_A_SLOT * slot
        if first + PORTS_A_SLOT - 1 > card.link_ports[1]:
            raise Ended("parties", what="slot")
        return {
            "party": party,
            "host": card.link_host,
            "port": first + port,
            "certificate": card.link_certificate,
        }

    def _pairs(self) -> list[dict[str, Any]]:
        """This party's intersections: the recipient's with each other party, or a provider's with the recipient."""
        peers = self.others if self.receives else [self.recipient]
        pairs = []
        for at, peer in enumerate(peers):
            provider = peer if self.receives else self.me
            theirs = [party for party in self.parties if party != self.recipient].index(provider)
            pairs.append(
                {
                    "me": self._endpoint(self.me, at),
                    "peer": self._endpoint(peer, 0 if self.receives else theirs),
                    "link_id": f"{self.attempt.job}-{self.attempt.attempt}-psi-{provider}",
                }
            )
        return pairs

    def _link_files(self) -> dict[str, str]:
        certificate = self.links[self.me].link_certificate
        if certificate is None:
            raise Ended("unknown-card", organisation=self.me)
        return {"certificate": certificate, "key": self.node.keys.link_key(certificate)}

    def _timeout_ms(self) -> int:
        left = max(2.0, self.ends_at - time.monotonic())
        return int(1000 * min(float(self.node.config.link_timeout_seconds), left))

    # What is told ---------------------------------------------------------------------------------------------------

    def _result_path(self) -> Path:
        return self.node.home / "results" / f"{self.attempt.job}-{self.attempt.attempt}.sealed"

    def _messages(self, content: str) -> list[Any]:
        purpose = sealed.Purpose(
            zone=self.node.zone,
            job=self.attempt.job,
            attempt=self.attempt.attempt,
            sender=self.me,
            to=self.recipient,
            content=content,
        )
        envelope = (self.scratch / f"out-{content}").read_bytes()
        return sealed.parts_of(purpose, sealed.sign(purpose, envelope, key=self.node.keys.signing))


def _today() -> str:
    return datetime.datetime.now(_SHANGHAI).date().isoformat()
