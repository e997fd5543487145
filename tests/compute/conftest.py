"""The road up to a job, with fake nodes."""

import pytest

from tests.database import Broom
from tests.road import Road, load_scorecards, make_road
from tests.zone import Zone


@pytest.fixture
def models(zone: Zone, django_db_setup: Broom) -> dict[str, str]:
    """The shipped scorecards, registered: digests by name."""
    return load_scorecards(django_db_setup.connection)


@pytest.fixture
def road(zone: Zone, zone_keys: str, models: dict[str, str]) -> Road:
    """Nodes with registered cards."""
    return make_road(zone, zone_keys, models)
