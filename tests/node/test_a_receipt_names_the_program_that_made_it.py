"""The code digest of a receipt covers the kernel, the node's services and its stages, by name and content."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from apps.node import program

BASE = Path(program.__file__).resolve().parents[2]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the sources that a node runs."""
    for folder in ("creditzone/kernel", "apps/node"):
        shutil.copytree(BASE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    return tmp_path


def test_the_same_sources_elsewhere_have_the_same_digest(release):
    assert program.source_digest(release) == program.code_digest()


@pytest.mark.parametrize(
    "changed",
    ["creditzone/kernel/orders.py", "creditzone/kernel/domain/turnover.json", "apps/node/computation.py",
     "apps/node/stages/grade.py", "apps/node/stages/more.py"],
)  # fmt: skip
def test_a_line_more_anywhere_in_it_changes_the_digest(release, changed):
    with (release / changed).open("a") as file:
        file.write("\n")
    assert program.source_digest(release) != program.code_digest()


def test_a_file_under_another_name_changes_the_digest(release):
    stage = release / "apps/node/stages/grade.py"
    stage.rename(stage.with_name("grading.py"))
    assert program.source_digest(release) != program.code_digest()


def test_the_consoles_pages_are_not_in_it(release):
    (release / "apps/node/console/urls.py").write_text("")
    assert program.source_digest(release) == program.code_digest()
