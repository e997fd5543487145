"""Each known defect of gmssl 3.2.2 (SECURITY.md) shown on the stock class, and its refusal by the wrapper.

Where gmssl is one day repaired the stock half of a test turns red: then the wrapper may be reconsidered.
"""

import random

import pytest
from gmssl.sm2 import CryptSM2  # noqa: TID251 - the defects are shown on the class itself

from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey, Sm2Error
from creditzone.kernel.sm.sm2_curve import A, B, N, P, identity_digest
from creditzone.kernel.sm.sm3 import sm3

SCALAR = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
MASK_OF_ZERO = 470  # with this nonce and SCALAR's public key the mask of a one-byte message is zero


@pytest.fixture
def key(gmssl):
    return PrivateKey(SCALAR, using=gmssl)


@pytest.fixture
def stock(key):
    """gmssl as published, with the same key pair."""
    made = CryptSM2(SCALAR.hex(), "", mode=1)
    made.public_key = key.public.hex[2:]
    return made


def test_g1_a_changed_ciphertext_decrypts_in_stock_and_is_refused_here(key, stock):
    sealed = bytearray(key.public.encrypt(b"pay 100"))
    sealed[65 + 32 + 4] ^= ord("1") ^ ord("9")
    assert stock.decrypt(bytes(sealed[1:])) == b"pay 900"
    with pytest.raises(Sm2Error):
        key.decrypt(bytes(sealed))


def test_g2_a_point_of_another_curve_is_multiplied_in_stock_and_refused_here(sm2_code, stock):
    """Answers for points of weak curves add up to the private key: six of them gave 78 bits of one."""
    elsewhere = (7).to_bytes(32, "big") + (9).to_bytes(32, "big")
    assert (9**2 - 7**3 - A * 7 - B) % P != 0
    sealed = elsewhere + bytes(32) + b"x" * 16
    assert len(stock.decrypt(sealed)) == 16
    with pytest.raises(Sm2Error, match="not on the SM2 curve"):
        PrivateKey(SCALAR, using=sm2_code).decrypt(b"\x04" + sealed)


def test_g2_the_wrapper_checks_the_point_itself_too(gmssl, key):
    handle = gmssl.private(SCALAR, bytes.fromhex(key.public.hex))
    with pytest.raises(Sm2Error, match="not on the SM2 curve"):
        handle.decrypt(b"\x04" + (7).to_bytes(32, "big") + (9).to_bytes(32, "big"), bytes(32), b"x" * 16)


def test_g3_a_seeded_generator_repeats_the_nonce_in_stock_and_not_here(key, stock):
    def after_seeding(sign):
        random.seed(42)
        return sign()

    assert after_seeding(lambda: stock.sign_with_sm3(b"m")) == after_seeding(lambda: stock.sign_with_sm3(b"m"))
    assert after_seeding(lambda: key.sign(b"m")) != after_seeding(lambda: key.sign(b"m"))


@pytest.mark.parametrize("scalar", [11, 225, 307])
def test_g4_a_key_that_goes_on_with_04_loses_digits_in_stock_and_none_here(gmssl, scalar):
    key = PrivateKey(scalar.to_bytes(32, "big"), using=gmssl)
    assert key.public.hex.startswith("0404")
    assert len(CryptSM2("1", key.public.hex).public_key) < 128
    assert PublicKey.from_hex(key.public.hex).hex == key.public.hex
    assert key.public.verify(key.sign(b"m"), b"m")


def test_g5_trailing_bytes_pass_in_stock_and_are_refused_here(key, stock):
    signature = key.sign(b"m")
    digest = sm3(identity_digest(bytes.fromhex(key.public.hex), b"1234567812345678") + b"m")
    assert stock.verify(signature.hex() + "00", digest)
    assert key.public.verify(signature, b"m")
    assert not key.public.verify(signature + b"\0", b"m")


def test_g5_a_number_above_the_order_passes_in_stock_and_is_refused_here(gmssl, key, stock, monkeypatch):
    """s and s + n verify alike where nobody looks at the range: a second spelling of a signature. A digest is
    chosen for which s is 1, so that s + n still fits into 32 bytes."""
    secret, nonce = int.from_bytes(SCALAR, "big"), 5
    r = (nonce - (1 + secret)) * pow(secret, -1, N) % N
    point = gmssl.public_point(nonce.to_bytes(32, "big"))
    digest = ((r - int.from_bytes(point[1:33], "big")) % N).to_bytes(32, "big")
    assert stock.verify(f"{r:064x}{1:064x}", digest)
    assert stock.verify(f"{r:064x}{N + 1:064x}", digest)
    monkeypatch.setattr("creditzone.kernel.sm.sm2_gmssl.sm3", lambda _data: digest)
    assert key.public.verify(r.to_bytes(32, "big") + (1).to_bytes(32, "big"), b"m")
    assert not key.public.verify(r.to_bytes(32, "big") + (N + 1).to_bytes(32, "big"), b"m")


def test_g5_a_sum_at_infinity_kills_stock_and_is_refused_here(key, stock):
    t = -pow(int.from_bytes(SCALAR, "big"), -1, N) % N
    forged = ((t - 1) % N).to_bytes(32, "big") + (1).to_bytes(32, "big")
    with pytest.raises(TypeError):
        stock.verify(forged.hex(), bytes(32))
    assert not key.public.verify(forged, b"m")


def test_g6_a_mask_of_zero_gives_none_in_stock_and_a_second_draw_here(key, stock, draw_nonces, monkeypatch):
    monkeypatch.setattr("gmssl.func.random_hex", lambda _size: f"{MASK_OF_ZERO:064x}")
    assert stock.encrypt(b"y") is None
    draw_nonces(MASK_OF_ZERO, 7)
    assert key.decrypt(key.public.encrypt(b"y")) == b"y"


def test_g6_one_byte_comes_back_however_often(sm2_code):
    key = PrivateKey(SCALAR, using=sm2_code)
    for count in range(40 if sm2_code.name != "libcrypto" else 1500):
        sealed = key.public.encrypt(bytes([count & 0xFF]))
        assert sealed[-1] != count & 0xFF
        assert key.decrypt(sealed) == bytes([count & 0xFF])


def test_g7_the_default_order_is_the_old_one_in_stock_and_the_standards_here(key, stock):
    sealed = key.public.encrypt(b"0123456789abcdef")
    old = CryptSM2(SCALAR.hex(), stock.public_key)
    old.public_key = stock.public_key
    assert old.decrypt(sealed[1:]) != b"0123456789abcdef"
    assert stock.decrypt(sealed[1:]) == b"0123456789abcdef"
