"""Names of what a stage and the runner hand each other in scratch; nothing here loads what computes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FIRMS: Final = "firms"
"""Keyed hashes of the job's firms, joined, in the order of the set."""
USED_UP: Final = "used-up"
"""One byte a firm: 1 where it has no use left."""
PARTS: Final = "parts"
"""Of a statistic: what is counted over which places of the set, as JSON."""


def write_private(path: Path, data: bytes) -> None:
    """A file of mode 0600."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
