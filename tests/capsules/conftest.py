"""Nodes with registered cards, and the portal in a browser."""

from tests.compute.conftest import models, road
from tests.workspaces.conftest import browser, portal, sign_in

__all__ = ["browser", "models", "portal", "road", "sign_in"]
