"""`docs/states.md` against the tables of moves: the portal's, and the kernel's that nodes hold to."""

from collections import defaultdict

import pytest
from django.conf import settings

from apps.capsules.models import Capsule
from apps.contracts.models import Contract
from apps.core.states import Stateful
from creditzone.kernel.capsule.states import CLAUSES, MOVES, acts_in, after


def table(first: str) -> dict[str, list[str]]:
    """The table whose first heading is `first`, by its first column."""
    text = (settings.BASE_DIR / "docs" / "states.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    start = next(number for number, row in enumerate(rows) if row[0] == first)
    found = {}
    for row in rows[start + 2 :]:
        if not row[0].startswith("`"):
            break
        found[row[0].strip("`")] = row[1:]
    return found


@pytest.mark.parametrize(("name", "model"), [("capsule", Capsule), ("contract", Contract)])
def test_every_state_and_step_of_the_portal_is_on_the_page(name: str, model: type[Stateful]):
    written = {state: set() if row[1] == "final" else set(row[1].split(", ")) for state, row in table(name).items()}
    assert written == {str(state): {str(to) for to in model.MOVES.get(state, ())} for state in model.State}


def test_every_act_of_a_node_is_on_the_page_with_what_it_refuses_then():
    steps = defaultdict(set)
    for (before, act), to in MOVES.items():
        steps[act, to, CLAUSES.get(to, "-")].add(before)
    written = {
        (act, row[1], row[3].strip("`")): set(row[0].split(", ")) for act, row in table("act, in the node").items()
    }
    assert written == dict(steps)


def test_the_portal_takes_every_step_that_a_node_can_take():
    for (before, _act), to in MOVES.items():
        assert to in {str(one) for one in Capsule.MOVES[before]}
    assert after("revoked", "resume") is after("destroyed", "revoke") is None
    assert acts_in("destroyed") == ()
