"""How often, and how many."""

from typing import Annotated, Any, ClassVar, Self

from msgspec import Meta

from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, least, limit
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

Positive = Annotated[int, Meta(ge=1)]


class Count(Constraint, frozen=True, kw_only=True, tag="count"):
    """At most `total` jobs under this rule, and `per_day` of them on one day (of Shanghai); each rule has counts of
    its own. `rows_per_day` limits the matched firms of all its jobs of a day, `per_subject` the jobs in which one
    recipient may use one firm: a firm beyond it is left out, and a job of which nothing remains is refused."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB | {Scope.RELEASE}
    term: ClassVar[str] = "count"
    total: Positive
    per_day: Positive | None = None
    rows_per_day: Positive | None = None
    per_subject: Positive | None = None

    def check(self, use: Use) -> Refusal | None:
        """A use is left; at release also, the day's firms are not too many."""
        counted = use.counts.get(use.rule)
        used, today, rows = (counted.total, counted.today, counted.rows_today) if counted else (0, 0, 0)
        if used >= self.total:
            return Refusal("uses", {"uses": str(self.total), "used": str(used)})
        if self.per_day is not None and today >= self.per_day:
            return Refusal("uses-a-day", {"uses": str(self.per_day), "used": str(today)})
        if self.per_subject is not None and use.scope == Scope.RELEASE and use.firm_uses >= self.per_subject:
            return Refusal("uses-a-firm", {"uses": str(self.per_subject), "firms": str(use.rows or 0)})
        if self.rows_per_day is not None and use.scope == Scope.RELEASE:
            rows += use.rows or 0
            if rows > self.rows_per_day:
                return Refusal("rows-a-day", {"limit": str(self.rows_per_day), "rows": str(rows)})
        return None

    def meet(self, other: Self) -> Self:
        """The smaller number of each."""
        return type(self)(
            total=min(self.total, other.total),
            per_day=least(self.per_day, other.per_day),
            rows_per_day=least(self.rows_per_day, other.rows_per_day),
            per_subject=least(self.per_subject, other.per_subject),
        )

    def say(self, language: str, names: Names) -> list[Segment]:
        """累计 … 次 / at most … times"""
        zh = language == "zh"
        said = [
            Segment("，累计 " if zh else ", at most "),
            Segment(f"{self.total} 次" if zh else f"{self.total} times", "uses"),
        ]
        if self.per_day is not None:
            said.append(Segment("，每日 " if zh else ", "))
            said.append(Segment(f"{self.per_day} 次" if zh else f"{self.per_day} a day", "uses-a-day"))
        if self.rows_per_day is not None:
            said.append(Segment("，每日 " if zh else ", "))
            said.append(
                Segment(f"{self.rows_per_day:,} 户" if zh else f"{self.rows_per_day:,} firms a day", "rows-a-day")
            )
        if self.per_subject is not None:
            said.append(Segment("，同一使用方对同一企业至多 " if zh else ", one user one firm at most "))
            said.append(Segment(f"{self.per_subject} 次" if zh else f"{self.per_subject} times", "uses-a-firm"))
        return said

    def to_odrl(self) -> list[dict[str, Any]]:
        """The counts."""
        found = [limit(self.term, "lteq", self.total)]
        found += [limit("cz:countPerDay", "lteq", self.per_day)] if self.per_day is not None else []
        found += [limit("cz:rowsPerDay", "lteq", self.rows_per_day)] if self.rows_per_day is not None else []
        return found + ([limit("cz:countPerFirm", "lteq", self.per_subject)] if self.per_subject is not None else [])
