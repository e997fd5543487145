"""SM2 through the system's libcrypto (OpenSSL 3 or newer), by ctypes.

Every libcrypto object is owned by a block or a Python object that frees it; private numbers are cleared when
freed. A call releases the interpreter's lock, and a key may serve several threads.
"""

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_ulong, c_void_p
from typing import Any

from creditzone.kernel.sm import sm2_der as der
from creditzone.kernel.sm.sm2_curve import PLAIN_LIMIT, Sm2Error, require_point

_SM2_CURVE = 1172  # NID_sm2
_PUBLIC_KEY, _KEY_PAIR = 0x86, 0x87  # EVP_PKEY_PUBLIC_KEY, EVP_PKEY_KEYPAIR
_UNCOMPRESSED = 4  # POINT_CONVERSION_UNCOMPRESSED

# name: (result, arguments); a pointer result of 0 and an int result below 1 both mean failure.
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "BN_bin2bn": (c_void_p, [c_char_p, c_int, c_void_p]),
    "BN_secure_new": (c_void_p, []),
    "BN_clear_free": (None, [c_void_p]),
    "EC_GROUP_new_by_curve_name": (c_void_p, [c_int]),
    "EC_GROUP_free": (None, [c_void_p]),
    "EC_POINT_new": (c_void_p, [c_void_p]),
    "EC_POINT_clear_free": (None, [c_void_p]),
    "EC_POINT_mul": (c_int, [c_void_p] * 6),
    "EC_POINT_point2oct": (c_size_t, [c_void_p, c_void_p, c_int, c_char_p, c_size_t, c_void_p]),
    "OSSL_PARAM_BLD_new": (c_void_p, []),
    "OSSL_PARAM_BLD_free": (None, [c_void_p]),
    "OSSL_PARAM_BLD_push_utf8_string": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t]),
    "OSSL_PARAM_BLD_push_octet_string": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t]),
    "OSSL_PARAM_BLD_push_BN": (c_int, [c_void_p, c_char_p, c_void_p]),
    "OSSL_PARAM_BLD_to_param": (c_void_p, [c_void_p]),
    "OSSL_PARAM_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "EVP_PKEY_CTX_new_from_pkey": (c_void_p, [c_void_p, c_void_p, c_char_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_int]),
    "EVP_PKEY_fromdata_init": (c_int, [c_void_p]),
    "EVP_PKEY_fromdata": (c_int, [c_void_p, POINTER(c_void_p), c_int, c_void_p]),
    "EVP_PKEY_public_check": (c_int, [c_void_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_MD_CTX_set_pkey_ctx": (None, [c_void_p, c_void_p]),
    "EVP_sm3": (c_void_p, []),
    "EVP_DigestSignInit": (c_int, [c_void_p] * 5),
    "EVP_DigestSign": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_DigestVerifyInit": (c_int, [c_void_p] * 5),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "EVP_PKEY_encrypt_init": (c_int, [c_void_p]),
    "EVP_PKEY_encrypt": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_PKEY_decrypt_init": (c_int, [c_void_p]),
    "EVP_PKEY_decrypt": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "ERR_clear_error": (None, []),
}


def _load() -> ctypes.CDLL:
    """The system's libcrypto with its functions declared. Raises ImportError where there is none."""
    for name in (ctypes.util.find_library("crypto"), "libcrypto.so.3", "libcrypto.so.4"):
        if name is None:
            continue
        try:
            library = ctypes.CDLL(name)
            library.OpenSSL_version_num.restype = c_ulong
            if library.OpenSSL_version_num() < 0x30000000:
                continue
            for function, (result, arguments) in _FUNCTIONS.items():
                entry = getattr(library, function)
                entry.restype, entry.argtypes = result, arguments
        except (OSError, AttributeError):
            continue
        return library
    raise ImportError("no libcrypto of OpenSSL 3 or newer")


_lib = _load()


def _require(result: int | None) -> int:
    """`result` if it means success; else clear libcrypto's error queue, which others read, and raise."""
    if result is None or result <= 0:
        _lib.ERR_clear_error()
        raise Sm2Error("SM2 refuses this key, signature or ciphertext")
    return result


@contextmanager
def _owned(handle: int | None, free: Any) -> Iterator[int]:
    """A libcrypto object for the length of a block."""
    held = _require(handle)
    try:
        yield held
    finally:
        free(held)


class _Key:
    """An EVP_PKEY on the SM2 curve, with or without its private number."""

    def __init__(self, point: bytes, scalar: bytes | None = None) -> None:
        self._handle: int | None = None
        with _owned(_lib.OSSL_PARAM_BLD_new(), _lib.OSSL_PARAM_BLD_free) as builder:
            _require(_lib.OSSL_PARAM_BLD_push_utf8_string(builder, b"group", b"SM2", 0))
            _require(_lib.OSSL_PARAM_BLD_push_octet_string(builder, b"pub", point, len(point)))
            if scalar is None:
                self._handle = self._built(builder, _PUBLIC_KEY)
                return
            with _secret_number(scalar) as number:
                _require(_lib.OSSL_PARAM_BLD_push_BN(builder, b"priv", number))
                self._handle = self._built(builder, _KEY_PAIR)

    @staticmethod
    def _built(builder: int, selection: int) -> int:
        key = c_void_p()
        with (
            _owned(_lib.OSSL_PARAM_BLD_to_param(builder), _lib.OSSL_PARAM_free) as parameters,
            _owned(_lib.EVP_PKEY_CTX_new_from_name(None, b"SM2", None), _lib.EVP_PKEY_CTX_free) as context,
        ):
            _require(_lib.EVP_PKEY_fromdata_init(context))
            _require(_lib.EVP_PKEY_fromdata(context, ctypes.byref(key), selection, parameters))
        return _require(key.value)

    def __del__(self) -> None:
        if self._handle and _lib is not None:  # at the interpreter's end the module may be gone before the key
            _lib.EVP_PKEY_free(self._handle)
            self._handle = None

    @contextmanager
    def _context(self) -> Iterator[int]:
        with _owned(_lib.EVP_PKEY_CTX_new_from_pkey(None, self._handle, None), _lib.EVP_PKEY_CTX_free) as context:
            yield context

    @contextmanager
    def _digest_context(self, start: Any, user_id: bytes) -> Iterator[int]:
        """A digest context for SM2 with SM3; the key context outlives it, as libcrypto asks."""
        with self._context() as context, _owned(_lib.EVP_MD_CTX_new(), _lib.EVP_MD_CTX_free) as digest:
            _require(_lib.EVP_PKEY_CTX_set1_id(context, user_id, len(user_id)))
            _lib.EVP_MD_CTX_set_pkey_ctx(digest, context)
            _require(start(digest, None, _lib.EVP_sm3(), None, self._handle))
            yield digest


class OpensslPrivate(_Key):
    """A private key in libcrypto."""

    def __init__(self, scalar: bytes, point: bytes) -> None:
        super().__init__(point, scalar)

    def sign(self, message: bytes, user_id: bytes) -> tuple[int, int]:
        """Sign with a nonce of libcrypto's private random generator."""
        out, size = ctypes.create_string_buffer(128), c_size_t(128)
        with self._digest_context(_lib.EVP_DigestSignInit, user_id) as digest:
            _require(_lib.EVP_DigestSign(digest, out, ctypes.byref(size), message, len(message)))
        r, s = der.read_sequence(out.raw[: size.value], der.INTEGER, der.INTEGER)
        return int.from_bytes(r, "big"), int.from_bytes(s, "big")

    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes:
        """Open a ciphertext; libcrypto checks that C1 is on the curve and compares C3."""
        sealed = der.sequence(
            der.integer(int.from_bytes(c1[1:33], "big")),
            der.integer(int.from_bytes(c1[33:], "big")),
            der.element(der.OCTETS, c3),
            der.element(der.OCTETS, c2),
        )
        out, size = ctypes.create_string_buffer(len(c2) + 64), c_size_t(len(c2) + 64)
        with self._context() as context:
            _require(_lib.EVP_PKEY_decrypt_init(context))
            _require(_lib.EVP_PKEY_decrypt(context, out, ctypes.byref(size), sealed, len(sealed)))
        plain = out.raw[: size.value]
        ctypes.memset(out, 0, len(out))
        return plain


class OpensslPublic(_Key):
    """A public key in libcrypto."""

    def __init__(self, point: bytes) -> None:
        super().__init__(point)
        with self._context() as context:
            _require(_lib.EVP_PKEY_public_check(context))

    def verify(self, r: int, s: int, message: bytes, user_id: bytes) -> bool:
        """Whether (r, s) is this key's signature of `message`."""
        signature = der.sequence(der.integer(r), der.integer(s))
        with self._digest_context(_lib.EVP_DigestVerifyInit, user_id) as digest:
            result = _lib.EVP_DigestVerify(digest, signature, len(signature), message, len(message))
        if result != 1:
            _lib.ERR_clear_error()
        return bool(result == 1)

    def encrypt(self, plain: bytes) -> tuple[bytes, bytes, bytes]:
        """C1 (65 bytes), C3 (32 bytes), C2 (as long as `plain`)."""
        while True:
            c1, c3, c2 = self._encrypt_once(plain)
            if c2 != plain:  # GB/T 32918.4, 6.1 A5: a mask of zeros is drawn again (older libcrypto does not)
                return c1, c3, c2

    def _encrypt_once(self, plain: bytes) -> tuple[bytes, bytes, bytes]:
        room = PLAIN_LIMIT + 256
        out, size = ctypes.create_string_buffer(room), c_size_t(room)
        with self._context() as context:
            _require(_lib.EVP_PKEY_encrypt_init(context))
            _require(_lib.EVP_PKEY_encrypt(context, out, ctypes.byref(size), plain, len(plain)))
        x, y, c3, c2 = der.read_sequence(out.raw[: size.value], der.INTEGER, der.INTEGER, der.OCTETS, der.OCTETS)
        c1 = b"\x04" + b"".join(int.from_bytes(part, "big").to_bytes(32, "big") for part in (x, y))
        return c1, c3, c2


@contextmanager
def _secret_number(scalar: bytes) -> Iterator[int]:
    with _owned(_lib.BN_secure_new(), _lib.BN_clear_free) as number:
        _require(_lib.BN_bin2bn(scalar, len(scalar), number))
        yield number


class Openssl:
    """SM2 by libcrypto."""

    name = "libcrypto"

    def public_point(self, scalar: bytes) -> bytes:
        """The public key of a private one: scalar times G, by libcrypto's constant-time ladder."""
        out = ctypes.create_string_buffer(65)
        with (
            _owned(_lib.EC_GROUP_new_by_curve_name(_SM2_CURVE), _lib.EC_GROUP_free) as group,
            _owned(_lib.EC_POINT_new(group), _lib.EC_POINT_clear_free) as point,
            _secret_number(scalar) as number,
        ):
            _require(_lib.EC_POINT_mul(group, point, number, None, None, None))
            _require(_lib.EC_POINT_point2oct(group, point, _UNCOMPRESSED, out, 65, None))
        return out.raw

    def private(self, scalar: bytes, point: bytes) -> OpensslPrivate:
        """The handle of a private key whose public point is `point`."""
        return OpensslPrivate(scalar, point)

    def public(self, point: bytes) -> OpensslPublic:
        """The handle of a public key; raises Sm2Error when it is not on the curve."""
        require_point(point)
        return OpensslPublic(point)
