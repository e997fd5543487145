"""How many decisions a second a policy gives, against the same questions asked of plain dictionaries, in one run.

    python -m bench.policies

Only the last rule permits, so every rule is judged. The plain program asks the nine questions that such a rule asks and
answers with its id or None: no refusal, no facts, no later clauses. It is a floor, not a policy.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from creditzone.kernel.documents import Policy, Rule, new_id
from creditzone.kernel.policy.evaluation import Allowed, decide
from creditzone.kernel.policy.use import Use
from creditzone.kernel.policy.writing import permit

RULES = (1, 10, 100)
SECONDS, ROUNDS = 0.4, 3
NOW = 1_790_000_000_000
BANK = "91110000MA00000007"


@dataclass(frozen=True)
class Row:
    """Decisions a second for a policy of so many rules, and their ratio to the plain program's."""

    rules: int
    per_second: float
    plain_per_second: float

    @property
    def ratio(self) -> float:
        """Of the plain program's rate."""
        return self.per_second / self.plain_per_second


def run() -> list[Row]:
    """Measure turn about; the best round of each counts."""
    rows = []
    for number in RULES:
        policy, use = _policy(number), _use(number)
        plain, asked = [_plain_rule(rule) for rule in policy.rules], _plain_use(use)
        if decide(policy, use) != Allowed(f"r{number}") or _decide_plainly(plain, asked) != f"r{number}":
            raise AssertionError("a measurement whose answer is wrong is none")
        ours, floor = partial(decide, policy, use), partial(_decide_plainly, plain, asked)
        rounds = [(_rate(ours), _rate(floor)) for _ in range(ROUNDS)]
        rows.append(Row(number, *map(max, zip(*rounds, strict=True))))
    return rows


def _rate(work: Callable[[], object]) -> float:
    done, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < SECONDS:
        for _ in range(20):
            work()
        done += 20
    return done / taken


def _model(number: int) -> str:
    return f"sm3:{number:064x}"


def _policy(number: int) -> Policy:
    rules = tuple(_rule(each) for each in range(1, number + 1))
    capsule = new_id()
    return Policy(
        zone=_model(0), capsule=capsule, version=1, provider=BANK, dataset=capsule, rules=rules, drafted_at=NOW
    )


def _rule(number: int) -> Rule:
    return permit(
        f"r{number}",
        grantees=(BANK,),
        purposes=("credit-risk",),
        models=(_model(number),),
        engines=("cheetah",),
        disclosures=("grade", "reasons"),
        not_before=NOW - 1,
        not_after=NOW + 1,
        uses=10,
    )


def _use(number: int) -> Use:
    return Use(
        grantee=BANK,
        subject=None,
        purpose="credit-risk/pre-loan",
        model=_model(number),
        engine="cheetah",
        disclosures=("grade",),
        at=NOW,
        columns=(("uscc", "match"), ("tax", "score"), ("turnover", "score")),
    )


def _plain_rule(rule: Rule) -> dict[str, Any]:
    said = {clause.clause: clause for clause in rule.clauses}
    subject, window = said["subject"], said["window"]
    return {
        "id": rule.id,
        "organisations": set(subject.organisations),  # type: ignore[union-attr]
        "purposes": ("credit-risk",),
        "operations": {"score"},
        "models": set(said["code"].models),  # type: ignore[union-attr]
        "engines": {"cheetah"},
        "modes": {"match", "score", "statistic"},
        "forms": {"grade", "reasons"},
        "not_before": window.not_before,  # type: ignore[union-attr]
        "not_after": window.not_after,  # type: ignore[union-attr]
        "uses": rule.uses,
    }


def _plain_use(use: Use) -> dict[str, Any]:
    return {name: getattr(use, name) for name in Use.__dataclass_fields__}


def _decide_plainly(rules: list[dict[str, Any]], use: dict[str, Any]) -> str | None:
    for rule in rules:
        if (
            use["grantee"] in rule["organisations"]
            and any(use["purpose"] == one or use["purpose"].startswith(one + "/") for one in rule["purposes"])
            and use["operation"] in rule["operations"]
            and use["model"] in rule["models"]
            and use["engine"] in rule["engines"]
            and all(mode in rule["modes"] for _, mode in use["columns"])
            and all(form in rule["forms"] for form in use["disclosures"])
            and rule["not_before"] <= use["at"] <= rule["not_after"]
            and len(use["counts"]) < rule["uses"]
        ):
            return str(rule["id"])
    return None


def main() -> None:
    """Print the table."""
    for row in run():
        print(f"{row.rules:>4} rules {row.per_second:>12,.0f}/s {row.ratio:.3f} of plain {row.plain_per_second:,.0f}/s")


if __name__ == "__main__":
    main()
