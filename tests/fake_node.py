"""A node as the portal sees it: keys, a card, a chain of statements, and signed calls. It computes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.http import HttpResponse
from django.test import Client

from creditzone.kernel import documents
from creditzone.kernel.documents import (
    FOR_ONE_READER,
    Card,
    Document,
    DocumentSigned,
    Downlink,
    DraftSent,
    Heartbeat,
    JobRequest,
    Message,
    Order,
    OrderAccepted,
    OrderOffered,
    OrderRefused,
    OrderStarted,
    OrderStopped,
    RefusalNote,
    Signed,
    Statement,
    Uplink,
    digest_of,
    now_ms,
    read,
    sign,
    signed,
)
from creditzone.kernel.sm.sm2 import PrivateKey

NOTHING = "sm3:" + "0" * 64


@dataclass(kw_only=True)
class FakeNode:
    """The node of `uscc`; `client` speaks to the portal. `running` are the jobs its heartbeats name."""

    uscc: str
    kind: str
    zone: str
    client: Client
    slots: int = 1
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    counter: int = 0
    number: int = 0
    previous: str | None = None
    unkept: int = 0
    received: int = 0
    outbox: list[Signed] = field(default_factory=list)
    inbox: list[Message] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    last_body: bytes = b""

    def card(self, *, serial: int = 1, key: PrivateKey | None = None, old: PrivateKey | None = None) -> Signed:
        """Its self-signed card; a later one is signed by the key before, too."""
        key = key or self.key
        document = make_card(self.zone, self.uscc, self.kind, key, serial=serial, slots=self.slots)
        card = signed(document, key, by=self.uscc)
        return documents.with_signature(card, sign(document, old, by=self.uscc)) if old else card

    def say(self, body: Any, *, organisation: str | None = None, **changes: Any) -> Signed:
        """Put a statement into the outbox, numbered and chained; `changes` spoil it."""
        statement = Statement(
            zone=self.zone,
            node=self.uscc,
            organisation=organisation or self.uscc,
            number=self.number + 1,
            previous=self.previous,
            unkept=self.unkept,
            at=now_ms(),
            body=body,
        )
        said = signed(msgspec.structs.replace(statement, **changes), self.key, by=self.uscc)
        self.number += 1
        self.previous = said.digest
        self.unkept = self.unkept + 1 if isinstance(body, FOR_ONE_READER) else 0
        self.outbox.append(said)
        return said

    def uplink(self, *, statements: Sequence[Signed] | None = None, **changes: Any) -> Uplink:
        """The next call; `changes` spoil it."""
        self.counter += 1
        uplink = Uplink(
            zone=self.zone,
            node=self.uscc,
            counter=self.counter,
            sent_at=now_ms(),
            statements=tuple(self.outbox if statements is None else statements),
            received=self.received,
            heartbeat=Heartbeat(
                clock=now_ms(),
                code=NOTHING,
                slots_free=self.slots - len(self.running),
                scratch="memory",
                swap="off",
                sm4="libgcrypt",
                sm2="libcrypto",
                running=tuple(self.running),
            ),
        )
        return msgspec.structs.replace(uplink, **changes)

    def post(self, body: bytes) -> HttpResponse:
        """Send bytes as they are."""
        self.last_body = body
        return self.client.post("/node/v1/exchange", data=body, content_type="application/json")  # type: ignore[return-value]

    def call(self, **changes: Any) -> Downlink:
        """Make a good call and take in its answer; fails where it is refused."""
        answer = self.post(msgspec.json.encode(signed(self.uplink(**changes), self.key, by=self.uscc)))
        assert answer.status_code == 200, answer.content.decode()
        return self.take(answer.content)

    def refused(self, **changes: Any) -> str:
        """Make a call that must be refused; the code of its problem document."""
        answer = self.post(msgspec.json.encode(signed(self.uplink(**changes), self.key, by=self.uscc)))
        assert answer.status_code >= 400, answer.content.decode()
        assert answer["content-type"] == "application/problem+json"
        return str(answer.json()["code"])

    def take(self, answer: bytes) -> Downlink:
        """Take in an answer: drop what was acknowledged, keep what is new."""
        downlink = read(msgspec.json.decode(answer, type=Signed), Downlink)
        self.outbox = [one for one in self.outbox if read(one, Statement).number > downlink.acknowledged]
        for message in downlink.messages:
            if message.number > self.received:
                self.inbox.append(message)
                self.received = message.number
        return downlink

    def tell(self, body: Any, **options: Any) -> Downlink:
        """Say one thing and call."""
        self.say(body, **options)
        return self.call()

    def messages(self, kind: type) -> list[Any]:
        """What came down of one kind."""
        return [message for message in self.inbox if isinstance(message, kind)]

    def drafts(self, kind: type[Document]) -> list[Any]:
        """Drafts of one kind that came down."""
        found = []
        for message in self.messages(DraftSent):
            document = documents.parse_any(message.document.text.encode())
            if isinstance(document, kind):
                found.append(document)
        return found

    def sign_draft(self, kind: type[Document], person: str, *, organisation: str | None = None, key: Any = None) -> str:
        """Sign the newest draft of this kind and say so; its digest."""
        self.call()
        document = self.drafts(kind)[-1]
        by = organisation or self.uscc
        signature = sign(document, key or self.key, by=by)
        self.tell(DocumentSigned(document=digest_of(document), signature=signature, person=person), organisation=by)
        return digest_of(document)

    def orders(self) -> list[Order]:
        """Orders that came down."""
        return [read(message.order, Order) for message in self.messages(OrderOffered)]

    @property
    def started(self) -> list[OrderStarted]:
        """Starts that came down."""
        return self.messages(OrderStarted)

    @property
    def stopped(self) -> list[OrderStopped]:
        """Stops that came down."""
        return self.messages(OrderStopped)


def accepted(order: Order) -> OrderAccepted:
    """What a node says that accepts an order."""
    capsule = read(order.request, JobRequest).inputs[-1].capsule
    return OrderAccepted(
        order=order.id, job=order.job, attempt=order.attempt, fence=order.fence, capsule=capsule, rule="rule-1"
    )


def refused(order: Order, refusal: RefusalNote) -> OrderRefused:
    """What a node says that refuses an order."""
    return OrderRefused(order=order.id, job=order.job, attempt=order.attempt, fence=order.fence, refusal=refusal)


def make_card(
    zone: str, uscc: str, kind: str, key: PrivateKey, *, serial: int = 1, slots: int = 1, host: str | None = None
) -> Card:
    """A card with this key; a hosted firm's has no link."""
    encryption = PrivateKey.generate()
    return Card(
        zone=zone,
        organisation=uscc,
        kind=kind,  # type: ignore[arg-type]
        name=f"机构 {uscc}",
        name_en=f"Organisation {uscc}",
        serial=serial,
        signing_key=key.public.hex,
        encryption_key=encryption.public.hex,
        link_certificate=None if host else "-----BEGIN CERTIFICATE-----",
        link_host=None if host else "127.0.0.1",
        link_ports=None if host else (20000, 20000 + 4 * slots - 1),
        slots=0 if host else slots,
        console_url=None if host else "http://node.localhost:8101",
        host=host,
        issued_at=now_ms(),
    )
