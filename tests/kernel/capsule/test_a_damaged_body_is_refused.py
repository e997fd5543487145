"""Nothing of a body can be changed, cut, moved, repeated, added or exchanged, and no wrong byte is handed out."""

import io
import itertools
from dataclasses import replace

import pytest

from creditzone.kernel.capsule import (
    CapsuleDamaged,
    body_digest,
    check_body_digest,
    column_group,
    read_body,
    seal_header,
)
from tests.kernel.capsule.making import BODY, CAPSULE, CHUNK, KEY, TEXT, body, divided, header, policy

PREFIX, FRAME = 48, 12 + CHUNK + 16
OTHER = "01920000-0000-7000-8000-0000000000ff"


@pytest.fixture(scope="module")
def whole():
    return body()


def refusal(sealed, summary, *, key=KEY, threads=1, **place):
    """What the reader says; whatever it handed out before must be the true text's beginning, and not all of it."""
    place = {"capsule": CAPSULE, "body": BODY, **place}
    given = bytearray()

    def read():
        for chunk in read_body(io.BytesIO(sealed), key, summary=summary, threads=threads, **place):
            given.extend(chunk)

    with pytest.raises(CapsuleDamaged) as refused:
        read()
    assert TEXT.startswith(given)
    assert len(given) < len(TEXT)
    return refused.value.what


def frames(sealed):
    return [sealed[at : at + FRAME] for at in range(PREFIX, len(sealed), FRAME)]


@pytest.mark.parametrize("threads", [1, 2])
def test_every_changed_byte_is_refused(whole, threads):
    sealed, summary = whole
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 0x80]) + sealed[at + 1 :]
        assert refusal(changed, summary, threads=threads) == ("format" if at < PREFIX else "chunk")


@pytest.mark.parametrize("threads", [1, 2])
def test_every_cut_is_refused(whole, threads):
    sealed, summary = whole
    for length in range(len(sealed)):
        assert refusal(sealed[:length], summary, threads=threads) in {"format", "size"}


def test_a_cut_at_a_chunk_is_refused_even_when_the_summary_was_cut_to_match(whole):
    """The last flag: a middle chunk does not open as the last one."""
    sealed, summary = whole
    for chunks in (1, 2):
        cut = replace(summary, length=chunks * CHUNK, chunks=chunks, digest=None)
        assert refusal(sealed[: PREFIX + chunks * FRAME], cut) == "chunk"


@pytest.mark.parametrize("extra", [b"\0", bytes(FRAME), bytes(1000)])
def test_appended_bytes_are_refused(whole, extra):
    sealed, summary = whole
    assert refusal(sealed + extra, summary) == "size"


def test_an_appended_chunk_is_refused_even_when_the_summary_was_stretched_to_match(whole):
    sealed, summary = whole
    last = frames(sealed)[-1]
    full = sealed[: PREFIX + 2 * FRAME] + frames(sealed)[0] + last
    assert refusal(full, replace(summary, length=len(TEXT) + CHUNK, chunks=4, digest=None)) == "chunk"


def test_every_other_order_of_the_chunks_is_refused(whole):
    sealed, summary = body(TEXT + bytes(48 - len(TEXT)))
    parts = frames(sealed)
    for order in itertools.product(range(3), repeat=3):
        if order != (0, 1, 2):
            moved = sealed[:PREFIX] + b"".join(parts[i] for i in order)
            given = []
            with pytest.raises(CapsuleDamaged) as refused:
                given.extend(read_body(io.BytesIO(moved), KEY, capsule=CAPSULE, body=BODY, summary=summary))
            assert refused.value.what == "chunk"
            assert order[: len(given)] == (0, 1, 2)[: len(given)]


@pytest.mark.parametrize(
    "foreign",
    [{"capsule": OTHER}, {"name": OTHER}, {"group": 1}, {"chunk_size": CHUNK + 1}, {"key": b"another key 16!!"}],
    ids=str,
)
def test_a_body_of_another_place_is_refused_whole_and_chunk_by_chunk(whole, foreign):
    sealed, summary = whole
    stranger, _ = body(**foreign)
    assert refusal(stranger, summary) == ("chunk" if "key" in foreign else "format")
    if "chunk_size" not in foreign:
        mixed = sealed[:PREFIX] + frames(stranger)[0] + sealed[PREFIX + FRAME :]
        assert refusal(mixed, summary) == "chunk"
        dressed = sealed[:PREFIX] + stranger[PREFIX:]
        assert refusal(dressed, summary) == "chunk"


def test_the_bodies_of_two_capsules_cannot_be_exchanged():
    """Same key, same text, same length: only the names differ."""
    (mine, my_summary), (theirs, their_summary) = body(), body(capsule=OTHER)
    assert refusal(theirs, my_summary) == "format"
    assert refusal(mine, their_summary, capsule=OTHER) == "format"
    with pytest.raises(CapsuleDamaged):
        check_body_digest(io.BytesIO(theirs), header(divided(), my_summary))


def test_a_chunk_of_an_earlier_writing_of_the_same_body_is_refused_before_the_last_is_out(whole):
    """Same names and key, so it opens; the digest over the tags tells."""
    sealed, summary = whole
    earlier, _ = body()
    mixed = sealed[:PREFIX] + frames(earlier)[0] + sealed[PREFIX + FRAME :]
    assert refusal(mixed, summary) == "digest"
    assert refusal(earlier, summary) == "digest"


@pytest.mark.parametrize("key", [b"another key 16!!", bytes(16)])
def test_another_key_opens_nothing(whole, key):
    sealed, summary = whole
    assert refusal(sealed, summary, key=key) == "chunk"


@pytest.mark.parametrize("change", [{"length": 41}, {"length": 43}, {"chunks": 2}, {"chunks": 4}, {"chunks": 0}])
def test_a_summary_that_does_not_fit_is_refused(whole, change):
    sealed, summary = whole
    assert refusal(sealed, replace(summary, **change)) in {"size", "chunk"}


def test_an_empty_body_cannot_be_passed_off_as_no_chunk_at_all():
    sealed, summary = body(b"")
    assert list(read_body(io.BytesIO(sealed), KEY, capsule=CAPSULE, body=BODY, summary=summary)) == [b""]
    with pytest.raises(CapsuleDamaged) as refused:
        list(read_body(io.BytesIO(sealed[:PREFIX]), KEY, capsule=CAPSULE, body=BODY, summary=summary))
    assert refused.value.what == "size"


def test_without_a_key_the_header_still_tells_a_wrong_file(whole):
    sealed, summary = whole
    named = header(divided(), summary)
    check_body_digest(io.BytesIO(sealed), named)
    parts = frames(sealed)
    wrong = {
        "format": [b"", sealed[:47], b"\0" + sealed[1:], body(capsule=OTHER)[0], body(name=OTHER)[0]],
        "size": [sealed[:-1], sealed + b"\0", sealed[: PREFIX + FRAME]],
        "digest": [body()[0], sealed[:PREFIX] + parts[1] + parts[0] + parts[2], sealed[:-1] + b"\0"],
    }
    for what, files in wrong.items():
        for file in files:
            with pytest.raises(CapsuleDamaged) as refused:
                check_body_digest(io.BytesIO(file), named)
            assert refused.value.what == what


def test_several_groups_are_bound_together_in_their_order():
    first, second = body(b"uscc", group=0), body(TEXT, group=1)
    files = [io.BytesIO(first[0]), io.BytesIO(second[0])]
    groups = [(("uscc",), first[1]), (("total_assets",), second[1])]
    named = two_groups(groups, body_digest(files))
    check_body_digest(files, named)
    with pytest.raises(CapsuleDamaged):
        check_body_digest(files[::-1], named)
    with pytest.raises(CapsuleDamaged):
        check_body_digest(files[0], named)


def two_groups(groups, digest):
    return seal_header(
        policy=policy(),
        keys={1: KEY},
        divided=divided(),
        domain="balance_sheet",
        rows=1,
        body=BODY,
        body_digest=digest,
        groups=[column_group(columns, summary, index=i) for i, (columns, summary) in enumerate(groups)],
        now=1,
        chunk_size=CHUNK,
    )
