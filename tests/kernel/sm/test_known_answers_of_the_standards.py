"""The ciphers give the answers that the standards and an independent library print."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.kdf import hkdf_sm3
from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey
from creditzone.kernel.sm.sm2_curve import identity_digest
from creditzone.kernel.sm.sm4 import AuthenticationError, Sm4Gcm
from tests.kernel.sm.vectors import annex, botan

SIGN, ENCRYPT = annex("SM2-sign"), annex("SM2-encrypt")
MESSAGE = SIGN["msg_utf8"].encode()
RECOMMENDED = "1.2.156.10197.1.301"


@pytest.fixture
def key(sm2_code):
    return PrivateKey(bytes.fromhex(SIGN["d"]), using=sm2_code)


def test_sm3_gives_the_annex_digests():
    for case in annex("SM3")["cases"]:
        assert sm3.digest(case["msg"].encode()) == f"sm3:{case['digest']}"


def test_sm3_gives_every_digest_of_botan_whole_and_in_pieces():
    cases = list(botan("botan_sm3.vec", "Out"))
    assert len(cases) > 50
    for case in cases:
        data, expected = bytes.fromhex(case.get("In", "")), case["Out"].lower()
        pieces = sm3.Hasher()
        for at in range(0, len(data), 7):
            pieces.update(data[at : at + 7])
        assert (sm3.sm3(data).hex(), pieces.digest()) == (expected, f"sm3:{expected}")


def test_sm2_derives_the_annex_public_key_and_identity_digest(key):
    assert key.public.hex == SIGN["pub"].lower()
    digest = identity_digest(bytes.fromhex(SIGN["pub"]), SIGN["uid"].encode())
    assert digest.hex() == SIGN["Za"]
    assert sm3.sm3(digest + MESSAGE).hex() == SIGN["e"]


def test_sm2_accepts_the_annex_signature_and_no_neighbour(key):
    signature = bytes.fromhex(SIGN["r"] + SIGN["s"])
    assert key.public.verify(signature, MESSAGE)
    assert not key.public.verify(signature, MESSAGE + b" ")
    assert not key.public.verify(signature, MESSAGE, user_id=b"1234567812345679")


def test_sm2_with_the_annex_nonce_writes_the_annex_bytes(gmssl, draw_nonces):
    key = PrivateKey(bytes.fromhex(SIGN["d"]), using=gmssl)
    draw_nonces(int(SIGN["k"], 16), int(ENCRYPT["k"], 16))
    assert key.sign(MESSAGE).hex() == (SIGN["r"] + SIGN["s"]).lower()
    assert key.public.encrypt(ENCRYPT["msg_utf8"].encode()).hex() == ENCRYPT["C1C3C2"].lower()


def test_sm2_opens_the_annex_ciphertext(key):
    assert key.decrypt(bytes.fromhex(ENCRYPT["C1C3C2"])).decode() == ENCRYPT["msg_utf8"]


def test_sm2_accepts_botans_signature_with_another_identity(sm2_code):
    cases = [
        case for case in botan("botan_sm2_sig.vec", "Signature") if case["Oid"] == RECOMMENDED and case["Hash"] == "SM3"
    ]
    assert cases
    for case in cases:
        key = PrivateKey(bytes.fromhex(case["x"].removeprefix("0x")), using=sm2_code)
        signature, message = bytes.fromhex(case["Signature"]), bytes.fromhex(case["Msg"])
        assert key.public.verify(signature, message, user_id=case["Ident"].encode())
        assert not key.public.verify(signature, message)


def test_sm4_gcm_seals_opens_and_refuses_as_rfc_8998_and_botan_say(sm4_code):
    cases = list(botan("botan_aead_gcm_SM4.vec", "Out"))
    assert len(cases) >= 3
    for case in cases:
        cipher = Sm4Gcm(bytes.fromhex(case["Key"]), using=sm4_code)
        nonce, associated = bytes.fromhex(case["Nonce"]), bytes.fromhex(case.get("AD", ""))
        plain, sealed = bytes.fromhex(case["In"]), bytes.fromhex(case["Out"])
        assert cipher.seal(nonce, plain, associated) == sealed
        assert cipher.open(nonce, sealed, associated) == plain
        with pytest.raises(AuthenticationError):
            cipher.open(nonce, sealed, associated + b"\0")


@pytest.mark.parametrize("length", [1, 16, 31, 32, 33, 64, 255, 8160])
@pytest.mark.parametrize("salt", [b"", b"salt", bytes(64), bytes(65)])
def test_hkdf_sm3_agrees_with_an_independent_library(length, salt):
    expected = HKDF(hashes.SM3(), length, salt, b"info").derive(b"secret")
    assert hkdf_sm3(b"secret", salt=salt, info=b"info", length=length) == expected


@pytest.mark.parametrize(("secret", "length"), [(b"", 16), (b"s", 0), (b"s", 8161), (b"s", -1)])
def test_hkdf_sm3_refuses_what_it_cannot_derive(secret, length):
    with pytest.raises(ValueError, match=r"HKDF|empty"):
        hkdf_sm3(secret, salt=b"", info=b"", length=length)


def test_an_annex_key_is_read_from_its_hex():
    assert PublicKey.from_hex(SIGN["pub"].lower()).hex == SIGN["pub"].lower()
