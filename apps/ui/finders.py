"""Third-party scripts, picked one by one out of installed packages: nothing comes from a CDN, nothing is copied in."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

PICKED = {
    "vendor/htmx.min.js": ("django_htmx", "static/django_htmx/htmx-2.min.js"),
    "vendor/plotly.min.js": ("plotly", "package_data/plotly.min.js"),
}


def picked_path(name: str) -> Path:
    """Where the installed package keeps the file that is served as `name`; KeyError for a name not picked."""
    package, inside = PICKED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{name} comes from the package {package}, which is not installed")
    return Path(spec.origin).parent / inside


class PickedStorage(FileSystemStorage):
    """Reads the picked files under the names they are served by."""

    prefix = ""

    def path(self, name: str) -> str:
        return str(picked_path(name))


class PickedFinder(BaseFinder):
    """The finder to list in STATICFILES_FINDERS after the project's own folder."""

    storage = PickedStorage()

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [str(picked_path(path))] if path in PICKED else []
        return found if find_all else (found[0] if found else None)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, PickedStorage]]:
        for name in PICKED:
            yield name, self.storage
