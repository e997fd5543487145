"""What the stages of one attempt hand to each other, in memory-backed scratch, mode 0700, wiped at the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from apps.node.stages.names import write_private
from creditzone.kernel.engine.link import Endpoint, LinkCredentials

CODES: Final = "codes"
COLUMNS: Final = "columns.npy"
DROPPED: Final = "dropped"
AUTHORISATIONS: Final = "authorisations"
COMMON: Final = "common"
PAIRS: Final = "pairs"

Values = npt.NDArray[np.float64]


def write_rows(scratch: Path, codes: Sequence[str], values: Values, dropped: Sequence[tuple[str, str]]) -> None:
    """Lay down codes and their values, and what was dropped."""
    write_private(scratch / CODES, "\n".join(codes).encode("ascii"))
    with (scratch / COLUMNS).open("wb") as file:
        np.save(file, values, allow_pickle=False)
    write_private(scratch / DROPPED, json.dumps(list(dropped)).encode())


def write_authorisations(scratch: Path, bearing: Sequence[Sequence[str]]) -> None:
    """Lay down number, digest and expiry of the authorisation of each row, in the order of the codes."""
    write_private(scratch / AUTHORISATIONS, json.dumps(bearing).encode())


def read_authorisations(scratch: Path) -> dict[str, tuple[str, ...]]:
    """By code, number, digest and expiry of its authorisation; an empty tuple where rows bear none."""
    bearing = json.loads((scratch / AUTHORISATIONS).read_bytes())
    return {code: tuple(one) for code, one in zip(read_codes(scratch), bearing, strict=True)}


def read_codes(scratch: Path, name: str = CODES) -> list[str]:
    """A list of codes."""
    text = (scratch / name).read_bytes().decode("ascii")
    return text.split("\n") if text else []


def read_values(scratch: Path) -> Values:
    """The values of all rows, in the order of the codes."""
    values: Values = np.load(scratch / COLUMNS, allow_pickle=False)
    return values


def read_dropped(scratch: Path) -> list[tuple[str, str]]:
    """Code and reason of what was dropped."""
    return [(code, reason) for code, reason in json.loads((scratch / DROPPED).read_bytes())]


def endpoint(task: dict[str, Any]) -> Endpoint:
    """A party's place on the link, as the runner states it."""
    return Endpoint(party=task["party"], host=task["host"], port=task["port"], certificate_pem=task["certificate"])


def credentials(scratch: Path, task: dict[str, Any]) -> LinkCredentials:
    """This party's link certificate and key, as files in scratch because the library reads paths."""
    certificate, key = scratch / "link.pem", scratch / "link.key"
    write_private(certificate, task["certificate"].encode())
    write_private(key, task["key"].encode())
    return LinkCredentials(certificate_path=certificate, key_path=key)
