"""Time-based one-time codes (RFC 6238), each time step used once: a script waits for the next one like a person."""

import base64
import time

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP = 30
_used: dict[str, int] = {}


def fresh_code(secret: str) -> str:
    """The current code of a base32 secret; waits for the next time step if this one was used already."""
    step = int(time.time()) // STEP
    while _used.get(secret, -1) >= step:
        time.sleep(max(0.2, (step + 1) * STEP - time.time() + 0.2))
        step = int(time.time()) // STEP
    _used[secret] = step
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), STEP, enforce_key_length=False).generate(step * STEP).decode()
