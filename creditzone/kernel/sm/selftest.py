"""Known-answer tests at start: a program of the zone does not serve with ciphers that give other answers."""

from creditzone.kernel.sm import sm2, sm4
from creditzone.kernel.sm.kdf import hkdf_sm3
from creditzone.kernel.sm.sm3 import sm3

# GB/T 32905-2016, A.1.
_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
# No standard publishes HKDF over SM3: RFC 5869's inputs of A.1, computed with `cryptography` and agreed here.
_HKDF = "c69fe91b7aaee2dd5718d72dcaee0cce93f1b8e41f792da51261b6a517e68b36ed2c595572b01dfa359b"


class SelfTestFailed(RuntimeError):
    """A cipher gives another answer than its standard; nothing may be sealed or signed with it."""


def self_test() -> dict[str, str]:
    """Run every known answer (about a millisecond with libcrypto) and say which code answers for what.

    Raises SelfTestFailed on a wrong answer, Sm3Missing where the interpreter has no SM3.
    """
    if sm3(b"abc").hex() != _ABC:
        raise SelfTestFailed("SM3 does not give the standard's answer")
    info = bytes(range(0xF0, 0xFA))
    if hkdf_sm3(b"\x0b" * 22, salt=bytes(range(13)), info=info, length=42).hex() != _HKDF:
        raise SelfTestFailed("HKDF-SM3 does not give the agreed answer")
    try:
        sm2.known_answer(sm2.implementation())
        sm4.known_answer(sm4.library())
    except ValueError as wrong:
        raise SelfTestFailed(str(wrong)) from wrong
    return {"sm2": sm2.backend(), "sm3": "hashlib", "sm4": sm4.backend()}
