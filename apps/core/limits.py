"""How often one node or one program may ask: `settings.LIMITS` a minute, counted in PostgreSQL for all web processes.

A count is taken outside the request's own transaction: it stands whatever becomes of the request, and requests at once
do not wait for each other.
"""

import hashlib
import math

from django.conf import settings

from apps.core import cache
from apps.core.errors import TooManyRequests

WINDOW_SECONDS = 60


def count(what: str, who: str) -> None:
    """One more request of this kind by `who`; raises TooManyRequests past the limit, with the seconds to wait."""
    key = f"limit:{what}:{hashlib.sha256(who.encode()).hexdigest()}"
    number, left = cache.count(key, WINDOW_SECONDS)
    if number > settings.LIMITS[what]:
        raise TooManyRequests(seconds=max(1, math.ceil(left)))
