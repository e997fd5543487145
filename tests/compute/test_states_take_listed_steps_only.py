"""Every pair of states: a listed step is taken once, any other is refused and leaves the state."""

from contextlib import nullcontext

import pytest

from apps.capsules.models import Capsule
from apps.compute.models import Job
from apps.core.errors import IllegalMove
from apps.core.tenancy import tenant_tx
from tests.road import Road


@pytest.mark.parametrize("kind", [Job, Capsule])
def test_only_listed_moves_are_made(road: Road, kind: type[Job] | type[Capsule]):
    job = road.drafted(road.ready("centre"))
    with tenant_tx(None, role="exchange"):
        row = job if kind is Job else Capsule.objects.first()
        assert row is not None
    for now in kind.State:
        for to in kind.State:
            may = to in kind.MOVES.get(now, ())
            with tenant_tx(None, role="exchange"):
                kind.objects.filter(pk=row.pk).update(state=now)
                seen = kind.objects.get(pk=row.pk)
                with nullcontext() if may else pytest.raises(IllegalMove):
                    seen.move(to=to)
                assert kind.objects.get(pk=row.pk).state == (to if may else now)


def test_final_states_lead_nowhere():
    assert {state for state in Job.State if not Job.MOVES.get(state)} == Job.FINAL
