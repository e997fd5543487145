"""The clauses of a rule, one class a file, in the order in which they are checked and said."""

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Constraint
from creditzone.kernel.policy.constraints.disclosure import DisclosureLimit
from creditzone.kernel.policy.constraints.engine import EngineLimit
from creditzone.kernel.policy.constraints.grantee import Grantee
from creditzone.kernel.policy.constraints.minimum_group import MinimumGroup
from creditzone.kernel.policy.constraints.model import ModelLimit
from creditzone.kernel.policy.constraints.purpose import PurposeLimit
from creditzone.kernel.policy.constraints.uses import UseCount
from creditzone.kernel.policy.constraints.validity import Validity

KINDS: tuple[type[Constraint], ...] = (
    Grantee, PurposeLimit, ModelLimit, EngineLimit, DisclosureLimit, MinimumGroup, Validity, UseCount,
)  # fmt: skip


def constraints_of(rule: Rule) -> list[Constraint]:
    """The rule's clauses in checking order."""
    return [constraint for kind in KINDS if (constraint := kind.of(rule)) is not None]
