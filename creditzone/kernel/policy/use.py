"""A proposed use of a capsule: the facts that a policy's clauses read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Use:
    """Who would use a capsule for what. `at` is the evaluating machine's clock in milliseconds UTC; `spent` counts the
    uses already reserved or spent under each rule; `group` is the number of firms behind a statistic, None where the
    result is for single firms."""

    grantee: str
    subject: str | None
    purpose: str
    model: str
    engine: str
    disclosures: tuple[str, ...]
    at: int
    spent: Mapping[str, int] = field(default_factory=dict)
    group: int | None = None
