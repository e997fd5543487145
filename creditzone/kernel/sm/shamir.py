"""Shamir's secret sharing of 16 bytes (pycryptodomex), behind the checks that the library leaves to its caller.

The library says nothing to too few shares, to a changed one or to index 0, which sets the secret to whatever it bears.
Here a share is known by its index, 1 to `of`, and exactly `least` of them are put together. A changed share looks like
any other: who joins checks each against its commitment first (creditzone.kernel.custody).
"""

from collections.abc import Sequence
from typing import Final

from Cryptodome.Protocol.SecretSharing import Shamir

SECRET: Final = 16
LIMIT: Final = 255


class SharesUnfit(ValueError):
    """These shares cannot be put together: too few, twice the same index, or an index or a length that no share has."""


def split(secret: bytes, *, least: int, of: int) -> list[bytes]:
    """`of` shares of 16 bytes, for the indexes 1 to `of`; any `least` of them give the secret again.

    Raises ValueError for a secret of another length and for numbers that do not fit each other."""
    if len(secret) != SECRET:
        raise ValueError("a shared secret has 16 bytes")
    if not 1 <= least <= of <= LIMIT:
        raise ValueError(f"it takes at least 1 share of at most {LIMIT}, and no more than there are")
    return [share for _, share in Shamir.split(least, of, secret, ssss=False)]


def combine(shares: Sequence[tuple[int, bytes]], *, least: int, of: int) -> bytes:
    """The secret from index and share of at least `least` holders; raises SharesUnfit."""
    indexes = [index for index, _ in shares]
    if len(set(indexes)) != len(indexes):
        raise SharesUnfit("the same share came twice")
    if not all(1 <= index <= of for index in indexes) or any(len(share) != SECRET for _, share in shares):
        raise SharesUnfit("no share has this index or this length")
    if len(shares) < least or least < 1:
        raise SharesUnfit("there are too few shares")
    secret: bytes = Shamir.combine(list(shares)[:least], ssss=False)
    return secret
