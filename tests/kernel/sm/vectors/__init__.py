"""Readers of the known answers beside this file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def annex(algorithm: str) -> dict[str, Any]:
    """The standards' own worked example of one algorithm."""
    entries = json.loads((_HERE / "gb_annex_vectors.json").read_text())
    return next(entry for entry in entries if entry["alg"] == algorithm)


def botan(name: str, last: str) -> Iterator[dict[str, str]]:
    """The examples of a Botan file; `last` is the field that ends each one. Fields carry over, as in the file."""
    fields: dict[str, str] = {}
    for line in (_HERE / name).read_text().splitlines():
        key, mark, value = (part.strip() for part in line.partition("="))
        if mark and not line.startswith("#"):
            fields[key] = value
            if key == last:
                yield dict(fields)
