"""Reading the ledger: newest first, by keyset; row-level security decides what is there."""

from uuid import UUID

from django.db.models import QuerySet

from apps.ledger.models import Entry, Mention

PAGE = 50


def mentions_of(organisation_id: UUID) -> QuerySet[Mention]:
    """The organisation's own mentions, each with its entry, to be paged newest first by `-entry_id`."""
    return Mention.objects.filter(org=organisation_id).select_related("entry")


def all_entries(*, before: UUID | None = None, act: str = "", size: int = PAGE) -> list[Entry]:
    """The newest entries that the reader's database role may see: a regulator, all."""
    entries: QuerySet[Entry] = Entry.objects.all()
    if act:
        entries = entries.filter(act=act)
    if before is not None:
        entries = entries.filter(id__lt=before)
    return list(entries.order_by("-id")[:size])


def entries_about(subject_type: str, subject_id: UUID | str) -> QuerySet[Entry]:
    """What was done to one thing, newest first, as far as the reader may see it."""
    return Entry.objects.filter(subject_type=subject_type, subject_id=str(subject_id)).order_by("-id")
