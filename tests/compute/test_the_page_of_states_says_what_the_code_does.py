"""`docs/jobs.md` and `docs/exchange.md` against the code."""

import re

from django.conf import settings

from apps.compute.endings import RETRIED
from apps.compute.models import Job
from apps.core.errors import DomainError, TooManyRequests
from apps.exchange import errors
from apps.exchange.registry import STATEMENTS


def table(name: str, *, columns: int) -> list[list[str]]:
    """The rows of every table of a page with this many columns."""
    text = (settings.BASE_DIR / "docs" / name).read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if len(row) == columns and row[0].startswith("`")]


def test_every_state_and_step_of_a_job_is_on_the_page():
    written = {row[0].strip("`"): row[2] for row in table("jobs.md", columns=3)}
    moves = {str(state): "final" if state in Job.FINAL else {str(to) for to in Job.MOVES[state]} for state in Job.State}
    assert {state: to if to == "final" else set(to.split(", ")) for state, to in written.items()} == moves


def test_the_endings_that_are_tried_again_are_those_on_the_page():
    text = (settings.BASE_DIR / "docs" / "jobs.md").read_text(encoding="utf-8").split("**Attempts.**")[1]
    assert set(re.findall(r"`([a-z-]+)`", text)) == RETRIED


def test_every_refusal_of_a_call_is_on_the_page_with_its_status():
    written = {(row[0].strip("`"), int(row[1])) for row in table("exchange.md", columns=3) if row[1].isdigit()}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)]
    kinds = [TooManyRequests, *(kind for kind in kinds if kind is not DomainError)]
    assert written == {(kind.code, int(kind.status)) for kind in kinds}


def test_every_statement_is_on_the_page_with_the_app_that_takes_it():
    written = {
        name: row[1]
        for row in table("exchange.md", columns=3)
        if not row[1].isdigit()
        for name in re.findall(r"`([a-z-]+)`", row[0])
    }
    registered = {
        str(kind.__struct_config__.tag): handler.__module__.split(".")[1] for kind, handler in STATEMENTS.items()
    }
    assert written == registered
