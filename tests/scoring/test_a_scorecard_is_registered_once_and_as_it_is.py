"""The digest is the card: what is not canonical, contradicts itself or has another card's model card stays out."""

import json

import msgspec
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from apps.core.errors import Invalid, NotFound
from apps.ledger import selectors as ledger
from apps.scoring import selectors
from apps.scoring.models import Scorecard
from creditzone.kernel import documents
from creditzone.kernel.sm import sm3
from tests.scoring.conftest import NAMES, register, shipped
from tests.set_up import as_set_up

TEXT, MODEL_CARD = shipped("bank-centre")
CARD = documents.parse(TEXT, documents.Scorecard)


def changed(**fields: object) -> bytes:
    return documents.to_canonical(msgspec.structs.replace(CARD, **fields))


def about(text: bytes, **fields: object) -> dict:
    return MODEL_CARD | {"digest": sm3.digest(text)} | fields


def with_feature(**fields: object) -> bytes:
    first = msgspec.structs.replace(CARD.features[0], **fields)
    return changed(features=(first, *CARD.features[1:]))


WRONG = [
    ("not_canonical", lambda: (TEXT + b"\n", MODEL_CARD)),
    ("no_json", lambda: (b"{", MODEL_CARD)),
    ("cuts_fall", lambda: (changed(cuts=CARD.cuts[::-1]), None)),
    ("a_grade_too_few", lambda: (changed(grades=CARD.grades[1:]), None)),
    ("domain_without_feature", lambda: (changed(domains=(*CARD.domains, "turnover")), None)),
    ("no_such_column", lambda: (with_feature(column="loan_term"), None)),
    ("a_column_of_text", lambda: (with_feature(column="authorisation_no"), None)),
    ("bounds_fall", lambda: (with_feature(bins=CARD.features[0].bins[1::-1] + CARD.features[0].bins[2:]), None)),
    ("points_against_direction", lambda: (with_feature(direction="down"), None)),
    ("totals_too_large", lambda: (changed(base=20_000), None)),
    ("another_cards_model_card", lambda: (TEXT, shipped("zone-public")[1])),
    ("a_model_card_with_a_stranger", lambda: (TEXT, MODEL_CARD | {"promise": "AAA"})),
    ("a_model_card_without_notes", lambda: (TEXT, {k: v for k, v in MODEL_CARD.items() if k != "notes"})),
    ("a_model_card_of_other_grades", lambda: (TEXT, MODEL_CARD | {"grades": MODEL_CARD["grades"][1:]})),
    ("a_model_card_of_other_bins", lambda: (TEXT, MODEL_CARD | {"bins": {}})),
]


@pytest.mark.parametrize("wrong", [case for _name, case in WRONG], ids=[name for name, _case in WRONG])
def test_what_cannot_be_right_is_refused_and_leaves_nothing(zone, wrong):
    text, model_card = wrong()
    with pytest.raises(Invalid):
        register(text, model_card if model_card is not None else about(text))
    with zone.tx(zone.member("regulator", "auditor")):
        assert not Scorecard.objects.exists()
        assert not list(ledger.all_entries(act="scorecard.register"))


def test_registering_twice_changes_nothing_and_a_version_is_never_replaced(zone):
    first, is_new = register(TEXT, MODEL_CARD)
    assert (is_new, register(TEXT, MODEL_CARD)[1]) == (True, False)
    other = changed(base=CARD.base + 1)
    with pytest.raises(Invalid):
        register(other, about(other))
    newer = changed(base=CARD.base + 1, version=2)
    assert register(newer, about(newer, version=2))[0].digest != first.digest


def test_the_command_registers_the_shipped_cards_under_their_own_digests(zone, capsys):
    with as_set_up():
        call_command("load_scorecards")
        call_command("load_scorecards")
    assert capsys.readouterr().out.count(" registered\n") == 3
    with zone.tx(zone.member("regulator", "auditor")):
        assert {card.digest for card in selectors.cards()} == {sm3.digest(shipped(name)[0]) for name in NAMES}
        assert len(list(ledger.all_entries(act="scorecard.register"))) == 3


@pytest.mark.parametrize("statement", ["update scoring_scorecard set name = 'x'", "delete from scoring_scorecard"])
def test_a_registered_card_changes_for_nobody_not_even_for_the_set_up(zone, cards, statement):
    for acts in (zone.tx(zone.member("bank", "owner")), zone.tx(zone.member("operator", "owner")), as_set_up()):
        with pytest.raises(DatabaseError), acts, connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_card_that_was_measured_anew_shows_the_new_figures_and_the_ledger_both(zone):
    before = MODEL_CARD | {"notes": MODEL_CARD["notes"][:-1]} if len(MODEL_CARD["notes"]) > 1 else MODEL_CARD
    assert before != MODEL_CARD
    register(TEXT, before)
    for _again in range(2):
        assert register(TEXT, MODEL_CARD)[1] is False
    with zone.tx(zone.member("regulator", "auditor")):
        assert Scorecard.objects.get().model_card == MODEL_CARD
        (entry,) = ledger.all_entries(act="scorecard.measure")
        assert entry.facts["from"] != entry.facts["to"]
    with pytest.raises(DatabaseError), as_set_up(), connection.cursor() as cursor:
        cursor.execute("update scoring_scorecard set model_card = '{}', text = 'x'")


def test_a_job_gets_the_very_bytes_of_the_digest_it_names(zone, cards):
    with zone.tx(zone.member("bank")):
        for name, card in cards.items():
            assert selectors.card_text(card.digest).encode() == shipped(name)[0]
            assert documents.digest_of(selectors.card_of(card.digest)) == card.digest
        with pytest.raises(NotFound):
            selectors.card_text("sm3:" + "0" * 64)


def test_a_model_card_is_plain_json_without_a_promise(zone):
    for name in NAMES:
        text = json.dumps(shipped(name)[1], ensure_ascii=False)
        assert not any(word in text for word in ("违约概率为", "评级", "AAA", "保证"))
