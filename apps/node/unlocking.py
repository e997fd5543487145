"""Where the node's passphrase comes from: a private file, the environment, or whoever starts the node at a terminal."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from apps.node.config import Config, ConfigError

FILE: Final = "CREDITZONE_NODE_PASSPHRASE_FILE"
VALUE: Final = "CREDITZONE_NODE_PASSPHRASE"


def passphrase(config: Config) -> str:
    """The node's passphrase: from the file that the environment or `node.json` names, from the environment, or asked
    for at the terminal. Raises ConfigError with one sentence where there is none, or its file is not private."""
    named = os.environ.get(FILE) or (None if os.environ.get(VALUE) else config.passphrase_file)
    if named:
        return read_private(Path(named))
    if given := os.environ.get(VALUE):
        return given
    if sys.stdin.isatty():
        return getpass.getpass("Passphrase of this node's keys: ")
    raise ConfigError(
        f"the passphrase of this node's keys is missing: name a file of mode 0600 that holds it in {FILE},"
        " or start the node at a terminal."
    )


def new_passphrase() -> str:
    """The passphrase that is to hold from now on: typed twice at a terminal, else a line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("New passphrase of this node's keys: ")
    if getpass.getpass("Once more: ") != first:
        raise ConfigError("the two are not the same: nothing was changed.")
    return first


def read_private(path: Path) -> str:
    """The first line of a file that only its owner may read; raises ConfigError."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} is readable by others: chmod 600 it, and change the passphrase.")
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the passphrase file {path} cannot be read: {error}") from None
    if not lines or not lines[0]:
        raise ConfigError(f"the passphrase file {path} is empty: write the passphrase in its first line.")
    return lines[0]
