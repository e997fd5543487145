"""Ports for links between nodes of a test: this test process's own, and below those that the system hands out to
connections by itself, so that no other worker or connection takes one before its node listens."""

import os
import socket
from contextlib import ExitStack

A_WORKER = 2_800
_FIRST = 21_000 + A_WORKER * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4)
_taken = 0
"""How far into this worker's ports the tests before have come; it begins again at their end."""


def free_ports(number: int) -> range:
    """So many consecutive free ports."""
    global _taken  # noqa: PLW0603
    for _ in range(A_WORKER):
        begin = _taken if _taken + number <= A_WORKER else 0
        _taken = begin + max(number, 1)
        if _are_free(found := range(_FIRST + begin, _FIRST + begin + number)):
            return found
    raise RuntimeError("no free ports")


def _are_free(ports: range) -> bool:
    with ExitStack() as held:
        try:
            for port in ports:
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
