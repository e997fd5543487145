"""Room on a disk: how much there is, and whether a program failed for want of it.

Runs on the standard library alone, under whatever Python begins a start.
"""

import errno
import os
import shutil
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT}
LITTLE = 0.03
"""GB below which a failure is put down to the disk: PostgreSQL alone takes 0.016 at once."""


def free(folder: Path) -> float:
    """GB that may still be written below a folder."""
    return shutil.disk_usage(folder).free / 2**30


def is_short(folder: Path, said: str) -> bool:
    """Whether a program that `said` this and failed found no room below `folder`."""
    return any(os.strerror(number) in said for number in FULL) or free(folder) < LITTLE
