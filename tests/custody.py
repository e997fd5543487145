"""What a header says of its holders, for tests that open nothing."""

from creditzone.kernel.documents import Custody, Holder
from creditzone.kernel.sm import sm3


def custody_of(organisation: str) -> Custody:
    """The provider alone."""
    some = sm3.digest(b"key")
    holder = Holder(index=0, kind="provider", organisation=organisation, name="Provider", key=some, commitment=some)
    return Custody(threshold=1, salt="00" * 16, secret=some, holders=(holder,))
