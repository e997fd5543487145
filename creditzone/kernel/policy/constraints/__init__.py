"""The clauses of a rule, one class a file, in the order in which they are checked and said."""

from creditzone.kernel.policy.constraints.action import Action
from creditzone.kernel.policy.constraints.base import Constraint
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Columns
from creditzone.kernel.policy.constraints.consent import Consent
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Window

Clause = (
    Subject | Purpose | Action | Code | Environment | Columns | Output | Window | Count | Place | Consent | Payment
    | Duties | Derivation
)  # fmt: skip
KINDS: tuple[type[Constraint], ...] = Clause.__args__
REQUIRED = frozenset({Subject, Purpose, Action, Code, Environment, Columns, Output, Window, Count})
"""What every rule that permits has to say: nothing is allowed for having been left out."""

__all__ = ["KINDS", "REQUIRED", "Clause"]
