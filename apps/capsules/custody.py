"""Custodians' shares as they pass: handed on as they were signed, unread, and noted for the capsule's page.

Nothing here decides anything. A node believes only the statement itself; what the portal keeps back, repeats or swaps
delays a job or ends it, and opens nothing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.capsules.models import Capsule, HolderNews
from apps.capsules.selectors import head_of
from apps.core.errors import Invalid, NotFound
from apps.exchange.registry import Sender
from apps.exchange.services import pass_on
from apps.ledger.services import append_entry
from apps.tenants.models import Organisation
from creditzone.kernel.documents import DepositAnswered, DepositSent, ShareAsked, ShareReleased, ShareWithheld
from creditzone.kernel.forms import RefusalNote

Answer = ShareReleased | ShareWithheld


def hand_on_deposit(sender: Sender, sent: DepositSent) -> None:
    """A provider's deposit goes to its custodian. Raises NotFound, Invalid."""
    _capsule_of(sent.capsule, sender.organisation)
    _hand_on(sender, to=sent.to)


def hand_on_question(sender: Sender, asked: ShareAsked) -> None:
    """A provider's question goes to its custodian, and it is noted since when an answer is awaited."""
    capsule = _capsule_of(asked.capsule, sender.organisation)
    _hand_on(sender, to=asked.to)
    _note(capsule, _organisation(asked.to), asked_at=sender.now)


def hand_on_release(sender: Sender, released: ShareReleased) -> None:
    """A custodian's share goes to the capsule's provider, sealed as it came."""
    capsule = _answered(sender, released)
    _note(capsule, sender.organisation, released_at=sender.now)
    _log("share.release", capsule, sender.organisation, job=released.job, version=released.version)


def hand_on_refusal(sender: Sender, withheld: ShareWithheld) -> None:
    """A custodian's refusal goes to the capsule's provider."""
    capsule = _answered(sender, withheld)
    _note(capsule, sender.organisation, withheld_at=sender.now, **_why(withheld.refusal))
    _log("share.withhold", capsule, sender.organisation, job=withheld.job, reason=withheld.refusal.clause)


def note_deposit(sender: Sender, answered: DepositAnswered) -> None:
    """A custodian said what became of a deposit."""
    capsule = _capsule_of(answered.capsule, _organisation(answered.provider))
    if not _is_holder(capsule, sender.organisation):
        raise NotFound(what="capsule")
    if answered.refusal is not None:
        _note(capsule, sender.organisation, withheld_at=sender.now, **_why(answered.refusal))
        _log("share.withhold", capsule, sender.organisation, reason=answered.refusal.clause)
    else:
        _log("share.deposit", capsule, sender.organisation, version=answered.version)
        _note(capsule, sender.organisation, version=answered.version, deposited_at=sender.now, clause="", facts={})


def _answered(sender: Sender, answer: Answer) -> Capsule:
    """The capsule that the answer is about, once it was handed on; only its holders answer, and only its provider."""
    capsule = _capsule_of(answer.capsule, _organisation(answer.to))
    if not _is_holder(capsule, sender.organisation):
        raise NotFound(what="capsule")
    _hand_on(sender, to=answer.to)
    return capsule


def _capsule_of(capsule_id: str, provider: Organisation) -> Capsule:
    capsule = Capsule.objects.filter(pk=UUID(capsule_id), owner=provider.id).first()
    if capsule is None:
        raise NotFound(what="capsule")
    return capsule


def _is_holder(capsule: Capsule, organisation: Organisation) -> bool:
    head = head_of(capsule)
    holders = head.header.custody.holders if head else ()
    return any(one.kind == "node" and one.organisation == organisation.uscc for one in holders)


def _organisation(uscc: str) -> Organisation:
    found = Organisation.objects.filter(uscc=uscc, hosted_by=None).first()
    if found is None:
        raise NotFound(what="organisation")
    return found


def _hand_on(sender: Sender, *, to: str) -> None:
    if sender.statement is None or to == sender.organisation.uscc:
        raise Invalid.of("to", "a statement for another node")
    pass_on(sender.statement, to=to, sender=sender.organisation)


def _why(refusal: RefusalNote) -> dict[str, Any]:
    return {"clause": refusal.clause, "facts": dict(refusal.facts)}


def _note(capsule: Capsule, holder: Organisation, **news: datetime | str | int | dict[str, str]) -> None:
    HolderNews.objects.update_or_create(capsule=capsule, holder=holder, defaults=news)


def _log(act: str, capsule: Capsule, holder: Organisation, **facts: object) -> None:
    append_entry(
        actor=None,
        act=act,
        subject_type="capsule",
        subject_id=capsule.id,
        facts={"holder": holder.uscc, **facts},
        organisations=[capsule.owner, holder.id],
    )
