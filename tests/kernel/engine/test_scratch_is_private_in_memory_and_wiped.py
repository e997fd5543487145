"""Scratch: one folder an attempt, on memory-backed storage, for its owner alone, gone afterwards."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.scratch import attempt_scratch, filesystem_of, make_scratch, wipe, wipe_node


def test_a_folder_is_made_for_its_owner_alone_and_empty_each_time(memory):
    folder = make_scratch("bank", "job-1", 1, root=memory)
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    (folder / "intersection.csv").write_text("91110000600037341L")
    assert list(make_scratch("bank", "job-1", 1, root=memory).iterdir()) == []


def test_storage_that_is_not_memory_or_too_small_is_refused(tmp_path, memory):
    if filesystem_of(tmp_path) not in ("tmpfs", "ramfs"):
        with pytest.raises(EngineFault, match="scratch-unfit"):
            make_scratch("bank", "job-1", 1, root=tmp_path)
    with pytest.raises(EngineFault, match="scratch-unfit"):
        make_scratch("bank", "job-1", 1, root=memory, room_bytes=1 << 60)
    with pytest.raises(EngineFault, match="scratch-unfit"):
        make_scratch("bank", "job-1", 1, root=Path("/proc"))


def test_a_name_cannot_leave_its_folder(memory):
    for node, job in (("../x", "job"), ("bank", "a/b"), ("", "job"), ("bank", "..")):
        with pytest.raises(ValueError, match="letters"):
            make_scratch(node, job, 1, root=memory)


def test_a_block_leaves_nothing_even_when_it_fails(memory):
    folders = []

    def fails() -> None:
        with attempt_scratch("bank", "job-1", 1, root=memory) as folder:
            folders.append(folder)
            (folder / "rows").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert [folder.exists() for folder in folders] == [False]


def test_wiping_follows_no_link_and_a_start_wipes_all_earlier_attempts(memory):
    outside = memory / "outside"
    outside.mkdir()
    (outside / "keep").write_text("x")
    folder = make_scratch("bank", "job-1", 1, root=memory)
    make_scratch("bank", "job-1", 2, root=memory)
    (folder / "link").symlink_to(outside)
    assert wipe_node("bank", root=memory) == 2
    assert (list(folder.parent.iterdir()), (outside / "keep").exists()) == ([], True)
    wipe(memory / "never-there")


def test_a_home_that_is_a_link_is_not_ours(memory):
    made = make_scratch("bank", "job-1", 1, root=memory)
    home = made.parent
    wipe(made)
    home.rmdir()
    home.symlink_to(memory)
    with pytest.raises(EngineFault, match="scratch-unfit"):
        make_scratch("bank", "job-1", 1, root=memory)
