"""Tables: columns, sorting by link, keyset paging. The URL holds it all, so Back and reload keep working."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from apps.ui.exports import FORMS
from apps.ui.pieces import Words

SIZES = (25, 50, 100)
MOST_EXPORTED = 5000


@dataclass(frozen=True)
class Column:
    """A column's head; `sort` names the field (never null) to sort by, empty where sorting makes no sense."""

    label: Words
    sort: str = ""
    num: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """One page of rows, and the links that lead from it."""

    columns: Sequence[Column]
    rows: Sequence[Any]
    query: QueryDict
    sort: str
    size: int
    next_cursor: str = ""
    is_first: bool = True
    total: int | None = None
    exports: Mapping[str, str] = field(default_factory=dict)
    form: str = ""
    """Where the address asks for a file: csv or xlsx. `rows` are then all there are, up to `MOST_EXPORTED`."""

    most_exported = MOST_EXPORTED

    @property
    def titles(self) -> list[str]:
        """The columns' heads, as a file has them."""
        return [str(column.label) for column in self.columns]

    def link(self, **changes: str | int) -> str:
        """This page's query with some keys changed; an empty value removes its key."""
        query = self.query.copy()
        for key, value in changes.items():
            query.pop(key, None)
            if value != "":
                query[key] = str(value)
        return "?" + query.urlencode()

    @property
    def heads(self) -> list[dict[str, Any]]:
        return [self._head(column) for column in self.columns]

    def _head(self, column: Column) -> dict[str, Any]:
        name, descending = self.sort.lstrip("-"), self.sort.startswith("-")
        is_current = bool(column.sort) and column.sort == name
        wanted = f"-{column.sort}" if is_current and not descending else column.sort
        return {
            "label": column.label,
            "num": column.num,
            "href": self.link(sort=wanted, after="") if column.sort else "",
            "aria_sort": ("descending" if descending else "ascending") if is_current else "",
        }

    @property
    def next_link(self) -> str:
        return self.link(after=self.next_cursor) if self.next_cursor else ""

    @property
    def first_link(self) -> str:
        return "" if self.is_first else self.link(after="")

    @property
    def size_links(self) -> list[tuple[int, str, bool]]:
        return [(size, self.link(size=size, after=""), size == self.size) for size in SIZES]


def table_of(
    queryset: QuerySet[Any],
    *,
    columns: Sequence[Column],
    query: QueryDict,
    default_sort: str,
    key: str = "pk",
    total: int | None = None,
    exportable: bool = False,
) -> Table:
    """One page of a queryset, found by key and not by offset, so that page 1,000 costs what page 1 does.

    `default_sort` is a field name, with `-` for descending; unknown sorts and broken cursors fall back to it.
    `key` tells rows of one value apart; rows whose primary key is composite name another that is unique among them.
    An `exportable` one links to itself as a file: the page's own address, hence its gate, filters and order.
    """
    form = _form(query) if exportable else ""
    sort, size, after = _wanted(query, columns, default_sort, form)
    name, descending = sort.lstrip("-"), sort.startswith("-")
    ordered = queryset.order_by(sort, f"-{key}" if descending else key)
    cursor = _read_cursor(after)
    if cursor is not None:
        try:
            ordered = ordered.filter(_beyond(cursor, name, key, descending=descending))
        except (ValidationError, ValueError, TypeError):
            cursor = None  # of another column, or typed in by hand
    found = list(ordered[: size + 1])
    rows = found[:size]
    next_cursor = _write_cursor(rows[-1], name, key) if len(found) > size else ""
    return Table(
        columns=columns, rows=rows, query=query, sort=sort, size=size, next_cursor=next_cursor,
        is_first=cursor is None, total=total, exports=_exports(query) if exportable else {}, form=form,
    )  # fmt: skip


def table_of_rows(
    rows: Sequence[Any],
    *,
    columns: Sequence[Column],
    query: QueryDict,
    default_sort: str = "",
    exportable: bool = False,
) -> Table:
    """One page of rows that are already in memory; `sort` names an attribute, or a key of a mapping. What has no
    value sorts before everything that has one."""
    form = _form(query) if exportable else ""
    sort, size, after = _wanted(query, columns, default_sort, form)
    if sort:
        values = {id(row): _value(row, sort.lstrip("-")) for row in rows}
        known = [row for row in rows if values[id(row)] is not None]
        ordered = sorted(known, key=lambda row: values[id(row)])
        rows = [*(row for row in rows if values[id(row)] is None), *ordered]
        rows = rows[::-1] if sort.startswith("-") else rows
    start = int(after) if after.isdecimal() and int(after) < len(rows) else 0
    next_cursor = str(start + size) if start + size < len(rows) else ""
    return Table(
        columns=columns, rows=rows[start : start + size], query=query, sort=sort, size=size,
        next_cursor=next_cursor, is_first=start == 0, total=len(rows),
        exports=_exports(query) if exportable else {}, form=form,
    )  # fmt: skip


def _form(query: QueryDict) -> str:
    form = query.get("export", "")
    return form if form in FORMS else ""


def _exports(query: QueryDict) -> dict[str, str]:
    """Name and address of each form of the list as a file."""
    wish = query.copy()
    for page_only in ("after", "size", "export"):
        wish.pop(page_only, None)
    links = {}
    for form, name in FORMS.items():
        wish["export"] = form
        links[name] = "?" + wish.urlencode()
    return links


def _wanted(query: QueryDict, columns: Sequence[Column], default_sort: str, form: str) -> tuple[str, int, str]:
    sort = query.get("sort", "")
    if sort.removeprefix("-") not in {column.sort for column in columns if column.sort}:
        sort = default_sort
    if form:
        return sort, MOST_EXPORTED, ""
    size = query.get("size", "")
    return sort, int(size) if size in {str(known) for known in SIZES} else SIZES[0], query.get("after", "")


def _value(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, Mapping) else attrgetter(name)(row)


def _beyond(cursor: tuple[Any, Any], name: str, key: str, *, descending: bool) -> Q:
    """The rows after this one in the order of (field, key). The first term says nothing new, but an index can start
    there; without it page 1,000 reads all rows before it (0.7 s against 0.1 ms at a million)."""
    value, last = cursor
    step = "lt" if descending else "gt"
    beyond = Q(**{f"{name}__{step}": value})
    if key != name:
        beyond |= Q(**{name: value, f"{key}__{step}": last})
    return Q(**{f"{name}__{step}e": value}) & beyond


def _write_cursor(row: Model, name: str, key: str) -> str:
    value = attrgetter(name.replace("__", "."))(row)
    # A moment keeps its microseconds: cut to milliseconds, as JSON encoders do, pages would overlap.
    exact = value.isoformat() if isinstance(value, datetime) else value
    text = json.dumps([exact, attrgetter(key)(row)], cls=DjangoJSONEncoder)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[Any, Any] | None:
    try:
        padded = text + "=" * (-len(text) % 4)
        value, pk = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    if isinstance(value, list | dict) or isinstance(pk, list | dict) or "\0" in f"{value}{pk}":
        return None
    return value, pk
