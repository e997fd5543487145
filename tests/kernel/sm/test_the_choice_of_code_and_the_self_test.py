"""The first code that is there and right is used; a wrong one never is, and a machine without SM3 is told so."""

import builtins
import hashlib
from collections.abc import Iterator

import pytest

from creditzone.kernel.sm import SelfTestFailed, self_test, selftest, sm2, sm3, sm4
from creditzone.kernel.sm.kdf import hkdf_sm3
from creditzone.kernel.sm.sm2_gmssl import Gmssl
from creditzone.kernel.sm.sm4_openssl import OpensslCipher


@pytest.fixture(autouse=True)
def _choose_anew() -> Iterator[None]:
    """Each test chooses for itself, and leaves no choice behind."""
    choices = (sm2.implementation, sm4.library)
    for choice in choices:
        choice.cache_clear()
    yield
    for choice in choices:
        choice.cache_clear()


@pytest.fixture
def without(monkeypatch):
    """Let the import of one module fail, as on a machine that lacks its library."""

    def hide(module):
        real = builtins.__import__

        def missing(name, *rest):
            if name == module:
                raise ImportError(name)
            return real(name, *rest)

        monkeypatch.setattr(builtins, "__import__", missing)

    return hide


def test_it_says_which_code_answers_for_what():
    report = self_test()
    assert report == {"sm2": sm2.backend(), "sm3": "hashlib", "sm4": sm4.backend()}


def test_without_libcrypto_the_hardened_wrapper_serves(without):
    without("creditzone.kernel.sm.sm2_openssl")
    assert self_test()["sm2"] == "gmssl-hardened"
    key = sm2.PrivateKey.generate()
    assert key.public.verify(key.sign(b"m"), b"m")


def test_without_libgcrypt_cryptography_serves_with_the_same_bytes(without):
    here = sm4.Sm4Gcm(bytes(16)).seal(bytes(12), b"text", b"about")
    sm4.library.cache_clear()
    without("creditzone.kernel.sm.sm4_gcrypt")
    assert self_test()["sm4"] == "cryptography"
    assert sm4.Sm4Gcm(bytes(16)).seal(bytes(12), b"text", b"about") == here


class LyingSm2(Gmssl):
    """Accepts every ciphertext, as a library that does not compare C3 would."""

    name = "lying"

    def private(self, scalar, point):
        honest = super().private(scalar, point)

        class Careless:
            sign = staticmethod(honest.sign)

            @staticmethod
            def decrypt(c1, c3, c2):
                try:
                    return honest.decrypt(c1, c3, c2)
                except sm2.Sm2Error:
                    return b"whatever"

        return Careless()


class LyingSm4(OpensslCipher):
    """Does not look at the tag."""

    name = "lying"

    def decrypt(self, nonce, source, target, associated, tag):
        super().decrypt(nonce, source, target, associated, tag)
        return True


def test_a_code_that_skips_a_check_fails_the_self_test(monkeypatch):
    monkeypatch.setattr(sm2, "implementation", LyingSm2)
    with pytest.raises(SelfTestFailed, match="lying"):
        self_test()


def test_a_cipher_that_ignores_tags_fails_the_self_test(monkeypatch):
    monkeypatch.setattr(sm4, "library", lambda: LyingSm4)
    with pytest.raises(SelfTestFailed, match="lying"):
        self_test()


def test_a_wrong_digest_fails_the_self_test(monkeypatch):
    monkeypatch.setattr(selftest, "sm3", lambda _data: bytes(32))
    with pytest.raises(SelfTestFailed, match="SM3"):
        self_test()


def test_a_python_without_sm3_is_told_so_in_one_sentence(monkeypatch):
    real = hashlib.new

    def new(name, *rest):
        if name == "sm3":
            raise ValueError("unsupported hash type sm3")
        return real(name, *rest)

    monkeypatch.setattr(hashlib, "new", new)
    calls = (
        lambda: sm3.sm3(b""),
        sm3.Hasher,
        lambda: hkdf_sm3(b"s", salt=b"", info=b"", length=16),
        self_test,
    )
    for call in calls:
        with pytest.raises(sm3.Sm3Missing, match="linked to an OpenSSL without it"):
            call()
