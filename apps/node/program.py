"""Which program this node runs, as its receipts and its policies name it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import creditzone.kernel
from creditzone.kernel.sm import sm3


@cache
def code_digest() -> str:
    """SM3 over the program that a receipt was made by, as it lies on this node's disk: see `source_digest`."""
    return source_digest(Path(creditzone.kernel.__path__[0]).parents[1])


def source_digest(base: Path) -> str:
    """SM3 over names and digests of the files that decide what a node does with an order and its rows, in the order of
    their paths below `base`: all Python and JSON of `creditzone/kernel`, and `apps/node/*.py` with its stages. The
    console's pages are not among them."""
    kernel, node = base / "creditzone" / "kernel", base / "apps" / "node"
    files = [path for path in kernel.rglob("*") if path.suffix in {".py", ".json"}]
    files += [*node.glob("*.py"), *(node / "stages").rglob("*.py")]
    hasher = sm3.Hasher()
    for name, path in sorted((path.relative_to(base).as_posix(), path) for path in files):
        hasher.update(f"{name}\n{sm3.digest(path.read_bytes())}\n".encode())
    return hasher.digest()
