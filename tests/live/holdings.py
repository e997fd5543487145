"""What the zone's operator holds, as tests look through it: the database, the broker, the portal's processes, and the
keys that can be made of any of them."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import redis

from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import MAGIC
from creditzone.kernel.sm.sm2 import PrivateKey, Sm2Error
from deploy.embedded import POSTGRES
from deploy.place import ROOT
from tests.canary import Process
from tests.live.conftest import LiveZone

PROGRAMS = ("web", "coordinator")
WRAPPED = 65 + 32 + 16
"""The bytes of a message's key under SM2, which open or do not whatever the message is about."""
_LIST = """
import json
import django
from django.conf import settings
django.setup()

def plain(value):
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return str(value)

print(json.dumps({name: plain(getattr(settings, name)) for name in dir(settings) if name.isupper()}))
"""


def dump(live: LiveZone) -> bytes:
    """The whole database as its superuser dumps it: every schema, every row, large values in full."""
    command = [str(POSTGRES / "pg_dump"), "--no-sync", f"--dbname={live.superuser_url}"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def broker(live: LiveZone) -> redis.Redis:
    """The broker."""
    return redis.Redis(unix_socket_path=str(live.home / "redis" / "redis.sock"))


def values_of(broker: redis.Redis) -> bytes:
    """Every key of every database of the broker with all that stands under it, whatever its type."""
    readers: dict[bytes, Any] = {
        b"string": lambda key: [broker.get(key)],
        b"list": lambda key: broker.lrange(key, 0, -1),
        b"set": broker.smembers,
        b"zset": lambda key: broker.zrange(key, 0, -1),
        b"hash": lambda key: [part for pair in broker.hgetall(key).items() for part in pair],
        b"stream": lambda key: [part for _, pairs in broker.xrange(key) for pair in pairs.items() for part in pair],
    }
    found: list[bytes] = []
    for name in broker.info("keyspace"):
        broker.execute_command("SELECT", str(name).removeprefix("db"))
        for key in broker.scan_iter(count=1000):
            found += [key, *readers[broker.type(key)](key)]
    return b"\n".join(part for part in found if part is not None)


def processes(live: LiveZone) -> list[Process]:
    """The portal's processes with all that descend from them."""
    return [process for name in PROGRAMS for process in Process(live.pid(name)).family()]


def settings_of(process: Process) -> Any:
    """Every setting as it is loaded in the environment of this process."""
    command = [sys.executable, "-c", _LIST]
    done = subprocess.run(command, cwd=ROOT, env=process.environment, capture_output=True, check=True)
    return json.loads(done.stdout)


def leaves(value: Any) -> Iterator[str]:
    """Every text in nested settings."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from (name, *leaves(one))
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield str(value)


# Keys -----------------------------------------------------------------------------------------------------------------


def keys_from(told: Iterable[str]) -> set[bytes]:
    """Whatever keys could be made of texts that look drawn: as they stand, decoded, or hashed; 32 and 16 bytes each."""
    found: set[bytes] = set()
    for text in {word for one in told for word in (one, *re.split(r"[:@/?=&]", one))}:
        if len(text) >= 16 and len(set(text)) >= 10:
            found |= {part for data in _bytes_of(text) for size in (16, 32) for part in (data[:size], data[-size:])}
    return {key for key in found if len(key) in {16, 32}}


def _bytes_of(text: str) -> Iterator[bytes]:
    raw = text.encode()
    yield from (raw, hashlib.sha256(raw).digest(), bytes.fromhex(sm3.digest(raw).removeprefix("sm3:")))
    for decode in (bytes.fromhex, lambda one: base64.urlsafe_b64decode(one + "=" * (-len(one) % 4))):
        try:
            yield decode(text)
        except ValueError:
            continue


def private_keys(found: Iterable[bytes]) -> list[PrivateKey]:
    """Those that are SM2 keys: nearly all of 32 bytes."""
    keys = []
    for data in found:
        try:
            keys.append(PrivateKey.from_bytes(data))
        except Sm2Error:
            continue
    return keys


def sealed_messages(data: bytes) -> set[bytes]:
    """The keys, under SM2, of all sealed messages that stand in these bytes: as they are, in hex, or in base64."""
    size = len(MAGIC) + WRAPPED
    begin = base64.b64encode(MAGIC)[:10]
    found = [data[at.start() : at.start() + size] for at in re.finditer(re.escape(MAGIC), data)]
    found += [
        _read(bytes.fromhex, one) for one in re.findall(MAGIC.hex().encode() + b"[0-9a-f]{%d}" % (2 * WRAPPED), data)
    ]
    found += [
        _read(base64.b64decode, one[: len(one) // 4 * 4]) for one in re.findall(begin + b"[0-9A-Za-z+/]{160,}", data)
    ]
    return {one[len(MAGIC) : size] for one in found if len(one) >= size}


def _read(decode: Any, text: bytes) -> bytes:
    return bytes(decode(text.decode()))


def opens(key: PrivateKey, message: bytes) -> bool:
    """Whether this key opens a message's key."""
    try:
        return bool(key.decrypt(message))
    except Sm2Error:
        return False
