"""SM4-GCM: both codes give the same bytes, and no plaintext is handed out before its tag was checked."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditzone.kernel.sm.sm4 import NONCE, TAG, AuthenticationError, Sm4Gcm, backend
from creditzone.kernel.sm.sm4_openssl import OpensslCipher

KEY, NONCE_12 = b"0123456789abcdef", b"twelve bytes"


@settings(max_examples=60)
@given(
    key=st.binary(min_size=16, max_size=16),
    nonce=st.binary(min_size=NONCE, max_size=NONCE),
    plain=st.one_of(st.binary(max_size=300), st.sampled_from([bytes(4095), bytes(4096), bytes(70001)])),
    associated=st.binary(max_size=70),
)
def test_the_code_in_use_and_cryptography_give_the_same_bytes(key, nonce, plain, associated):
    here, there = Sm4Gcm(key), Sm4Gcm(key, using=OpensslCipher)
    sealed = here.seal(nonce, plain, associated)
    assert sealed == there.seal(nonce, plain, associated)
    assert here.open(nonce, sealed, associated) == there.open(nonce, sealed, associated) == plain


def test_every_flipped_bit_is_refused_and_leaves_zeros(sm4_code):
    cipher = Sm4Gcm(KEY, using=sm4_code)
    sealed = cipher.seal(NONCE_12, b"twenty bytes of text", b"about")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        out = bytearray(b"\xff" * 20)
        with pytest.raises(AuthenticationError):
            cipher.open_into(NONCE_12, changed, memoryview(out), b"about")
        assert out == bytes(20)


def test_another_key_nonce_or_associated_data_is_refused(sm4_code):
    sealed = Sm4Gcm(KEY, using=sm4_code).seal(NONCE_12, b"text", b"about")
    for key, nonce, about in (
        (bytes(16), NONCE_12, b"about"),
        (KEY, bytes(12), b"about"),
        (KEY, NONCE_12, b"abouT"),
        (KEY, NONCE_12, b""),
    ):
        with pytest.raises(AuthenticationError):
            Sm4Gcm(key, using=sm4_code).open(nonce, sealed, about)


@pytest.mark.parametrize("size", range(TAG))
def test_what_is_shorter_than_a_tag_is_refused(sm4_code, size):
    with pytest.raises(AuthenticationError):
        Sm4Gcm(KEY, using=sm4_code).open(NONCE_12, bytes(size))


@pytest.mark.parametrize("size", [0, 8, 15, 17, 24, 32])
def test_a_key_of_another_size_is_refused(sm4_code, size):
    with pytest.raises(ValueError, match="16 bytes"):
        Sm4Gcm(bytes(size), using=sm4_code)


@pytest.mark.parametrize("size", [0, 8, 11, 13, 16])
def test_a_nonce_of_another_size_is_refused(sm4_code, size):
    cipher = Sm4Gcm(KEY, using=sm4_code)
    with pytest.raises(ValueError, match="12 bytes"):
        cipher.seal(bytes(size), b"text")
    with pytest.raises(ValueError, match="12 bytes"):
        cipher.open(bytes(size), bytes(20))


@pytest.mark.parametrize("size", [0, 1, 16, 17, 4096])
def test_a_buffer_is_sealed_and_opened_where_it_lies(sm4_code, size):
    cipher, plain = Sm4Gcm(KEY, using=sm4_code), bytes(range(256)) * 16
    buffer = bytearray(plain[:size] + bytes(TAG))
    view = memoryview(buffer)
    cipher.seal_into(NONCE_12, view[:size], view)
    assert bytes(buffer) == cipher.seal(NONCE_12, plain[:size])
    cipher.open_into(NONCE_12, view, view[:size])
    assert bytes(buffer[:size]) == plain[:size]


@pytest.mark.parametrize("error", [-1, 1])
def test_a_buffer_of_another_size_is_refused_untouched(sm4_code, error):
    cipher = Sm4Gcm(KEY, using=sm4_code)
    sealed, out = cipher.seal(NONCE_12, b"text"), bytearray(4 + TAG + error)
    with pytest.raises(ValueError, match="buffer"):
        cipher.seal_into(NONCE_12, b"text", memoryview(out))
    with pytest.raises(ValueError, match="buffer"):
        cipher.open_into(NONCE_12, sealed, memoryview(out)[: 4 + error])
    assert not any(out)


def test_bytes_bytearrays_and_views_are_the_same_to_it(sm4_code):
    cipher = Sm4Gcm(KEY, using=sm4_code)
    kinds = (bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data)))
    sealed = {cipher.seal(NONCE_12, kind(b"text"), kind(b"about")) for kind in kinds}
    assert len(sealed) == 1
    assert {cipher.open(NONCE_12, kind(*sealed), kind(b"about")) for kind in kinds} == {b"text"}


def test_threads_that_share_a_cipher_do_not_mix_their_messages(sm4_code):
    cipher = Sm4Gcm(KEY, using=sm4_code)
    messages = [(n.to_bytes(12, "big"), bytes([n]) * 1_000_000) for n in range(12)]
    expected = [Sm4Gcm(KEY, using=sm4_code).seal(nonce, plain) for nonce, plain in messages]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda pair: cipher.seal(*pair), messages)) == expected


def test_the_code_in_use_says_its_name():
    assert backend() in {"libgcrypt", "cryptography"}
