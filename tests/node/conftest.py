"""Nodes for tests: real keys, real stores, real stages; only the portal is played."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.world import BANK, CENTRE, HOST, PLATFORM, Zone


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Zone]:
    """A zone without nodes."""
    made = Zone(tmp_path)
    yield made
    shutil.rmtree(made.scratch, ignore_errors=True)


@pytest.fixture
def quartet(zone: Zone) -> Zone:
    """Bank, centre, platform and a hosted node that know each other."""
    zone.node(BANK, "bank")
    zone.node(CENTRE, "code_centre")
    zone.node(PLATFORM, "platform")
    zone.node(HOST, "operator", slots=0, hosts=True)
    zone.introduce()
    return zone
