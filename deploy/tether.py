"""Tie a program to its parent: `python -m deploy.tether SIGNAL program …` asks the kernel to send SIGNAL to the program
when its parent dies, then becomes it. So nothing outlives a supervisor that was killed."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie(name: str) -> None:
    """Ask for the signal `name` (INT, TERM, QUIT, KILL) at the parent's death; end at once if it is dead already."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, getattr(signal, f"SIG{name}"), 0, 0, 0)
    if os.getppid() != parent or parent == 1:
        sys.exit(1)


if __name__ == "__main__":
    tie(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
