"""The node's runner: `python -m apps.node.runner --home <dir>`. A plain loop, no Django, no rows.

Each turn it makes the one call to the portal, takes messages in, and gives work to threads whose children touch the
rows: one a slot for jobs, one for measuring uploads. It can be killed at any instant: what it had durably said stands,
and its next life reports the rest as failed.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Final

import msgspec
import structlog

from apps.node import (
    attempts,
    certificates,
    computation,
    datasets,
    duties,
    health,
    inbox,
    outbox,
    rotation,
)
from apps.node.config import ConfigError
from apps.node.exchange import ExchangeFailed, exchange
from apps.node.node import Node, open_node
from creditzone.kernel.documents import now_ms
from creditzone.kernel.engine.scratch import wipe_node

log = structlog.get_logger("node.runner")
_PR_SET_PDEATHSIG: Final = 1


class Runner:
    """The loop of one node. `ending` is set to leave it; children end with it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.ending = threading.Event()
        self._jobs: dict[str, threading.Thread] = {}
        self._measuring: threading.Thread | None = None
        self._silent_until = 0.0
        self._heard = False

    def run(self) -> None:
        """Clear what an earlier life left, then turn until told to end."""
        self.recover()
        while not self.ending.is_set():
            self.turn()
            said = self._heard and outbox.is_waiting(self.node)  # somebody may wait for just that
            busy = self._jobs or self._measuring or said or attempts.live_jobs(self.node)
            tick = self.node.config.busy_tick_seconds if busy else self.node.config.tick_seconds
            self.ending.wait(tick)
        for thread in [*self._jobs.values(), *([self._measuring] if self._measuring else [])]:
            thread.join(timeout=10)

    def recover(self) -> None:
        """Wipe scratch, report what was running as failed, let half-measured uploads wait again."""
        folders = wipe_node(self.node.scratch_name, root=Path(self.node.config.scratch_root))
        failed = attempts.fail_what_ran(self.node)
        again = datasets.measure_again(self.node)
        log.info("started", scratch_folders=folders, attempts_failed=failed, measured_again=again)

    def turn(self) -> None:
        """One turn: exchange, then start what can start."""
        self._collect()
        if time.monotonic() >= self._silent_until:
            self._exchange()
        self.node.store.forget_noted()
        attempts.give_up_asking(self.node)
        attempts.expire(self.node)
        rotation.destroy_old(self.node)
        certificates.issue_due(self.node)
        duties.carry_out(self.node)
        self._start_jobs()
        self._start_measuring()

    def _exchange(self) -> None:
        beat = health.heartbeat(self.node, running=tuple(sorted(self._jobs)))
        with self.node.store.write() as tx:
            tx.keep("heartbeat", msgspec.json.encode(beat).decode())
            tx.keep("runner-seen", str(now_ms()))
        try:
            answer = exchange(self.node, beat)
        except ExchangeFailed as failure:
            self._heard = False
            self._note_exchange(failure.reason)
            self._silent_until = time.monotonic() + failure.wait
            return
        self._heard = True
        for message in answer.messages:
            inbox.take(self.node, message)
        self._note_exchange("")

    def _note_exchange(self, error: str) -> None:
        with self.node.store.write() as tx:
            if (tx.setting("exchange-error") or "") != error:
                log.info("exchange", error=error or None)
            tx.keep("exchange-error", error)
            if not error:
                tx.keep("exchange-at", str(now_ms()))

    def _start_jobs(self) -> None:
        while len(self._jobs) < self.node.config.slots and not self.ending.is_set():
            attempt = attempts.next_started(self.node)
            if attempt is None:
                return
            thread = threading.Thread(
                target=computation.compute, args=(self.node, attempt, self.ending), name=f"job-{attempt.slot}"
            )
            self._jobs[attempt.job] = thread
            thread.start()

    def _start_measuring(self) -> None:
        if self._measuring is None and not self.ending.is_set():
            dataset = datasets.next_waiting(self.node)
            if dataset is not None:
                self._measuring = threading.Thread(
                    target=datasets.measure, args=(self.node, dataset, self.ending), name="measure"
                )
                self._measuring.start()

    def _collect(self) -> None:
        self._jobs = {job: thread for job, thread in self._jobs.items() if thread.is_alive()}
        if self._measuring is not None and not self._measuring.is_alive():
            self._measuring = None


def only_runner(home: Path) -> IO[str]:
    """The lock that keeps a second runner of the same node away while the file stays open; raises ConfigError."""
    file = (home / "runner.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(f"another runner of the node in {home} is alive.") from None
    return file


def main(arguments: list[str] | None = None) -> int:
    """Run the node's loop until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m apps.node.runner", description="The runner of a party node.")
    parser.add_argument("--home", type=Path, default=os.environ.get("CREDITZONE_NODE_HOME"))
    chosen = parser.parse_args(arguments)
    if chosen.home is None:
        parser.error("--home (or CREDITZONE_NODE_HOME) names the node's home")
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        node = open_node(chosen.home)
        lock = only_runner(node.home)
    except ConfigError as error:
        log.error("not-started", why=str(error))
        return 2
    runner = Runner(node)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.ending.set())
    with lock:
        runner.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
