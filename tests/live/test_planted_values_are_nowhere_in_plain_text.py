"""A canary: values planted in an upload are in no database, broker, log, disk or temporary folder in plain text."""

import csv
import os
import secrets
import socket
from pathlib import Path

import pytest

from creditzone.kernel.domain import domain
from demo.firms import code_for

pytestmark = pytest.mark.faults
PLACES = ("postgres", "redis", "log", "nodes", "run", "zone")


@pytest.fixture
def planted(live, tmp_path):
    """An upload at the code centre with unmistakable values, one row of it good and one bad; the values."""
    number = f"0.{secrets.randbelow(10**15):015d}"
    word = f"canary{secrets.token_hex(12)}"
    codes = [code_for("91", "420100", secrets.randbelow(31**6)) for _ in range(2)]
    columns = domain("profit_and_loss").columns
    file = tmp_path / "canary.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow([column.name for column in columns])
        writer.writerow([codes[0], "2025-12-31", *[number] * (len(columns) - 2)])
        writer.writerow([codes[1], "2025-12-31", *[word] * (len(columns) - 2)])
    live.officers["steward"].upload(file, domain="profit_and_loss", title="金丝雀")
    file.unlink()
    return [number, word, *codes]


def holders(root, needles):
    """Files below `root` that hold one of the needles."""
    for folder, _folders, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            try:
                if path.is_file() and not path.is_symlink():
                    data = path.read_bytes()
                    yield from (f"{path}: {needle}" for needle in needles if needle.encode() in data)
            except OSError:
                continue


def test_planted_values_are_nowhere(live, planted):
    live.sql("checkpoint")
    found = [hit for place in PLACES for hit in holders(live.home / place, planted)]
    for root in ("/dev/shm", live.home / "demo.json", os.environ.get("TMPDIR", "/tmp")):
        found += [hit for hit in holders(root, planted) if "pytest" not in hit]
    found += [f"postgresql {table}" for table in tables_holding(live, planted)]
    found += [f"redis: {needle}" for needle in planted if needle.encode() in redis_dump(live)]
    assert found == []


def tables_holding(live, needles):
    """Tables of the portal in which a row, as text, holds a needle: a compressed value would not show on disk."""
    named = "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables where schemaname = 'public'"
    for (table,) in live.sql(named):
        for needle in needles:
            if live.sql(f"select 1 from {table} t where t::text like %s limit 1", f"%{needle}%"):
                yield f"{table}: {needle}"


def redis_dump(live):
    """Everything that the broker holds, in its own wire form."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(live.home / "redis" / "redis.sock"))
        connection.sendall(
            b"EVAL \"local out = {} for _, k in ipairs(redis.call('keys', '*')) do out[#out + 1] = k "
            b"out[#out + 1] = redis.call('dump', k) end return out\" 0\r\nQUIT\r\n"
        )
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
    assert data.startswith(b"*")
    return data
