"""Every implementation that this machine has, so that each promise is tested on all of them."""

from collections.abc import Callable, Iterator

import pytest

from creditzone.kernel.sm import sm2_gmssl
from creditzone.kernel.sm.sm2_curve import Implementation
from creditzone.kernel.sm.sm2_gmssl import Gmssl
from creditzone.kernel.sm.sm4 import CipherKind
from creditzone.kernel.sm.sm4_openssl import OpensslCipher

try:
    from creditzone.kernel.sm.sm2_openssl import Openssl
except ImportError:
    Openssl = None  # type: ignore[assignment, misc]
try:
    from creditzone.kernel.sm.sm4_gcrypt import GcryptCipher
except ImportError:
    GcryptCipher = None  # type: ignore[assignment, misc]


@pytest.fixture
def gmssl() -> Implementation:
    return Gmssl()


@pytest.fixture
def openssl() -> Implementation:
    if Openssl is None:
        pytest.skip("this machine has no libcrypto of OpenSSL 3")
    return Openssl()


@pytest.fixture(params=["openssl", "gmssl"])
def sm2_code(request: pytest.FixtureRequest) -> Implementation:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["libgcrypt", "cryptography"])
def sm4_code(request: pytest.FixtureRequest) -> CipherKind:
    if request.param == "cryptography":
        return OpensslCipher
    if GcryptCipher is None:
        pytest.skip("this machine has no libgcrypt 1.10")
    return GcryptCipher


@pytest.fixture
def draw_nonces(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let gmssl's wrapper draw these nonces, in this order, so that a standard's own example can be met."""

    def use(*nonces: int) -> None:
        drawn: Iterator[int] = iter(nonces)
        monkeypatch.setattr(sm2_gmssl, "_nonce", lambda: next(drawn))

    return use
