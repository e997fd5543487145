"""What a policy says of columns, of their change and of how many firms a job may concern holds where the capsule is:
by keys that are not in the header, by values that enter changed, before anything joint is computed."""

from __future__ import annotations

import threading

import msgspec
import numpy as np
import pytest

from apps.node import attempts, capsules, computation, custody, results
from creditzone.kernel.capsule import group_of, open_header
from creditzone.kernel.credit.columns import columns_read
from creditzone.kernel.credit.scorecard import band_of, features_of, grades_of, points_of
from creditzone.kernel.documents import CapsuleHeader, Rule, read
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints.columns import Band, Columns, ColumnUse
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.transforms import changed
from tests.node import jobs, world

PROFIT = "profit_and_loss"


def with_clause(rule: Rule, clause) -> Rule:
    clauses = tuple(clause if type(one) is type(clause) else one for one in rule.clauses)
    return msgspec.structs.replace(rule, clauses=clauses)


def columns_of(names, transform=None) -> Columns:
    """These columns of the centre's, features changed by `transform`."""
    uses = [
        ColumnUse(
            name=name,
            ground="firm_authorisation",
            modes=("match",) if name == "uscc" else ("score",),
            transform=None if name == "uscc" else transform,
        )
        for name in names
    ]
    return Columns(columns=tuple(uses))


def header_of(node, capsule: str) -> CapsuleHeader:
    held = capsules.held(node, capsule)
    assert held is not None
    return read(held.header, CapsuleHeader)


def refused(job) -> str:
    centre = job.nodes[1]
    world.offer(job.zone, centre, job.order(centre))
    return str(world.bodies(centre, "refuse")[-1].refusal.clause)


def test_a_column_that_is_not_let_in_has_no_key_in_the_header_and_refuses_the_job(quartet):
    card = world.scorecard("bank-centre")
    needed = columns_read(card, PROFIT, authorised=False)
    job = jobs.ready(quartet, number=60, theirs=lambda rule: with_clause(rule, columns_of(needed[:-1])))
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    header = header_of(centre, capsule)
    let_in = {group_of(header.groups, name).index for name in needed[:-1]}
    assert {wrap.group for wrap in header.wrapped} == let_in
    assert set(open_header(header, custody.secret_of(centre, header))) == let_in
    assert len(header.groups) == len(domain(PROFIT).names) > len(let_in)
    assert refused(job) == "columns"


@pytest.mark.parametrize(
    ("clause", "decides"),
    [(Output(forms=("grade",), max_rows=5), "max-rows"), (Count(total=9, rows_per_day=5), "rows-a-day")],
)
def test_too_many_firms_are_refused_before_anything_joint_is_computed(quartet, clause, decides):
    job = jobs.ready(quartet, number=120, theirs=lambda rule: with_clause(rule, clause))
    parties = list(zip(job.nodes, job.orders(deadline_seconds=60), strict=True))
    for node, order in parties:
        world.offer(quartet, node, order)
        world.start(quartet, node, order)
    threads = []
    for node, _ in parties:
        attempt = attempts.next_started(node)
        assert attempt is not None
        threads.append(threading.Thread(target=computation.compute, args=(node, attempt, threading.Event())))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    [failed] = world.bodies(job.nodes[1], "failed")
    assert failed.reason == decides
    assert not world.bodies(job.nodes[0], "receipt")
    assert results.get(job.bank, job.officer, job.request.id).state == "waiting"


def test_jobs_of_a_day_are_counted(quartet):
    job = jobs.ready(quartet, number=60, theirs=lambda rule: with_clause(rule, Count(total=9, per_day=1)))
    centre = job.nodes[1]
    with centre.store.write() as tx:
        tx.run(
            "INSERT INTO use (capsule, job, rule, state, changed_at) VALUES (?, 'earlier', 'r1', 'spent', ?)",
            job.request.inputs[1].capsule,
            world.now_ms(),
        )
    assert refused(job) == "uses-a-day"


def test_values_enter_changed_and_the_joint_grade_is_that_of_the_changed_values(quartet):
    bands = Band(edges=("-1", "0", "0.05", "0.2"))
    everything = columns_of(domain(PROFIT).names, transform=bands)
    job = jobs.ready(quartet, number=300, theirs=lambda rule: with_clause(rule, everything))
    world.compute_all(quartet, job.nodes, job.orders())
    opened = results.open_result(job.bank, job.officer, job.request.id)
    joint = {row.uscc: row.grade for row in opened.rows}
    assert joint == grades(job.card, list(joint), bands)
    assert joint != grades(job.card, list(joint), None)


def grades(card, codes, bands) -> dict[str, str]:
    """Plain grades, the centre's values changed or not."""
    total = np.full(len(codes), card.base)
    for name, transform in (("balance_sheet", None), (PROFIT, bands)):
        names = domain(name).names
        rows = {row[0]: row for row in jobs.rows_of(name, 300)[1:]}
        values = {
            feature.column: changed(
                np.array([float(rows[code][names.index(feature.column)] or "nan") for code in codes]), transform
            )
            for feature in features_of(card, name)
        }
        total = total + points_of(card, name, values).sum(axis=1)
    return dict(zip(codes, grades_of(card, band_of(card, total)), strict=True))
