"""An envelope opens for one key, beside the words it was sealed with, and byte for byte or not at all."""

import pytest

from creditzone.kernel.sm.envelope import MAGIC, OVERHEAD, open_with, seal_to
from creditzone.kernel.sm.sm2 import PrivateKey
from creditzone.kernel.sm.sm4 import AuthenticationError


@pytest.fixture(scope="module")
def key():
    return PrivateKey.generate()


@pytest.mark.parametrize("size", [0, 1, 16, 300_000])
def test_it_comes_back(key, size):
    sealed = seal_to(key.public, bytes(size), associated=b"job 7")
    assert (sealed[:8], len(sealed)) == (MAGIC, size + OVERHEAD)
    assert open_with(key, sealed, associated=b"job 7") == bytes(size)


def test_two_envelopes_of_one_message_share_nothing_but_the_magic(key):
    one, other = (seal_to(key.public, b"grade A", associated=b"") for _ in range(2))
    assert one[8:60] != other[8:60]
    assert one[-23:] != other[-23:]


def test_another_key_or_another_place_does_not_open_it(key):
    sealed = seal_to(key.public, b"grade A", associated=b"job 7")
    with pytest.raises(AuthenticationError):
        open_with(PrivateKey.generate(), sealed, associated=b"job 7")
    with pytest.raises(AuthenticationError):
        open_with(key, sealed, associated=b"job 8")


def test_every_changed_byte_and_every_cut_is_refused(key):
    sealed = seal_to(key.public, b"grade A", associated=b"job 7")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        for damaged in (changed, sealed[:at]):
            with pytest.raises(AuthenticationError):
                open_with(key, damaged, associated=b"job 7")
    with pytest.raises(AuthenticationError):
        open_with(key, sealed + b"\0", associated=b"job 7")


def test_moving_a_byte_between_message_and_associated_words_is_refused(key):
    sealed = seal_to(key.public, b"grade A", associated=b"job 7")
    with pytest.raises(AuthenticationError):
        open_with(key, sealed[:121] + sealed[122:], associated=sealed[121:122] + b"job 7")
