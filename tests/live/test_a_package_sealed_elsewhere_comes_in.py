"""A file is sealed by a process that knows its node's card and nothing else, comes to the running node, and stands
there as a dataset whose policy can be signed; its values are in none of the zone's files."""

import subprocess
import sys
from pathlib import Path

import pytest

from creditzone.kernel.capsule.package import read_head
from creditzone.kernel.documents import digest_of
from creditzone.kernel.domain import domain
from deploy import demonstration
from deploy.officers.browser import Unexpected
from tests.live.conftest import LiveZone
from tests.live.test_hostile_files_are_refused_by_the_running_node import NAMES, code, table

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[2]
CANARY = "2.718281828459"


def sealed(live: LiveZone, folder: Path) -> Path:
    """The centre's file, sealed by a process of its own for the node whose page gave the card."""
    steward = live.officers["steward"]
    steward.enter_node("/datasets/upload/")
    card = folder / "card.json"
    card.write_text(steward.browser.get(f"{steward.node}/cards/own.json").text)
    fixed = {"period_end": "2025-12-31", "asset_turnover": CANARY}
    rows = [
        [code(number + 500_000) if name == "uscc" else fixed.get(name, "1.5") for name in NAMES] for number in range(30)
    ]
    file = folder / "rows.csv"
    file.write_bytes(table(rows))
    page = steward.browser.get(f"{steward.node}/datasets/upload/").text
    print_of = page.split('class="mono fingerprint">')[1].split("<")[0]
    words = ["-m", "creditzone.seal", file, "--domain", "turnover", "--card", card, "--fingerprint", print_of]
    subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, check=True, capture_output=True, timeout=120)
    return file.with_suffix(".czpack")


def test_it_is_taken_once_by_its_node_and_sealed_to_a_policy(live: LiveZone, tmp_path):
    package = sealed(live, tmp_path)
    steward, merchant = live.officers["steward"], live.officers["merchant"]
    with pytest.raises(Unexpected, match="package-elsewhere"):
        merchant.upload(package, domain="", title="密封包")
    dataset = steward.upload(package, domain="", title="密封包")
    assert dataset == read_head(package.read_bytes())[0].dataset
    with pytest.raises(Unexpected, match="package-known"):
        steward.upload(package, domain="", title="密封包")
    found = steward._expect(200, "GET", f"/api/v1/datasets/{dataset}/")
    assert (found["accepted"], found["quarantined"]) == (30, 0)
    assert found["package"] == digest_of(read_head(package.read_bytes())[0])
    cards = steward.call("GET", "/scorecards/")["results"]
    rules = demonstration.rules_for("steward", {one["id"]: one["digest"] for one in cards})
    capsule = demonstration.seal(steward, dataset, rules)
    assert capsule == dataset
    assert domain("turnover").id == found["domain"]
    holding = [path for path in live.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [str(path) for path in holding if CANARY.encode() in _bytes(path)] == []


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (PermissionError, FileNotFoundError):
        return b""
