"""Reading the ledger: newest first, by keyset; row-level security decides what is there."""

from uuid import UUID

from django.db.models import QuerySet

from apps.ledger.models import Entry, Mention

PAGE = 50


def entries_of(organisation_id: UUID, *, before: UUID | None = None, act: str = "", size: int = PAGE) -> list[Entry]:
    """The newest entries that name the organisation, below `before`; begins at its own mentions."""
    mentions = Mention.objects.filter(org=organisation_id)
    if act:
        mentions = mentions.filter(entry__act=act)
    if before is not None:
        mentions = mentions.filter(entry_id__lt=before)
    return [mention.entry for mention in mentions.select_related("entry").order_by("-entry_id")[:size]]


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
