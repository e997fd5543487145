"""A share, and what the header says of it."""

import hmac
from dataclasses import dataclass
from typing import Final

from creditzone.kernel.documents.custody import Custody
from creditzone.kernel.sm import sm3

SALT: Final = 16
_SHARE: Final = b"creditzone/shard/v1\n"
_SECRET: Final = b"creditzone/dek/v1\n"


@dataclass(frozen=True)
class Share:
    """What one holder holds of one version of one capsule's secret. It shows nothing of it."""

    index: int
    salt: bytes
    value: bytes

    def commitment(self, capsule: str, version: int) -> str:
        """What the header says of this share; its salt stays with the share."""
        return sm3.digest(_SHARE + f"{capsule}\n{version}\n{self.index}\n".encode() + self.salt + self.value)

    def fits(self, commitment: str, capsule: str, version: int) -> bool:
        """Whether the header speaks of this very share."""
        return len(self.salt) == SALT and hmac.compare_digest(self.commitment(capsule, version), commitment)

    def __repr__(self) -> str:
        return f"Share({self.index}, …)"


def commit_secret(secret: bytes, salt: bytes, capsule: str, version: int) -> str:
    """What the header says of what all shares give together."""
    return sm3.digest(_SECRET + f"{capsule}\n{version}\n".encode() + salt + secret)


def fits_secret(custody: Custody, secret: bytes, capsule: str, version: int) -> bool:
    """Whether the header speaks of this very secret."""
    return hmac.compare_digest(commit_secret(secret, bytes.fromhex(custody.salt), capsule, version), custody.secret)
