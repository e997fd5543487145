"""The command that seals elsewhere: what it leaves on a disk is ciphertext, also where it is killed; it says what is
wrong, ends with a code for it and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from creditzone.kernel.capsule.package import read_head
from creditzone.kernel.documents.cards import fingerprint
from creditzone.kernel.domain import domain
from creditzone.seal.words import _WORDS
from tests.node import sealer, world
from tests.node.jobs import rows_of
from tests.node.world import CENTRE, HOST, Zone

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "turnover"
CANARY = b"7.351928461"
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def centre(tmp_path):
    return Zone(tmp_path / "zone").node(CENTRE, "code_centre")


@pytest.fixture
def premises(tmp_path):
    folder = tmp_path / "premises"
    folder.mkdir()
    return folder


def table(number: int = 20) -> bytes:
    header, *rows = rows_of(DOMAIN, number)
    for row in rows:
        row[2] = CANARY.decode()
    return world.csv_bytes([header, *rows, [*rows[0][:2], "canary-" + CANARY.decode(), *rows[0][3:]]])


def command(node, file: Path, *more: str) -> list[str]:
    words = [str(word) for word in sealer.arguments(node, file, DOMAIN)]
    return [sys.executable, "-P", "-m", "creditzone.seal", *words, "--language", "en", *more]


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_neither_the_package_nor_a_temporary_file_holds_a_planted_value(centre, premises, tmp_path):
    file = premises / "rows.csv"
    file.write_bytes(table())
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    done = subprocess.run(
        command(centre, file), cwd=premises, env=environment, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    codes = [row[0].encode() for row in rows_of(DOMAIN, 20)[1:]]
    needles = [CANARY, CANARY.decode().encode("utf-16-le"), *codes]
    file.unlink()
    assert left_in(premises) == {"rows.czpack", f"card-{CENTRE}.json"}
    assert world.folder_holds(premises, needles) == world.folder_holds(temporary, needles) == []
    assert [needle for needle in needles if needle in done.stdout + done.stderr] == []


@pytest.mark.faults
def test_what_a_killed_sealer_leaves_is_ciphertext(centre, premises):
    file = premises / "rows.csv"
    header, *rows = table(300).decode().splitlines(keepends=True)
    file.write_text(header + "".join(rows) * 4000)  # of each code all but one row go to quarantine
    running = subprocess.Popen(command(centre, file), cwd=premises, env={**os.environ, "PYTHONPATH": str(ROOT)})
    until = time.monotonic() + 60
    while not any(path.stat().st_size > 3 << 20 for path in premises.glob(".*/*.body")) and time.monotonic() < until:
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    file.unlink()
    assert list(premises.glob(".*/*.body"))
    assert not list(premises.glob("*.czpack"))
    assert world.folder_holds(premises, [CANARY]) == []


@pytest.mark.faults
def test_one_that_is_interrupted_says_so_and_leaves_nothing(centre, premises):
    file = premises / "rows.csv"
    header, *rows = table(300).decode().splitlines(keepends=True)
    file.write_text(header + "".join(rows) * 2000)
    running = subprocess.Popen(
        command(centre, file), cwd=premises, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while not list(premises.glob(".*/*.body")) and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, "Interrupted" in said.decode()) == (130, True)
    assert left_in(premises) == {"rows.csv", f"card-{CENTRE}.json"}


# What it needs --------------------------------------------------------------------------------------------------------


def test_it_runs_without_django_database_and_portal(centre, premises):
    file = premises / "rows.csv"
    file.write_bytes(table())
    program = (
        "import sys\n"
        "for name in ('django', 'psycopg', 'celery', 'rest_framework', 'apps', 'socket'):\n"
        "    sys.modules[name] = None\n"
        "from creditzone.seal.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    arguments = command(centre, file)[4:]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


# What it says ---------------------------------------------------------------------------------------------------------


def test_it_tells_counts_to_programs_and_words_to_people(centre, premises):
    file = premises / "rows.csv"
    file.write_bytes(table())
    ended, said, words = sealer.run(*sealer.arguments(centre, file, DOMAIN))
    package, _ = read_head((premises / "rows.czpack").read_bytes())
    assert (ended, said["rows"], said["accepted"], said["quarantined"]) == (0, 21, 20, 1)
    assert (said["dataset"], said["faults"]) == (package.dataset, {"key-repeated": 1, "number": 1})
    assert fingerprint(said["digest"]) in words
    assert "20 sound" in words


def test_progress_says_how_far_it_is_and_how_long_it_takes(centre, premises, monkeypatch):
    monkeypatch.setattr("creditzone.seal.progress._EVERY", 0.0)
    file = premises / "rows.csv"
    file.write_bytes(table(300))
    _, _, words = sealer.run(*sealer.arguments(centre, file, DOMAIN))
    assert re.search(r"100 % done \(1 of 1 MB\), about 0 s left", words)
    (premises / "rows.czpack").unlink()
    _, _, quiet = sealer.run(*sealer.arguments(centre, file, DOMAIN), "--quiet")
    assert "% done" not in quiet


@pytest.mark.parametrize("language", ["zh", "en"])
def test_its_help_is_in_the_readers_language(language, capsys):
    with pytest.raises(SystemExit) as ended:
        sealer.main(["--help", "--language", language])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert bool(HAN.search(said)) == (language == "zh")
    assert "--fingerprint" in said


def test_each_of_its_sentences_is_there_in_both_languages():
    for zh, en in _WORDS.values():
        assert HAN.search(zh)
        assert not HAN.search(en)
        assert sorted(re.findall(r"%\(\w+\)s", zh)) == sorted(re.findall(r"%\(\w+\)s", en))


# What it refuses ------------------------------------------------------------------------------------------------------


def other(words: list, option: str, value: object) -> list:
    """The arguments with another value."""
    at = words.index(option)
    return [*words[: at + 1], value, *words[at + 2 :]]


REFUSED = {
    "a wrong fingerprint": (lambda words, _: other(words, "--fingerprint", "0000 " * 8), 3, "not this card's"),
    "no fingerprint and no terminal": (lambda words, _: words[:-2], 3, "no terminal"),
    "no card": (lambda words, folder: other(words, "--card", folder / "rows.csv"), 3, "cannot be read"),
    "an unknown domain": (lambda words, _: other(words, "--domain", "weather"), 2, "no domain weather"),
    "a code that is none": (lambda words, _: [*words, "--organisation", "91420100"], 2, "91420100"),
    "no file": (lambda words, folder: [folder / "none.csv", *words[1:]], 5, "No such file"),
    "the output is there": (lambda words, folder: [*words, "--output", folder / "rows.csv"], 5, "there already"),
    "another domain's columns": (lambda words, _: other(words, "--domain", "balance_sheet"), 4, "does not know"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_cannot_seal_it_refuses_with_a_code_and_leaves_nothing(centre, premises, case, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    change, code, words = REFUSED[case]
    file = premises / "rows.csv"
    file.write_bytes(table())
    arguments = sealer.arguments(centre, file, DOMAIN)
    before = left_in(premises)
    ended, said, told = sealer.run(*change(arguments, premises))
    assert (ended, said, words in told) == (code, {}, True), told
    assert left_in(premises) == before


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("rows.exe", b"x", "Only CSV"),
        ("rows.csv", b"", "no header"),
        ("rows.csv", table() + b"\xff\xff\xff\n", "neither UTF-8"),
        ("rows.xlsx", b"PK", "not an XLSX"),
        ("rows.csv", world.csv_bytes([[*domain(DOMAIN).names, "phone"]]), "phone"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_whole_with_the_reason(centre, premises, name, data, words):
    file = premises / name
    file.write_bytes(data)
    arguments = sealer.arguments(centre, file, DOMAIN)
    before = left_in(premises)
    ended, _, told = sealer.run(*arguments)
    assert (ended, words in told, left_in(premises)) == (4, True, before), told


def test_a_card_that_was_altered_or_is_a_hosted_firms_is_not_sealed_to(tmp_path, centre, premises):
    file = premises / "rows.csv"
    file.write_bytes(table())
    arguments = sealer.arguments(centre, file, DOMAIN)
    card = world.own_card(centre, CENTRE)
    altered = msgspec.structs.replace(card, text=card.text.replace('"slots":1', '"slots":2'))
    path = premises / f"card-{CENTRE}.json"
    path.write_bytes(msgspec.json.encode(altered))
    assert sealer.run(*arguments)[0] == 3

    host = Zone(tmp_path / "another").node(HOST, "operator", slots=0, hosts=True)
    firm = world.host_firm(host)
    path.write_bytes(msgspec.json.encode(world.own_card(host, firm.organisation)))
    ended, _, told = sealer.run(*arguments)
    assert (ended, HOST in told) == (3, True)
    assert not (premises / "rows.czpack").exists()
