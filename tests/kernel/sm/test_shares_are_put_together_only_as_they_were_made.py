"""What pycryptodomex says nothing to, the wrapper refuses: index 0, too few, twice the same, another length."""

import itertools

import pytest
from Cryptodome.Protocol.SecretSharing import Shamir
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.sm.shamir import SharesUnfit, combine, split

SECRET = bytes(range(16))


@given(secret=st.binary(min_size=16, max_size=16), numbers=st.tuples(st.integers(1, 6), st.integers(0, 3)))
def test_any_least_shares_give_the_secret_and_one_less_does_not(secret, numbers):
    least, more = numbers
    shares = list(enumerate(split(secret, least=least, of=least + more), 1))
    for some in itertools.combinations(shares, least):
        assert combine(some, least=least, of=least + more) == secret
        with pytest.raises(SharesUnfit, match="too few"):
            combine(some[1:], least=least, of=least + more)
    assert combine(shares, least=least, of=least + more) == secret


def test_the_library_itself_is_silent_where_the_wrapper_refuses():
    shares = list(enumerate(split(SECRET, least=3, of=5), 1))
    forced = b"sixteen bytes, X"
    assert Shamir.combine([(0, forced), *shares[:2]]) == forced
    assert Shamir.combine(shares[:2]) != SECRET
    with pytest.raises(SharesUnfit, match="index"):
        combine([(0, forced), *shares[:2]], least=3, of=5)
    with pytest.raises(SharesUnfit, match="few"):
        combine(shares[:2], least=3, of=5)


@pytest.mark.parametrize(
    "changed",
    [[(6, SECRET)], [(-1, SECRET)], [(1, SECRET)], [(2, SECRET[:15])], [(2, SECRET + b"x")]],
    ids=["beyond", "below", "twice", "short", "long"],
)
def test_an_index_or_a_length_that_no_share_has_is_refused(changed):
    shares = list(enumerate(split(SECRET, least=2, of=5), 1))
    with pytest.raises(SharesUnfit):
        combine([shares[0], *changed], least=2, of=5)


@pytest.mark.parametrize(
    ("secret", "least", "of"), [(SECRET[:15], 2, 3), (SECRET, 0, 3), (SECRET, 4, 3), (SECRET, 2, 256)]
)
def test_numbers_that_do_not_fit_are_not_split(secret, least, of):
    with pytest.raises(ValueError, match=r"16 bytes|at least 1"):
        split(secret, least=least, of=of)
