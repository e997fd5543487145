"""A proposed use of a capsule: the facts that a policy's clauses read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Uses of one rule, reserved or spent: in all, today (of Shanghai), and the firms that today's jobs matched."""

    total: int = 0
    today: int = 0
    rows_today: int = 0


@dataclass(frozen=True, kw_only=True)
class Use:
    """Who would use a capsule for what. `at` is the judging machine's clock in milliseconds UTC; `contract_at` when
    the contract began and `price_fen` what it pays a matched firm, None where there is none; `columns` the columns it
    reads, each with what for, None where that is not known; `rows` and `group` the firms behind the
    result and behind a statistic's smallest figure, None before that is known; `firm_uses` how often the recipient has
    used the one of them that it used most;
    `least_group` the firms that the computation itself demands behind each figure. `rule` and `scope` are filled in by
    whoever judges."""

    grantee: str
    subject: str | None
    purpose: str
    model: str
    engine: str
    disclosures: tuple[str, ...]
    at: int
    operation: str = "score"
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    person: str | None = None
    role: str | None = None
    program: str | None = None
    columns: tuple[tuple[str, str], ...] | None = None
    decision_band: int | None = None
    attestation: str = "none"
    evidence: str = "declared"
    price_fen: int | None = None
    contract_at: int | None = None
    rows: int | None = None
    group: int | None = None
    firm_uses: int = 0
    least_group: int | None = None
    counts: Mapping[str, Counts] = field(default_factory=dict)
    rule: str = ""
    scope: str = ""
