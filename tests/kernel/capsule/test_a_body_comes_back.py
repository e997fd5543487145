"""Whatever was written comes back, for every length around the chunk's edges, however it was handed over."""

import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditzone.kernel.capsule import BodyWriter, read_body, sealed_size
from creditzone.kernel.sm.sm3 import digest
from tests.kernel.capsule.making import BODY, CAPSULE, CHUNK, KEY, body

EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 7 * CHUNK, 7 * CHUNK + 5]


def read(sealed, summary, **other):
    place = {"capsule": CAPSULE, "body": BODY, **other}
    return list(read_body(io.BytesIO(sealed), KEY, summary=summary, **place))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("length", EDGES)
def test_it_comes_back_at_every_edge_and_with_any_number_of_threads(length, threads):
    text = bytes(range(256))[:length]
    sealed, summary = body(text, threads=threads)
    chunks = read(sealed, summary, threads=threads)
    assert b"".join(chunks) == text
    assert [len(chunk) for chunk in chunks[:-1]] == [CHUNK] * (len(chunks) - 1)
    assert (summary.length, summary.chunks) == (length, max(1, -(-length // CHUNK)))
    assert len(sealed) == sealed_size(summary)


@settings(max_examples=120)
@given(
    text=st.binary(max_size=120),
    chunk_size=st.integers(min_value=1, max_value=40),
    piece=st.integers(min_value=1, max_value=50),
    group=st.integers(min_value=0, max_value=2**32 - 1),
)
def test_it_comes_back_for_any_text_chunk_size_piece_and_group(text, chunk_size, piece, group):
    sealed, summary = body(text, chunk_size=chunk_size, piece=piece, group=group)
    assert b"".join(read(sealed, summary, group=group)) == text


def test_the_digest_is_that_of_all_tags_in_order():
    sealed, summary = body(bytes(40))
    ends = (48 + 44, 48 + 88, 48 + 88 + 36)
    assert len(sealed) == ends[-1]
    assert summary.digest == digest(b"".join(sealed[end - 16 : end] for end in ends))


def test_two_bodies_of_one_text_under_one_key_share_no_chunk():
    (one, _), (other, _) = body(bytes(64)), body(bytes(64))
    frames = {sealed[at : at + 44] for sealed in (one, other) for at in range(48, len(one), 44)}
    nonces = {frame[:12] for frame in frames}
    assert len(nonces) == len(frames) == 8


def test_an_unbuffered_file_that_gives_little_at_a_time_is_read_whole():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7)) if size > 48 or 0 < size < 48 else super().read(size)

    sealed, summary = body(bytes(100))
    assert b"".join(read_body(Slow(sealed), KEY, capsule=CAPSULE, body=BODY, summary=summary)) == bytes(100)


@pytest.mark.parametrize("threads", [1, 2])
def test_memory_stays_flat_however_long_the_body(threads, tmp_path):
    size, piece = 48 << 20, bytes(1 << 20)
    tracemalloc.start()
    try:
        with (tmp_path / "body").open("w+b") as file:
            with BodyWriter(file, KEY, capsule=CAPSULE, body=BODY, threads=threads) as writer:
                for _ in range(size // len(piece)):
                    writer.write(piece)
                summary = writer.finish()
            file.seek(0)
            whole = read_body(file, KEY, capsule=CAPSULE, body=BODY, summary=summary, threads=threads)
            assert sum(map(len, whole)) == size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


@pytest.mark.parametrize("bad", [0, -1, (1 << 24) + 1])
def test_a_chunk_size_that_no_reader_takes_is_refused_at_once(bad):
    with pytest.raises(ValueError, match="16 MiB"):
        BodyWriter(io.BytesIO(), KEY, capsule=CAPSULE, body=BODY, chunk_size=bad)


@pytest.mark.parametrize("bad", ["", "x", CAPSULE.upper().replace("01920000", "0192ABCD"), "{" + CAPSULE + "}"])
def test_an_id_that_is_no_uuid_in_its_one_spelling_is_refused(bad):
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        BodyWriter(io.BytesIO(), KEY, capsule=bad, body=BODY)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_full_disk_ends_the_writer_for_good(threads):
    class Full(io.BytesIO):
        def write(self, data):
            if self.tell() > 60:
                raise OSError(28, "No space left on device")
            return super().write(data)

    writer = BodyWriter(Full(), KEY, capsule=CAPSULE, body=BODY, chunk_size=CHUNK, threads=threads)
    with pytest.raises(OSError, match="No space"):
        writer.write(bytes(400))
    with pytest.raises(ValueError, match="given up"):
        writer.finish()
    with pytest.raises(ValueError, match="given up"):
        writer.write(b"more")


def test_a_finished_body_takes_no_more():
    writer = BodyWriter(io.BytesIO(), KEY, capsule=CAPSULE, body=BODY)
    writer.finish()
    with pytest.raises(ValueError, match="finished"):
        writer.write(b"more")
    with pytest.raises(ValueError, match="finished"):
        writer.finish()
