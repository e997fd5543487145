"""What a header says of its holders, for tests that open nothing."""

from creditzone.kernel.documents import Custody, Holder
from creditzone.kernel.sm import sm3


def custody_of(organisation: str) -> Custody:
    """The provider alone."""
    some = sm3.digest(b"key")
    holder = Holder(index=0, kind="provider", organisation=organisation, name="Provider", key=some, commitment=some)
    return Custody(threshold=1, salt="00" * 16, secret=some, holders=(holder,))


def guarded_by(organisation: str, custodian: str) -> Custody:
    """The provider with one custodian."""
    alone = custody_of(organisation)
    some = sm3.digest(b"custodian")
    other = Holder(index=1, kind="node", organisation=custodian, name="Custodian", key=some, commitment=some)
    return Custody(threshold=2, salt=alone.salt, secret=alone.secret, holders=(*alone.holders, other))
