"""Keys, signatures and ciphertexts have one spelling; whatever differs is refused without a hint."""

import pickle

import pytest

from creditzone.kernel.sm import sm2_gmssl
from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey, Sm2Error
from creditzone.kernel.sm.sm2_curve import GX, GY, N, P
from creditzone.kernel.sm.sm3 import sm3

SCALAR = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
GENERATOR = b"\x04" + GX.to_bytes(32, "big") + GY.to_bytes(32, "big")


@pytest.fixture
def key(sm2_code):
    return PrivateKey(SCALAR, using=sm2_code)


@pytest.mark.parametrize("number", [0, N - 1, N, N + 1, 2**256 - 1])
def test_a_private_key_outside_its_range_is_refused(sm2_code, number):
    with pytest.raises(Sm2Error):
        PrivateKey(number.to_bytes(32, "big"), using=sm2_code)


@pytest.mark.parametrize("number", [1, N - 2])
def test_the_ends_of_the_range_are_keys(sm2_code, number):
    key = PrivateKey(number.to_bytes(32, "big"), using=sm2_code)
    assert key.public.verify(key.sign(b"m"), b"m")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_private_key_of_another_length_is_refused(sm2_code, size):
    with pytest.raises(Sm2Error):
        PrivateKey(b"\x01" * size, using=sm2_code)


BAD_POINTS = {
    "empty": b"",
    "without 04": GENERATOR[1:],
    "compressed": b"\x02" + GENERATOR[1:33],
    "hybrid": b"\x06" + GENERATOR[1:],
    "a byte more": GENERATOR + b"\0",
    "off the curve": GENERATOR[:-1] + bytes([GENERATOR[-1] ^ 1]),
    "zeros": b"\x04" + bytes(64),
    "x not reduced": b"\x04" + P.to_bytes(32, "big") + GENERATOR[33:],
    "y is p": GENERATOR[:33] + P.to_bytes(32, "big"),
}


@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS.keys())
def test_a_public_key_that_is_no_point_is_refused(sm2_code, point):
    with pytest.raises(Sm2Error):
        PublicKey(point, using=sm2_code)
    with pytest.raises(Sm2Error):
        PublicKey.from_hex(point.hex())


@pytest.mark.parametrize("change", [str.upper, lambda t: t + "\n", lambda t: " " + t[1:], lambda t: t[:-1]])
def test_a_public_key_has_one_spelling(change):
    with pytest.raises(Sm2Error):
        PublicKey.from_hex(change(GENERATOR.hex()))


def test_every_changed_byte_of_a_ciphertext_is_refused_with_the_same_words(key):
    sealed = key.public.encrypt(b"0123456789abcdef")
    words = set()
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 0x40]) + sealed[at + 1 :]
        with pytest.raises(Sm2Error) as refused:
            key.decrypt(changed)
        if at >= 65:  # from C3 on the point is the right one, so a secret was used
            words.add(str(refused.value))
    assert len(words) == 1


@pytest.mark.parametrize("cut", [0, 1, 64, 65, 96, 97])
def test_a_cut_ciphertext_is_refused(key, cut):
    with pytest.raises(Sm2Error):
        key.decrypt(key.public.encrypt(b"0123456789abcdef")[:cut])


def test_a_longer_ciphertext_is_refused(key):
    with pytest.raises(Sm2Error):
        key.decrypt(key.public.encrypt(b"0123456789abcdef") + b"\0")


@pytest.mark.parametrize("size", [0, 4097])
def test_only_small_secrets_are_encrypted(key, size):
    with pytest.raises(Sm2Error, match="1 to 4096"):
        key.public.encrypt(bytes(size))


def test_the_longest_secret_comes_back(key):
    plain = bytes(range(256)) * 16
    assert key.decrypt(key.public.encrypt(plain)) == plain


def test_numbers_outside_their_range_are_no_signature(key):
    signature = key.sign(b"m")
    r, s = signature[:32], signature[32:]
    zero, order, most = bytes(32), N.to_bytes(32, "big"), b"\xff" * 32
    for forged in (zero + s, r + zero, order + s, r + order, most + most, zero + zero, b"", signature[:-1]):
        assert not key.public.verify(forged, b"m")
    assert not key.public.verify(signature + b"\0", b"m")


def test_a_sum_that_meets_infinity_is_no_signature(key):
    """s G + t P is the point at infinity when t = -s / d; stock gmssl dies of it."""
    t = -pow(int.from_bytes(SCALAR, "big"), -1, N) % N
    forged = ((t - 1) % N).to_bytes(32, "big") + (1).to_bytes(32, "big")
    assert not key.public.verify(forged, b"m")


def test_a_ciphertext_under_a_mask_of_zeros_is_refused(key, gmssl):
    """GB/T 32918.4, 7.1 B4: its text would stand in it openly. C1 is 470 G, found by search for this key."""
    c1 = gmssl.public_point((470).to_bytes(32, "big"))
    shared = sm2_gmssl._times(470, key.public.hex[2:])
    assert sm2_gmssl._mask(shared, 1) == b"\0"
    with pytest.raises(Sm2Error):
        key.decrypt(c1 + sm3(shared[:32] + b"y" + shared[32:]) + b"y")


def test_libcrypto_is_asked_again_when_its_mask_was_zero(openssl, monkeypatch):
    """Older versions do not draw again by themselves."""
    from creditzone.kernel.sm.sm2_openssl import OpensslPublic

    key = PrivateKey(SCALAR, using=openssl)
    honest, answers = OpensslPublic._encrypt_once, iter([(b"", b"", b"y")])
    monkeypatch.setattr(OpensslPublic, "_encrypt_once", lambda self, plain: next(answers, None) or honest(self, plain))
    assert key.decrypt(key.public.encrypt(b"y")) == b"y"


def test_signatures_of_one_message_differ(key):
    assert len({key.sign(b"m") for _ in range(5)}) == 5


def test_a_private_key_shows_and_pickles_nothing_of_its_secret(key):
    shown = f"{key!r} {key!s} {key}"
    assert SCALAR.hex() not in shown
    assert "39452" not in shown
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)


def test_generated_keys_differ_and_come_back_from_their_bytes():
    one, other = PrivateKey.generate(), PrivateKey.generate()
    assert one.public != other.public
    assert PrivateKey.from_bytes(one.to_bytes()).public == one.public
