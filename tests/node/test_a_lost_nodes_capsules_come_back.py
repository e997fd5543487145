"""A node whose home is gone gets its content keys back with an officer's sheet and its custodian's approval, and with
less than both it does not."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from apps.node import __main__ as command_line
from apps.node import capsules, custodian, datasets, exchange, health, recovery, sheets
from apps.node.errors import FactorStale, Forbidden, NodeError
from apps.node.node import Node, open_node
from apps.node.roster import Acting
from apps.node.sheets import Printed
from creditzone.kernel.capsule import group_file, read_columns
from creditzone.kernel.documents import CapsuleHeader, Parent, Policy, read
from creditzone.kernel.refusals import Refusal
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node import guarding, jobs, world
from tests.node.portal import Portal
from tests.node.world import CENTRE, PLATFORM, Zone

REGULATOR = world.code(900006)


@dataclass
class Lost:
    """The centre's second home, where nothing is left of the first but its bodies; its sheets and its custodian."""

    zone: Zone
    first: Node
    second: Node
    capsule: str
    officer: Printed
    regulator: Printed
    guard: Acting

    @property
    def platform(self) -> Node:
        return self.zone.nodes[PLATFORM]

    def asked(self) -> recovery.Request:
        return recovery.request(self.second, self.capsule)

    def approved(self) -> str:
        asked = self.asked()
        return recovery.answer(self.platform, self.guard, asked.text(), typed=asked.fingerprint)

    def restore(self, answers: list[str], *printed: Printed) -> recovery.Recovered:
        return recovery.restore(self.second, self.asked(), answers, [" ".join(one.words) for one in printed])

    def refusal(self, answers: list[str], *printed: Printed) -> str:
        with pytest.raises(NodeError) as caught:
            self.restore(answers, *printed)
        assert self.second.store.all("SELECT 1 FROM body") == []
        return caught.value.code


def sheet(node: Node, acting: Acting, kind: str, language: str) -> Printed:
    printed = made(node, acting, kind, language)
    sheets.confirm(node, acting, printed.sheet.id, asked_words(printed))
    return printed


def made(node: Node, acting: Acting, kind: str, language: str) -> Printed:
    organisation = "" if kind == "officer" else REGULATOR
    return sheets.make(node, acting, kind=kind, name=f"某{kind}", organisation=organisation, language=language)  # type: ignore[arg-type]


def asked_words(printed: Printed) -> str:
    return " ".join(printed.words[number - 1] for number in printed.sheet.asked)


@pytest.fixture(params=[2, 3])
def lost(quartet: Zone, request: pytest.FixtureRequest, tmp_path: Path) -> Lost:
    """With a threshold of 2 or 3; where it takes 3 the bank guards too."""
    first = quartet.nodes[CENTRE]
    owner = world.person(first)
    guarding.choose(first, PLATFORM, *([world.BANK] if request.param == 3 else []), least=request.param)
    officer, regulator = sheet(first, owner, "officer", "zh"), sheet(first, owner, "regulator", "en")
    rows = jobs.rows_of("profit_and_loss", 30)
    capsule = jobs.provide(quartet, CENTRE, "profit_and_loss", [world.rule()], rows)[2]
    guarding.carry(quartet, first, "deposit")
    second = Zone(tmp_path / "new", key=quartet.key)
    second.card, second.digest, second.scratch = quartet.card, quartet.digest, quartet.scratch
    node = second.node(CENTRE, "code_centre")
    for body in datasets.bodies_folder(first).iterdir():
        shutil.copy(body, datasets.bodies_folder(node) / body.name)
    shutil.rmtree(first.home)
    return Lost(quartet, first, node, capsule, officer, regulator, world.person(quartet.nodes[PLATFORM], "steward"))


def enough(lost: Lost) -> list[Printed]:
    """What it takes beside the custodian's answer: where it takes 3, the supervisor's sheet too."""
    header = next(one for one in _guarded(lost) if one.capsule == lost.capsule)
    return [lost.officer] if header.custody.threshold == 2 else [lost.officer, lost.regulator]


def _guarded(lost: Lost) -> list[CapsuleHeader]:
    return [one.header for one in custodian.listing(lost.platform)]


def test_with_sheet_and_approval_the_capsule_opens_and_is_sealed_anew(lost: Lost):
    found = lost.restore([lost.approved()], *enough(lost))
    assert (found.capsule, found.version, found.rows) == (lost.capsule, 1, 30)
    body = lost.second.store.one("SELECT * FROM body WHERE dataset = ?", lost.capsule)
    assert body is not None
    held = capsules.held(lost.second, lost.capsule)
    assert held is not None
    assert held.closed == Refusal("share-missing", {"holder": CENTRE})
    header = read(held.header, CapsuleHeader)
    keys = datasets.content_keys(lost.second, body)
    folder = datasets.bodies_folder(lost.second)
    columns = read_columns(lambda group: (folder / f"{body['id']}.{group}.body").open("rb"), keys, header, ["uscc"])
    codes = [cell for _, cells in columns for part in cells for cell in part]
    assert codes == [row[0] for row in jobs.rows_of("profit_and_loss", 30)[1:]]
    acting = world.person(lost.second)
    policy = world.policy(lost.zone, lost.second, lost.capsule, version=2, rules=[world.rule()])
    lost.zone.numbers.pop(CENTRE, None)
    world.have_signed(lost.zone, lost.second, acting, policy)
    assert capsules.closed_by(lost.second, lost.capsule) is None
    with pytest.raises(NodeError):
        lost.restore([lost.approved()], *enough(lost))


@pytest.fixture
def played(zone: Zone) -> Iterator[Portal]:
    portal = Portal(zone)
    zone.portal_url = portal.url
    yield portal
    portal.close()


def test_with_its_key_file_and_bodies_alone_it_is_the_same_node_again(played: Portal, quartet: Zone):
    """The store is gone: the zone gives back what the node said, sheet and custodian give its content keys back."""
    node = quartet.nodes[CENTRE]
    guarding.choose(node, PLATFORM, least=2)
    officer = sheet(node, world.person(node), "officer", "zh")
    rows = jobs.rows_of("profit_and_loss", 30)
    capsule = jobs.provide(quartet, CENTRE, "profit_and_loss", [world.rule()], rows)[2]
    guarding.carry(quartet, node, "deposit")
    exchange.exchange(node, health.heartbeat(node, running=()))
    before = node.card_of(CENTRE)
    node.store.close()
    for path in node.home.glob("store.sqlite3*"):
        path.unlink()
    again = open_node(node.home)
    assert again.card_of(CENTRE) is None
    for _ in range(3):
        exchange.exchange(again, health.heartbeat(again, running=()))
    assert (again.is_restoring, again.card_of(CENTRE)) == (False, before)
    asked, guard = recovery.request(again, capsule), world.person(quartet.nodes[PLATFORM], "steward")
    answer = recovery.answer(quartet.nodes[PLATFORM], guard, asked.text(), typed=asked.fingerprint)
    assert recovery.restore(again, asked, [answer], [" ".join(officer.words)]).rows == 30


def test_less_than_that_gives_nothing_back(lost: Lost):
    approved = lost.approved()
    assert lost.refusal([], lost.officer, lost.regulator) == "recovery-unfit"
    assert lost.refusal([approved]) == "share-missing"
    assert lost.refusal([approved], lost.regulator) == "share-missing"
    if len(enough(lost)) == 2:
        assert lost.refusal([approved], lost.officer) == "share-missing"
    stranger = Printed(lost.officer.sheet, tuple(sheets.words_of(PrivateKey.generate(), "en")))
    assert lost.refusal([approved], stranger) == "share-missing"


def test_a_custodian_that_gives_a_wrong_share_is_named(lost: Lost, monkeypatch):
    true = recovery.own_share
    monkeypatch.setattr(recovery, "own_share", lambda node, deposit: replace(true(node, deposit), value=b"x" * 16))
    wrong = lost.approved()
    with pytest.raises(NodeError) as caught:
        lost.restore([wrong], *enough(lost))
    assert caught.value.code == "share-wrong"
    assert lost.platform.name_of(PLATFORM) in caught.value.sentence("zh")


def test_an_answer_opens_at_the_node_that_asked_only(lost: Lost, quartet: Zone):
    asked = lost.asked()
    with pytest.raises(NodeError) as caught:
        recovery.restore(quartet.nodes[world.BANK], asked, [lost.approved()], [" ".join(lost.officer.words)])
    assert caught.value.code == "recovery-unfit"
    assert lost.refusal(["00" * 300], lost.officer) == "recovery-unfit"


def test_bodies_that_are_not_these_are_not_taken(lost: Lost):
    header = next(one for one in _guarded(lost) if one.capsule == lost.capsule)
    body = datasets.bodies_folder(lost.second) / group_file(header.body, 0)
    data = bytearray(body.read_bytes())
    data[-1] ^= 1
    body.write_bytes(bytes(data))
    assert lost.refusal([lost.approved()], *enough(lost)) == "capsule-damaged"


def test_only_who_may_answers_with_a_fresh_factor_and_the_right_fingerprint(lost: Lost):
    asked = lost.asked()
    old = world.person(lost.platform, "steward")
    stale = Acting(person=old.person, person_name="", organisation=PLATFORM, role="steward", factor_at=0)
    viewer = world.person(lost.platform, "viewer")
    for acting, refusal in ((stale, FactorStale), (viewer, Forbidden)):
        with pytest.raises(refusal):
            recovery.answer(lost.platform, acting, asked.text(), typed=asked.fingerprint)
    slipped = asked.text().replace(asked.key, PrivateKey.generate().public.hex)
    with pytest.raises(NodeError) as caught:
        recovery.answer(lost.platform, lost.guard, slipped, typed=asked.fingerprint)
    assert caught.value.code == "fingerprint-wrong"
    for bad in ("", "{}", asked.text().replace("04", "05")):
        with pytest.raises(NodeError):
            recovery.answer(lost.platform, lost.guard, bad, typed=asked.fingerprint)


def test_the_command_line_takes_sheets_as_they_are_typed(
    lost: Lost, capsys: pytest.CaptureFixture[str], monkeypatch, tmp_path: Path
):
    monkeypatch.setattr(command_line, "open_node", lambda home: lost.second)
    home = ["--home", str(lost.second.home)]
    assert command_line.main([*home, "recovery-request", "--capsule", lost.capsule]) == 0
    said = json.loads(capsys.readouterr().out)
    answer = recovery.answer(lost.platform, lost.guard, said["request"], typed=said["fingerprint"])
    (tmp_path / "answer").write_text(answer + "\n")
    lines = ["".join(lost.officer.words), " ".join(lost.regulator.words).upper(), ""]
    arguments = [*home, "recover", "--capsule", lost.capsule, "--answer", str(tmp_path / "answer")]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(["one two three", ""])))
    assert command_line.main(arguments) == 2
    assert "checksum" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    assert command_line.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 30


def test_a_derived_datasets_keys_do_not_come_back_without_what_it_was_made_of(lost: Lost, monkeypatch):
    """Its lineage stood at the lost node: sealed anew without it, its sources' policies would bind nobody."""
    parent = Parent(capsule=lost.capsule, provider=CENTRE, policy="sm3:" + "1" * 64)
    approved = lost.approved()
    read_as_is = recovery.read

    def derived(document, kind):
        found = read_as_is(document, kind)
        return msgspec.structs.replace(found, parents=(parent,)) if kind is Policy else found

    monkeypatch.setattr(recovery, "read", derived)
    assert lost.refusal([approved], *enough(lost)) == "recovery-derived"


def test_a_sheets_words_stand_nowhere_at_the_node(quartet: Zone):
    node = quartet.nodes[CENTRE]
    owner = world.person(node)
    for printed in (sheet(node, owner, "officer", "en"), made(node, owner, "officer", "en")):
        key = sheets.key_of(" ".join(printed.words))
        assert key.public == printed.sheet.public
        plain = [key.to_bytes(), key.to_bytes().hex().encode(), " ".join(printed.words).encode()]
        assert world.folder_holds(node.home, [*plain, asked_words(printed).encode()]) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sheet_serves_once_some_of_its_words_were_typed_back(quartet: Zone, language: str):
    node = quartet.nodes[CENTRE]
    owner = world.person(node)
    printed = made(node, owner, "officer", language)
    asked = asked_words(printed)
    assert sheets.serving(node) == []
    for wrong in ("", " ".join(reversed(asked.split())) + " x", " ".join(printed.words[:2])):
        with pytest.raises(NodeError) as caught:
            sheets.confirm(node, owner, printed.sheet.id, wrong)
        assert caught.value.code == "sheet-words"
    typed = asked.replace(" ", "") if language == "zh" else f" {asked.upper()} "
    sheets.confirm(node, owner, printed.sheet.id, typed)
    assert [one.id for one in sheets.serving(node)] == [printed.sheet.id]
    sheets.drop(node, owner, printed.sheet.id)
    assert sheets.listing(node) == []


def test_without_a_sheet_on_paper_a_deposit_holds_nothing_to_recover_with(quartet: Zone):
    first = quartet.nodes[CENTRE]
    guarding.choose(first, PLATFORM)
    made(first, world.person(first), "officer", "en")  # nobody typed its words back
    capsule = jobs.provide(quartet, CENTRE, "profit_and_loss", [world.rule()], jobs.rows_of("profit_and_loss", 5))[2]
    guarding.carry(quartet, first, "deposit")
    asked = recovery.request(first, capsule)
    guard = world.person(quartet.nodes[PLATFORM], "steward")
    with pytest.raises(NodeError) as caught:
        recovery.answer(quartet.nodes[PLATFORM], guard, asked.text(), typed=asked.fingerprint)
    assert caught.value.code == "recovery-none"


def test_a_supervisor_has_one_sheet_and_is_another_organisation(quartet: Zone):
    node = quartet.nodes[CENTRE]
    owner = world.person(node)
    made(node, owner, "regulator", "zh")
    for organisation in (REGULATOR, CENTRE, "1234", ""):
        with pytest.raises(NodeError) as caught:
            sheets.make(node, owner, kind="regulator", name="某局", organisation=organisation, language="zh")
        assert caught.value.code == "sheet-holder"


def test_a_mistyped_word_is_noticed():
    words = sheets.words_of(PrivateKey.generate(), "zh")
    for wrong in ([*words[:-1], words[0]], words[:-1], [*words, words[0]], ["甲"] * 24):
        if wrong != words:
            with pytest.raises(NodeError):
                sheets.key_of(" ".join(wrong))


def test_words_are_those_of_the_published_vectors():
    """BIP-39's own test vectors (Trezor's list): 32 bytes 7f, and 32 bytes 80."""
    phrase = "legal winner thank year wave sausage worth useful"
    assert sheets.key_of(f"{phrase} {phrase} {phrase.rsplit(' ', 1)[0]} title").to_bytes() == bytes([0x7F] * 32)
    phrase = "letter advice cage absurd amount doctor acoustic avoid"
    assert sheets.key_of(f"{phrase} {phrase} {phrase.rsplit(' ', 1)[0]} bless").to_bytes() == bytes([0x80] * 32)
