"""A provider's own premises: a file, the node's card, and the sealer as its users start it."""

from __future__ import annotations

import io
import json
import threading
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import msgspec

from apps.node import datasets, uploads
from apps.node.node import Node
from apps.node.roster import Acting
from creditzone.kernel.documents.cards import fingerprint
from creditzone.seal.__main__ import main
from tests.node import world


def run(*arguments: str | Path) -> tuple[int, dict[str, Any], str]:
    """How it ended, what it said to programs, and what to people (in English)."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        ended = main([*map(str, arguments), "--language", "en"])
    return ended, json.loads(out.getvalue()) if out.getvalue() else {}, err.getvalue()


def card_file(node: Node, folder: Path) -> Path:
    """The node's card, as its page gives it."""
    path = folder / f"card-{node.organisation}.json"
    path.write_bytes(msgspec.json.encode(world.own_card(node, node.organisation)))
    return path


def arguments(node: Node, file: Path, domain: str) -> list[str | Path]:
    card = world.own_card(node, node.organisation)
    return [file, "--domain", domain, "--card", card_file(node, file.parent), "--fingerprint", fingerprint(card.digest)]


def package(node: Node, folder: Path, data: bytes, *, domain: str, name: str = "rows.csv", **more: str) -> Path:
    """A file of these bytes, sealed for `node`."""
    file = folder / name
    file.write_bytes(data)
    output = folder / f"{len(list(folder.iterdir()))}.czpack"
    extra = [word for option, value in more.items() for word in (f"--{option}", value)]
    ended, said, words = run(*arguments(node, file, domain), "--output", output, *extra)
    assert (ended, said.get("package")) == (0, str(output)), words
    return output


def send(node: Node, acting: Acting, data: bytes) -> str:
    """Bring a package to a node in pieces; the dataset's id."""
    begun = uploads.create(node, acting, filename="rows.czpack", size=len(data), domain="", title="密封包")
    for at in range(0, len(data), uploads.PIECE):
        uploads.append(node, acting, begun.id, offset=at, piece=data[at : at + uploads.PIECE])
    return uploads.finish(node, acting, begun.id)


def bring(node: Node, acting: Acting, data: bytes) -> datasets.Dataset:
    """Bring a package to a node and have it checked there."""
    dataset = send(node, acting, data)
    assert datasets.next_waiting(node) == dataset
    datasets.measure(node, dataset, threading.Event())
    return datasets.get(node, acting, dataset)
