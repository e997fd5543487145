"""docs/capsule-format.md is byte-exact: its example is built again from its words, by other code, and opened by ours.

The other code is `cryptography` for SM4-GCM and HKDF and the gmssl arithmetic for SM2; only the reading of the page's
blocks is shared.
"""

import io
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from creditzone.kernel.capsule import body as body_module
from creditzone.kernel.capsule import check_body_digest, open_header, read_body, sealed_size, summary_of
from creditzone.kernel.custody.join import join
from creditzone.kernel.custody.shares import Share
from creditzone.kernel.documents import CapsuleHeader, Policy, digest_of, parse
from creditzone.kernel.sm import envelope
from creditzone.kernel.sm.sm2 import PrivateKey
from creditzone.kernel.sm.sm2_gmssl import Gmssl
from creditzone.kernel.sm.sm3 import digest

PAGE = (Path(__file__).parents[3] / "docs" / "capsule-format.md").read_text()
KEY, OWNER = (bytes.fromhex(text) for text in re.findall(r"`([0-9a-f]{32}|[0-9a-f]{64})`", PAGE))


def block(kind, name):
    found = re.search(rf"^```{kind} {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"the page has no block {name}"
    return bytes.fromhex(found[1]) if kind == "hex" else found[1].encode()


BODY, TEXT = block("hex", "body"), block("text", "plaintext")
HEADER_TEXT = block("json", "header").rstrip(b"\n")
HEADER = parse(HEADER_TEXT, CapsuleHeader)


def sm4_gcm(key, nonce, plain, associated):
    context = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    context.authenticate_additional_data(associated)
    return context.update(plain) + context.finalize() + context.tag


@pytest.fixture
def owner():
    return PrivateKey(OWNER, using=Gmssl())


def test_the_body_is_built_from_the_words_of_the_page():
    prefix = (
        b"CZBODY"
        + (1).to_bytes(2, "big")
        + (0).to_bytes(4, "big")
        + (16).to_bytes(4, "big")
        + bytes.fromhex(HEADER.capsule.replace("-", ""))
        + bytes.fromhex(HEADER.body.replace("-", ""))
    )
    built, tags = prefix, b""
    for index, start in enumerate(range(0, 42, 16)):
        nonce = BODY[48 + index * 44 :][:12]
        associated = prefix + index.to_bytes(8, "big") + bytes([index == 2])
        sealed = sm4_gcm(KEY, nonce, TEXT[start : start + 16], associated)
        built, tags = built + nonce + sealed, tags + sealed[-16:]
    assert associated == block("hex", "associated")
    assert built == BODY
    assert len(built) == 48 + 42 + 28 * 3
    assert digest(tags) == HEADER.body_digest


def test_the_header_is_built_from_the_words_of_the_page(owner):
    assert digest(block("json", "policy").rstrip(b"\n")) == HEADER.policy
    assert digest(bytes.fromhex(owner.public.hex)) == HEADER.custody.holders[0].key
    secret = block("hex", "secret")
    info = f"creditzone/kek/v1\n{HEADER.capsule}\n{HEADER.policy}\n{HEADER.version}".encode()
    kek = HKDF(hashes.SM3(), 16, b"", info).derive(secret)
    assert kek == block("hex", "kek")
    (wrap,) = HEADER.wrapped
    rest = re.sub(rb'"wrapped":\[.*?\]', b'"wrapped":[]', HEADER_TEXT)
    associated = b"creditzone/wrap/v1\n" + bytes(4) + rest
    assert sm4_gcm(kek, bytes.fromhex(wrap.nonce), KEY, associated).hex() == wrap.key


def shares():
    lines = block("hex", "shares")
    return [(piece[0], piece[1:17], piece[17:]) for piece in (lines[:49], lines[49:82], lines[82:])]


def times(left, right):
    """In GF(2^128) with the modulus of the page."""
    product = 0
    for power in range(128):
        if right >> power & 1:
            product ^= left << power
    for power in range(254, 127, -1):
        if product >> power & 1:
            product ^= (1 << 128 | 0b10000111) << (power - 128)
    return product


def inverse(element):
    """Its power 2^128 - 2."""
    power, result = element, 1
    for _ in range(127):
        power = times(power, power)
        result = times(result, power)
    return result


def test_the_secret_is_put_together_from_the_words_of_the_page():
    place, custody = f"{HEADER.capsule}\n{HEADER.version}\n", HEADER.custody
    for index, salt, value in shares():
        told = f"creditzone/shard/v1\n{place}{index}\n".encode() + salt + value
        assert digest(told) == custody.holders[index].commitment
    (_, _, own), (_, _, first), (_, _, second) = shares()
    # a line: first = S + c and second = S + 2c, so 3c is what they differ by
    slope = times(int.from_bytes(first) ^ int.from_bytes(second), inverse(3))
    common = (int.from_bytes(first) ^ slope).to_bytes(16)
    info = f"creditzone/custody/v1\n{HEADER.capsule}\n{HEADER.version}".encode()
    assert HKDF(hashes.SM3(), 32, b"", info).derive(own + common) == block("hex", "secret")
    told = f"creditzone/dek/v1\n{place}".encode() + bytes.fromhex(custody.salt) + block("hex", "secret")
    assert digest(told) == custody.secret


def test_the_program_opens_what_stands_on_the_page():
    released = [Share(*piece) for piece in shares()]
    secret = join(HEADER.custody, released, capsule=HEADER.capsule, version=HEADER.version)
    keys = open_header(HEADER, secret)
    assert keys == {0: KEY}
    assert digest_of(parse(block("json", "policy").rstrip(b"\n"), Policy)) == HEADER.policy
    check_body_digest(io.BytesIO(BODY), HEADER)
    summary = summary_of(HEADER)
    assert sealed_size(summary) == len(BODY)
    pieces = read_body(io.BytesIO(BODY), keys[0], capsule=HEADER.capsule, body=HEADER.body, summary=summary)
    assert b"".join(pieces) == TEXT


def test_the_message_on_the_page_opens_and_is_built_from_its_words(owner):
    sealed = block("hex", "envelope")
    assert envelope.open_with(owner, sealed, associated=b"job 7") == b"grade A"
    head, nonce = sealed[:121], sealed[121:133]
    assert head[:8] == b"CZENV" + (1).to_bytes(3, "big")
    assert head + nonce + sm4_gcm(owner.decrypt(head[8:]), nonce, b"grade A", head + b"job 7") == sealed


def test_the_numbers_on_the_page_are_the_programs():
    assert f"### Prefix, {body_module.PREFIX} bytes" in PAGE
    assert f"1 to {body_module.CHUNK_LIMIT:,} (usually {body_module.CHUNK:,})" in PAGE
    assert envelope.OVERHEAD == 133 + 16
