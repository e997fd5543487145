"""The provider's own part of each capsule's secret, kept at this node: without it a header's keys open for nobody.

A new sealing draws a new one and the one before is destroyed, so that older headers, which the portal and others keep,
do not open any more. It stands in the store under the keystore's key, and deleted bytes are written over there. The
custodians' shares leave in their deposits as they are drawn, each sealed to its custodian: none of them stays here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import msgspec

from apps.node import guardians, outbox, sheets, votes
from apps.node.node import Node
from apps.node.store import Store, Transaction
from creditzone.kernel.custody.join import ShareRefused, join
from creditzone.kernel.custody.letters import Place, seal_deposit, seal_share
from creditzone.kernel.custody.recovery import pack
from creditzone.kernel.custody.shares import SALT, Share
from creditzone.kernel.custody.split import Divided, divide
from creditzone.kernel.documents import (
    CapsuleHeader,
    Deposit,
    DepositSent,
    Holder,
    Policy,
    Recovery,
    Signed,
    read,
    signed,
)
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm.keys import Signer
from creditzone.kernel.sm.sm2 import PublicKey
from creditzone.kernel.sm.sm4 import AuthenticationError


def renew(node: Node, tx: Transaction, policy: Policy) -> Divided:
    """Draw the secret of this version of a capsule and keep the own part in the place of the one before.

    Call `destroy_older` once the transaction stands."""
    divided = divide(guardians.plan(node, policy.provider), capsule=policy.capsule, version=policy.version)
    own = divided.shares[0]
    tx.run(
        "INSERT INTO own_part (capsule, version, sealed) VALUES (?, ?, ?) ON CONFLICT (capsule) DO UPDATE SET"
        " version = excluded.version, sealed = excluded.sealed",
        policy.capsule,
        policy.version,
        node.keys.seal(own.salt + own.value, use=_use(policy.capsule, policy.version)),
    )
    return divided


def deposit(
    node: Node,
    tx: Transaction,
    divided: Divided,
    *,
    header: Signed,
    policy: Signed,
    keys: Mapping[int, bytes],
    key: Signer,
) -> None:
    """Leave each custodian its deposit, signed with `key`, in the transaction that keeps the header as the head.

    `keys` are all content keys of the body, for recovery: also of groups that the policy does not let in."""
    head = read(header, CapsuleHeader)
    recovery = _recovery(node, divided, head, keys)
    loosening = votes.loosening_of(node, read(policy, Policy))
    for holder, share in zip(head.custody.holders, divided.shares, strict=True):
        card = node.card_of(holder.organisation)
        if holder.kind != "node" or card is None:
            continue
        to, place = PublicKey.from_hex(card.encryption_key), place_of(head, holder)
        document = Deposit(
            zone=node.zone,
            provider=head.provider,
            custodian=holder.organisation,
            header=header,
            policy=policy,
            share=seal_share(share, to, place).hex(),
            recovery=recovery,
            loosening=loosening,
            deposited_at=head.sealed_at,
        )
        sealed = seal_deposit(msgspec.json.encode(signed(document, key, by=head.provider)), to, place)
        body = base64.b64encode(sealed).decode()
        sent = DepositSent(capsule=head.capsule, version=head.version, to=holder.organisation, body=body)
        outbox.say(node, tx, sent, organisation=head.provider)


def _recovery(node: Node, divided: Divided, head: CapsuleHeader, keys: Mapping[int, bytes]) -> Recovery | None:
    """The own part for each officer's sheet and the supervisor's share for its; None without an officer's sheet, for
    then nothing could bring the own part back."""
    held = {holder.key: share for holder, share in zip(head.custody.holders, divided.shares, strict=True)}
    known = sheets.serving(node) if head.provider == node.organisation else []
    officers = [(one.public, divided.shares[0]) for one in known if one.kind == "officer"]
    if not officers:
        return None
    escrow = [(one.public, held[one.id]) for one in known if one.kind == "regulator" and one.id in held]
    return pack(divided.secret, keys, [*officers, *escrow], place_of(head, head.custody.holders[0]))


def place_of(header: CapsuleHeader, holder: Holder) -> Place:
    """Where a holder's share of this header belongs."""
    return Place(
        zone=header.zone,
        provider=header.provider,
        holder=holder.organisation,
        capsule=header.capsule,
        version=header.version,
    )


def has_part(rows: Store | Transaction, capsule: str, version: int) -> bool:
    """Whether the own part of this very version is here."""
    return rows.one("SELECT 1 FROM own_part WHERE capsule = ? AND version = ?", capsule, version) is not None


def drop_older(tx: Transaction, capsule: str, version: int) -> None:
    """Delete the own part of a version that was left behind."""
    tx.run("DELETE FROM own_part WHERE capsule = ? AND version < ?", capsule, version)


def destroy(tx: Transaction, capsule: str) -> None:
    """Delete the own part of every version: no header of this capsule opens any more."""
    tx.run("DELETE FROM own_part WHERE capsule = ?", capsule)


def destroy_older(node: Node) -> None:
    """Let no copy of a replaced part stay in the store's log; somebody who reads right now delays it to the next."""
    node.store.forget_deleted()


def secret_of(node: Node, header: CapsuleHeader, released: Sequence[Share] = ()) -> bytes:
    """The header's secret, put together from the own part and what custodians released; raises Refused and names the
    holder."""
    row = node.store.one(
        "SELECT sealed FROM own_part WHERE capsule = ? AND version = ?", header.capsule, header.version
    )
    shares = list(released)
    if row is not None:
        try:
            plain = node.keys.open_sealed(row["sealed"], use=_use(header.capsule, header.version))
        except AuthenticationError:
            raise Refused("share-wrong", holder=node.name_of(header.provider)) from None
        shares.append(Share(0, plain[:SALT], plain[SALT:]))
    try:
        return join(header.custody, shares, capsule=header.capsule, version=header.version)
    except ShareRefused as error:
        raise Refused(error.clause, holder=error.holder) from None


def _use(capsule: str, version: int) -> str:
    return f"own-part {capsule} {version}"
