"""The node's one call to the portal: statements up, zone-signed orders and documents down. The portal never calls.

Both directions are safe twice: statements are numbered and kept until acknowledged, messages are numbered and taken in
at most once. Every call carries a rising counter that is kept before the call is made.
"""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct

from apps.node import outbox, restoring
from apps.node.node import Node
from creditzone.kernel.documents import (
    DocumentError,
    Downlink,
    Heartbeat,
    Message,
    SignatureInvalid,
    Signed,
    Uplink,
    now_ms,
    require_signature,
    signed,
)
from creditzone.kernel.orders import SKEW_MS
from creditzone.kernel.sm.keys import Signer

PATH: Final = "/node/v1/exchange"
FORKED: Final = "statement-chain"
"""The portal's word for a statement that does not follow on the last: unsigned, so it only makes this node ask."""
UNKNOWN: Final = "call-signature"
"""The portal's word for a call under a key that is not on this node's registered card: unsigned too."""
_MOST_BYTES: Final = 64 << 20
_TIMEOUT: Final = 20.0
_TOO_MANY: Final = 429
_USUAL_WAIT: Final = 5
_LONGEST_WAIT: Final = 60
_CODE: Final = re.compile(r"[a-z][a-z-]{1,40}")


class ExchangeFailed(Exception):
    """The call did not bring a usable answer; `reason` is one of our own words, for the health page and the log.

    `wait` is how many seconds no other call should be made."""

    def __init__(self, reason: str, *, wait: int = 0) -> None:
        self.reason = reason
        self.wait = wait
        super().__init__(reason)


@dataclass(frozen=True)
class Answer:
    """A checked answer: new messages in their order, and whether the portal holds more statements than this node."""

    messages: tuple[Message, ...]
    acknowledged: int


def exchange(node: Node, heartbeat: Heartbeat) -> Answer:
    """Make the call. Acknowledgements are kept here; messages are for the caller to take in, one by one.

    Raises ExchangeFailed: unreachable, the portal's problem code (else http-<status>), not-an-answer, not-the-zones,
    other-call, clock-skew, recall-damaged."""
    uplink = _uplink(node, heartbeat)
    try:
        data = _call(node, uplink)
    except ExchangeFailed as failure:
        if failure.reason == FORKED:
            restoring.begin(node)
        raise
    answer = _checked(node, data, counter=uplink.counter)
    _hear_own(node, uplink, answer)
    received = node.store.number("received")
    fresh = tuple(message for message in answer.messages if message.number > received)
    return Answer(messages=fresh, acknowledged=answer.acknowledged)


def _hear_own(node: Node, uplink: Uplink, answer: Downlink) -> None:
    """How far our own statements came; a node that said more than it knows gets them back."""
    if uplink.recall is not None:
        try:
            restoring.merge(node, answer.recalled, up_to=answer.acknowledged)
        except restoring.RecallDamaged:
            raise ExchangeFailed("recall-damaged") from None
        return
    with node.store.write() as tx:
        outbox.acknowledge(tx, up_to=answer.acknowledged)
    if answer.acknowledged > outbox.last_number(node):
        restoring.begin(node)


def _uplink(node: Node, heartbeat: Heartbeat) -> Uplink:
    with node.store.write() as tx:
        counter = max(int(tx.setting("counter") or 0) + 1, now_ms())  # above all calls, though the store be a backup
        tx.keep("counter", str(counter))
        received = int(tx.setting("received") or 0)
    recall = restoring.anchor(node) if node.is_restoring else None
    return Uplink(
        zone=node.zone,
        node=node.organisation,
        counter=counter,
        sent_at=now_ms(),
        statements=() if recall is not None else tuple(outbox.waiting(node)),
        received=received,
        heartbeat=heartbeat,
        recall=recall,
    )


def _call(node: Node, uplink: Uplink) -> bytes:
    """The answer to the call, signed by the key that the portal knows. It may know another one than this node thinks:
    the answer that said so was lost, or the store is a backup. A refused signature claims no counter."""
    voice = outbox.voice(node, node.store)
    others = [pair.signing.hex for pair in reversed(node.keys.provider.pairs()) if pair.signing != voice.public]
    for key in (voice, *map(node.keys.signer, others)):
        try:
            return _post(node, uplink, key=key)
        except ExchangeFailed as failure:
            if failure.reason != UNKNOWN:
                raise
    raise ExchangeFailed(UNKNOWN)


def _post(node: Node, uplink: Uplink, *, key: Signer) -> bytes:
    body = msgspec.json.encode(signed(uplink, key, by=node.organisation))
    scheme, host, port = node.config.connect_to()
    connection = (
        http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=ssl.create_default_context())
        if scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    )
    headers = {"Host": node.config.portal_host, "Content-Type": "application/json"}
    try:
        connection.request("POST", PATH, body=body, headers=headers)
        response = connection.getresponse()
        data = response.read(_MOST_BYTES + 1)
    except (OSError, http.client.HTTPException):
        raise ExchangeFailed("unreachable") from None
    finally:
        connection.close()
    if response.status != 200:
        wait = _wait(response.getheader("Retry-After")) if response.status == _TOO_MANY else 0
        raise ExchangeFailed(_refusal(response.status, data), wait=wait)
    if len(data) > _MOST_BYTES:
        raise ExchangeFailed("not-an-answer")
    return data


def _wait(said: str | None) -> int:
    """How long a portal that is asked too often wants to be left alone. Its word is unsigned, so it counts up to a
    minute only: it could as well not answer."""
    return min(int(said), _LONGEST_WAIT) if said and said.isascii() and said.isdecimal() else _USUAL_WAIT


def _refusal(status: int, data: bytes) -> str:
    """The portal's problem code where its answer has one: unsigned, so for people to read only."""
    try:
        code = msgspec.json.decode(data, type=_Problem).code
    except msgspec.DecodeError:
        code = ""
    return code if _CODE.fullmatch(code) else f"http-{status}"


class _Problem(Struct):
    code: str = ""


def _checked(node: Node, data: bytes, *, counter: int) -> Downlink:
    try:
        document = msgspec.json.decode(data, type=Signed)
        answer = require_signature(document, Downlink, by=node.zone_card.organisation, key=node.zone_key)
    except (msgspec.DecodeError, DocumentError):
        raise ExchangeFailed("not-an-answer") from None
    except SignatureInvalid:
        raise ExchangeFailed("not-the-zones") from None
    if answer.zone != node.zone or answer.node != node.organisation or answer.counter != counter:
        raise ExchangeFailed("other-call")
    if answer.sent_at - now_ms() > SKEW_MS:
        raise ExchangeFailed("clock-skew")
    return answer
