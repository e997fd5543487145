"""`docs/settings.md` and `docs/errors.md` name exactly what there is."""

import importlib
import pkgutil
import re

import apps
from apps.core.errors import DomainError
from creditzone.settings.env import Env
from tests.database import ROOT

FROM_VIEWS = {"bad-request", "crash", "csrf", "not-signed-in"}
NOT_THE_PORTALS = ("apps.node",)


def kinds(base: type[DomainError] = DomainError) -> set[type[DomainError]]:
    """Every domain error of the portal; all its modules are imported first."""
    for module in pkgutil.walk_packages(apps.__path__, "apps."):
        if module.name.endswith(".errors") and not module.name.startswith(NOT_THE_PORTALS):
            importlib.import_module(module.name)
    found = set()
    for kind in base.__subclasses__():
        found |= {kind, *kinds(kind)}
    return {kind for kind in found if not kind.__module__.startswith(NOT_THE_PORTALS)}


def test_the_page_of_settings_names_every_variable_and_no_other():
    page = (ROOT / "docs" / "settings.md").read_text()
    named = set(re.findall(r"^\| `(CREDITZONE_\w+)`", page, re.MULTILINE))
    assert named == {f"CREDITZONE_{name.upper()}" for name in Env.__struct_fields__}


def test_the_page_of_errors_names_every_code_with_its_status_and_no_other():
    page = (ROOT / "docs" / "errors.md").read_text()
    named = {code: int(status) for code, status in re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", page, re.MULTILINE)}
    domain = {kind.code: int(kind.status) for kind in kinds()}
    assert {code: status for code, status in named.items() if code not in FROM_VIEWS} == domain
    assert set(named) - set(domain) == FROM_VIEWS


def test_no_two_errors_share_a_code():
    codes = [kind.code for kind in kinds()]
    assert len(codes) == len(set(codes))
