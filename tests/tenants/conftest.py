"""The portal in a browser, for the pages of sign-in."""

from tests.ui.conftest import browser  # noqa: F401
from tests.workspaces.conftest import portal, sign_in  # noqa: F401
