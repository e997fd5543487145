"""Planted values, every form in which they could stand somewhere in plain text, and the search for them in bytes,
files and the memory of processes. What is compressed or encrypted is not found: a database is searched as its dump."""

import base64
import os
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

LEAST = 7
"""A form of fewer bytes could stand somewhere by chance."""
_PIECE = 16 << 20

Needles = Mapping[bytes, str]
"""What to look for, and what it is called where it is found."""


def needles(values: Mapping[str, str]) -> dict[bytes, str]:
    """Every form of these texts, by their names."""
    return _named({name: {**texts(value), **numbers(value)} for name, value in values.items()})


def needles_of_keys(keys: Mapping[str, bytes]) -> dict[bytes, str]:
    """Every form of these bytes, by their names."""
    return _named({name: {"bytes": key, **_written("bytes", key)} for name, key in keys.items()})


def texts(value: str) -> dict[str, bytes]:
    """A text in every encoding in which a program might write it."""
    utf8 = value.encode()
    return {
        "utf-8": utf8,
        "gb18030": value.encode("gb18030"),
        # without the zero byte at one end, which is the only difference between the two for ASCII
        "utf-16-le": value.encode("utf-16-le").rstrip(b"\0"),
        "utf-16-be": value.encode("utf-16-be").lstrip(b"\0"),
        "json": value.encode("ascii", "backslashreplace"),
        "html": value.encode("ascii", "xmlcharrefreplace"),
        "url": quote(value).encode(),
        "url, lower case": quote(value).lower().encode(),
        **_written("utf-8", utf8),
    }


def numbers(value: str) -> dict[str, bytes]:
    """What programs make of a decimal number below one, and of a code; nothing of other texts."""
    if value.startswith("0.") and value[2:].isdigit():
        digits, whole = value[2:], int(value[2:])
        fours = [int(digits[at : at + 4].ljust(4, "0")) for at in range(0, len(digits), 4)]
        double = float(value)
        return {
            "double, little-endian": struct.pack("<d", double),
            "double, big-endian": struct.pack(">d", double),
            "numeric, little-endian": struct.pack(f"<{len(fours)}h", *fours),
            "numeric, big-endian": struct.pack(f">{len(fours)}h", *fours),
            **_integers("its digits", whole),
        }
    if len(value) == 18 and value.isalnum() and value.isascii():
        return _integers("number to base 36", int(value, 36))
    return {}


def _integers(of: str, number: int) -> dict[str, bytes]:
    size = (number.bit_length() + 7) // 8
    parts = [number >> at & (1 << 30) - 1 for at in range(0, number.bit_length(), 30)]
    return {
        f"integer of {of}, little-endian": number.to_bytes(size, "little"),
        f"integer of {of}, big-endian": number.to_bytes(size, "big"),
        f"integer of {of}, as Python holds it": struct.pack(f"<{len(parts)}I", *parts).rstrip(b"\0"),
    }


def _written(of: str, data: bytes) -> dict[str, bytes]:
    """Bytes written as text: hexadecimal, and base64 wherever in a longer text they begin."""
    found = {f"{of} in hex": data.hex().encode(), f"{of} in HEX": data.hex().upper().encode()}
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + data)
        sure = whole[(8 * shift + 5) // 6 : 8 * (shift + len(data)) // 6]
        found[f"{of} in base64, {shift} bytes on"] = sure
        found[f"{of} in url-safe base64, {shift} bytes on"] = sure.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def _named(values: Mapping[str, Mapping[str, bytes]]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for name, forms in values.items():
        for form, data in forms.items():
            if len(data) < LEAST:
                raise ValueError(f"{name} as {form} is too short to be told from what stands there by chance")
            found.setdefault(data, f"{name} as {form}")
    return found


# Where ----------------------------------------------------------------------------------------------------------------


def found_in(data: bytes, wanted: Needles) -> set[str]:
    """What stands in these bytes."""
    return {name for needle, name in wanted.items() if needle in data}


def found_in_stream(pieces: Iterable[bytes], wanted: Needles) -> set[str]:
    """What stands in a stream of bytes, also across two of its pieces."""
    overlap = max(map(len, wanted)) - 1
    found: set[str] = set()
    rest = b""
    for piece in pieces:
        found |= found_in(rest + piece, wanted)
        rest = piece[-overlap:] if len(piece) >= overlap else (rest + piece)[-overlap:]
    return found


def found_in_file(path: Path, wanted: Needles) -> set[str]:
    """What stands in a file; nothing where it cannot be read or is gone."""
    try:
        with path.open("rb", buffering=0) as file:
            return found_in_stream(iter(lambda: file.read(_PIECE), b""), wanted)
    except OSError:
        return set()


def found_in_folder(root: Path, wanted: Needles, *, since: float = 0) -> list[str]:
    """What stands in the files below `root`, its links not followed; those not touched `since` are passed over."""
    found = []
    for folder, _folders, names in os.walk(root) if root.is_dir() else [(root.parent, [], [root.name])]:
        for name in names:
            path = os.path.join(folder, name)  # a Path for each of many thousand files would take most of the time
            if _is_worth_a_look(path, since):
                found += [f"{path}: {what}" for what in sorted(found_in_file(Path(path), wanted))]
    return found


def _is_worth_a_look(path: str, since: float) -> bool:
    try:
        known = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(known.st_mode) and known.st_size > 0 and max(known.st_mtime, known.st_ctime) >= since


@dataclass(frozen=True)
class Process:
    """A running process as /proc shows it to its own user, and to root."""

    pid: int

    @property
    def folder(self) -> Path:
        return Path(f"/proc/{self.pid}")

    @property
    def environment(self) -> dict[str, str]:
        """What it was told when it began."""
        pairs = (self.folder / "environ").read_bytes().split(b"\0")
        return {os.fsdecode(name): os.fsdecode(value) for name, _, value in (pair.partition(b"=") for pair in pairs)}

    def told(self) -> bytes:
        """Its environment and its command line."""
        return (self.folder / "environ").read_bytes() + b"\0" + (self.folder / "cmdline").read_bytes()

    def unlinked(self) -> Iterator[bytes]:
        """Files that it holds open and that have no name any more."""
        for link in (self.folder / "fd").iterdir():
            try:
                if os.readlink(link).endswith(" (deleted)") and link.is_file():
                    yield link.read_bytes()
            except OSError:
                continue

    def memory(self) -> Iterator[bytes]:
        """Whatever it can have written: every mapping that is readable and writable. Raises PermissionError."""
        mappings = (self.folder / "maps").read_text().splitlines()
        with (self.folder / "mem").open("rb", buffering=0) as memory:
            for line in mappings:
                place, rights = line.split()[:2]
                if rights.startswith("rw"):
                    begin, end = (int(part, 16) for part in place.split("-"))
                    yield from _region(memory, begin, end)

    def family(self) -> "list[Process]":
        """This process and all that descend from it."""
        parents = dict(_parents())
        family = [self.pid]
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return [Process(pid) for pid in family]


def _region(memory: Any, begin: int, end: int) -> Iterator[bytes]:
    """The bytes of one mapping as far as they can be read: it may go away meanwhile. A page of zeros lies between it
    and the next one, so that nothing is found across both."""
    try:
        memory.seek(begin)
        while begin < end and (piece := memory.read(min(_PIECE, end - begin))):
            begin += len(piece)
            yield piece
    except (OSError, OverflowError):
        pass
    yield bytes(4096)


def _parents() -> Iterator[tuple[int, int]]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = file.read_text()
        except OSError:
            continue
        yield int(file.parent.name), int(text[text.rindex(")") + 1 :].split()[1])
