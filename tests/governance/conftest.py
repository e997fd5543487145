"""Nodes with registered cards, and zone-wide rules that the code centre signed."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.governance.models import ZoneRules
from tests.compute.conftest import models, road
from tests.governance.rules import signed_rules
from tests.road import Road

__all__ = ["models", "road"]


@pytest.fixture
def sign_rules(road: Road) -> Callable[..., ZoneRules]:
    """Have the code centre draft and sign zone-wide rules with these floors."""

    def sign(**changes: Any) -> ZoneRules:
        return signed_rules(road, **changes)

    return sign
