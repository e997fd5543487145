"""Drawing a new secret and dividing it among its holders."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from creditzone.kernel.custody.shares import SALT, Share, commit_secret
from creditzone.kernel.documents.custody import Custody, Holder, HolderKind
from creditzone.kernel.forms import Digest, Uscc
from creditzone.kernel.sm import shamir
from creditzone.kernel.sm.kdf import hkdf_sm3

OWN_PART: Final = 32
SECRET: Final = 32
_JOINED: Final = b"creditzone/custody/v1\n"


@dataclass(frozen=True, kw_only=True)
class Guardian:
    """One who is to hold a share: `key` is the digest of the public key it is sealed to."""

    kind: HolderKind
    organisation: Uscc
    name: str
    key: Digest


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who is to guard: the provider, always, and `threshold` - 1 of the others. Alone, it is 1 of 1."""

    threshold: int
    provider: Guardian
    others: tuple[Guardian, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError where the numbers do not fit or somebody would hold two shares."""
        least = 2 if self.others else 1
        if not least <= self.threshold <= 1 + len(self.others) or len(self.others) > shamir.LIMIT:
            raise ValueError("beside the provider at least one guardian is needed, and no more than there are")
        keys = [one.key for one in (self.provider, *self.others)]
        if len(set(keys)) != len(keys):
            raise ValueError("nobody holds two shares")
        if self.provider.kind != "provider" or any(one.kind == "provider" for one in self.others):
            raise ValueError("a capsule has one provider")


@dataclass(frozen=True, kw_only=True)
class Divided:
    """A new secret, what the header says of it, and each holder's share: the provider's first."""

    secret: bytes
    custody: Custody
    shares: tuple[Share, ...]

    def __repr__(self) -> str:
        return "Divided(…)"


def divide(plan: Plan, *, capsule: str, version: int) -> Divided:
    """Draw a new secret for this version of a capsule and divide it as planned."""
    own, common = secrets.token_bytes(OWN_PART), secrets.token_bytes(shamir.SECRET)
    values = shamir.split(common, least=plan.threshold - 1, of=len(plan.others)) if plan.others else []
    shares = [Share(index, secrets.token_bytes(SALT), value) for index, value in enumerate([own, *values])]
    secret = joined(own, common if values else b"", capsule, version)
    salt = secrets.token_bytes(SALT)
    custody = Custody(
        threshold=plan.threshold,
        salt=salt.hex(),
        secret=commit_secret(secret, salt, capsule, version),
        holders=_holders((plan.provider, *plan.others), shares, capsule, version),
    )
    return Divided(secret=secret, custody=custody, shares=tuple(shares))


def joined(own: bytes, common: bytes, capsule: str, version: int) -> bytes:
    """The secret from the provider's part and the others' common one."""
    return hkdf_sm3(own + common, salt=b"", info=_JOINED + f"{capsule}\n{version}".encode(), length=SECRET)


def _holders(guardians: Sequence[Guardian], shares: Sequence[Share], capsule: str, version: int) -> tuple[Holder, ...]:
    return tuple(
        Holder(
            index=share.index,
            kind=one.kind,
            organisation=one.organisation,
            name=one.name,
            key=one.key,
            commitment=share.commitment(capsule, version),
        )
        for one, share in zip(guardians, shares, strict=True)
    )
