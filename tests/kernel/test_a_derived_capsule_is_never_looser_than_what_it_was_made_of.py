"""Whatever a derivation permits, every ancestor permits too: over random policies and uses."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.derivation import derive
from creditzone.kernel.policy.evaluation import Allowed, decide
from tests.kernel.policies import deny, policy, rules, uses

several = st.lists(
    st.lists(rules(derivable=True), min_size=1, max_size=2, unique_by=lambda rule: rule.id), min_size=1, max_size=3
)


def uncounted(use):
    """Counts hang on a rule's name, and a derived rule has one of its own: they are met apart, below."""
    return replace(use, counts={})


@settings(max_examples=150, deadline=None)
@given(several, uses(), st.sampled_from(list(Scope)))
def test_what_a_derivation_permits_every_parent_permits(all_rules, use, scope):
    parents = [policy(*found) for found in all_rules]
    derived = policy(*derive(parents))
    use = uncounted(use)
    if isinstance(decide(derived, use, scope), Allowed):
        assert all(isinstance(decide(parent, use, scope), Allowed) for parent in parents)


@given(several)
def test_the_order_of_parents_does_not_matter(all_rules):
    parents = [policy(*found) for found in all_rules]
    forward, backward = derive(parents), derive(parents[::-1])
    assert len(forward) == len(backward)
    assert {rule.effect for rule in forward} == {rule.effect for rule in backward}


@settings(max_examples=60, deadline=None)
@given(st.lists(rules(derivable=True), min_size=2, max_size=2), uses())
def test_parents_in_either_order_permit_the_same(two, use):
    one, other = (policy(rule) for rule in two)
    use = uncounted(use)
    answers = {type(decide(policy(*derive(pair)), use)) for pair in ((one, other), (other, one))}
    assert len(answers) == 1


@given(rules(derivable=True), rules(derivable=True))
def test_counts_and_limits_are_the_least_and_groups_the_largest(mine, theirs):
    derived = derive([policy(mine), policy(theirs)])
    assume(derived)
    [rule] = derived
    assert rule.uses == min(mine.uses, theirs.uses)
    assert rule.not_after == min(mine.not_after, theirs.not_after)
    assert (rule.minimum_group or 0) == max(mine.minimum_group or 0, theirs.minimum_group or 0)


@given(rules(derivable=True))
def test_a_generation_is_used_up_and_at_last_nothing_is_derived(rule):
    generations = rule.of(Derivation).generations
    current = [policy(rule)]
    for _ in range(generations):
        current = [policy(*derive(current))]
        assert current[0].rules
    assert derive(current) == ()


@given(rules(), rules(derivable=True))
def test_a_rule_that_says_nothing_of_derivation_lets_nothing_be_derived(silent, willing):
    assume(silent.clause(Derivation) is None)
    assert derive([policy(silent), policy(willing)]) == ()


@given(rules(derivable=True), rules(derivable=True), uses())
def test_what_a_parent_denies_a_derivation_denies(mine, theirs, use):
    derived = policy(*derive([policy(mine, deny("no", mine)), policy(theirs)]))
    if isinstance(decide(policy(mine), uncounted(use)), Allowed):
        assert not isinstance(decide(derived, uncounted(use)), Allowed)
