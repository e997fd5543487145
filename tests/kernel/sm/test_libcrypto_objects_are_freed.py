"""Whatever is taken from libcrypto is given back, also when a call fails half-way."""

import gc
from collections import Counter

import pytest

from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey, Sm2Error

FREED_BY = {
    "BN_secure_new": "BN_clear_free",
    "EC_GROUP_new_by_curve_name": "EC_GROUP_free",
    "EC_POINT_new": "EC_POINT_clear_free",
    "OSSL_PARAM_BLD_new": "OSSL_PARAM_BLD_free",
    "OSSL_PARAM_BLD_to_param": "OSSL_PARAM_free",
    "EVP_PKEY_CTX_new_from_name": "EVP_PKEY_CTX_free",
    "EVP_PKEY_CTX_new_from_pkey": "EVP_PKEY_CTX_free",
    "EVP_MD_CTX_new": "EVP_MD_CTX_free",
    "EVP_PKEY_fromdata": "EVP_PKEY_free",
}


class Counting:
    """libcrypto, with what it hands out and takes back counted; one function may be made to fail."""

    def __init__(self, library):
        self._library, self.held, self.failing = library, Counter(), None

    def __getattr__(self, name):
        function = getattr(self._library, name)
        if name not in {*FREED_BY, *FREED_BY.values(), self.failing}:
            return function

        def counted(*arguments):
            if name == self.failing:
                return 0
            result = function(*arguments)
            if name in FREED_BY:
                self.held[FREED_BY[name]] += bool(result)
            else:
                self.held[name] -= 1
            return result

        return counted


@pytest.fixture
def counting(openssl, monkeypatch):
    from creditzone.kernel.sm import sm2_openssl

    library = Counting(sm2_openssl._lib)
    monkeypatch.setattr(sm2_openssl, "_lib", library)
    return library


def use_everything(openssl):
    key = PrivateKey(b"\x01" * 32, using=openssl)
    key.public.verify(key.sign(b"m"), b"m")
    key.public.verify(bytes(31) + b"\1" + bytes(31) + b"\1", b"m")
    sealed = key.public.encrypt(b"secret")
    key.decrypt(sealed)
    with pytest.raises(Sm2Error):
        key.decrypt(sealed[:-1] + b"\0\0")
    with pytest.raises(Sm2Error):
        PublicKey(b"\x04" + bytes(64), using=openssl)


def test_a_round_of_everything_leaves_nothing_behind(openssl, counting):
    use_everything(openssl)
    gc.collect()
    assert counting.held
    assert not +counting.held


@pytest.mark.parametrize(
    "function",
    [
        "OSSL_PARAM_BLD_push_BN",
        "OSSL_PARAM_BLD_to_param",
        "EVP_PKEY_fromdata",
        "EVP_PKEY_public_check",
        "EVP_DigestSignInit",
        "EVP_DigestSign",
        "EVP_DigestVerifyInit",
        "EVP_PKEY_encrypt",
        "EVP_PKEY_decrypt",
        "EC_POINT_mul",
    ],
)
def test_a_call_that_fails_leaves_nothing_behind(openssl, counting, function):
    counting.failing = function
    with pytest.raises(Sm2Error):
        use_everything(openssl)
    gc.collect()
    assert not +counting.held
