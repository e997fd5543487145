"""A canary: values planted in rows, sealed and graded in a job, and the secrets of those capsules, are nowhere in what
the zone's operator holds, nor in any folder; and nothing that the operator holds opens those capsules.

Each search is shown to find: a title that the portal was told, its own secret, a mark that is put there and taken away.
"""

import csv
import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec
import pytest

from apps.node.custodian import own_share
from apps.node.custody import _use, secret_of
from apps.node.datasets import content_keys
from apps.node.node import Node, open_node
from creditzone.kernel.capsule import CapsuleDamaged, open_header
from creditzone.kernel.capsule.header import _rest_of, _wrap_data
from creditzone.kernel.custody.shares import SALT
from creditzone.kernel.documents import CapsuleHeader, Deposit, Signed, key_id, read
from creditzone.kernel.domain import domain
from creditzone.kernel.sm.envelope import seal_to
from creditzone.kernel.sm.sm4 import AuthenticationError, Sm4Gcm
from demo.firms import code_for
from deploy.demonstration import agree, rules_for, seal
from deploy.manifest import BANK
from tests import canary
from tests.canary import Needles, found_in, found_in_folder, found_in_stream
from tests.live import holdings
from tests.live.conftest import LiveZone
from tests.live.test_the_main_road import BALANCE, PROFIT, opened

pytestmark = pytest.mark.faults
OWNERS = {BALANCE: "bank-steward", PROFIT: "steward"}
NODES = {BALANCE: "bank", PROFIT: "centre"}
GUARDS = ("centre", "platform")
FIRMS = 12


@dataclass
class Planted:
    """What is to be found nowhere, what the portal was told beside it, and the capsules that hold it."""

    live: LiveZone
    began: float = field(default_factory=time.time)
    mark: str = field(default_factory=lambda: f"mark{secrets.token_hex(12)}")
    numbers: dict[str, str] = field(default_factory=lambda: {name: _number() for name in OWNERS})
    word: str = field(default_factory=lambda: f"金丝雀{secrets.token_hex(12)}")
    codes: list[str] = field(default_factory=lambda: [_code() for _ in range(FIRMS)])
    capsules: dict[str, str] = field(default_factory=dict)
    job: str = ""

    @cached_property
    def needles(self) -> Needles:
        """The values, and the secrets of their capsules."""
        values = {f"number in {name}": number for name, number in self.numbers.items()}
        codes = {"code that was graded": self.codes[0], "code of one party only": self.codes[-1]}
        return canary.needles({**values, **codes, "word": self.word}) | canary.needles_of_keys(self.secrets())

    @property
    def marks(self) -> Needles:
        """What the same search must find."""
        return canary.needles({"mark": self.mark})

    def secrets(self) -> dict[str, bytes]:
        """The private keys of providers and custodians, each provider's own part, and a content key of each capsule."""
        found = {}
        for name in {*NODES.values(), *GUARDS}:
            node = self.node(name)
            key = node.keys.provider._private[node.keys.encryption.public]  # type: ignore[attr-defined]
            found[f"key of {name}"] = key.to_bytes()
        for name, capsule in self.capsules.items():
            node = self.node(NODES[name])
            part = node.store.one("SELECT version, sealed FROM own_part WHERE capsule = ?", capsule)
            body = node.store.one("SELECT * FROM body WHERE dataset = ? AND kind = 'rows'", capsule)
            assert part is not None
            assert body is not None
            own = node.keys.open_sealed(part["sealed"], use=_use(capsule, part["version"]))
            found[f"own part of {name}"] = own[SALT:]
            found[f"content key of {name}"] = content_keys(node, body)[2]
        return found

    def node(self, name: str) -> Node:
        return open_node(self.live.home / "nodes" / name)

    def secret_of(self, header: CapsuleHeader) -> bytes:
        """The header's secret, as its provider and its custodian have it together."""
        guard, provider = dict(zip(OWNERS, GUARDS, strict=True))[header.domain], NODES[header.domain]
        row = self.node(guard).store.one("SELECT text FROM deposit WHERE capsule = ?", header.capsule)
        assert row is not None
        deposit = read(msgspec.json.decode(row["text"], type=Signed), Deposit)
        return secret_of(self.node(provider), header, [own_share(self.node(guard), deposit)])

    def headers(self) -> list[CapsuleHeader]:
        """The capsules' headers as the portal keeps them."""
        kept = "select header from capsules_capsuleversion where capsule_id = any(%s::uuid[])"
        found = self.live.sql(kept, [*self.capsules.values()])
        return [read(msgspec.convert(header, Signed), CapsuleHeader) for (header,) in found]


def _number() -> str:
    return f"0.{secrets.randbelow(6 * 10**15) + 3 * 10**15}"


def _code() -> str:
    return code_for("91", "420100", secrets.randbelow(31**6))


@pytest.fixture(scope="module")
def planted(live, tmp_path_factory) -> Planted:
    """A list of the bank's and the centre's rows on the same firms, sealed under policies and graded in a job."""
    found = Planted(live)
    folder = tmp_path_factory.mktemp("canary")
    cards = {one["id"]: one["digest"] for one in live.officers["officer"].call("GET", "/scorecards/")["results"]}
    for name, owner in OWNERS.items():
        file = folder / f"{name}.csv"
        write(found, name, file)
        dataset = live.officers[owner].upload(file, domain=name, title=f"{found.mark} {name}")
        file.unlink()
        found.capsules[name] = seal(live.officers[owner], dataset, rules_for(owner, cards))
    offer = {
        "capsule": found.capsules[PROFIT],
        "consumer": BANK,
        "purpose": "credit-risk/pre-loan",
        "price_fen": 1,
        "days": 30,
    }
    agree(live.officers["steward"], live.officers["officer"], offer)
    found.job = live.submit(BALANCE, PROFIT, title=found.mark, instead=found.capsules)
    end = live.wait_end(found.job)
    assert end["state"] == "done", end["reason_words"]
    assert {row["uscc"] for row in opened(live, found.job)["rows"]} == set(found.codes[:-1])
    return found


def write(planted: Planted, name: str, file: Path) -> None:
    """Sound rows with the number in every column, and one whose cells are words."""
    with (planted.live.home / "demonstration" / f"{BALANCE}.csv").open(newline="", encoding="utf-8") as source:
        consent = next(row for row in csv.DictReader(source) if row["authorisation_no"])
    fixed = {key: consent[key] for key in consent if key.startswith("authorisation")} | {"period_end": "2025-12-31"}
    codes = planted.codes if name == BALANCE else planted.codes[:-1]
    rows = [{"uscc": code} for code in codes] + [{"uscc": _code(), "bad": "yes"}]
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(domain(name).names)
        for row in rows:
            cell = planted.word if "bad" in row else planted.numbers[name]
            writer.writerow([(row | fixed).get(column, cell) for column in domain(name).names])


def test_the_database_holds_none_of_it(planted):
    """As its superuser dumps it, and in the files of the cluster with its log of changes."""
    whole = holdings.dump(planted.live)
    assert found_in(whole, planted.marks)
    assert found_in(whole, planted.needles) == set()
    planted.live.sql("checkpoint")
    assert any("/base/" in hit for hit in found_in_folder(planted.live.home / "postgres", planted.marks))
    assert any("/pg_wal/" in hit for hit in found_in_folder(planted.live.home / "postgres", planted.marks))
    assert found_in_folder(planted.live.home / "postgres", planted.needles) == []


def test_the_broker_holds_none_of_it(planted):
    """Every key of every type, and what it wrote down."""
    broker, key = holdings.broker(planted.live), f"canary {secrets.token_hex(4)}"
    assert found_in(holdings.values_of(broker), planted.needles) == set()
    for put in (
        lambda: broker.set(key, planted.mark),
        lambda: broker.rpush(key, planted.mark),
        lambda: broker.sadd(key, planted.mark),
        lambda: broker.zadd(key, {planted.mark: 1}),
        lambda: broker.hset(key, "field", planted.mark),
        lambda: broker.xadd(key, {"field": planted.mark}),
    ):
        put()
        try:
            assert found_in(holdings.values_of(broker), planted.marks)
        finally:
            broker.delete(key)
    assert found_in_folder(planted.live.home / "redis", planted.marks)
    assert found_in_folder(planted.live.home / "redis", planted.needles) == []


def test_the_portals_processes_were_told_none_of_it(planted):
    """Environment and command line of each, every setting as it loads there, and files of theirs without a name."""
    own = canary.needles({"own": json.loads((planted.live.home / "secrets.json").read_text())["django"]})
    for name in holdings.PROGRAMS:
        family = canary.Process(planted.live.pid(name)).family()
        told = "\n".join(holdings.leaves(holdings.settings_of(family[0]))).encode()
        assert found_in(told, own)
        assert found_in(family[0].told(), own)
        assert found_in(told, planted.needles) == set()
        for process in family:
            assert found_in(process.told(), planted.needles) == set()
            assert found_in_stream(process.unlinked(), planted.needles) == set()


@pytest.mark.parametrize("program", holdings.PROGRAMS)
def test_the_memory_of_the_portals_processes_holds_none_of_it(planted, program):
    own = canary.needles({"own": json.loads((planted.live.home / "secrets.json").read_text())["django"]})
    family = canary.Process(planted.live.pid(program)).family()
    try:
        assert any(found_in_stream(process.memory(), own) for process in family)
    except PermissionError:
        pytest.skip(f"this system lets nobody read {program}'s memory: that it holds none of it was not looked at")
    for process in family:
        assert found_in_stream(process.memory(), planted.needles) == set()


@contextmanager
def marked(folder: Path, text: str) -> Iterator[None]:
    """A file with the mark in it, for as long as the block lasts."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix="creditzone-mark-") as file:
        file.write(text.encode())
        file.flush()
        yield


def test_no_folder_of_the_zone_or_the_system_holds_any_of_it(planted):
    """The zone's home with all nodes', logs and scratch, and all folders for temporary files."""
    mark = secrets.token_hex(12)
    wanted = {**planted.needles, **canary.needles({"mark of this search": mark})}
    temporary = {Path("/tmp"), Path("/var/tmp"), Path(os.environ.get("TMPDIR", "/tmp")), Path("/dev/shm")}
    told = {process.environment.get("TMPDIR") for process in holdings.processes(planted.live)} - {None}
    for folder in {*temporary, *map(Path, told), planted.live.home}:
        # what lies in memory keeps its old times when a program writes to it as memory
        since = 0 if folder in {Path("/dev/shm"), planted.live.home} else planted.began - 2
        with marked(folder, mark):
            found = found_in_folder(folder, wanted, since=since)
        assert [hit for hit in found if "creditzone-mark-" in hit], f"the search of {folder} finds nothing"
        assert [hit for hit in found if "creditzone-mark-" not in hit] == []


def test_nothing_that_the_operator_holds_opens_those_capsules(planted):
    """Its own keys, those of the node that it runs, and whatever key could be made of what its processes were told."""
    live = planted.live
    told = [text for name in holdings.PROGRAMS for text in _told(live, name)]
    drawn = holdings.keys_from(told)
    kept = json.loads((live.home / "zone" / "keys.json").read_text())
    hosted = planted.node("hosted").keys.provider._private  # type: ignore[attr-defined]
    keys = [*holdings.private_keys([bytes.fromhex(key) for key in kept.values()]), *hosted.values()]
    keys += holdings.private_keys(drawn)
    assert len(keys) > 10
    headers = planted.headers()
    assert {header.capsule for header in headers} == set(planted.capsules.values())
    holders = {holder.key for header in headers for holder in header.custody.holders}
    assert {key_id(planted.node(name).keys.encryption.public) for name in ("bank", *GUARDS)} == holders
    assert holders & {key_id(key.public) for key in keys} == set()
    secret = {*drawn, *(key.to_bytes() for key in keys)}
    assert [one for header in headers for one in secret if _opens_header(header, one)] == []
    assert all(_opens_header(header, planted.secret_of(header)) for header in headers)
    messages = holdings.sealed_messages(holdings.dump(live) + _files(live.home / "postgres" / "data"))
    assert messages
    assert [message for message in messages for key in keys if holdings.opens(key, message)] == []
    mine = seal_to(keys[1].public, b"x", associated=b"")
    assert [key for key in keys if holdings.opens(key, *holdings.sealed_messages(b"." + mine))] == [keys[1]]


def _told(live: LiveZone, program: str) -> list[str]:
    process = canary.Process(live.pid(program))
    return [*holdings.leaves(holdings.settings_of(process)), *process.environment.values()]


def _opens_header(header: CapsuleHeader, key: bytes) -> bool:
    """Whether this is the secret that the header's keys are wrapped under, or the key that wraps them."""
    try:
        open_header(header, key)
    except CapsuleDamaged:
        pass
    else:
        return True
    wrap = header.wrapped[0]
    nonce, sealed = bytes.fromhex(wrap.nonce), bytes.fromhex(wrap.key)
    try:
        Sm4Gcm(key[:16]).open(nonce, sealed, _wrap_data(wrap.group, _rest_of(header)))
    except AuthenticationError:
        return False
    return True


def _files(root: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in root.rglob("*") if path.is_file() and path.stat().st_size)
