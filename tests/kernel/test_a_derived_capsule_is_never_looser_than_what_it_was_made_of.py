"""Whatever a derivation permits, every ancestor permits too: over random policies and uses."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.columns import Columns, ColumnUse
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.policy.derivation import derive
from creditzone.kernel.policy.evaluation import Allowed, decide
from creditzone.kernel.policy.lineage import derived_rules
from creditzone.kernel.policy.writing import permit
from tests.kernel.policies import COLUMNS, MODELS, deny, policy, rules, uses
from tests.kernel.zone_fixture import BANK, NOW

several = st.lists(
    st.lists(rules(derivable=True), min_size=1, max_size=2, unique_by=lambda rule: rule.id), min_size=1, max_size=3
)


def uncounted(use):
    """Counts hang on a rule's name, and a derived rule has one of its own: they are met apart, below."""
    return replace(use, counts={})


@settings(max_examples=150)
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


@settings(max_examples=60)
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


@settings(max_examples=150)
@given(several, uses(), st.sampled_from(["score", "statistic"]))
def test_a_results_figures_are_used_only_as_some_column_of_every_source_may_be(all_rules, use, mode):
    parents = [policy(*found) for found in all_rules]
    made = policy(*derived_rules(parents, domain("joint_result")))
    asked = replace(uncounted(use), columns=(("uscc", "match"), ("grade_rank", mode)))
    if isinstance(decide(made, asked), Allowed):
        for parent in parents:
            theirs = [replace(asked, columns=(("uscc", "match"), (name, mode))) for name in (*COLUMNS, "another")]
            assert any(isinstance(decide(parent, one), Allowed) for one in theirs)


def test_a_figure_stands_on_the_strictest_ground_of_what_it_tells_of():
    columns = Columns(
        columns=(
            ColumnUse(name="uscc", ground="public_disclosure", modes=("match",)),
            ColumnUse(name="tax", ground="person_consent", modes=("score",)),
            ColumnUse(name="turnover", ground="firm_authorisation", modes=("score", "statistic")),
        )
    )
    again = permit(
        "r1",
        grantees=(BANK,),
        purposes=("credit-risk",),
        models=(MODELS[0],),
        engines=("cheetah",),
        disclosures=("grade",),
        not_before=NOW,
        not_after=NOW + 1000,
        uses=3,
        columns=columns.columns,
        more=(Derivation(generations=1),),
    )
    [made] = derived_rules([policy(again)], domain("joint_result"))
    figure = made.of(Columns).of("grade_rank")
    assert (figure.ground, figure.modes) == ("person_consent", ("score",))
    assert made.of(Columns).of("tax") is None
    assert made.of(Columns).of("authorisation_expiry").modes == ("match",)
