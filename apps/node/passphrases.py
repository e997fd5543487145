"""A hosted firm's passphrase, guarded against guessing: five wrong tries lock the firm's keys for 15 minutes.

A try counts before the keys are derived and is taken back when they open, so that many tries at once are no more than
five. The lock is the firm's, whoever tries, and stands in the store: no restart ends it.
"""

from __future__ import annotations

from typing import Final

from apps.node.errors import NodeError, PassphraseLocked, WrongPassphrase
from apps.node.factors import LOCK_MS, TRIES
from apps.node.firmkeys import FirmKeys
from apps.node.node import Node
from creditzone.kernel.documents import now_ms

_FAILURES: Final = "passphrase-failures:"
_LOCKED: Final = "passphrase-locked-until:"


def open_firm(node: Node, organisation: str, passphrase: str | None, *, now: int | None = None) -> FirmKeys:
    """A hosted firm's keys; call it outside a transaction.

    Raises WrongPassphrase, PassphraseLocked after five of them in a row, NodeError where none was given."""
    if not passphrase:
        raise NodeError("passphrase-missing")
    locked_until = _take_try(node, organisation, at=now_ms() if now is None else now)
    try:
        keys = node.firm_keys.open(organisation, passphrase)
    except WrongPassphrase:
        if locked_until:
            raise PassphraseLocked(locked_until) from None
        raise
    with node.store.write() as tx:
        tx.keep(_FAILURES + organisation, "0")
        tx.keep(_LOCKED + organisation, "0")
    return keys


def _take_try(node: Node, organisation: str, *, at: int) -> int:
    """Count one try as failed; until when it locks if it fails, 0 where it does not. Raises PassphraseLocked."""
    with node.store.write() as tx:
        until = int(tx.setting(_LOCKED + organisation) or 0)
        if until > at:
            raise PassphraseLocked(until)
        before = int(tx.setting(_FAILURES + organisation) or 0)
        failures = 1 if before >= TRIES else before + 1
        locked_until = at + LOCK_MS if failures >= TRIES else 0
        tx.keep(_FAILURES + organisation, str(failures))
        tx.keep(_LOCKED + organisation, str(locked_until))
    return locked_until
