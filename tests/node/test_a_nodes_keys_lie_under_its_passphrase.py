"""The node's key file opens with its passphrase and with nothing else; another passphrase leaves no old file."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from apps.node import __main__ as command_line
from apps.node import unlocking
from apps.node.config import Config, ConfigError, read_config, write_config
from apps.node.keystore import KEYS, OWN, Keystore
from apps.node.node import open_node
from tests.node.world import BANK, NODE_PASSPHRASE, QUICK, Zone

OTHER = "another staple of the node"


@pytest.fixture
def home(zone: Zone) -> Path:
    return zone.node(BANK, "bank").home


def key_file(home: Path) -> Path:
    return home / KEYS / OWN


def answer_of(home: Path, command: str, given: str, monkeypatch, capsys) -> tuple[int, str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    code = command_line.main(["--home", str(home), command])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_the_file_tells_salt_and_cost_and_no_key(home):
    held = Keystore.open(home, NODE_PASSPHRASE)
    file = json.loads(key_file(home).read_bytes())
    assert set(file) == {"salt", "cost", "sealed"}
    text = key_file(home).read_text()
    for private in (*held._private.values(),):
        assert private.to_bytes().hex() not in text
    assert key_file(home).stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in text


@pytest.mark.parametrize("wrong", ["", "staple of the nodE", NODE_PASSPHRASE + " "])
def test_a_wrong_passphrase_is_one_sentence_and_changes_nothing(home, wrong):
    before = key_file(home).read_bytes()
    with pytest.raises(ConfigError, match="does not open with this passphrase"):
        Keystore.open(home, wrong)
    assert key_file(home).read_bytes() == before


@pytest.mark.parametrize("change", ["salt", "cost", "sealed"])
def test_whatever_is_altered_in_the_file_is_refused(home, change):
    file = json.loads(key_file(home).read_bytes())
    other = {"salt": "00" * 16, "cost": {**file["cost"], "iterations": 2}, "sealed": file["sealed"][:-2] + "00"}
    key_file(home).write_text(json.dumps({**file, change: other[change]}))
    with pytest.raises(ConfigError):
        Keystore.open(home, NODE_PASSPHRASE)


def test_a_cost_that_would_take_the_machine_is_refused_before_it_is_paid(home):
    file = json.loads(key_file(home).read_bytes())
    key_file(home).write_text(json.dumps({**file, "cost": {**file["cost"], "memory_kib": 1 << 30}}))
    with pytest.raises(ConfigError, match="damaged"):
        Keystore.open(home, NODE_PASSPHRASE)


def test_the_passphrase_comes_from_a_private_file_only(home, tmp_path, monkeypatch):
    config = read_config(home)
    given = tmp_path / "given"
    given.write_text(NODE_PASSPHRASE + "\n")
    monkeypatch.setenv(unlocking.FILE, str(given))
    given.chmod(0o640)
    with pytest.raises(ConfigError, match="readable by others"):
        unlocking.passphrase(config)
    given.chmod(0o600)
    assert unlocking.passphrase(config) == NODE_PASSPHRASE
    given.write_text("")
    with pytest.raises(ConfigError, match="empty"):
        unlocking.passphrase(config)


def test_the_environment_gives_it_too_and_without_any_the_sentence_says_what_to_set(home, monkeypatch):
    write_config(home, config := _without_file(home))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(ConfigError, match=unlocking.FILE):
        unlocking.passphrase(config)
    monkeypatch.setenv(unlocking.VALUE, NODE_PASSPHRASE)
    assert open_node(home).organisation == BANK


def test_a_runner_without_a_passphrase_ends_with_one_sentence(home):
    write_config(home, _without_file(home))
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and "store" not in path.name}
    done = subprocess.run(
        [sys.executable, "-m", "apps.node.runner", "--home", str(home)],
        env={name: os.environ[name] for name in ("PATH",)},
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert unlocking.FILE in json.loads(line)["why"]
    assert before == {path: path.read_bytes() for path in before}


def test_another_passphrase_opens_the_same_keys_and_the_old_file_is_no_more(home, monkeypatch, capsys):
    public = Keystore.open(home, NODE_PASSPHRASE).pairs()
    held_open = key_file(home).open("rb")
    linked = home / "a-second-name"
    linked.hardlink_to(key_file(home))
    before = key_file(home).read_bytes()

    code, told = answer_of(home, "passphrase", OTHER + "\n", monkeypatch, capsys)

    assert code == 0, told
    assert OTHER not in told
    assert Keystore.open(home, OTHER).pairs() == public
    with pytest.raises(ConfigError, match="does not open"):
        Keystore.open(home, NODE_PASSPHRASE)
    for old in (held_open.read(), linked.read_bytes()):
        assert len(old) == len(before)
        assert before[:32] not in old
        assert before[-64:] not in old
    held_open.close()


@pytest.mark.parametrize("short", ["", "too short"])
def test_a_short_one_is_refused_and_the_old_one_still_opens(home, short, monkeypatch, capsys):
    before = key_file(home).read_bytes()
    code, told = answer_of(home, "passphrase", short + "\n", monkeypatch, capsys)
    assert code == 2
    assert "at least 10" in told
    assert key_file(home).read_bytes() == before


def test_a_change_that_broke_off_leaves_keys_that_open(home):
    """Either the old file, still under two names, or the new one beside the old, which is then written over."""
    path = key_file(home)
    left = path.with_name(f"{OWN}.old")
    left.hardlink_to(path)
    Keystore.open(home, NODE_PASSPHRASE).pairs()
    assert not left.exists()
    assert Keystore.open(home, NODE_PASSPHRASE)
    left.write_bytes(old := path.read_bytes())
    inode = left.open("rb")
    Keystore.open(home, NODE_PASSPHRASE).change_passphrase(OTHER, cost=QUICK)
    assert not left.exists()
    assert inode.read() != old
    inode.close()
    assert Keystore.open(home, OTHER)


def _without_file(home: Path) -> Config:
    return msgspec.structs.replace(read_config(home), passphrase_file=None)
