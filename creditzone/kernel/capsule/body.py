"""A capsule's body: one stream of bytes in sealed chunks (docs/capsule-format.md).

    prefix (48) | nonce (12) ciphertext tag (16) | nonce ciphertext tag | ...

Every chunk but the last holds exactly `chunk_size` bytes of plaintext, so no length stands in the file to be
tampered with. A chunk's tag covers the whole prefix (format, group, chunk size, capsule, body), its index, and
whether it is the last: what is cut, swapped, repeated, appended or taken from another body does not open. Memory
is a few chunks, whatever the size of the body.
"""

import io
import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from creditzone.kernel.capsule.damage import CapsuleDamaged
from creditzone.kernel.documents import CapsuleHeader
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm3 import Bytes
from creditzone.kernel.sm.sm4 import NONCE, TAG, AuthenticationError, Sm4Gcm

MAGIC = b"CZBODY\x00\x01"
PREFIX = len(MAGIC) + 4 + 4 + 16 + 16
CHUNK = 1 << 20
CHUNK_LIMIT = 1 << 24


@dataclass(frozen=True)
class BodySummary:
    """What a body is known by: bytes of plaintext, number of chunks, SM3 over all chunk tags, chunk size.

    `digest` is None where a header binds this group's tags only together with those of other groups; then
    `check_body_digest` has to come first.
    """

    length: int
    chunks: int
    digest: str | None
    chunk_size: int = CHUNK


def prefix_of(*, capsule: str, body: str, group: int, chunk_size: int) -> bytes:
    """The 48 bytes that begin a body and are covered by every tag; raises ValueError on what does not fit."""
    if not 1 <= chunk_size <= CHUNK_LIMIT:
        raise ValueError("a chunk holds 1 byte to 16 MiB")
    numbers = group.to_bytes(4, "big") + chunk_size.to_bytes(4, "big")
    return MAGIC + numbers + _id_bytes(capsule) + _id_bytes(body)


def summary_of(header: CapsuleHeader, group: int = 0) -> BodySummary:
    """What `header` says of one group's body; raises CapsuleDamaged when it has no such group."""
    for part in header.groups:
        if part.index == group:
            digest = header.body_digest if len(header.groups) == 1 else None
            return BodySummary(part.length, part.chunks, digest, header.chunk_size)
    raise CapsuleDamaged("header")


class _Slot:
    """A chunk's buffer (nonce, chunk, tag) with a cipher of its own, so that slots can be sealed side by side."""

    def __init__(self, key: bytes, chunk_size: int) -> None:
        self.buffer = memoryview(bytearray(NONCE + chunk_size + TAG))
        self.cipher = Sm4Gcm(key)
        self.filled = 0

    def take(self, data: memoryview) -> int:
        """Copy in what has room; how much that was."""
        start = NONCE + self.filled
        size = min(len(data), len(self.buffer) - TAG - start)
        self.buffer[start : start + size] = data[:size]
        self.filled += size
        return size

    def seal(self, associated: bytes) -> memoryview:
        """Encrypt the chunk where it lies; the frame for the file."""
        frame = self.buffer[: NONCE + self.filled + TAG]
        nonce = secrets.token_bytes(NONCE)
        frame[:NONCE] = nonce
        self.cipher.seal_into(nonce, frame[NONCE:-TAG], frame[NONCE:], associated)
        return frame


class BodyWriter:
    """Seals a stream into `fileobj`. Use it in a `with` block; nothing is a body before `finish` has returned.

    With `threads` > 1 chunks are encrypted side by side (the ciphers release the interpreter's lock) and still
    written in order. Each chunk has a random nonce, so a key that is used for a second body does no harm; still,
    draw a fresh key for each.
    """

    def __init__(
        self,
        fileobj: BinaryIO,
        key: bytes,
        *,
        capsule: str,
        body: str,
        group: int = 0,
        chunk_size: int = CHUNK,
        threads: int = 1,
    ) -> None:
        self._file = fileobj
        self._prefix = prefix_of(capsule=capsule, body=body, group=group, chunk_size=chunk_size)
        self._chunk_size = chunk_size
        self._free = [_Slot(key, chunk_size) for _ in range(threads + 1 if threads > 1 else 1)]
        self._slot = self._free.pop()
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._waiting: deque[tuple[_Slot, Future[memoryview]]] = deque()
        self._tags = sm3.Hasher()
        self._length = self._chunks = 0
        self._open = True
        fileobj.write(self._prefix)

    def write(self, data: Bytes) -> int:
        """Take the next bytes of plaintext; how many."""
        self._require_open()
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            if self._slot.filled == self._chunk_size:  # more follows, so it is not the last
                self._seal(last=False)
            rest = rest[self._slot.take(rest) :]
        self._length += size
        return size

    def finish(self) -> BodySummary:
        """Seal the last chunk and say what the body is known by. Flushing and closing the file is the caller's."""
        self._require_open()
        self._seal(last=True)
        while self._waiting:
            self._put_oldest()
        self.close()
        return BodySummary(self._length, self._chunks, self._tags.digest(), self._chunk_size)

    def close(self) -> None:
        """Give up the threads; without `finish` before it, what was written is no body."""
        self._open = False
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_open(self) -> None:
        if not self._open:
            raise ValueError("this body is finished or was given up")

    def _seal(self, *, last: bool) -> None:
        """Send the filled slot on its way to the file and take an empty one."""
        slot, associated = self._slot, _associated(self._prefix, self._chunks, last=last)
        self._chunks += 1
        if self._pool is None:
            self._put(slot, slot.seal(associated))
            self._slot = slot
            return
        self._waiting.append((slot, self._pool.submit(slot.seal, associated)))
        if not self._free:
            self._put_oldest()
        self._slot = self._free.pop()

    def _put_oldest(self) -> None:
        slot, sealed = self._waiting.popleft()
        self._put(slot, sealed.result())
        self._free.append(slot)

    def _put(self, slot: _Slot, frame: memoryview) -> None:
        try:
            self._file.write(frame)
        except BaseException:
            self.close()  # a frame may be half written: nothing may follow it
            raise
        self._tags.update(frame[-TAG:])
        slot.filled = 0


def read_body(
    fileobj: BinaryIO,
    key: bytes,
    *,
    capsule: str,
    body: str,
    group: int = 0,
    summary: BodySummary,
    threads: int = 1,
) -> Iterator[bytes]:
    """The plaintext, chunk after chunk, each authenticated before it is handed out.

    Raises CapsuleDamaged at the first thing that is not as it was written. A reader must not act on what it has
    got before the iterator ends: that the body is whole, and the one that the summary names, is known with its
    last chunk, which is held back until then.
    """
    prefix = prefix_of(capsule=capsule, body=body, group=group, chunk_size=summary.chunk_size)
    _require_consistent(summary)
    if fileobj.read(PREFIX) != prefix:
        raise CapsuleDamaged("format")
    tags = sm3.Hasher()
    for index, (plain, tag) in enumerate(_opened(fileobj, key, prefix, summary, threads)):
        tags.update(tag)
        if index == summary.chunks - 1 and summary.digest not in {None, tags.digest()}:
            raise CapsuleDamaged("digest")
        yield plain


def body_digest(bodies: Sequence[BinaryIO]) -> str:
    """SM3 over all chunk tags of these bodies (one a group, in the order of the groups), without any key."""
    tags = sm3.Hasher()
    for fileobj in bodies:
        fileobj.seek(0)
        prefix = fileobj.read(PREFIX)
        chunk_size = int.from_bytes(prefix[12:16], "big")
        if len(prefix) < PREFIX or not prefix.startswith(MAGIC) or not 1 <= chunk_size <= CHUNK_LIMIT:
            raise CapsuleDamaged("format")
        end = fileobj.seek(0, io.SEEK_END)
        at = PREFIX
        while at < end:
            at = min(at + NONCE + chunk_size + TAG, end)
            fileobj.seek(at - TAG)
            tags.update(fileobj.read(TAG))
    return tags.digest()


def check_body_digest(bodies: BinaryIO | Sequence[BinaryIO], header: CapsuleHeader) -> None:
    """Raise CapsuleDamaged unless these files (one a group, in order) are the body that `header` names.

    Needs no key and reads only prefixes and tags, so it shows a wrong, cut or exchanged file at once; a changed
    byte of ciphertext shows when its chunk is opened.
    """
    files = list(bodies) if isinstance(bodies, Sequence) else [bodies]
    if len(files) != len(header.groups):
        raise CapsuleDamaged("format")
    for fileobj, group in zip(files, header.groups, strict=True):
        summary = summary_of(header, group.index)
        _require_consistent(summary)
        prefix = prefix_of(capsule=header.capsule, body=header.body, group=group.index, chunk_size=header.chunk_size)
        fileobj.seek(0)
        if fileobj.read(PREFIX) != prefix:
            raise CapsuleDamaged("format")
        if fileobj.seek(0, io.SEEK_END) != sealed_size(summary):
            raise CapsuleDamaged("size")
    if body_digest(files) != header.body_digest:
        raise CapsuleDamaged("digest")


def sealed_size(summary: BodySummary) -> int:
    """How many bytes the file of such a body has."""
    return PREFIX + summary.length + summary.chunks * (NONCE + TAG)


def _id_bytes(text: str) -> bytes:
    identity = UUID(text)
    if str(identity) != text:
        raise ValueError("an object's id is a UUID in lower case with hyphens")
    return identity.bytes


def _associated(prefix: bytes, index: int, *, last: bool) -> bytes:
    return prefix + index.to_bytes(8, "big") + bytes([last])


def _require_consistent(summary: BodySummary) -> None:
    """Raise CapsuleDamaged when length and number of chunks do not belong together."""
    full, rest = divmod(summary.length, summary.chunk_size)
    if summary.chunks != max(1, full + bool(rest)):
        raise CapsuleDamaged("size")


def _frames(fileobj: BinaryIO, summary: BodySummary) -> Iterator[bytes]:
    """The sealed chunks; raises CapsuleDamaged when the file ends early or goes on."""
    left = summary.length
    for index in range(summary.chunks):
        size = min(left, summary.chunk_size)
        left -= size
        frame = _read_exactly(fileobj, NONCE + size + TAG)
        if index == summary.chunks - 1 and fileobj.read(1):
            raise CapsuleDamaged("size")
        yield frame


def _read_exactly(fileobj: BinaryIO, size: int) -> bytes:
    data = fileobj.read(size)
    while len(data) < size:  # an unbuffered file may give less than it has
        more = fileobj.read(size - len(data))
        if not more:
            raise CapsuleDamaged("size")
        data += more
    return data


def _opened(
    fileobj: BinaryIO, key: bytes, prefix: bytes, summary: BodySummary, threads: int
) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's plaintext and tag, in order; with several threads the next chunks are opened meanwhile."""
    frames = _frames(fileobj, summary)
    if threads == 1:
        cipher = Sm4Gcm(key)
        for index, frame in enumerate(frames):
            yield _open_chunk(cipher, frame, _associated(prefix, index, last=index == summary.chunks - 1))
        return
    ciphers = [Sm4Gcm(key) for _ in range(threads + 1)]
    waiting: deque[Future[tuple[bytes, bytes]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for index, frame in enumerate(frames):
            if len(waiting) == len(ciphers):
                yield waiting.popleft().result()
            associated = _associated(prefix, index, last=index == summary.chunks - 1)
            waiting.append(pool.submit(_open_chunk, ciphers[index % len(ciphers)], frame, associated))
        while waiting:
            yield waiting.popleft().result()


def _open_chunk(cipher: Sm4Gcm, frame: bytes, associated: bytes) -> tuple[bytes, bytes]:
    try:
        plain = cipher.open(frame[:NONCE], memoryview(frame)[NONCE:], associated)
    except AuthenticationError:
        raise CapsuleDamaged("chunk") from None
    return plain, frame[-TAG:]
