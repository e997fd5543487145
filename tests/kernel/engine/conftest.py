"""A memory-backed folder a test, gone afterwards: what the engines leave behind is looked at there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kernel.engine.zone import Parties


@pytest.fixture
def memory() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="creditzone-test-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def meeting(memory: Path) -> Callable[..., Parties]:
    return lambda count, **facts: Parties(count, folder=memory, **facts)
