"""Acting as the set-up does: logged in as `portal_migrate`, in the role of the tables' owner."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connections

from creditzone.settings.env import database


@contextmanager
def as_set_up() -> Iterator[None]:
    """Django's connection as the set-up's; the web's again afterwards."""
    mine = connections["default"].settings_dict
    before = dict(mine)
    connections["default"].close()
    mine.update(database(settings.TEST_LOGINS["portal_migrate"]))
    mine["OPTIONS"] = {
        **{name: value for name, value in mine["OPTIONS"].items() if name != "pool"},
        "options": "-c role=portal_owner",
    }
    try:
        yield
    finally:
        connections["default"].close()
        mine.clear()
        mine.update(before)
