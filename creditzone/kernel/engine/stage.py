"""The child side of a stage: what every process that touches rows does first and last.

`run_stage` starts `python -m creditzone.kernel.engine.stage <module>`; this sets the fences and runs the module as
`__main__`. A stage module ends with one line:

    if __name__ == "__main__":
        serve(work)  # work(task: dict, emit: Emit) -> dict, the result

The task comes as a line of JSON on standard input (keys travel only there), and so do the answers to what it asks.
Events leave as JSON lines on what was standard output; after `serve` began nothing else can write there, because
the engine's library prints. The result is published first and the process then leaves by `os._exit`: a crash in the
library's teardown spoils nothing.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from creditzone.kernel.engine.faults import EngineFault

Emit = Callable[[dict[str, Any]], None]
Answer = dict[str, Any]
LinkState = Literal["linking", "linked", "parted"]

PARENT: Final = "CREDITZONE_STAGE_PARENT"  # the parent's process id, to notice that it died before the fence stood
LOG_NAME: Final = "stage.log"
ENGINE_LOG_NAME: Final = "engine.log"
ASK_EVENT: Final = "ask"  # a question to the parent, which answers with a line on standard input
LINK_EVENT: Final = "link"  # for the parent alone: what an abrupt end means, and how long a mesh may take to stand
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_LINGER_SECONDS: Final = 0.3
_serving: list[Emit] = []
_linked = threading.Event()


def serve(work: Callable[[dict[str, Any], Emit], dict[str, Any]]) -> NoReturn:
    """Read the task, do the work, publish its result or its fault, and leave without the library's teardown."""
    channel = os.dup(1)
    _silence(1)
    emit = _emitter(channel)
    _serving.append(emit)
    try:
        task = json.loads(sys.stdin.buffer.readline())
        emit({"event": "result", "result": work(task, emit)})
    except EngineFault as fault:
        emit({"event": "failed", "code": fault.code, "about": fault.about})
        _linger()
        os._exit(3)
    except BaseException as error:  # its text may hold a row's value: only its class leaves
        emit({"event": "failed", "code": "crashed", "detail": type(error).__name__, "about": _place_of(error)})
        os._exit(4)
    _linger()
    os._exit(0)


def ask(emit: Emit, what: str, **facts: Any) -> Answer:
    """Ask the parent, which alone holds the node's store, and wait for its answer; whoever is gone answers nothing.

    Raises EngineFault("unanswered")."""
    emit({"event": ASK_EVENT, "what": what, **facts})
    line = sys.stdin.buffer.readline()
    if not line:
        raise EngineFault("unanswered")
    answer: Answer = json.loads(line)
    return answer


def tell_link(state: LinkState, *, seconds: float = 0) -> None:
    """Tell the parent where this stage stands with its link; without a parent (a bench) nothing happens.

    The library may exit or abort the process when a peer goes, and its retries do not bound the wait for an absent
    one: so the parent has to know that the link was the place, and to keep the time.
    """
    _linked.set()
    for emit in _serving:
        emit({"event": LINK_EVENT, "state": state, "seconds": seconds})


def main() -> None:
    """Set the fences, then run the module named on the command line as `__main__`."""
    _die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _silence(2)
    module = sys.argv[1]
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _linger() -> None:
    """A message reaches its reader before its acknowledgement is written; a peer that misses one is ended by its
    library (exit code 255). So whoever was on a link stays a moment after its last word.
    """
    if _linked.is_set():
        time.sleep(_LINGER_SECONDS)


def _die_with_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # neither a core nor another process of the same user reads our memory
    if os.getppid() != int(os.environ.get(PARENT, os.getppid())):
        os._exit(5)


def _silence(stream: int) -> None:
    """Send a stream into the scratch folder, where it is wiped with the rows that it may quote."""
    log = os.open(Path.cwd() / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, stream)
    os.close(log)


def _emitter(channel: int) -> Emit:
    def emit(event: dict[str, Any]) -> None:
        line = memoryview(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        while line:
            line = line[os.write(channel, line) :]

    return emit


def _place_of(error: BaseException) -> str:
    """File and line of our own code where it happened, for the log: a place, never a value."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


if __name__ == "__main__":
    main()
