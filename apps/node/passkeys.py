"""Passkeys of this node's people: bound to its own origin, so that no other page can ask for one, or relay it.

Like a one-time code's secret a passkey belongs to a line of the roster. It is enrolled in a live sign-in with a code
that an owner, or whoever runs the machine, drew for that person; an authenticator belongs to one person. It answers for
nothing until one of them has confirmed its fingerprint, which is shown where it was enrolled: what is typed on a page
that imitates this node could enrol somebody else's. A question is answered once, within minutes, whether the answer was
good or not.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final

import rfc8785
from msgspec import Struct

from apps.node import webauthn
from apps.node.errors import FactorStale, NodeError, NotFound, PasskeyAsked
from apps.node.node import Node
from apps.node.roster import FRESH_MS, Act, Acting, require
from apps.node.store import Transaction
from apps.node.webauthn import Assertion, Site
from creditzone.kernel.documents import now_ms
from creditzone.kernel.documents.cards import fingerprint
from creditzone.kernel.sm import sm3

CODE_MS: Final = 24 * 3_600_000
QUESTION_MS: Final = 3 * 60_000
NAME_AT_MOST: Final = 60
_CODE_BYTES: Final = 10
_ENROLMENT: Final = "enrolment"
"""The subject of an enrolment's question."""
PASSKEY_ALONE: Final = frozenset({Act.DRAW_CODE, Act.CONFIRM_PASSKEY})
"""What a one-time code binds at no node: whoever relays one could enrol passkeys with it."""

Fact = str | int | list[str]


@dataclass(frozen=True, kw_only=True)
class EnrolmentCode:
    """A code with which one person enrols one passkey, shown once."""

    person: str
    code: str
    expires_at: int


@dataclass(frozen=True, kw_only=True)
class Passkey:
    """One passkey of a person; `used_at`, `confirmed_at` and `revoked_at` are None until then."""

    credential: str
    person: str
    name: str
    added_at: int
    used_at: int | None
    confirmed_at: int | None
    revoked_at: int | None

    @property
    def is_live(self) -> bool:
        """Whether it can answer."""
        return self.confirmed_at is not None and self.revoked_at is None


class Evidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An approval as anybody can check it again: the question's facts, the passkey's public key and its answer."""

    subject: str
    origin: str
    passkey_name: str
    public_key: bytes
    nonce: str
    asked_until: int
    answer: Assertion


def site(node: Node) -> Site:
    """This node as passkeys know it."""
    return webauthn.site_of(node.config.console_url, node.config.name)


def issue_code(node: Node, acting: Acting, *, person: str) -> EnrolmentCode:
    """Draw a code for a person of the organisation's roster; an earlier one stops working.

    Raises NotFound, or what `bind` raises."""
    bind(node, acting, Act.DRAW_CODE, person=person)
    with node.store.write() as tx:
        return draw_code(node, tx, person=person, organisation=acting.organisation, by=acting.person)


def draw_code(  # the command line's way in
    node: Node, tx: Transaction, *, person: str, organisation: str, by: str
) -> EnrolmentCode:
    """Draw a code inside a transaction; the store keeps its digest only. Raises NotFound."""
    if tx.one("SELECT 1 FROM roster WHERE person = ? AND organisation = ?", person, organisation) is None:
        raise NotFound
    plain = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()
    expires_at = node.act(tx) + CODE_MS
    tx.run(
        "INSERT OR REPLACE INTO enrolment_code (person, organisation, digest, issued_by, expires_at)"
        " VALUES (?, ?, ?, ?, ?)",
        person,
        organisation,
        _code_digest(plain),
        by,
        expires_at,
    )
    grouped = "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))
    return EnrolmentCode(person=person, code=grouped, expires_at=expires_at)


def ask_to_enrol(node: Node, acting: Acting, *, code: str) -> dict[str, Any]:
    """What the browser is to have an authenticator make; raises NodeError("enrolment-code")."""
    with node.store.write() as tx:
        _require_code(node, tx, acting, code)
        challenge = _ask(node, tx, acting, subject=_ENROLMENT)
    known = node.store.all("SELECT credential FROM passkey WHERE organisation = ?", acting.organisation)
    return webauthn.creation_options(
        site(node),
        challenge=challenge,
        user=f"{acting.organisation}/{acting.person}",
        name=acting.person_name,
        known=[row["credential"] for row in known],
        timeout=QUESTION_MS,
    )


def enrol(node: Node, acting: Acting, *, code: str, name: str, answer: str) -> str:
    """Keep the passkey that an authenticator made, and use the code up; its fingerprint, to be confirmed by others.

    Raises NodeError that says what does not hold."""
    if not name.strip() or len(name) > NAME_AT_MOST:
        raise NodeError("invalid", name=name[:NAME_AT_MOST])
    challenge = _challenge(acting, _ENROLMENT, *_answered(node, acting, subject=_ENROLMENT))
    made = webauthn.enrolled(site(node), answer, challenge=challenge)
    with node.store.write() as tx:
        now = node.act(tx)
        _require_code(node, tx, acting, code)
        tx.run("DELETE FROM enrolment_code WHERE person = ? AND organisation = ?", acting.person, acting.organisation)
        if tx.one("SELECT 1 FROM passkey WHERE credential = ?", made.credential):
            raise NodeError("passkey-known")
        tx.run(
            "INSERT INTO passkey (credential, person, organisation, name, public_key, counter, added_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            made.credential,
            acting.person,
            acting.organisation,
            name.strip(),
            made.public_key,
            made.counter,
            now,
        )
    return fingerprint(_print_of(made.credential, made.public_key))


def confirm(node: Node, acting: Acting, *, person: str, typed: str) -> None:
    """An owner was told the fingerprint by the person and typed it in: from now on the passkey answers.

    Raises NodeError("fingerprint-wrong"), or what `bind` raises."""
    bind(node, acting, Act.CONFIRM_PASSKEY, person=person, fingerprint=typed)
    with node.store.write() as tx:
        believe(node, tx, person=person, organisation=acting.organisation, typed=typed, by=acting.person)


def believe(  # the command line's way in
    node: Node, tx: Transaction, *, person: str, organisation: str, typed: str, by: str
) -> None:
    """Confirm the person's passkey that has this fingerprint; confirmed before is confirmed.

    Raises NodeError("fingerprint-wrong")."""
    now, told = node.act(tx), "".join(typed.split()).upper()
    for row in tx.all(
        "SELECT * FROM passkey WHERE person = ? AND organisation = ? AND revoked_at IS NULL", person, organisation
    ):
        shown = fingerprint(_print_of(row["credential"], row["public_key"]))
        if compare_digest("".join(shown.split()).encode(), told.encode()):
            tx.run(
                "UPDATE passkey SET confirmed_at = coalesce(confirmed_at, ?), confirmed_by = coalesce(confirmed_by, ?)"
                " WHERE credential = ?",
                now,
                by,
                row["credential"],
            )
            return
    raise NodeError("fingerprint-wrong")


def _print_of(credential: str, public_key: bytes) -> str:
    return sm3.digest(f"creditzone/passkey/v1\n{credential}\n".encode() + public_key)


def listing(node: Node, acting: Acting, *, person: str) -> list[Passkey]:
    """A person's passkeys in the organisation, newest first."""
    rows = node.store.all(
        "SELECT * FROM passkey WHERE person = ? AND organisation = ? ORDER BY revoked_at IS NOT NULL, added_at DESC",
        person,
        acting.organisation,
    )
    names = Passkey.__dataclass_fields__
    return [Passkey(**{name: row[name] for name in names}) for row in rows]


def has_one(node: Node, acting: Acting) -> bool:
    """Whether the person can approve here by a passkey."""
    return any(each.is_live for each in listing(node, acting, person=acting.person))


def is_live(node: Node, credential: str, *, public_key: bytes) -> bool:
    """Whether this passkey is enrolled here, confirmed and not revoked."""
    row = node.store.one(
        "SELECT 1 FROM passkey WHERE credential = ? AND public_key = ?"
        " AND confirmed_at IS NOT NULL AND revoked_at IS NULL",
        credential,
        public_key,
    )
    return row is not None


def rename(node: Node, acting: Acting, credential: str, *, name: str) -> None:
    """Call one's own passkey otherwise; raises NotFound."""
    if not name.strip() or len(name) > NAME_AT_MOST:
        raise NodeError("invalid", name=name[:NAME_AT_MOST])
    with node.store.write() as tx:
        node.act(tx)
        changed = tx.run(
            "UPDATE passkey SET name = ? WHERE credential = ? AND person = ? AND organisation = ?",
            name.strip(),
            credential,
            acting.person,
            acting.organisation,
        )
        if not changed:
            raise NotFound


def revoke(node: Node, acting: Acting, credential: str) -> None:
    """Let a passkey approve nothing more: one's own, or an owner somebody's of the roster.

    Approvals of policies that are not signed yet stop counting with it. Raises NotFound, or what `bind` raises."""
    row = node.store.one(
        "SELECT person FROM passkey WHERE credential = ? AND organisation = ?", credential, acting.organisation
    )
    if row is None:
        raise NotFound
    if row["person"] != acting.person:
        bind(node, acting, Act.EDIT_ROSTER, what="revoke-passkey", passkey=credential)
    with node.store.write() as tx:
        now = node.act(tx)
        tx.run("UPDATE passkey SET revoked_at = ? WHERE credential = ? AND revoked_at IS NULL", now, credential)


def bind(node: Node, acting: Acting, act: Act, **facts: Fact) -> None:
    """Let the act through once the person's passkey has answered for exactly these facts; the answer is used up.

    Raises Forbidden; PasskeyAsked with the question while there is no answer; NodeError("passkey-missing") or what
    `take_answer` raises. Where the node's settings let one-time codes bind, a fresh one does, or FactorStale."""
    require(acting, act)
    subject = f"{act.value}/{sm3.digest(rfc8785.dumps(facts))}"
    if acting.answer:
        take_answer(node, acting, subject=subject, answer=acting.answer)
    elif acting.asks or act in PASSKEY_ALONE or not node.config.one_time_codes_bind:
        raise PasskeyAsked(ask(node, acting, subject=subject))
    elif now_ms() - acting.factor_at > FRESH_MS:
        raise FactorStale


def ask(node: Node, acting: Acting, *, subject: str) -> dict[str, Any]:
    """What the browser is to have an authenticator answer, about exactly this subject: a policy's digest, mostly.

    Raises NodeError("passkey-missing")."""
    listed = listing(node, acting, person=acting.person)
    own = [each for each in listed if each.is_live]
    if not own:
        raise NodeError("passkey-pending" if any(not each.revoked_at for each in listed) else "passkey-missing")
    with node.store.write() as tx:
        challenge = _ask(node, tx, acting, subject=subject)
    return webauthn.request_options(
        site(node), challenge=challenge, allowed=[each.credential for each in own], timeout=QUESTION_MS
    )


def take_answer(node: Node, acting: Acting, *, subject: str, answer: str) -> Evidence:
    """The answer to the question about this subject, with what checks it again; the question is used up.

    Raises NodeError that says what does not hold: no question asked, another subject's, another origin, a passkey
    that is unknown, somebody else's or revoked, no verified holder, a wrong signature, a counter that went back."""
    nonce, until = _answered(node, acting, subject=subject)
    given = webauthn.assertion(answer)
    with node.store.write() as tx:
        now = node.act(tx)
        row = tx.one("SELECT * FROM passkey WHERE credential = ?", given.credential)
        if row is None or (row["person"], row["organisation"]) != (acting.person, acting.organisation):
            raise NodeError("passkey-unknown")
        if row["revoked_at"] is not None:
            raise NodeError("passkey-revoked")
        if row["confirmed_at"] is None:
            raise NodeError("passkey-pending")
        challenge = _challenge(acting, subject, nonce, until)
        counter = webauthn.counter_of(site(node), given, public_key=row["public_key"], challenge=challenge)
        if (counter or row["counter"]) and counter <= row["counter"]:
            raise NodeError("passkey-counter")
        tx.run("UPDATE passkey SET counter = ?, used_at = ? WHERE credential = ?", counter, now, given.credential)
    return Evidence(
        subject=subject,
        origin=site(node).origin,
        passkey_name=row["name"],
        public_key=row["public_key"],
        nonce=nonce,
        asked_until=until,
        answer=given,
    )


def check_again(node: Node, evidence: Evidence, *, person: str, organisation: str) -> None:
    """Raises NodeError unless the kept evidence is that person's answer about its subject.

    The origin is the one kept with the approval: a node's address may have changed since."""
    where = webauthn.site_of(evidence.origin, node.config.name)
    facts = _facts(person, organisation, evidence.subject, evidence.nonce, evidence.asked_until)
    challenge = webauthn.challenge_of("approval", facts)
    webauthn.counter_of(where, evidence.answer, public_key=evidence.public_key, challenge=challenge)


def _ask(node: Node, tx: Transaction, acting: Acting, *, subject: str) -> bytes:
    now = node.act(tx)
    nonce, until = secrets.token_urlsafe(24), now + QUESTION_MS
    tx.run("DELETE FROM challenge WHERE expires_at < ?", now)
    tx.run(
        "INSERT OR REPLACE INTO challenge (person, organisation, subject, nonce, expires_at) VALUES (?, ?, ?, ?, ?)",
        acting.person,
        acting.organisation,
        subject,
        nonce,
        until,
    )
    return _challenge(acting, subject, nonce, until)


def _answered(node: Node, acting: Acting, *, subject: str) -> tuple[str, int]:
    """The nonce and end of the question that waits for an answer; it waits no longer, whatever the answer is."""
    with node.store.write() as tx:
        row = tx.one(
            "DELETE FROM challenge WHERE person = ? AND organisation = ? AND subject = ? RETURNING nonce, expires_at",
            acting.person,
            acting.organisation,
            subject,
        )
    if row is None or row["expires_at"] < now_ms():
        raise NodeError("passkey-challenge")
    return str(row["nonce"]), int(row["expires_at"])


def _challenge(acting: Acting, subject: str, nonce: str, until: int) -> bytes:
    kind = _ENROLMENT if subject == _ENROLMENT else "approval"
    return webauthn.challenge_of(kind, _facts(acting.person, acting.organisation, subject, nonce, until))


def _facts(person: str, organisation: str, subject: str, nonce: str, until: int) -> dict[str, str | int]:
    return {"person": person, "organisation": organisation, "subject": subject, "nonce": nonce, "until": until}


def _require_code(node: Node, tx: Transaction, acting: Acting, code: str) -> None:
    row = tx.one(
        "SELECT digest, expires_at FROM enrolment_code WHERE person = ? AND organisation = ?",
        acting.person,
        acting.organisation,
    )
    plain = "".join(code.split()).replace("-", "").upper()
    if row is None or row["digest"] != _code_digest(plain) or row["expires_at"] < node.act(tx):
        raise NodeError("enrolment-code")


def _code_digest(plain: str) -> str:
    return sm3.digest(f"creditzone/enrolment-code/v1\n{plain}".encode())
