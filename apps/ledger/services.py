"""The only writer of the ledger: called inside each service's transaction, so no act is without its entry."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785
from django.db import connection, transaction

from apps.core.http import Actor
from apps.core.models import new_id
from apps.ledger.models import Entry, Mention
from creditzone.kernel.sm import sm3


def append_entry(
    *,
    actor: Actor | None,
    act: str,
    subject_type: str,
    subject_id: UUID | str,
    facts: Mapping[str, Any],
    organisations: Iterable[UUID] = (),
) -> Entry:
    """Write that `actor` did `act` to the subject; `organisations` (and the actor's) may read it.

    `facts` are plain JSON without floats: ids, digests, counts and words, never a row or a value of anybody's data.
    `actor` is None where a node's statement or a sign-in acts. Fails, and with it the act, outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an act and its ledger entry belong into one transaction")
    own = actor.organisation_id if actor is not None else None
    named = sorted({*organisations, *([own] if own else [])})
    entry = Entry(
        id=new_id(),
        at=_database_time(),
        act=act,
        actor_organisation=own,
        actor_person=actor.person_id if actor is not None else None,
        subject_type=subject_type,
        subject_id=str(subject_id),
        organisations=named,
        facts=dict(facts),
        salt=secrets.token_hex(16),
    )
    entry.digest = digest_of(entry)
    entry.save(force_insert=True)
    Mention.objects.bulk_create([Mention(org=org, entry_id=entry.id) for org in named])
    return entry


def _database_time() -> datetime:
    """The database's clock, to the millisecond, as the digest speaks of it."""
    with connection.cursor() as cursor:
        cursor.execute("select date_trunc('milliseconds', clock_timestamp())")
        row = cursor.fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def to_canonical(entry: Entry) -> bytes:
    """The entry's one form (RFC 8785), without salt: what its digest stands for."""
    return rfc8785.dumps(
        {
            "type": "entry",
            "v": 1,
            "id": str(entry.id),
            "at": round(entry.at.timestamp() * 1000),
            "act": entry.act,
            "actor_organisation": str(entry.actor_organisation) if entry.actor_organisation else None,
            "actor_person": str(entry.actor_person) if entry.actor_person else None,
            "subject_type": entry.subject_type,
            "subject_id": entry.subject_id,
            "organisations": [str(one) for one in entry.organisations],
            "facts": entry.facts,
        }
    )


def digest_of(entry: Entry) -> str:
    """SM3 over salt and canonical entry: guessing the contents without the salt gives nothing."""
    return sm3.digest(bytes.fromhex(entry.salt) + to_canonical(entry))
