"""Putting a secret together from the shares that were released, each of which must be the one the header names."""

from collections.abc import Sequence
from typing import Literal

from creditzone.kernel.custody.shares import Share, fits_secret
from creditzone.kernel.custody.split import OWN_PART, joined
from creditzone.kernel.documents.custody import Custody
from creditzone.kernel.sm import shamir

What = Literal["share-wrong", "share-missing", "custody-malformed"]


class ShareRefused(ValueError):
    """The secret cannot be put together. `clause` says why, `holder` whose share it is about, or is empty."""

    def __init__(self, clause: What, holder: str = "") -> None:
        self.clause = clause
        self.holder = holder
        super().__init__(f"{clause} {holder}".strip())


def join(custody: Custody, shares: Sequence[Share], *, capsule: str, version: int) -> bytes:
    """The secret; raises ShareRefused and names the holder of a share that is wrong, came twice, or is missing.

    Every share that is given must be right, also one that would not be needed."""
    holders = {holder.index: holder for holder in custody.holders}
    if sorted(holders) != list(range(len(custody.holders))) or not _fit(custody):
        raise ShareRefused("custody-malformed")
    found: dict[int, bytes] = {}
    for share in shares:
        holder = holders.get(share.index)
        if holder is None:
            raise ShareRefused("share-wrong", f"index {share.index}")
        if share.index in found or not share.fits(holder.commitment, capsule, version):
            raise ShareRefused("share-wrong", holder.name)
        found[share.index] = share.value
    own = found.pop(0, None)
    if own is None:
        raise ShareRefused("share-missing", holders[0].name)
    if len(found) < custody.threshold - 1:
        raise ShareRefused("share-missing", ", ".join(h.name for i, h in holders.items() if i and i not in found))
    common = _common(custody, found)
    secret = joined(own, common, capsule, version) if len(own) == OWN_PART else b""
    if not fits_secret(custody, secret, capsule, version):
        raise ShareRefused("custody-malformed")
    return secret


def _fit(custody: Custody) -> bool:
    """Whether the numbers fit each other: alone it is 1 of 1; with others it takes at least one of them."""
    others = [holder for holder in custody.holders if holder.index]
    least = 2 if others else 1
    kinds = [holder.kind == "provider" for holder in custody.holders]
    return least <= custody.threshold <= 1 + len(others) and kinds == [not h.index for h in custody.holders]


def _common(custody: Custody, found: dict[int, bytes]) -> bytes:
    """The others' part; empty where there are none."""
    if custody.threshold == 1:
        return b""
    try:
        return shamir.combine(list(found.items()), least=custody.threshold - 1, of=len(custody.holders) - 1)
    except shamir.SharesUnfit:
        raise ShareRefused("custody-malformed") from None
