"""A node's call, from its bytes to the answer's.

Both directions are safe twice. The call's counter is claimed first; then each statement is taken in by a transaction
of its own, so that no call holds more than one job's rows; last the answer is made and kept. Whatever breaks off in
between, the node repeats the call and nothing happens twice.
"""

import itertools
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q

from apps.core import clock, limits
from apps.core.errors import DomainError, Refused
from apps.core.tenancy import NOBODY, tenant_tx
from apps.exchange import registry
from apps.exchange.cards import require_signed_by
from apps.exchange.errors import (
    CallMalformed,
    CallNotSigned,
    CallReplayed,
    ChainBroken,
    ClockSkewed,
    ForeignZone,
    NotForThatOrganisation,
)
from apps.exchange.models import Draft, NodeLine, NodeMessage, ShownCard, StatementRecord
from apps.exchange.registry import Sender
from apps.exchange.services import UNNUMBERED, send_draft, tell
from apps.ledger.services import append_entry
from apps.tenants import zone
from apps.tenants.models import Card, Organisation
from apps.tenants.selectors import card_document
from creditzone.kernel import refusals
from creditzone.kernel.documents import (
    FOR_ONE_READER,
    CardShown,
    D,
    DocumentError,
    Downlink,
    Message,
    Recalled,
    SignatureInvalid,
    Signed,
    Statement,
    Uplink,
)

log = structlog.get_logger("creditzone.exchange")
LARGEST_CALL = 4 * 1024 * 1024
SKEW_MS = 120_000
LARGEST_ANSWER = 4 * 1024 * 1024
STATEMENTS_AT_ONCE = 1000
MESSAGES_AT_ONCE = 50  # the largest are 360 KB each
CARDS_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A call whose signatures fit: the uplink, its node, and its statements with their texts and speakers."""

    signed: Signed
    uplink: Uplink
    node: Organisation
    statements: list[tuple[Signed, Statement, Organisation]]


def answer_call(body: bytes) -> bytes:
    """Take in a node's call and give the zone-signed answer (`documents.Signed` as JSON, both ways).

    Raises CallMalformed, CallNotSigned, TooManyRequests, ForeignZone, ClockSkewed, CallReplayed, ChainBroken or
    NotForThatOrganisation; then nothing new was taken in, or only statements before the faulty one."""
    signed = _read(body)
    with tenant_tx(None, role="exchange"):
        node, uplink = _caller(signed)
    limits.count("exchange", node.uscc)
    with tenant_tx(None, role="exchange"):
        call = _verify(signed, uplink, node)
        answered = _claim_counter(call)
        if answered is None and not call.statements:
            answered = _answer(call)
    if answered is not None:
        return answered
    for statement in call.statements:
        with tenant_tx(None, role="exchange"):
            _take_in(call, *statement)
    with tenant_tx(None, role="exchange"):
        return _answer(call)


def _read(body: bytes) -> Signed:
    """The call as it came: what it says is not parsed before its signature fits."""
    try:
        signed = msgspec.json.decode(body, type=Signed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CallMalformed(what=str(error)) from error
    if len(signed.signatures) != 1:
        raise CallMalformed(what="a call bears one signature")
    return signed


# Who speaks -------------------------------------------------------------------------------------------------


def _caller(signed: Signed) -> tuple[Organisation, Uplink]:
    """The node whose signature fits, and what it says."""
    caller = signed.signatures[0].by
    node = Organisation.objects.filter(uscc=caller, hosted_by=None).first()
    if node is None:
        raise CallNotSigned(node=caller)
    return node, _require(signed, Uplink, node)


def _verify(signed: Signed, uplink: Uplink, node: Organisation) -> _Call:
    """Zone, clock, and whose word each statement is."""
    if uplink.node != node.uscc:
        raise CallNotSigned(node=uplink.node)
    if uplink.zone != zone.zone_digest():
        raise ForeignZone()
    skew = uplink.sent_at - clock.to_ms(clock.now())
    if abs(skew) > SKEW_MS:
        raise ClockSkewed(seconds=skew // 1000)
    if uplink.recall is not None and uplink.statements:
        raise CallMalformed(what="a node that asks for its statements back says none")
    statements = [(one, *_verify_statement(one, node)) for one in uplink.statements]
    _require_consecutive([statement for _, statement, _ in statements])
    return _Call(signed=signed, uplink=uplink, node=node, statements=statements)


def _require(signed: Signed, kind: type[D], node: Organisation, *, current: bool = True) -> D:
    try:
        return require_signed_by(signed, kind, node, current=current)
    except DocumentError as error:
        raise CallMalformed(what=str(error)) from error
    except SignatureInvalid as error:
        raise CallNotSigned(node=node.uscc) from error


def _verify_statement(signed: Signed, node: Organisation) -> tuple[Statement, Organisation]:
    statement = _require(signed, Statement, node, current=False)  # it may have waited since before a new card
    if statement.zone != zone.zone_digest():
        raise ForeignZone()
    if statement.node != node.uscc:
        raise NotForThatOrganisation(node=node.uscc, organisation=statement.node)
    if statement.organisation == node.uscc:
        return statement, node
    hosted = Organisation.objects.filter(uscc=statement.organisation, hosted_by=node).first()
    if hosted is None:
        raise NotForThatOrganisation(node=node.uscc, organisation=statement.organisation)
    return statement, hosted


def _require_consecutive(statements: list[Statement]) -> None:
    for before, after in itertools.pairwise(statements):
        if after.number != before.number + 1:
            raise ChainBroken(number=after.number, last=before.number)


# What was said before ---------------------------------------------------------------------------------------


def _line_of(node: Organisation) -> NodeLine:
    """The node's line, locked to the end of the transaction."""
    line = NodeLine.objects.select_for_update().filter(node=node).first()
    if line is None:
        NodeLine.objects.bulk_create([NodeLine(node=node)], ignore_conflicts=True)
        line = NodeLine.objects.select_for_update().get(node=node)
    return line


def _claim_counter(call: _Call) -> bytes | None:
    """Take the call's counter; the answer kept for it where these bytes were answered before."""
    line = _line_of(call.node)
    counter, digest = call.uplink.counter, call.signed.digest
    if counter == line.counter and digest == line.call:
        return line.answer.encode() or None
    if counter <= line.counter:
        raise CallReplayed(counter=counter, last=line.counter)
    _require_known_prefix(call, line)
    line.counter, line.call, line.answer = counter, digest, ""
    line.save(update_fields=["counter", "call", "answer"])
    return None


def _require_known_prefix(call: _Call, line: NodeLine) -> None:
    """Statements that were taken in before must be the same ones, and the first new one must follow on them."""
    said = dict(
        StatementRecord.objects.filter(
            node=call.node, number__in=[statement.number for _, statement, _ in call.statements]
        ).values_list("number", "digest")
    )
    for signed, statement, _ in call.statements:
        if statement.number > line.statements:
            _require_follows(statement, number=line.statements, chain=line.chain)
            break
        if said.get(statement.number) != signed.digest:
            raise ChainBroken(number=statement.number, last=line.statements)


def _require_follows(statement: Statement, *, number: int, chain: str) -> None:
    if statement.number != number + 1 or (statement.previous or "") != chain:
        raise ChainBroken(number=statement.number, last=number)


# One statement ----------------------------------------------------------------------------------------------


def _take_in(call: _Call, signed: Signed, statement: Statement, organisation: Organisation) -> None:
    """Give a statement to its app once, in order, and record what became of it."""
    line = _line_of(call.node)
    if statement.number <= line.statements:
        return
    _require_follows(statement, number=line.statements, chain=line.chain)
    sender = Sender(node=call.node, organisation=organisation, now=clock.now(), statement=signed)
    reason, details = _dispatch(sender, statement)
    kind = str(statement.body.__struct_config__.tag)
    StatementRecord(
        node=call.node,
        organisation=organisation,
        number=statement.number,
        digest=signed.digest,
        kind=kind,
        signed=None if isinstance(statement.body, FOR_ONE_READER) else msgspec.to_builtins(signed),
        outcome=StatementRecord.Outcome.REJECTED if reason else StatementRecord.Outcome.TAKEN,
        reason=reason,
        details=details,
    ).save(force_insert=True)
    if reason:
        append_entry(
            actor=None,
            act="statement.reject",
            subject_type="statement",
            subject_id=signed.digest,
            facts={"kind": kind, "reason": reason},
            organisations=[organisation.id],
        )
    line.statements, line.chain = statement.number, signed.digest
    line.save(update_fields=["statements", "chain"])


def _dispatch(sender: Sender, statement: Statement) -> tuple[str, dict[str, str]]:
    """Let the registered handler take the statement in; why it was rejected and the facts, or ("", {}).

    A rejected statement leaves nothing behind and is acknowledged all the same, so that no node blocks itself."""
    handler = registry.STATEMENTS.get(type(statement.body))
    if handler is None:
        raise CallMalformed(what=f"no handler of {type(statement.body).__name__}")
    try:
        with transaction.atomic():
            handler(sender, statement.body)
    except Refused as error:
        return error.refusal.clause, error.refusal.facts
    except refusals.Refused as error:
        return error.refusal.clause, error.refusal.facts
    except DomainError as error:
        return error.code, {"detail": error.words}
    except DocumentError as error:
        return "malformed", {"what": str(error)}
    except SignatureInvalid as error:
        return "signature", {"what": str(error)}
    except IntegrityError as error:
        log.warning("statement-collides", node=sender.node.uscc, number=statement.number, error=type(error).__name__)
        return "conflict", {}
    return "", {}


# The answer -------------------------------------------------------------------------------------------------


def _answer(call: _Call) -> bytes:
    line = _line_of(call.node)
    now = clock.now()
    _heard(call, line, now)
    recalled = _recalled(call, line)
    _show_cards(line)
    messages = _messages(line, received=call.uplink.received)
    downlink = Downlink(
        zone=zone.zone_digest(),
        node=call.node.uscc,
        counter=call.uplink.counter,
        sent_at=clock.to_ms(now),
        acknowledged=line.statements,
        messages=messages,
        recalled=recalled,
    )
    answer = msgspec.json.encode(zone.sign_as_zone(downlink))
    if line.call == call.signed.digest:  # else the node has already called again
        line.answer = answer.decode()
    line.save()
    return answer


def _heard(call: _Call, line: NodeLine, now: datetime) -> None:
    heartbeat = call.uplink.heartbeat
    line.heartbeat = msgspec.to_builtins(heartbeat)
    line.skew_ms = call.uplink.sent_at - clock.to_ms(now)
    line.seen_at = now
    sender = Sender(node=call.node, organisation=call.node, now=now)
    for handler in registry.HEARTBEATS:
        handler(sender, heartbeat)


def _recalled(call: _Call, line: NodeLine) -> tuple[Recalled, ...]:
    """The next of a node's own statements that its store, a backup, does not know; with the last of them it is told
    again what it was told since."""
    above = call.uplink.recall
    if above is None:
        return ()
    kept = StatementRecord.objects.filter(node=call.node, number__gt=above).order_by("number")
    taken: list[Recalled] = []
    size = 0
    for number, digest, signed in kept.values_list("number", "digest", "signed")[:STATEMENTS_AT_ONCE]:
        statement = None if signed is None else msgspec.convert(signed, Signed)
        size += len(statement.text) if statement else 0
        if taken and size > LARGEST_ANSWER:
            break
        taken.append(Recalled(number=number, digest=digest, statement=statement))
    if above + len(taken) >= line.statements:
        _tell_again(call, line)
    return tuple(taken)


def _tell_again(call: _Call, line: NodeLine) -> None:
    """Cards, drafts that wait, and what the apps above add: the node takes each in once, whatever its backup knows."""
    node = call.node
    for shown in ShownCard.objects.filter(node=node).select_related("card__organisation").order_by("card_id"):
        if node.id not in {shown.card.organisation_id, shown.card.organisation.hosted_by_id}:
            tell(node, CardShown(number=UNNUMBERED, card=card_document(shown.card)), sender=NOBODY)
    served = Organisation.objects.filter(Q(pk=node.pk) | Q(hosted_by=node))
    for draft in Draft.objects.filter(organisation__in=served, state=Draft.State.WAITING).select_related(
        "organisation"
    ):
        send_draft(Signed(text=draft.text, signatures=()), to=draft.organisation, sender=draft.owner)
    for handler in registry.RESTORED:
        handler(node)
    waits = Q(number=None) | Q(number__gt=call.uplink.received)
    before = NodeMessage.objects.filter(waits, node=node, body=OuterRef("body"), pk__lt=OuterRef("pk"))
    NodeMessage.objects.filter(Exists(before), node=node, number=None).delete()  # asking twice tells nothing twice
    append_entry(
        actor=None,
        act="node.restored",
        subject_type="node",
        subject_id=node.uscc,
        facts={"statements": line.statements},
        organisations=[node.id],
    )


def _show_cards(line: NodeLine) -> None:
    """Leave every card of the zone that the node has not seen, in the order in which they were registered."""
    if line.cards == Card.objects.count():
        return
    unseen = Card.objects.exclude(shown__node=line.node).select_related("organisation").order_by("id")
    for card in unseen[:CARDS_AT_ONCE]:
        if line.node_id not in {card.organisation_id, card.organisation.hosted_by_id}:
            tell(line.node, CardShown(number=UNNUMBERED, card=card_document(card)), sender=NOBODY)
        ShownCard(node=line.node, card=card).save(force_insert=True)
    line.cards = ShownCard.objects.filter(node=line.node).count()


def _messages(line: NodeLine, *, received: int) -> tuple[Message, ...]:
    """What the node has not yet acknowledged, oldest first, as much as one answer holds; new ones get a number."""
    line.messages = max(line.messages, received)  # a portal restored from a backup goes on above what the node has
    kept = NodeMessage.objects.filter(node=line.node)
    in_order = kept.order_by(F("number").asc(nulls_last=True), "id")
    taken: list[Message] = []
    size = 0
    for pk, given, body in in_order.values_list("pk", "number", "body")[:MESSAGES_AT_ONCE]:
        if given is not None and given <= received:
            kept.filter(pk=pk).delete()
            continue
        size += len(body)
        if taken and size > LARGEST_ANSWER:
            break
        number = given
        if number is None:
            number = line.messages = line.messages + 1
            kept.filter(pk=pk).update(number=number)
        taken.append(msgspec.structs.replace(msgspec.json.decode(body, type=Message), number=number))
    return tuple(taken)
