"""A recovery drill with the real processes: a node's home is lost but for its sealed bodies, a new one is set up by its
command line, and a sheet on paper with a custodian's answer gives a capsule's rows back; less than both does not."""

import csv
import json
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from apps.node import capsules, datasets
from apps.node.node import open_node
from creditzone.kernel.capsule import read_columns
from creditzone.kernel.documents import CapsuleHeader, Signed, read
from creditzone.kernel.domain import domain
from demo.firms import code_for
from deploy.demonstration import rules_for, seal
from deploy.officers.browser import Unexpected
from deploy.officers.person import Officer, until
from deploy.place import ROOT
from deploy.supervise import clean_environment
from tests.live.conftest import LiveZone
from tests.live.test_the_main_road import BALANCE, PROFIT, TURNOVER

pytestmark = pytest.mark.faults
PROGRAMS = ("platform-runner", "platform-console")
NAME = "演练纸页"


@dataclass
class Lost:
    """The platform's new home, in the place of the one that is gone; what its sheet says; the capsule and its codes."""

    live: LiveZone
    home: Path
    words: str
    capsule: str
    codes: list[str]

    def command(self, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """A command of the new node's command line."""
        return at_node(self.home, *words, given=given)

    def recover(self, folder: Path, answer: str, words: str) -> "subprocess.CompletedProcess[str]":
        """Type the words in beside a custodian's answer."""
        file = folder / "answer"
        file.write_text(answer)
        return self.command("recover", "--capsule", self.capsule, "--answer", str(file), given=f"{words}\n\n")

    def bodies(self) -> int:
        return len(open_node(self.home).store.all("SELECT 1 FROM body"))


def at_node(home: Path, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "apps.node", "--home", str(home), *words],
        cwd=ROOT,
        env=clean_environment(),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def put_on_paper(who: Officer) -> tuple[str, str]:
    """Make an officer's sheet on the node's pages and type the asked words back; its name and its words."""
    page = who.bind("/custody/sheets/new/", {"kind": "officer", "name": NAME}).text
    words = re.findall(r"<li>([^<]+)</li>", page.split('<ol class="words')[1].split("</ol>")[0])
    sheet = re.search(r'href="(/custody/sheets/(?:sm3:)?[0-9a-f]{64}/)"', page)
    assert sheet is not None, page[:400]
    assert len(words) == 24
    asked = re.search(rf"<p>([^<]*{NAME}[^<]*)</p>", who.enter_node(sheet[1]).text)
    assert asked is not None
    typed = [words[int(number) - 1] for number in re.findall(r"\d+", asked[1])]
    who.bind(sheet[1], {"words": " ".join(typed)})
    return sheet[1], " ".join(words)


def deposited(live: LiveZone, capsule: str) -> bool:
    """Whether the centre, the platform's custodian, holds its deposit."""
    held = open_node(live.home / "nodes" / "centre").store
    return held.one("SELECT 1 FROM deposit WHERE capsule = ?", capsule) is not None


def set_up(live: LiveZone, home: Path, before: Path) -> None:
    """A new node under the organisation's code, as its operator would; of the home before only the bodies come back."""
    known = json.loads((before / "node.json").read_text())
    named = ("organisation", "kind", "name", "name_en", "portal_url", "console_url", "passphrase_file")
    words = [word for name in named for word in (f"--{name.replace('_', '-')}", str(known[name]))]
    done = at_node(home, "init", *words, "--zone-card", str(live.home / "zone" / "card.json"), "--slots", "0")
    assert done.returncode == 0, done.stderr
    for body in (before / "bodies").iterdir():
        shutil.copy(body, home / "bodies" / body.name)


@pytest.fixture
def lost(live, tmp_path) -> Iterator[Lost]:
    """The platform's node with a sheet and a capsule of its own; then its processes end and its home is gone."""
    who, home = live.officers["merchant"], live.home / "nodes" / "platform"
    sheet, words = put_on_paper(who)
    codes = [code_for("91", "420100", secrets.randbelow(31**6)) for _ in range(40)]
    file = tmp_path / "rows.csv"
    names = domain(TURNOVER).names
    with file.open("w", newline="", encoding="utf-8") as target:
        fixed = {"period_end": "2025-12-31"}
        rows = [[{"uscc": code, **fixed}.get(name, "1.5") for name in names] for code in codes]
        csv.writer(target).writerows([names, *rows])
    cards = {one["id"]: one["digest"] for one in who.call("GET", "/scorecards/")["results"]}
    capsule = seal(who, who.upload(file, domain=TURNOVER, title=NAME), rules_for("merchant", cards)[:1])
    until(lambda: deposited(live, capsule), bool, what="the deposit at the custodian")
    aside = home.with_name("platform.lost")
    for program in PROGRAMS:
        live.control("stop", program)
    home.rename(aside)
    try:
        set_up(live, home, aside)
        yield Lost(live, home, words, capsule, codes)
    finally:
        shutil.rmtree(home, ignore_errors=True)
        aside.rename(home)
        for program in PROGRAMS:
            live.control("start", program)
        live.wait_running(*PROGRAMS)
        until(lambda: who.browser.get(f"{who.node}/healthz").status, lambda status: status == 200, what="the console")
        who.bind(f"{sheet}drop/", {})


def answered(lost: Lost, request: str, fingerprint: str) -> str:
    """What the custodian's page gives out for this request; nothing where it refuses."""
    steward = lost.live.officers["steward"]
    try:
        page = steward.bind("/custody/recovery/", {"request": request, "fingerprint": fingerprint}).text
    except Unexpected:
        return ""
    found = re.search(r'id="recovery-answer">\s*([0-9a-f]+)\s*<', page)
    return found[1] if found else ""


def test_with_the_sheet_and_the_custodians_answer_its_rows_are_there_again_and_with_less_not(lost, tmp_path):
    said = json.loads(lost.command("recovery-request", "--capsule", lost.capsule).stdout)
    other = json.loads(lost.command("recovery-request", "--capsule", lost.live.notes["capsules"][TURNOVER]).stdout)
    assert answered(lost, said["request"], other["fingerprint"]) == ""
    assert answered(lost, other["request"], other["fingerprint"]) == ""  # sealed when there was no sheet
    answer = answered(lost, said["request"], said["fingerprint"])
    assert answer
    shuffled = " ".join(reversed(lost.words.split()))
    for given, words in ((answer, ""), ("00" * 300, lost.words), (answer, shuffled), (answer[:-2] + "00", lost.words)):
        refused = lost.recover(tmp_path, given, words)
        assert (refused.returncode, refused.stdout) == (2, ""), refused.stderr
        assert refused.stderr.strip()
        assert lost.bodies() == 0
    done = lost.recover(tmp_path, answer, lost.words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == len(lost.codes)
    assert codes_at(lost) == lost.codes


def codes_at(lost: Lost) -> list[str]:
    """The codes in the recovered capsule's body, opened with the keys that the new node now holds."""
    node = open_node(lost.home)
    body = node.store.one("SELECT * FROM body WHERE dataset = ?", lost.capsule)
    held = node.store.one("SELECT header FROM capsule WHERE id = ?", lost.capsule)
    assert body is not None
    assert held is not None
    assert capsules.closed_by(node, lost.capsule) is not None  # until a policy is signed anew
    header = read(msgspec.json.decode(held["header"], type=Signed), CapsuleHeader)
    keys, folder = datasets.content_keys(node, body), datasets.bodies_folder(node)
    columns = read_columns(lambda group: (folder / f"{body['id']}.{group}.body").open("rb"), keys, header, ["uscc"])
    return [cell for _, cells in columns for part in cells for cell in part]


def test_the_zone_is_as_before_once_the_home_is_put_back(live):
    done = live.wait_end(live.submit(BALANCE, PROFIT, TURNOVER, title="演练之后"))
    assert done["state"] == "done", done["reason_words"]
