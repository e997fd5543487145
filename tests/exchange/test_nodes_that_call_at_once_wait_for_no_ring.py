"""Calls run beside each other: the same one twice, and two nodes that speak of one job at the same moment."""

import threading
from collections.abc import Callable

import msgspec
from django.db import connections

from apps.compute.models import Job
from apps.compute.services import admit_waiting
from apps.core.tenancy import tenant_tx
from apps.exchange import line
from apps.exchange.models import StatementRecord
from apps.exchange.registry import STATEMENTS
from creditzone.kernel.documents import OrderAccepted, signed
from tests.fake_node import accepted
from tests.road import Road, make_measured


def together(*acts: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own; what they gave or raised."""
    outcomes: list[object] = [None] * len(acts)

    def run(index: int) -> None:
        try:
            outcomes[index] = acts[index]()
        except Exception as error:
            outcomes[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_one_call_made_twice_at_once_is_taken_in_once(road: Road):
    node = road.nodes["centre"]
    for _ in range(3):
        node.say(make_measured("profit_and_loss"))
    body = msgspec.json.encode(signed(node.uplink(), node.key, by=node.uscc))
    outcomes = together(*[lambda: line.answer_call(body)] * 4)
    assert all(isinstance(outcome, bytes) for outcome in outcomes), outcomes
    with tenant_tx(None, role="exchange"):
        assert list(StatementRecord.objects.order_by("number").values_list("number", "outcome")) == [
            (1, "taken"),
            (2, "taken"),
            (3, "taken"),
        ]


def test_the_last_two_parties_accept_at_once_and_the_job_starts_once(road: Road, monkeypatch):
    """Both calls have their node's line locked and meet before either locks the job."""
    job = road.queued(road.ready("centre"))
    admit_waiting()
    meeting = threading.Barrier(2)
    take = STATEMENTS[OrderAccepted]

    def meet(sender, body):
        meeting.wait(10)
        take(sender, body)

    monkeypatch.setitem(STATEMENTS, OrderAccepted, meet)
    bodies = []
    for name in ("bank", "centre"):
        node = road.nodes[name]
        node.call()
        order = node.orders()[-1]
        node.say(accepted(order))
        bodies.append(msgspec.json.encode(signed(node.uplink(), node.key, by=node.uscc)))
    outcomes = together(*[lambda body=body: line.answer_call(body) for body in bodies])
    assert all(isinstance(outcome, bytes) for outcome in outcomes), outcomes
    assert road.job(job).state == Job.State.RUNNING
    for name in ("bank", "centre"):
        road.nodes[name].outbox.clear()
        road.nodes[name].call()
        assert len(road.nodes[name].started) == 1


def test_what_breaks_off_after_the_counter_was_taken_is_repeated_and_happens_once(road: Road, monkeypatch):
    node = road.nodes["centre"]
    node.say(make_measured("profit_and_loss"))
    body = msgspec.json.encode(signed(node.uplink(), node.key, by=node.uscc))
    answer = line._answer

    def broken(call):
        raise ConnectionError("as if the process were killed here")

    monkeypatch.setattr(line, "_answer", broken)
    assert isinstance(together(lambda: line.answer_call(body))[0], ConnectionError)
    monkeypatch.setattr(line, "_answer", answer)
    assert node.take(line.answer_call(body)).acknowledged == 1
    with tenant_tx(None, role="exchange"):
        assert StatementRecord.objects.count() == 1
