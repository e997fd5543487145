"""A sealed package: a dataset's bodies and, for one node alone, their keys, in one file (docs/capsule-format.md).

    magic (8) | length (4) | document, canonical JSON | bodies of the sound rows, one a group | body of the quarantine

The document names every body by its digest, and the keys in it are sealed beside the rest of it: what was changed,
cut, or put together from two packages does not open. Who sealed it the format does not say; whoever brings it to the
node answers for it, as for any file.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from creditzone.kernel.capsule.body import BodySummary, sealed_size
from creditzone.kernel.capsule.damage import CapsuleDamaged
from creditzone.kernel.documents import DocumentError, Package, PackedBody, key_id, parse, to_canonical
from creditzone.kernel.sm.envelope import open_with, seal_to
from creditzone.kernel.sm.keys import Opener
from creditzone.kernel.sm.sm2 import PublicKey
from creditzone.kernel.sm.sm4 import KEY, AuthenticationError

MAGIC: Final = b"CZPACK\x00\x01"
DOCUMENT_LIMIT: Final = 1 << 20
_BEFORE: Final = len(MAGIC) + 4
_KEYS: Final = b"creditzone/package/v1\n"


def with_keys(package: Package, keys: Sequence[bytes], public: PublicKey) -> Package:
    """The package with its content keys (those of the sound rows by group, then the quarantine's) sealed to `public`.

    What `package` says of the node's key and of the keys is replaced; everything else in it is bound to them."""
    named = msgspec.structs.replace(package, key=key_id(public), keys="")
    sealed = seal_to(public, b"".join(keys), associated=_KEYS + to_canonical(named))
    return msgspec.structs.replace(named, keys=sealed.hex())


def open_keys(package: Package, private: Opener) -> tuple[list[bytes], bytes]:
    """The content keys of the sound rows by group, and the quarantine's. Raises CapsuleDamaged."""
    rest = to_canonical(msgspec.structs.replace(package, keys=""))
    try:
        joined = open_with(private, bytes.fromhex(package.keys), associated=_KEYS + rest)
    except AuthenticationError:
        raise CapsuleDamaged("key") from None
    keys = [joined[at : at + KEY] for at in range(0, len(joined), KEY)]
    if len(joined) != KEY * (len(package.sound.groups) + 1):
        raise CapsuleDamaged("key")
    return keys[:-1], keys[-1]


def head_of(package: Package) -> bytes:
    """The bytes of a package's file before its bodies."""
    document = to_canonical(package)
    return MAGIC + len(document).to_bytes(4, "big") + document


def read_head(beginning: bytes) -> tuple[Package, int]:
    """The document of a package whose file begins like this, and where its bodies begin.

    Raises CapsuleDamaged where it is none; of the bodies nothing is looked at."""
    size = int.from_bytes(beginning[len(MAGIC) : _BEFORE], "big")
    document = beginning[_BEFORE : _BEFORE + size]
    if not beginning.startswith(MAGIC) or not 0 < size <= DOCUMENT_LIMIT or len(document) != size:
        raise CapsuleDamaged("format")
    try:
        package = parse(document, Package)
    except DocumentError:
        raise CapsuleDamaged("format") from None
    for packed in (package.sound, package.quarantine):
        if [group.index for group in packed.groups] != list(range(len(packed.groups))):
            raise CapsuleDamaged("format")
    return package, _BEFORE + size


def bodies_in(package: Package) -> Iterator[tuple[PackedBody, int, int]]:
    """Body, group and number of bytes of each body file in the package, in the order in which they lie in it."""
    for packed in (package.sound, package.quarantine):
        for group in packed.groups:
            yield packed, group.index, sealed_size(summary_in(packed, group.index))


def summary_in(packed: PackedBody, group: int) -> BodySummary:
    """What the package says of one group's body."""
    found = packed.groups[group]
    digest = packed.digest if len(packed.groups) == 1 else None
    return BodySummary(found.length, found.chunks, digest, packed.chunk_size)


def size_of(package: Package) -> int:
    """How many bytes the package's file has."""
    return len(head_of(package)) + sum(size for _, _, size in bodies_in(package))
