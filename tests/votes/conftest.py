"""Nodes with registered cards."""

from tests.compute.conftest import models, road

__all__ = ["models", "road"]
