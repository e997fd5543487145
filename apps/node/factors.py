"""The node's own second factor: TOTP (RFC 6238, SHA-1, six digits, 30 s), enrolled here and never at the portal.

It belongs to a line of the roster: a person who acts for two organisations of a node has a factor for each, so that
no owner draws, or knows, the factor with which somebody acts for another organisation. Each time step works once;
five wrong codes lock that person there for 15 minutes. A portal that imitates the node's page could relay a code
while it is fresh: it signs in, and what binds is a passkey's (`passkeys.bind`).
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from apps.node.errors import FactorLocked, FactorWrong, NodeError
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import now_ms

STEP_MS: Final = 30_000
TRIES: Final = 5
LOCK_MS: Final = 15 * 60 * 1000
_SECRET_BYTES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A new factor, shown once: the secret in base32 and the address that an authenticator reads."""

    person: str
    secret: str
    uri: str


def enrol(node: Node, tx: Transaction, *, person: str, organisation: str, name: str) -> Enrolment:
    """Draw a new secret for the person acting for the organisation; an earlier one stops working."""
    raw = secrets.token_bytes(_SECRET_BYTES)
    secret = base64.b32encode(raw).decode()
    tx.run(
        "INSERT INTO factor (person, organisation, secret) VALUES (?, ?, ?)"
        " ON CONFLICT (person, organisation) DO UPDATE SET secret = excluded.secret,"
        " last_step = 0, failures = 0, locked_until = 0",
        person,
        organisation,
        node.keys.seal(raw, use=_use(person)),
    )
    issuer = quote(f"CreditZone {node.config.name}")
    return Enrolment(
        person=person,
        secret=secret,
        uri=f"otpauth://totp/{issuer}:{quote(name)}?secret={secret}&issuer={issuer}",
    )


def check(node: Node, *, person: str, organisation: str, code: str, now: int | None = None) -> int:
    """Take the code with which the person acts for the organisation; the instant from which it counts (ms UTC).

    Raises FactorLocked after five wrong codes, FactorWrong (also for a code that was used before), NodeError where no
    factor is enrolled. The time step is marked used in the same transaction that accepts it."""
    at = now_ms() if now is None else now
    with node.store.write() as tx:
        row = tx.one("SELECT * FROM factor WHERE person = ? AND organisation = ?", person, organisation)
        if row is None:
            raise NodeError("factor-missing")
        if row["locked_until"] > at:
            raise FactorLocked("factor-locked", until=row["locked_until"])
        secret = node.keys.open_sealed(row["secret"], use=_use(person))
        step = _matching_step(secret, code.strip(), at=at, after=row["last_step"])
        if step is not None:
            tx.run(
                "UPDATE factor SET last_step = ?, failures = 0, locked_until = 0 WHERE person = ? AND organisation = ?",
                step,
                person,
                organisation,
            )
            return at
        failures = 0 if row["failures"] >= TRIES else row["failures"]
        failures += 1
        locked_until = at + LOCK_MS if failures >= TRIES else 0
        tx.run(
            "UPDATE factor SET failures = ?, locked_until = ? WHERE person = ? AND organisation = ?",
            failures,
            locked_until,
            person,
            organisation,
        )
    if locked_until:
        raise FactorLocked("factor-locked", until=locked_until)
    raise FactorWrong("factor-wrong", left=TRIES - failures)


def code_at(secret: bytes, at: int) -> str:
    """The code of the step that `at` (ms UTC) lies in."""
    return _code(secret, at // STEP_MS)


def _matching_step(secret: bytes, code: str, *, at: int, after: int) -> int | None:
    """The step of now, the one before or the one after whose code this is, if it is later than the last one used."""
    found = None
    for step in (at // STEP_MS - 1, at // STEP_MS, at // STEP_MS + 1):
        if compare_digest(_code(secret, step).encode(), code.encode()) and step > after:
            found = step
    return found


def _code(secret: bytes, step: int) -> str:
    return HOTP(secret, 6, SHA1()).generate(step).decode()  # noqa: S303 (RFC 6238's default; HMAC, not a digest)


def _use(person: str) -> str:
    return f"factor:{person}"
