"""A firm signs for the bank in its hosted node; a list that rests on signatures then grades that firm and no other, and
once the firm has taken its word back, nobody."""

import pytest

from deploy.manifest import BANK, CENTRE, FIRM
from deploy.officers.person import until
from tests.live.test_the_main_road import BALANCE, PROFIT, opened, plain_grades

pytestmark = pytest.mark.timeout(420)


def run(live, title):
    card = live.card(BALANCE, PROFIT)
    officer = live.officers["officer"]
    asked = {
        "title": title,
        "model": card["digest"],
        "purpose": "credit-risk/pre-loan",
        "disclosures": ["grade"],
        "consent": "signed",
        "capsules": [live.notes["capsules"][domain] for domain in card["domains"]],
    }
    drafted = officer.call("POST", "/jobs/", asked)
    officer.sign(drafted["digest"])
    return live.wait_end(str(drafted["id"]), seconds=240)


def authorise(live):
    """The firm's owner drafts an authorisation at the portal and signs it in its node; its digest and id."""
    owner = live.officers["owner"]
    owner.sign_in()
    page = owner.browser.get(f"{live.portal}/credit/")
    asked = {
        "enquirer": BANK,
        "providers": [CENTRE],
        "purpose": "credit-risk",
        "disclosures": ["grade"],
        "days": "30",
    }
    answer = owner.browser.post(f"{live.portal}/credit/authorise/", asked, page=page)
    assert answer.status == 200, answer.text[:300]
    [(identity, digest)] = live.sql(
        "select id, digest from contracts_authorisation where state = 'drafted' and enquirer_id <> subject_id"
    )
    owner.sign(digest)
    until(
        lambda: live.sql("select state from contracts_authorisation where id = %s", identity),
        lambda rows: rows == [("active",)],
        what="the signed authorisation",
    )
    return str(identity)


def withdraw(live, identity):
    owner = live.officers["owner"]
    page = owner.browser.get(f"{live.portal}/credit/")
    owner.browser.post(f"{live.portal}/credit/authorisations/{identity}/withdraw/", {}, page=page)
    [(digest,)] = live.sql("select withdrawal_digest from contracts_authorisation where id = %s", identity)
    owner.sign(digest)
    until(
        lambda: live.sql("select state from contracts_authorisation where id = %s", identity),
        lambda rows: rows == [("withdrawn",)],
        what="the signed withdrawal",
    )


def test_only_the_firm_that_signed_is_graded_until_it_takes_its_word_back(live):
    plain = plain_grades(live, BALANCE, PROFIT)
    assert FIRM in plain
    identity = authorise(live)
    done = run(live, "本人签署授权")
    assert done["state"] == "done", done
    result = opened(live, done["id"])
    graded = {row["uscc"]: row["grade"] for row in result["rows"] if row["grade"]}
    assert graded == {FIRM: plain[FIRM]}
    centre = next(lane for lane in done["lanes"] if lane["party"] == CENTRE)
    [put_in] = centre["put_in"]
    assert put_in["dropped"] > 100
    withdraw(live, identity)
    ended = run(live, "撤回之后")
    assert (ended["state"], ended["reason"]) == ("failed", "set-empty")
