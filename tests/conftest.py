"""What all tests share: the test database with the zone's real roles, and a small zone in it."""

import os
import secrets
from collections.abc import Iterator

import hypothesis
import pytest
from django.db import connections

from tests import database
from tests.zone import OPERATOR_CODE, Zone, browser, make_zone

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """A PostgreSQL server for this run."""
    with database.server(os.environ.get("CREDITZONE_TEST_DATABASE_URL", "")) as url:
        yield url


@pytest.fixture(scope="session")
def django_db_setup(database_server: str) -> Iterator[database.Broom]:
    """The test database; Django connects to it as `portal_web`, never as owner or superuser."""
    from django.conf import settings

    from creditzone.settings.env import database as settings_of

    name = f"cz_test_{os.getpid()}_{secrets.token_hex(3)}"
    urls = database.make(database_server, name)
    settings.DATABASES["default"].update(settings_of(urls["portal_web"]))
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)
    settings.TEST_LOGINS = urls
    connections["default"].settings_dict.update(settings.DATABASES["default"])
    broom = database.Broom(database_server, name)
    yield broom
    connections.close_all()
    broom.close()
    database.drop(database_server, name)


@pytest.fixture
def _django_db_helper(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Tests commit for real, for roles and tenants end with their transaction; what they leave is swept after."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        django_db_setup.sweep()


@pytest.fixture(scope="session")
def zone_keys() -> str:
    """The zone's keys and card for this run; its digest."""
    from django.conf import settings

    from apps.tenants.zone import create_zone

    return create_zone(settings.ZONE_HOME, uscc=OPERATOR_CODE, name="信用示范区", name_en="Demonstration Zone")


@pytest.fixture
def zone(db: None, zone_keys: str) -> Zone:
    """A founded zone with its operator; organisations and people appear when they are asked for."""
    return make_zone()


@pytest.fixture
def client(db: None):
    """A browser on the portal that nobody has signed in with."""
    return browser()
