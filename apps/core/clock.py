"""The portal's clock is the database's: every process reads the same one."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """The database's wall clock, with its time zone."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def to_ms(moment: datetime) -> int:
    """An instant as it stands in documents: integer milliseconds UTC."""
    return int(moment.timestamp() * 1000)


def from_ms(instant: int) -> datetime:
    """A document's instant as a moment."""
    return datetime.fromtimestamp(instant / 1000, UTC)
