"""Sealed packages at the node: whether one is for this node and new, and its keys.

Rows that were sealed on the provider's own premises (`python -m creditzone.seal`) come like any upload. What their
document says is looked at with the first piece; bodies and rows are checked by a stage (`stages/unpack.py`), and the
bodies stay as they were sealed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from apps.node.errors import NodeError
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.capsule import CapsuleDamaged, group_file
from creditzone.kernel.capsule.package import bodies_in, open_keys, read_head, size_of
from creditzone.kernel.documents import Package, key_id
from creditzone.kernel.domain import domain, domains

FORMAT: Final = "czpack"


def of_beginning(node: Node, beginning: bytes, *, size: int, organisation: str) -> Package:
    """The document of the package that begins like this, once it is seen to be for this node and organisation.

    Raises NodeError: package-malformed, package-size, other-zone, package-elsewhere, package-not-yours,
    unknown-domain."""
    try:
        package, _ = read_head(beginning)
    except CapsuleDamaged:
        raise NodeError("package-malformed") from None
    if package.zone != node.zone:
        raise NodeError("other-zone")
    if package.node != node.organisation or package.key not in _keys_here(node):
        raise NodeError("package-elsewhere", node=package.node)
    if package.organisation != organisation:
        raise NodeError("package-not-yours", organisation=package.organisation)
    if package.domain not in domains() or domain(package.domain).derived:
        raise NodeError("unknown-domain")
    if size_of(package) != size:
        raise NodeError("package-size", size=size_of(package))
    return package


def _keys_here(node: Node) -> set[str]:
    """The encryption keys to which a package may be sealed: one that was replaced counts while it is here."""
    return {key_id(pair.encryption) for pair in node.keys.provider.pairs()}


def require_new(tx: Transaction, package: Package) -> None:
    """Raise NodeError("package-known") where the package, or a body of it, came before.

    One that was refused as damaged does not count: the sound one still comes in (`make_room`)."""
    known = tx.one(
        "SELECT 1 FROM dataset WHERE id = ? AND NOT (state = 'refused' AND organisation = ?)"
        " UNION SELECT 1 FROM upload WHERE dataset = ? AND state = 'wiped'"
        " UNION SELECT 1 FROM body WHERE id IN (?, ?)",
        package.dataset,
        package.organisation,
        package.dataset,
        package.sound.body,
        package.quarantine.body,
    )
    if known or package.sound.body == package.quarantine.body:
        raise NodeError("package-known")


def make_room(tx: Transaction, package: Package) -> None:
    """Drop what is left of a damaged copy of this package."""
    tx.run("DELETE FROM dataset WHERE id = ? AND state = 'refused'", package.dataset)


def places_of(node: Node, package: Package) -> dict[str, dict[str, Any]]:
    """Both bodies with their content keys, as a measured dataset keeps them.

    Raises CapsuleDamaged where the keys do not open, or a body of that name came in since the package was looked at."""
    known = node.store.one("SELECT 1 FROM body WHERE id IN (?, ?)", package.sound.body, package.quarantine.body)
    if known:
        raise CapsuleDamaged("format")
    sound, quarantine = open_keys(package, node.keys.encryption)
    return {
        "rows": {"body": package.sound.body, "keys": [key.hex() for key in sound]},
        "quarantine": {"body": package.quarantine.body, "keys": [quarantine.hex()]},
    }


def move_in(package: Package, *, unpacked: Path, bodies: Path) -> None:
    """Put the bodies that a stage has checked where the node keeps its own."""
    for packed, group, _ in bodies_in(package):
        name = group_file(packed.body, group)
        (unpacked / name).replace(bodies / name)
