"""A table is sealed a column group a key: who has the keys of some columns opens those, and no others."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.capsule import (
    CapsuleDamaged,
    ColumnsWriter,
    body_digest,
    check_body_digest,
    one_column_a_group,
    read_columns,
)
from creditzone.kernel.documents import CapsuleHeader, ColumnGroup
from tests.kernel.capsule.making import BODY, CAPSULE, CHUNK, DATASET, PROVIDER

NAMES = ("uscc", "tax", "turnover")
KEYS = [bytes([number]) * 16 for number in range(1, 4)]
TABLE = [("91110000100000000X", "12.5", ""), ("91110000100000001X", "", 'says "so", twice'), ("x", "-3", "a\nb")]


class Kept(io.BytesIO):
    """A file that is still there when its reader has closed it."""

    def close(self) -> None:
        """Stay open."""


def sealed(rows, names=NAMES, groups=None, keys=KEYS, batch=2, capsule=CAPSULE):
    files: list[Kept] = []

    def create(group: int) -> Kept:
        files.append(Kept())
        return files[-1]

    groups = groups or one_column_a_group(names)
    with ColumnsWriter(
        create, keys[: len(groups)], groups=groups, capsule=capsule, body=BODY, chunk_size=CHUNK
    ) as writer:
        for at in range(0, len(rows), batch):
            writer.write(list(zip(*rows[at : at + batch], strict=True)))
        found = writer.finish()
    header = CapsuleHeader(
        **{name: "" for name in CapsuleHeader.__struct_fields__ if name not in {"v", "groups", "rows"}}
        | {"capsule": capsule, "body": BODY, "dataset": DATASET, "provider": PROVIDER, "chunk_size": CHUNK},
        rows=len(rows),
        groups=tuple(
            ColumnGroup(index=at, columns=one.columns, length=one.summary.length, chunks=one.summary.chunks)
            for at, one in enumerate(found)
        ),
    )
    return files, header


def table(files, header, names, keys=None):
    def open_group(group: int) -> io.BytesIO:
        return io.BytesIO(files[group].getvalue())

    keys = dict(enumerate(KEYS)) if keys is None else keys
    columns = [
        [cell for batch in cells for cell in batch] for _, cells in read_columns(open_group, keys, header, names)
    ]
    return list(zip(*columns, strict=True))


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=40)


@given(rows=st.lists(st.tuples(cells, cells, cells), max_size=12), batch=st.integers(1, 5))
def test_whatever_stands_in_the_cells_comes_back(rows, batch):
    files, header = sealed(rows, batch=batch)
    assert table(files, header, NAMES) == rows


@given(rows=st.lists(st.tuples(cells, cells, cells), max_size=6))
def test_columns_that_share_a_group_come_back_too(rows):
    files, header = sealed(rows, groups=[("uscc",), ("tax", "turnover")])
    assert table(files, header, ("turnover", "uscc")) == [(row[2], row[0]) for row in rows]


def test_one_key_opens_its_column_and_no_other():
    files, header = sealed(TABLE)
    assert table(files, header, ["tax"], keys={1: KEYS[1]}) == [(row[1],) for row in TABLE]
    with pytest.raises(KeyError):
        table(files, header, ["turnover"], keys={1: KEYS[1]})
    with pytest.raises(CapsuleDamaged, match="chunk"):
        table(files, header, ["turnover"], keys={2: KEYS[1]})


def test_groups_that_change_places_do_not_open():
    files, header = sealed(TABLE)
    with pytest.raises(CapsuleDamaged):
        table([files[1], files[0], files[2]], header, ["uscc"], keys={0: KEYS[1]})


def test_another_capsules_column_does_not_open():
    files, _ = sealed(TABLE, capsule=DATASET)
    _, header = sealed(TABLE)
    with pytest.raises(CapsuleDamaged, match="these bytes"):
        table(files, header, ["tax"])


def test_the_body_digest_covers_every_group():
    files, header = sealed(TABLE)
    import msgspec

    named = msgspec.structs.replace(header, body_digest=body_digest(files))
    check_body_digest(files, named)
    files[2].seek(-1, io.SEEK_END)
    files[2].write(b"\x00" if files[2].getvalue()[-1] else b"\x01")
    with pytest.raises(CapsuleDamaged):
        check_body_digest(files, named)
