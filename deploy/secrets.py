"""Secrets of one zone, drawn at its first start and kept in `CREDITZONE_HOME/secrets.json` and `secrets/` (0600)."""

import json
import os
import secrets
from pathlib import Path

DATABASE_LOGINS = ("postgres", "portal_migrate", "portal_web", "portal_coordinator")


def load_or_draw(home: Path, *, nodes: list[str]) -> dict[str, str]:
    """The zone's secrets by name; what is missing is drawn and written before it is used."""
    path = home / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    wanted = ["django", *(f"database:{login}" for login in DATABASE_LOGINS), *(f"node:{name}" for name in nodes)]
    missing = [name for name in wanted if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(48) for name in missing}
        write_private(path, json.dumps(known, indent=1))
    return known


def passphrase_file(home: Path, *, node: str) -> Path:
    """The file with a node's passphrase, outside the node's home; drawn where it is missing."""
    path = home / "secrets" / f"{node}.passphrase"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(path, secrets.token_urlsafe(24) + "\n")
    return path


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
