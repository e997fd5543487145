"""Scratch folders: the only place where a stage may leave plain rows, in memory and gone afterwards.

The engines read and write files, and a killed run leaves the plain intersection behind. So each attempt has one
folder of its own, mode 0700, on a memory-backed file system, wiped before and after.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from creditzone.kernel.engine.faults import EngineFault

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 (memory-backed is the point; the folder below it is 0700)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


def make_scratch(node: str, job: str, attempt: int, *, root: Path = SHARED_MEMORY, room_bytes: int = 64 << 20) -> Path:
    """A fresh folder for one attempt, mode 0700; what an earlier life of this attempt left there is wiped.

    Raises EngineFault("scratch-unfit") if `root` is not memory-backed or has less than `room_bytes` free.
    """
    if not all(_NAME.fullmatch(name) for name in (node, job)):
        raise ValueError("node and job name a folder: letters, digits, dot, dash and underscore only")
    require_memory_backed(root, room_bytes=room_bytes)
    home = _home_of(node, root=root)
    home.mkdir(mode=0o700, exist_ok=True)
    _require_own(home)
    folder = home / f"{job}-{attempt}"
    wipe(folder)
    folder.mkdir(mode=0o700)
    folder.chmod(0o700)  # whatever the umask
    return folder


@contextmanager
def attempt_scratch(
    node: str, job: str, attempt: int, *, root: Path = SHARED_MEMORY, room_bytes: int = 64 << 20
) -> Iterator[Path]:
    """`make_scratch` for the length of a block, wiped at its end whatever happens in it."""
    folder = make_scratch(node, job, attempt, root=root, room_bytes=room_bytes)
    try:
        yield folder
    finally:
        wipe(folder)


def wipe(folder: Path) -> None:
    """Remove a scratch folder and all below it; nothing there is no error, and a link is not followed."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink(missing_ok=True)
        return
    for _ in range(3):  # a process that was just killed may still have been writing
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
    shutil.rmtree(folder)


def wipe_node(node: str, *, root: Path = SHARED_MEMORY) -> int:
    """At a node's start: remove what its earlier life left; the number of attempts' folders removed."""
    home = _home_of(node, root=root)
    left = list(home.iterdir()) if home.is_dir() and not home.is_symlink() else []
    for folder in left:
        wipe(folder)
    return len(left)


def require_memory_backed(folder: Path, *, room_bytes: int = 0) -> None:
    """Raises EngineFault("scratch-unfit") unless `folder` lies on tmpfs or ramfs with `room_bytes` free."""
    if not folder.is_dir() or filesystem_of(folder) not in _IN_MEMORY:
        raise EngineFault("scratch-unfit")
    space = os.statvfs(folder)
    if space.f_bavail * space.f_frsize < room_bytes:
        raise EngineFault("scratch-unfit")


def filesystem_of(path: Path) -> str:
    """The type of the file system that holds `path` (as the kernel's mount table names it), or ''."""
    real, best, found = str(path.resolve()), -1, ""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mount = left.split()[4].encode().decode("unicode_escape")
        holds = real == mount or real.startswith(mount.rstrip("/") + "/")
        if holds and len(mount) >= best:  # a later mount on the same place covers the earlier
            best, found = len(mount), right.split()[0]
    return found


def plain_swaps() -> list[str]:
    """Swap areas that are on and not encrypted: memory-backed scratch could reach a disk through them."""
    lines = Path("/proc/swaps").read_text().splitlines()[1:]
    return [area for area in (line.split()[0] for line in lines) if not _is_encrypted_or_memory(area)]


def _is_encrypted_or_memory(area: str) -> bool:
    device = Path(area).resolve().name
    if device.startswith("zram"):
        return True
    mapped = Path("/sys/block") / device / "dm" / "uuid"
    return mapped.is_file() and mapped.read_text().startswith("CRYPT-")


def _home_of(node: str, *, root: Path) -> Path:
    return root / f"creditzone-{os.getuid()}-{node}"


def _require_own(home: Path) -> None:
    """On a shared root someone else could have made the folder first: then it is not ours to use."""
    facts = home.lstat()
    if home.is_symlink() or facts.st_uid != os.getuid():
        raise EngineFault("scratch-unfit")
    home.chmod(0o700)
