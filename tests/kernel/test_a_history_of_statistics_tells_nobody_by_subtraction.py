"""The guard over a recipient's statistics of one capsule: over random histories no two that were told are, subtracted,
about fewer firms than the minimum group."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.policy.history import BUDGET, PROBES, WINDOW_MS, Asked, Part, budget_of, judge

NOW = 1_790_000_000_000
K = 5
FIRMS = [bytes([number]) * 16 for number in range(30)]
sets = st.frozensets(st.sampled_from(FIRMS))
questions = st.lists(
    st.builds(Part, question=st.sampled_from(["card 10", "card 12"]), firms=sets), min_size=1, max_size=3
)


def ask(history: list[Asked], parts: list[Part], *, job: str, at: int = NOW) -> str | None:
    """As a node does: judge, and remember what was told and what was too small."""
    refusal = judge(history, parts, job=job, minimum_group=K, now=at)
    if refusal is None:
        history.append(Asked(job, at, True, tuple(parts)))
    elif refusal.clause == "minimum-group":
        history.append(Asked(job, at, False))
    return refusal.clause if refusal else None


def first(number: int) -> list[Part]:
    return [Part("card 10", frozenset(FIRMS[:number]))]


@given(st.lists(questions, max_size=12))
def test_no_two_sets_that_were_told_differ_by_a_few_firms(asked):
    history: list[Asked] = []
    for number, parts in enumerate(asked):
        ask(history, parts, job=f"job-{number}")
    told = [one for one in history if one.told]
    assert all(len(part.firms) >= K for one in told for part in one.parts)
    for earlier, later in combinations(told, 2):
        for one in earlier.parts:
            for other in later.parts:
                assert one == other or len(one.firms ^ other.firms) >= K


@given(st.lists(questions, max_size=BUDGET + 10))
def test_no_more_is_told_in_a_window_than_the_budget_and_nothing_after_probing(asked):
    history: list[Asked] = []
    for number, parts in enumerate(asked):
        before = budget_of(history, now=NOW)
        clause = ask(history, parts, job=f"job-{number}")
        assert before.left or clause is not None
    used = budget_of(history, now=NOW)
    assert used.told <= BUDGET
    assert used.probes <= PROBES


@given(sets, sets)
def test_the_order_of_two_questions_decides_nothing(one, other):
    answers = []
    for pair in ((one, other), (other, one)):
        history: list[Asked] = []
        answers.append([ask(history, [Part("card 10", firms)], job=str(at)) for at, firms in enumerate(pair)])
    assert ("query-difference" in answers[0]) == ("query-difference" in answers[1])


@pytest.mark.parametrize("differs", [1, K - 1])
def test_a_set_that_differs_by_fewer_than_the_minimum_group_is_refused(differs):
    history: list[Asked] = []
    assert ask(history, first(20), job="a") is None
    assert ask(history, first(20 - differs), job="b") == "query-difference"
    assert ask(history, first(20 + differs), job="c") == "query-difference"
    assert ask(history, first(20 - K), job="d") is None


def test_the_very_same_question_over_the_same_firms_is_told_again_and_counted():
    history: list[Asked] = []
    assert ask(history, first(20), job="a") is None
    assert ask(history, first(20), job="b") is None
    assert budget_of(history, now=NOW).told == 2
    moved_cuts = [Part("card 12", first(20)[0].firms)]
    assert ask(history, moved_cuts, job="c") == "query-difference"


def test_a_group_counts_as_a_set_of_its_own():
    history: list[Asked] = []
    groups = [Part("card 10", frozenset(FIRMS[:10])), Part("card 10", frozenset(FIRMS[10:20]))]
    assert ask(history, groups, job="a") is None
    assert ask(history, first(9), job="b") == "query-difference"


def test_attempts_of_one_job_share_its_question_but_not_another_set():
    history: list[Asked] = []
    assert ask(history, first(20), job="a") is None
    assert ask(history, first(20), job="a") is None
    assert budget_of(history, now=NOW).told == 1
    assert ask(history, first(19), job="a") == "query-difference"


def test_probing_ends_all_statistics_until_the_window_has_passed():
    history: list[Asked] = []
    for number in range(PROBES):
        assert ask(history, first(K - 1), job=f"small-{number}") == "minimum-group"
    assert ask(history, first(20), job="large") == "query-probing"
    assert budget_of(history, now=NOW).left == 0
    assert ask(history, first(20), job="large", at=NOW + WINDOW_MS + 1) is None


def test_a_budget_comes_back_with_time_but_sets_are_never_forgotten():
    history = [Asked(f"job-{number}", NOW, True, tuple(first(20))) for number in range(BUDGET)]
    assert ask(history, first(20), job="more") == "query-budget"
    later = NOW + WINDOW_MS + 1
    assert ask(history, first(19), job="more", at=later) == "query-difference"
    assert ask(history, first(20), job="more", at=later) is None
