"""Tie a program to its parent: `python -m deploy.tether SIGNAL [--user NAME] program …` asks the kernel to send SIGNAL
to the program when its parent dies, then becomes it. So nothing outlives a supervisor that was killed.

Another user is taken on here, not by the supervisor: that user need not be able to run this Python.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(name: str) -> None:
    """Take on the user `name` for good."""
    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = user.pw_dir


def tie(name: str) -> None:
    """Ask for the signal `name` (INT, TERM, QUIT, KILL) at the parent's death; end at once if it is dead already.

    A change of user clears the wish, so it comes after."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, getattr(signal, f"SIG{name}"), 0, 0, 0)
    if os.getppid() != parent or parent == 1:
        sys.exit(1)


if __name__ == "__main__":
    stop, *command = sys.argv[1:]
    if command[0] == "--user":
        become(command[1])
        command = command[2:]
    tie(stop)
    os.execvp(command[0], command)
