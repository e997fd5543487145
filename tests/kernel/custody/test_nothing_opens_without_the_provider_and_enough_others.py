"""Three of five with the provider among them: any four without it open nothing, and every wrong share is named."""

import itertools
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.custody.join import ShareRefused, join
from creditzone.kernel.custody.split import Guardian, Plan, divide

CAPSULE = "01920000-0000-7000-8000-000000000001"
OTHER = "01920000-0000-7000-8000-0000000000ff"
PROVIDER = "91110000100000000X"


def plan(threshold, others):
    def guardian(at):
        kind = "node" if at else "provider"
        return Guardian(kind=kind, organisation=PROVIDER, name=f"holder {at}", key=f"sm3:{at:064x}")

    return Plan(threshold=threshold, provider=guardian(0), others=tuple(guardian(at) for at in range(1, others + 1)))


@pytest.fixture(scope="module")
def five():
    return divide(plan(3, 4), capsule=CAPSULE, version=2)


def refusal(held, shares, *, custody=None, capsule=CAPSULE, version=2):
    with pytest.raises(ShareRefused) as caught:
        join(custody or held.custody, shares, capsule=capsule, version=version)
    return caught.value.clause, caught.value.holder


def test_any_two_others_beside_the_provider_suffice_and_no_four_without_it(five):
    own, *others = five.shares
    for some in itertools.combinations(others, 2):
        assert join(five.custody, [*some, own], capsule=CAPSULE, version=2) == five.secret
    assert join(five.custody, five.shares, capsule=CAPSULE, version=2) == five.secret
    assert refusal(five, others) == ("share-missing", "holder 0")
    assert refusal(five, [own]) == ("share-missing", "holder 1, holder 2, holder 3, holder 4")
    assert refusal(five, [own, others[2]]) == ("share-missing", "holder 1, holder 2, holder 4")


@given(numbers=st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))), data=st.data())
def test_for_all_numbers_it_takes_the_threshold(numbers, data):
    needed, others = numbers
    held = divide(plan(needed + 1, others), capsule=CAPSULE, version=1)
    chosen = data.draw(st.permutations(held.shares[1:]))[:needed]
    assert join(held.custody, [held.shares[0], *chosen], capsule=CAPSULE, version=1) == held.secret
    clause, _ = refusal(held, [held.shares[0], *chosen[1:]], version=1)
    assert clause == "share-missing"


def test_the_provider_alone_holds_a_secret_of_one():
    alone = divide(plan(1, 0), capsule=CAPSULE, version=1)
    assert join(alone.custody, alone.shares, capsule=CAPSULE, version=1) == alone.secret
    assert refusal(alone, [], version=1) == ("share-missing", "holder 0")


def test_every_changed_byte_of_a_share_or_its_salt_names_its_holder(five):
    for share in five.shares:
        rest = [one for one in five.shares if one is not share]
        for part in ("value", "salt"):
            whole = getattr(share, part)
            for at in range(len(whole)):
                changed = replace(share, **{part: whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]})
                assert refusal(five, [changed, *rest]) == ("share-wrong", f"holder {share.index}")


def test_shares_of_another_capsule_version_sealing_or_holder_are_wrong(five):
    own, first, second, *_ = five.shares
    for capsule, version in ((OTHER, 2), (CAPSULE, 1), (CAPSULE, 2)):
        theirs = divide(plan(3, 4), capsule=capsule, version=version)
        assert refusal(five, [own, first, theirs.shares[2]]) == ("share-wrong", "holder 2")
        assert refusal(five, [theirs.shares[0], first, second]) == ("share-wrong", "holder 0")
    assert refusal(five, [own, first, replace(second, index=3)]) == ("share-wrong", "holder 3")
    assert refusal(five, [own, first, second], version=3)[0] == "share-wrong"


@pytest.mark.parametrize("index", [-1, 5, 255])
def test_a_share_that_nobody_holds_is_refused(five, index):
    own, first, second, *_ = five.shares
    assert refusal(five, [own, first, replace(second, index=index)]) == ("share-wrong", f"index {index}")


def test_the_same_share_does_not_count_twice(five):
    own, first, *_ = five.shares
    assert refusal(five, [own, first, first]) == ("share-wrong", "holder 1")
    assert refusal(five, [own, own, first]) == ("share-wrong", "holder 0")


def test_a_header_that_contradicts_itself_opens_nothing(five):
    changed = msgspec.structs.replace
    custody, holders = five.custody, five.custody.holders
    for broken in (
        changed(custody, threshold=1),
        changed(custody, threshold=6),
        changed(custody, threshold=2),
        changed(custody, holders=holders[1:]),
        changed(custody, holders=(*holders, holders[1])),
        changed(custody, holders=(changed(holders[0], kind="node"), *holders[1:])),
        changed(custody, secret="sm3:" + "0" * 64),
        changed(custody, salt="00"),
    ):
        assert refusal(five, five.shares, custody=broken)[0] == "custody-malformed"


@pytest.mark.parametrize(("threshold", "others"), [(0, 0), (2, 0), (1, 1), (3, 1), (1, 4), (6, 4)])
def test_a_plan_asks_for_the_provider_and_at_least_one_of_the_others(threshold, others):
    with pytest.raises(ValueError, match="at least one guardian"):
        plan(threshold, others)


def test_nobody_holds_two_shares_and_there_is_one_provider():
    good = plan(2, 2)
    with pytest.raises(ValueError, match="two shares"):
        replace(good, others=(good.others[0], good.others[0]))
    with pytest.raises(ValueError, match="one provider"):
        replace(good, others=(replace(good.others[0], kind="provider"),))


def test_shares_and_secrets_do_not_show_themselves(five):
    shown = repr(five) + repr(five.shares)
    assert five.secret.hex() not in shown
    assert repr(five.shares[1].value) not in shown
