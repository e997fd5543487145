"""`python -m apps.node init`: the zone's card comes as a file or on standard input; what is none makes no node."""

import io
import sys
from types import SimpleNamespace

import msgspec
import pytest

from apps.node.__main__ import main
from tests.node import world


@pytest.fixture
def zone(tmp_path, monkeypatch):
    """A zone's card, and a passphrase for the node that is to begin."""
    made = world.Zone(tmp_path / "zone")
    monkeypatch.setenv("CREDITZONE_NODE_PASSPHRASE_FILE", str(world.passphrase_file(tmp_path)))
    return made


def begin(home, card: str) -> int:
    """Run `init` with the card at `card`."""
    told = {
        "--organisation": "91420100XY5H1GP66L",
        "--kind": "bank",
        "--name": "江城银行",
        "--name-en": "Bank",
        "--zone-card": card,
        "--portal-url": "http://zone.localhost:8000",
        "--console-url": "http://bank.localhost:8101",
        "--link-ports": "18110-18113",
    }
    return main(["--home", str(home), "init", *(word for pair in told.items() for word in pair)])


@pytest.mark.parametrize("way", ["file", "input"])
def test_it_comes_by_either_way(way, zone, tmp_path, monkeypatch, capsys):
    card = msgspec.json.encode(zone.card)
    (tmp_path / "card.json").write_bytes(card)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(card), isatty=lambda: False))
    assert begin(tmp_path / "node", str(tmp_path / "card.json") if way == "file" else "-") == 0
    assert '"fingerprint"' in capsys.readouterr().out


@pytest.mark.parametrize("spoilt", [b"", b"{}", b'{"text": "{}", "signatures": []}', "unsigned", None])
def test_what_is_no_card_of_a_zone_makes_no_node(spoilt, zone, tmp_path, capsys):
    if spoilt == "unsigned":
        spoilt = msgspec.json.encode(msgspec.structs.replace(zone.card, signatures=()))
    if spoilt is not None:
        (tmp_path / "card.json").write_bytes(spoilt)
    assert begin(tmp_path / "node", str(tmp_path / "card.json")) == 2
    assert "card" in capsys.readouterr().err
    assert not (tmp_path / "node" / "node.json").exists()
