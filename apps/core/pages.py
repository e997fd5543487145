"""Keyset pages of the API: `before` names the last row seen, so no page costs more than its rows."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import Invalid

SIZE = 50


def page_of(
    request: Request, read: Callable[[UUID | None, int], Sequence[Any]], show: Callable[[Any], Any]
) -> Response:
    """One page: `read(before, limit)` gives rows newest first, `show` puts one into JSON. Raises Invalid."""
    before = _before(request)
    rows = list(read(before, SIZE + 1))
    more = len(rows) > SIZE
    rows = rows[:SIZE]
    following = f"{request.build_absolute_uri(request.path)}?before={rows[-1].pk}" if more else None
    return Response({"results": [show(row) for row in rows], "next": following})


def _before(request: Request) -> UUID | None:
    given = request.query_params.get("before")
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise Invalid.of("before", "not an id") from error
