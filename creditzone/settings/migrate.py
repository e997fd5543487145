"""Set-up: migrations, logged in as `portal_migrate`, which acts as the tables' owner."""

from .portal import *  # noqa: F403
from .portal import DATABASES

DATABASES["default"]["OPTIONS"].pop("pool")
DATABASES["default"]["OPTIONS"]["options"] = "-c role=portal_owner"
