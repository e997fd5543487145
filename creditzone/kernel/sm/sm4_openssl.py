"""SM4-GCM through `cryptography` (OpenSSL's portable code, about a sixth of libgcrypt's speed)."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from creditzone.kernel.sm.sm3 import Bytes


class OpensslCipher:
    """SM4-GCM under one key."""

    name = "cryptography"

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, source: Bytes, target: memoryview, associated: Bytes) -> bytes:
        """Encrypt `source` into `target` (as long; may be the same memory) and return the 16-byte tag."""
        context = Cipher(self._key, modes.GCM(nonce)).encryptor()
        context.authenticate_additional_data(bytes(associated))
        target[:] = context.update(source)
        context.finalize()
        return context.tag

    def decrypt(self, nonce: bytes, source: Bytes, target: memoryview, associated: Bytes, tag: bytes) -> bool:
        """Decrypt `source` into `target` once the tag has been found to fit; whether it does."""
        context = Cipher(self._key, modes.GCM(nonce, bytes(tag))).decryptor()
        context.authenticate_additional_data(bytes(associated))
        plain = context.update(source)
        try:
            context.finalize()
        except InvalidTag:
            return False
        target[:] = plain
        return True
