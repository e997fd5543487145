"""The parent side of a stage: start it apart, listen, and end it whatever it does.

The engine's library can abort, segfault, hang after a fork or exit its host, so nothing here imports it. The child
has a session and process group of its own, an environment of a few names, and dies with the thread that called
`run_stage` (the parent-death signal follows the calling thread, which waits here until the child is gone).
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import creditzone
from creditzone.kernel.engine.faults import StageFailed
from creditzone.kernel.engine.stage import ASK_EVENT, ENGINE_LOG_NAME, LINK_EVENT, LOG_NAME, PARENT

__all__ = ["StageFailed", "run_stage"]

Event = dict[str, Any]

_POLL_SECONDS: Final = 0.1
_LEAVE_SECONDS: Final = 5.0  # how long a child may take to go once its result is here
_MOST_BYTES: Final = 512 << 20  # of events; a child that says more than that has gone wrong
_ENDS_OF_A_LOST_LINK: Final = (255, -signal.SIGABRT)  # how the library ends its host when a peer is gone
_SEND_FAILED: Final = b"SendImpl error"  # what its log says before; its exit then sometimes ends in a segfault
_KEPT_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "HOME")
_ROOT: Final = Path(creditzone.__path__[0]).resolve().parent
_EXCEPTION_CLASS: Final = re.compile(rb"^(?:[A-Za-z_]\w*\.)*([A-Z]\w*(?:Error|Exception|Interrupt))\b", re.MULTILINE)


def run_stage(
    module: str,
    task: dict[str, Any],
    *,
    scratch: Path,
    deadline_seconds: float,
    on_event: Callable[[Event], None],
    should_stop: Callable[[], bool],
    on_ask: Callable[[Event], Event] | None = None,
) -> dict[str, Any]:
    """Run `module` in a fresh process with `task` on its standard input, and return its result.

    `scratch` becomes its working and temporary folder; the caller makes and wipes it. `on_event` gets every event but
    the last, `on_ask` each question of the stage and gives the answer. Raises StageFailed, whose reason is deadline,
    stopped, peer-lost, crashed or invalid-input. When this returns or raises, no process of the stage's group is left.
    """
    child = _start(module, scratch)
    conversation = _Conversation(child, task, on_event=on_event, on_ask=on_ask)
    try:
        return conversation.hold(ends_at=time.monotonic() + deadline_seconds, should_stop=should_stop)
    except StageFailed as failure:
        if failure.code != "crashed" or failure.detail:
            raise
        _await_exit(child)
        _end(child)
        raise conversation.explain_end(child.returncode, scratch=scratch) from None
    finally:
        _end(child)
        conversation.close()


def _start(module: str, scratch: Path) -> subprocess.Popen[bytes]:
    temporary = scratch / "tmp"
    temporary.mkdir(mode=0o700, exist_ok=True)
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    environment |= {
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(temporary),
        PARENT: str(os.getpid()),
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "creditzone.kernel.engine.stage", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=scratch,
        env=environment,
        start_new_session=True,
        bufsize=0,
    )


class _Conversation:
    """The task and answers on their way in, the events on their way out, and the clock that bounds both."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        task: dict[str, Any],
        *,
        on_event: Callable[[Event], None],
        on_ask: Callable[[Event], Event] | None,
    ) -> None:
        self._child = child
        self._task = _line(task)
        self._on_event = on_event
        self._on_ask = on_ask
        self._said = bytearray()
        self._heard = 0
        self._result: dict[str, Any] | None = None
        self._failure: StageFailed | None = None
        self._link = "none"
        self._mesh_by = math.inf
        self._selector = selectors.DefaultSelector()
        for stream, direction in ((child.stdin, selectors.EVENT_WRITE), (child.stdout, selectors.EVENT_READ)):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, direction)

    def hold(self, *, ends_at: float, should_stop: Callable[[], bool]) -> dict[str, Any]:
        while self._result is None and self._failure is None:
            if should_stop():
                raise StageFailed("stopped")
            if time.monotonic() >= ends_at:
                raise StageFailed("deadline")
            if time.monotonic() >= self._mesh_by:
                raise StageFailed("peer-refused", detail="NoMesh")
            if not self._selector.get_map():
                raise StageFailed("crashed")
            for key, ready in self._selector.select(_POLL_SECONDS):
                if ready & selectors.EVENT_WRITE:
                    self._write(key.fileobj)
                else:
                    self._read(key.fileobj)
        _await_exit(self._child)
        if self._failure is not None:
            raise self._failure
        assert self._result is not None
        return self._result

    def explain_end(self, returncode: int, *, scratch: Path) -> StageFailed:
        """An end without a word: on the link the library leaves this way when a peer is gone."""
        how = _how_it_ended(returncode, scratch)
        lost = returncode in _ENDS_OF_A_LOST_LINK or _SEND_FAILED in _tail(scratch / ENGINE_LOG_NAME)
        if lost and self._link in ("linking", "linked"):
            return StageFailed("peer-refused" if self._link == "linking" else "peer-lost", detail=how)
        return StageFailed("crashed", detail=how)

    def close(self) -> None:
        self._selector.close()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _write(self, stream: Any) -> None:
        try:
            self._task = self._task[os.write(stream.fileno(), self._task[: 1 << 16]) :]
        except BlockingIOError:
            return
        except OSError:  # it left without reading: what it said, or its end, tells why
            self._task = self._task[:0]
        if not self._task and self._on_ask is None:
            self._drop(stream)
        elif not self._task:
            self._selector.unregister(stream)

    def _read(self, stream: Any) -> None:
        piece = os.read(stream.fileno(), 1 << 16)
        if not piece:
            self._drop(stream)
            if self._child.stdin is not None and not self._child.stdin.closed:
                self._drop(self._child.stdin)
            return
        self._heard += len(piece)
        if self._heard > _MOST_BYTES:
            raise StageFailed("crashed", detail="TooManyEvents")
        self._said += piece
        if b"\n" not in piece:
            return
        *lines, rest = self._said.split(b"\n")
        self._said = bytearray(rest)
        for line in lines:
            self._hear(bytes(line))

    def _hear(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return  # something a library printed before `serve` took the stream away
        if not isinstance(event, dict) or self._result is not None:
            return
        if event.get("event") == "result":
            result = event.get("result", {key: value for key, value in event.items() if key != "event"})
            self._result = result if isinstance(result, dict) else {"value": result}
        elif event.get("event") == "failed":
            self._failure = StageFailed(
                str(event.get("code", "crashed")),
                about=str(event.get("about", ""))[:100],
                detail=str(event.get("detail", ""))[:100] or "Failed",
            )
        elif event.get("event") == LINK_EVENT:
            self._link = str(event.get("state"))
            self._mesh_by = time.monotonic() + float(event["seconds"]) if self._link == "linking" else math.inf
        elif event.get("event") == ASK_EVENT:
            self._answer(event)
        else:
            self._on_event(event)

    def _answer(self, event: Event) -> None:
        """What a stage asks while nobody answers ends it; it asks one thing at a time."""
        stream = self._child.stdin
        if self._on_ask is None or stream is None or stream.closed:
            raise StageFailed("crashed", detail="Unanswered")
        self._task = _line(self._on_ask(event))
        self._selector.register(stream, selectors.EVENT_WRITE)

    def _drop(self, stream: IO[bytes]) -> None:
        if stream.fileno() in self._selector.get_map():
            self._selector.unregister(stream)
        stream.close()


def _line(words: dict[str, Any]) -> memoryview:
    return memoryview(json.dumps(words).encode() + b"\n")


def _await_exit(child: subprocess.Popen[bytes]) -> None:
    """Give it a moment to go by itself, without reaping it: its number, and so its group's, stays ours."""
    patience = time.monotonic() + _LEAVE_SECONDS
    while time.monotonic() < patience:
        if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
            return
        time.sleep(0.01)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the whole group while its number is still surely ours, see it dead, and take the child off the table."""
    if child.returncode is not None:
        return
    patience = time.monotonic() + _LEAVE_SECONDS
    while True:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        if time.monotonic() > patience or not _alive_in(child.pid):
            break
        time.sleep(0.01)
    child.wait()


def _alive_in(group: int) -> bool:
    """Whether a process of that group still runs; one that is dead and not yet reaped does not count."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in "ZX":
                return True
    return False


def _how_it_ended(returncode: int, scratch: Path) -> str:
    """A signal's name, else the class of the last exception in the log: nothing that could quote a row."""
    if returncode < 0 and returncode != -signal.SIGKILL:
        return signal.Signals(-returncode).name
    classes = _EXCEPTION_CLASS.findall(_tail(scratch / LOG_NAME))
    return classes[-1].decode() if classes else f"exit {returncode}"


def _tail(log: Path) -> bytes:
    try:
        with log.open("rb") as lines:
            lines.seek(max(0, log.stat().st_size - 65536))
            return lines.read()
    except OSError:
        return b""
