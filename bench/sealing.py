"""How fast capsules are sealed and opened, against the bare ciphers, in one run.

    python -m bench.sealing [MB]        (256 MB unless told)
    python -m bench.sealing --gigabyte  (1 GB with both cores, and the peak of the process's memory, as JSON)

Bare ciphers work on one 1 MiB chunk again and again, in memory. Capsules go through a temporary file, in memory
where there is room. Each is measured in three rounds, turn about, and the best round counts: what else the machine
does only ever slows a round down. The ratios are what to watch.
"""

import json
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from creditzone.kernel.capsule import BodySummary, BodyWriter, new_content_key, read_body
from creditzone.kernel.documents import new_id
from creditzone.kernel.sm.sm4 import KEY, NONCE, TAG, CipherKind, Sm4Gcm, backend, library
from creditzone.kernel.sm.sm4_openssl import OpensslCipher

CHUNK, ROUNDS = 1 << 20, 3
OPENSSL, LIBGCRYPT = "OpenSSL (cryptography), sealing", "libgcrypt, sealing"


@dataclass(frozen=True)
class Row:
    """One measurement: decimal megabytes a second, and how that compares with the two bare ciphers."""

    what: str
    megabytes_per_second: float
    to_libgcrypt: float | None
    to_openssl: float


def run(size: int = 256_000_000) -> list[Row]:
    """Measure with about `size` bytes each, in rounds; OpenSSL's slow bare cipher with a quarter."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for what, speed in _round(max(size // CHUNK // ROUNDS, 4)):
            best[what] = max(speed, best.get(what, 0.0))
    openssl, libgcrypt = best[OPENSSL], best.get(LIBGCRYPT)
    return [Row(what, speed, speed / libgcrypt if libgcrypt else None, speed / openssl) for what, speed in best.items()]


@dataclass(frozen=True)
class Gigabyte:
    """A body of 1 GB that two threads share: megabytes a second, the bare cipher of one thread and of two in the same
    run, two that also write what they sealed (`floor`), and the peak memory of the process in which it was done."""

    sealing: float
    opening: float
    bare: float
    bare_two: float
    floor: float
    peak_mb: float


def gigabyte() -> Gigabyte:
    """Measure in a process of its own, so that the peak of its memory is that of sealing and opening."""
    command = [sys.executable, "-m", "bench.sealing", "--gigabyte"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Gigabyte(**json.loads(said))


def _gigabyte() -> Gigabyte:
    chunks, kind = 1_000_000_000 // CHUNK, library()
    rounds = [
        (*_capsule(chunks, 2), _bare(kind, chunks // 4), _two(kind, chunks // 4), _two(kind, chunks // 4, written=True))
        for _ in range(2)
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sealing, opening, bare, bare_two, floor = map(max, zip(*rounds, strict=True))
    return Gigabyte(sealing=sealing, opening=opening, bare=bare, bare_two=bare_two, floor=floor, peak_mb=peak)


def _two(kind: CipherKind, chunks: int, *, written: bool = False) -> float:
    """Two threads, each with a cipher and a chunk of its own: what both cores can give."""
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda _: _bare(kind, chunks // 2, written=written), range(2)):
            pass
    return 2 * (chunks // 2) * CHUNK / 1e6 / (time.perf_counter() - began)


def _round(chunks: int) -> Iterator[tuple[str, float]]:
    """Every measurement once: its name and its speed."""
    yield OPENSSL, _bare(OpensslCipher, max(chunks // 4, 1))
    gcrypt = _libgcrypt()
    if gcrypt is not None:
        yield LIBGCRYPT, _bare(gcrypt, chunks)
    for threads in (1, 2):
        words = f"{backend()}, {threads} thread{'s' if threads > 1 else ''}"
        sealing, opening = _capsule(chunks, threads)
        yield f"capsule, sealing ({words})", sealing
        yield f"capsule, opening ({words})", opening


def _libgcrypt() -> CipherKind | None:
    try:
        from creditzone.kernel.sm.sm4_gcrypt import GcryptCipher
    except ImportError:
        return None
    return GcryptCipher


def _bare(kind: CipherKind, chunks: int, *, written: bool = False) -> float:
    cipher, plain = Sm4Gcm(secrets.token_bytes(KEY), using=kind), secrets.token_bytes(CHUNK)
    out = memoryview(bytearray(CHUNK + TAG))

    def seal() -> None:
        for _ in range(chunks):
            cipher.seal_into(secrets.token_bytes(NONCE), plain, out)
            if written:
                file.write(out)

    with tempfile.TemporaryFile(dir=_memory(chunks)) as file:
        return _speed(chunks, seal)


def _capsule(chunks: int, threads: int) -> tuple[float, float]:
    """Sealing and opening speed of a body of so many chunks, through a temporary file."""
    key, capsule, body = new_content_key(), new_id(), new_id()
    plain = secrets.token_bytes(CHUNK)
    with tempfile.TemporaryFile(dir=_memory(chunks)) as file:
        writer = BodyWriter(file, key, capsule=capsule, body=body, threads=threads)

        def seal() -> None:
            with writer:
                for _ in range(chunks):
                    writer.write(plain)
                summaries.append(writer.finish())

        def open_all() -> None:
            file.seek(0)
            pieces = read_body(file, key, capsule=capsule, body=body, summary=summaries[0], threads=threads)
            if sum(map(len, pieces)) != chunks * CHUNK:
                raise AssertionError("the body did not come back whole")

        summaries: list[BodySummary] = []
        return _speed(chunks, seal), _speed(chunks, open_all)


def _memory(chunks: int) -> str | None:
    """A memory-backed folder with room for the body, so that the cipher is measured and not the disk."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > 2 * chunks * CHUNK else None


def _speed(chunks: int, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return chunks * CHUNK / 1e6 / (time.perf_counter() - start)


def main() -> None:
    """Print the table and the peak of this process's memory."""
    if sys.argv[1:] == ["--gigabyte"]:
        print(json.dumps(asdict(_gigabyte())))
        return
    rows = run(int(float(sys.argv[1]) * 1e6)) if len(sys.argv) > 1 else run()
    print(f"{'':52}{'MB/s':>8}{'x libgcrypt':>14}{'x OpenSSL':>12}")
    for row in rows:
        against = f"{row.to_libgcrypt:.2f}" if row.to_libgcrypt else "-"
        print(f"{row.what:52}{row.megabytes_per_second:8.0f}{against:>14}{row.to_openssl:12.2f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
