"""A lost node's capsules come back: sheets on paper, and what a custodian's officer gives out.

The new node draws a request for one capsule; its fingerprint is told to the custodian's officer by another way. The
officer answers in the custodian's node with a fresh factor: the deposit and the custodian's share, sealed to the new
node's key. Words of sheets are typed in at the new node's command line. With enough shares the content keys are here
again and are tried on the bodies; the capsule stays shut until a policy for it is signed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from apps.node import datasets, sheets
from apps.node.custodian import own_share
from apps.node.custody import place_of
from apps.node.errors import NodeError, Refused
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting, require
from apps.node.store import Transaction
from creditzone.kernel.capsule import CapsuleDamaged, check_body_digest, group_file, read_body, summary_of
from creditzone.kernel.custody.join import ShareRefused, join
from creditzone.kernel.custody.recovery import share_at, unpack
from creditzone.kernel.custody.shares import SALT, Share
from creditzone.kernel.documents import (
    CapsuleHeader,
    DatasetMeasured,
    Deposit,
    Digest,
    DocumentError,
    Id,
    Key,
    Policy,
    Signed,
    Uscc,
    now_ms,
    read,
)
from creditzone.kernel.documents.cards import fingerprint
from creditzone.kernel.refusals import Refusal
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import open_with, seal_to
from creditzone.kernel.sm.sm2 import PublicKey, Sm2Error
from creditzone.kernel.sm.sm4 import AuthenticationError

_USE: Final = b"creditzone/recovery/v1\n"


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new node asks a custodian for: one capsule of its organisation, sealed to this key."""

    zone: Digest
    provider: Uscc
    capsule: Id
    key: Key

    def text(self) -> str:
        """The request as it is carried."""
        return msgspec.json.encode(self).decode()

    @property
    def fingerprint(self) -> str:
        """What is told by another way, so that nobody slips in a key."""
        return fingerprint(sm3.digest(self.text().encode()))


class _Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    deposit: Signed
    index: int
    share: str


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """A capsule whose content keys are here again: its newest deposited version, groups and rows."""

    capsule: str
    version: int
    groups: int
    rows: int


def request(node: Node, capsule: str) -> Request:
    """Ask for one capsule; raises NodeError for what is no capsule's id."""
    try:
        return msgspec.convert(
            {
                "zone": node.zone,
                "provider": node.organisation,
                "capsule": capsule,
                "key": node.keys.encryption.public.hex,
            },
            Request,
        )
    except msgspec.ValidationError:
        raise NodeError("recovery-unfit") from None


# The custodian's side -----------------------------------------------------------------------------------------------


def answer(node: Node, acting: Acting, text: str, *, typed: str) -> str:
    """Give the deposit and the own share out to a provider's new node, in hexadecimal; `typed` is the request's
    fingerprint as its provider told it. Raises what `bind` raises, NodeError."""
    require(acting, Act.ANSWER_RECOVERY)
    asked = _read_request(text)
    if "".join(typed.split()).upper() != "".join(asked.fingerprint.split()):
        raise NodeError("fingerprint-wrong")
    if asked.zone != node.zone or acting.organisation != node.organisation:
        raise NodeError("recovery-unfit")
    bind(node, acting, Act.ANSWER_RECOVERY, provider=asked.provider, capsule=asked.capsule, key=asked.key)
    with node.store.write() as tx:
        row = tx.one("SELECT text FROM deposit WHERE provider = ? AND capsule = ?", asked.provider, asked.capsule)
        if row is None:
            raise NodeError("not-found")
        document = msgspec.json.decode(row["text"], type=Signed)
        deposit = read(document, Deposit)
        if deposit.recovery is None:
            raise NodeError("recovery-none")
        share = own_share(node, deposit)
        _note(node, tx, asked, person=acting.person)
    given = _Answer(deposit=document, index=share.index, share=(share.salt + share.value).hex())
    return seal_to(PublicKey.from_hex(asked.key), msgspec.json.encode(given), associated=_about(asked)).hex()


def _read_request(text: str) -> Request:
    try:
        asked = msgspec.json.decode(text.strip(), type=Request)
        PublicKey.from_hex(asked.key)
    except (msgspec.DecodeError, UnicodeError, Sm2Error):
        raise NodeError("recovery-unfit") from None
    return asked


def _note(node: Node, tx: Transaction, asked: Request, *, person: str) -> None:
    facts = {"provider": asked.provider, "capsule": asked.capsule, "key": asked.key, "person": person}
    tx.run(
        "INSERT INTO job_log (at, what, facts) VALUES (?, 'recovery', ?)",
        node.act(tx),
        msgspec.json.encode(facts).decode(),
    )


# The new node's side ------------------------------------------------------------------------------------------------


def restore(node: Node, asked: Request, answers: Sequence[str], words: Sequence[str]) -> Recovered:
    """Put the secret together from custodians' answers and sheets, and keep the content keys.

    Raises NodeError for an answer or a sheet that is unfit, or for bodies that are not here or damaged; Refused
    (share-missing, share-wrong) and names the holder whose share is missing or wrong."""
    opened = [_opened(node, asked, one) for one in answers]
    if not opened:
        raise NodeError("recovery-unfit")
    deposit = max(
        (read(one.deposit, Deposit) for one in opened), key=lambda one: read(one.header, CapsuleHeader).version
    )
    header = _header(asked, deposit)
    if deposit.recovery is None:
        raise NodeError("recovery-none")
    if read(deposit.policy, Policy).parents:
        raise NodeError("recovery-derived")
    place = place_of(header, header.custody.holders[0])
    found = {one.index: Share(one.index, *_halves(one.share)) for one in opened}
    try:
        for key in map(sheets.key_of, words):
            if (share := share_at(deposit.recovery, key, place)) is not None:
                found.setdefault(share.index, share)
        secret = join(header.custody, list(found.values()), capsule=header.capsule, version=header.version)
        keys = unpack(deposit.recovery, secret, place)
    except ShareRefused as error:
        raise Refused(Refusal(error.clause, {"holder": error.holder})) from None
    except AuthenticationError:
        raise NodeError("recovery-unfit") from None
    _try(node, header, keys)
    with node.store.write() as tx:
        node.act(tx)
        _keep(node, tx, deposit, header, keys)
    return Recovered(capsule=header.capsule, version=header.version, groups=len(keys), rows=header.rows)


def _opened(node: Node, asked: Request, text: str) -> _Answer:
    try:
        plain = open_with(node.keys.encryption, bytes.fromhex(text.strip()), associated=_about(asked))
        return msgspec.json.decode(plain, type=_Answer)
    except (AuthenticationError, msgspec.DecodeError, ValueError):
        raise NodeError("recovery-unfit") from None


def _header(asked: Request, deposit: Deposit) -> CapsuleHeader:
    """The deposit's header, which must be of the capsule that was asked for. Who signed it is not asked: the key that
    did is lost. What counts is that the shares fit its commitments and its keys open the bodies."""
    try:
        header, policy = read(deposit.header, CapsuleHeader), read(deposit.policy, Policy)
    except DocumentError:
        raise NodeError("recovery-unfit") from None
    found = (header.zone, header.provider, header.capsule, policy.capsule, header.policy)
    if found != (asked.zone, asked.provider, asked.capsule, asked.capsule, deposit.policy.digest):
        raise NodeError("recovery-unfit")
    return header


def _halves(text: str) -> tuple[bytes, bytes]:
    plain = bytes.fromhex(text)
    return plain[:SALT], plain[SALT:]


def _try(node: Node, header: CapsuleHeader, keys: dict[int, bytes]) -> None:
    """Open every chunk of the bodies and let it go: the keys are those of what lies here."""
    folder = datasets.bodies_folder(node)

    def body(group: int) -> BinaryIO:
        return (folder / group_file(header.body, group)).open("rb")

    try:
        files = [body(group.index) for group in header.groups]
        try:
            check_body_digest(files, header)
        finally:
            for file in files:
                file.close()
        for group in header.groups:
            with body(group.index) as file:
                summary = summary_of(header, group.index)
                chunks = read_body(
                    file,
                    keys[group.index],
                    capsule=header.capsule,
                    body=header.body,
                    group=group.index,
                    summary=summary,
                )
                for _ in chunks:
                    pass
    except (CapsuleDamaged, FileNotFoundError, KeyError):
        raise Refused(Refusal("capsule-damaged")) from None


def _keep(node: Node, tx: Transaction, deposit: Deposit, header: CapsuleHeader, keys: dict[int, bytes]) -> None:
    """Dataset, body and head as far as the deposit tells them. The own part of the secret is not among them: nothing
    opens until a policy is signed anew."""
    if tx.one("SELECT 1 FROM dataset WHERE id = ?", header.dataset) is not None:
        raise NodeError("recovery-known")
    now = now_ms()
    measured = DatasetMeasured(
        dataset=header.dataset,
        domain=header.domain,
        title=header.domain,
        rows=header.rows,
        accepted=header.rows,
        quarantined=0,
        faults=(),
        columns=(),
        body_digest=header.body_digest,
        size=sum(group.length for group in header.groups),
        measured_at=header.sealed_at,
    )
    tx.run(
        "INSERT INTO dataset (id, organisation, domain, title, upload, person, state, progress, measured, created_at,"
        " measured_at) VALUES (?, ?, ?, ?, '', '', 'measured', 100, ?, ?, ?)",
        header.dataset,
        header.provider,
        header.domain,
        header.domain,
        msgspec.json.encode(measured).decode(),
        now,
        now,
    )
    tx.run(
        "INSERT INTO body (id, dataset, kind, keys, column_groups, digest, chunk_size)"
        " VALUES (?, ?, 'rows', ?, ?, ?, ?)",
        header.body,
        header.dataset,
        node.keys.seal(b"".join(keys[group.index] for group in header.groups), use=f"body:{header.body}"),
        msgspec.json.encode(header.groups).decode(),
        header.body_digest,
        header.chunk_size,
    )
    tx.run(
        "INSERT INTO capsule (id, dataset, organisation, version, header, policy, title, sealed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        header.capsule,
        header.dataset,
        header.provider,
        header.version,
        msgspec.json.encode(deposit.header).decode(),
        msgspec.json.encode(deposit.policy).decode(),
        header.domain,
        header.sealed_at,
    )


def _about(asked: Request) -> bytes:
    return _USE + asked.text().encode()
