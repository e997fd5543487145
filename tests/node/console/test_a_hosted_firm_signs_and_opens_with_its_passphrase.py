"""In a hosted node a firm's keys open with the firm's own passphrase, at signing and at opening; every page says whose
node it is."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec
import pytest

from apps.node import factors, firms, locked, passphrases, results, signing
from apps.node.console.signins import SIGN_INS
from apps.node.errors import NodeError, PassphraseLocked, WrongPassphrase
from apps.node.node import open_node
from apps.node.results import OpenedResult, ResultRow
from apps.node.roster import acting as acting_of
from creditzone.kernel.documents import Input, digest_of, new_id, now_ms
from tests.node.console import furnished
from tests.node.console.conftest import BANK, FIRM, browser, post, sign_in

PASSPHRASE = "correct horse battery"


@pytest.fixture
def kind():
    return "platform"


@pytest.fixture
def firm(zone, node, enter):
    """The firm's owner in a browser, signed in at its host's node, and the providers confirmed there."""
    firms.create(node, organisation=FIRM, name="武汉鹤汀新材料科技有限公司", name_en="Heting", passphrase=PASSPHRASE)
    host = enter("owner", name="张工")
    acting = acting_of(node, person=host.id, organisation=BANK, factor_at=now_ms())
    peer = furnished.show_peer(
        node, organisation="91420100XY4L0C6H2A", kind="code_centre", name="代码中心", name_en="The centre"
    )
    furnished.confirm_peer(node, acting, peer)
    person = enter("owner", name="陈鹤", organisation=FIRM)
    client = sign_in(browser(), zone, person, organisation=FIRM)
    return client, acting_of(node, person=person.id, organisation=FIRM, factor_at=now_ms()), peer


@pytest.fixture
def enquiry(node, firm):
    """A firm's authorisation and the request that rests on it, as the portal drafts them together."""
    _client, _acting, peer = firm
    card = furnished.scorecard()
    authorisation = furnished.authorisation_of(node, FIRM, providers=[peer.card.organisation])
    own = Input(provider=peer.card.organisation, domain="profit_and_loss", capsule=new_id(), version=1, contract=None)
    request = furnished.request_for(
        node,
        [own],
        model=digest_of(card),
        recipient=FIRM,
        subject=FIRM,
        authorisation=digest_of(authorisation),
        consent="signed",
        purpose="self-enquiry",
        disclosures=("grade", "reasons"),
        title="本人查询",
    )
    digests = [furnished.send_draft(node, each, organisation=FIRM) for each in (authorisation, request)]
    return request, digests


@pytest.mark.parametrize("which", [0, 1])
def test_authorisation_and_request_are_shown_and_signed_together(node, firm, enquiry, which):
    client, acting, _peer = firm
    _request, digests = enquiry
    page = client.get(f"/sign/{digests[which]}/").content.decode()
    assert all(digest in page for digest in digests)
    assert 'name="passphrase"' in page
    response = post(client, f"/sign/{digests[which]}/", {"sign": "1", "document": digests, "passphrase": PASSPHRASE})
    assert response.status_code == 302, response.content.decode()
    assert [signing.draft(node, acting, digest).state for digest in digests] == ["signed", "signed"]


def test_a_request_that_comes_in_while_the_page_is_open_is_not_signed_with_what_the_page_shows(node, firm, enquiry):
    client, acting, _peer = firm
    request, digests = enquiry
    page = client.get(f"/sign/{digests[0]}/").content.decode()
    shown = re.findall(r'name="document" value="([^"]+)"', page)
    later = furnished.send_draft(node, msgspec.structs.replace(request, id=new_id(), title="另一项"), organisation=FIRM)
    post(client, f"/sign/{digests[0]}/", {"sign": "1", "document": shown, "passphrase": PASSPHRASE})
    states = [signing.draft(node, acting, digest).state for digest in (*digests, later)]
    assert states == ["signed", "signed", "draft"]


@pytest.mark.parametrize("passphrase", ["", "wrong horse battery"])
def test_without_the_right_passphrase_neither_is_signed(node, firm, enquiry, passphrase):
    client, acting, _peer = firm
    _request, digests = enquiry
    response = post(client, f"/sign/{digests[0]}/", {"sign": "1", "passphrase": passphrase})
    assert response.status_code == 422
    assert 'id="id_passphrase_error"' in response.content.decode()
    assert [signing.draft(node, acting, digest).state for digest in digests] == ["draft", "draft"]


def test_every_page_of_a_firm_says_who_hosts_the_node(firm):
    client, _acting, _peer = firm
    for path in ("/", "/sign/", "/results/", "/cards/", "/roster/", "/health/"):
        assert "The host of this node: Jiangcheng Bank" in client.get(path).content.decode(), path


def test_a_firm_sees_nothing_of_its_host_and_the_host_nothing_of_it(node, firm, enquiry, zone, enter):
    client, _acting, _peer = firm
    _request, digests = enquiry
    host = sign_in(browser(), zone, enter("owner", name="李敏"))
    assert not any(digest in host.get("/sign/").content.decode() for digest in digests)
    assert "on its way" in host.get(f"/sign/{digests[0]}/").content.decode()
    assert "李敏" not in client.get("/roster/").content.decode()
    firms.create(
        node, organisation="91420100XY0000784F", name="另一家企业", name_en="Another Firm", passphrase=PASSPHRASE
    )
    job = new_id()
    with node.store.write() as tx:
        tx.run(
            "INSERT INTO attempt (job, fence, attempt, order_id, text, state, at, changed_at)"
            " VALUES (?, 1, 1, ?, '', 'finished', 1, 1)",
            job,
            new_id(),
        )
    seen = {who: page.get("/health/").content.decode() for who, page in (("host", host), ("firm", client))}
    assert ("Another Firm" in seen["host"], job in seen["host"]) == (True, True)
    assert ("Another Firm" in seen["firm"], job in seen["firm"]) == (False, False)


def test_a_firm_reads_its_grade_its_place_and_its_reasons(node, firm, enquiry):
    client, _acting, peer = firm
    request, digests = enquiry
    post(client, f"/sign/{digests[0]}/", {"sign": "1", "document": digests, "passphrase": PASSPHRASE})
    card = furnished.scorecard()
    row = ResultRow(uscc=FIRM, band=5, grade="C", decision=None, score=None, reasons=((peer.card.organisation, "P01"),))
    opened = OpenedResult(
        job=request.id,
        title="本人查询",
        organisation=FIRM,
        scorecard=card,
        disclosures=("grade", "reasons"),
        rows=(row,),
        grades=tuple(reversed(card.grades)),
        distribution=(("C", 1),),
        unmatched=(),
        dropped=(),
        counts={},
        received_at=now_ms(),
    )
    found = SIGN_INS.find(client.cookies["__Host-node"].value, is_life=True)
    found.keep(opened)
    page = client.get(f"/results/{request.id}/").content.decode()
    assert "Your score grade: C" in page
    assert "Profit to assets" in page
    assert "held by The centre" in page
    assert "not disclosed" in page


def test_a_firm_opens_with_its_passphrase_only(node, firm, enquiry, monkeypatch):
    client, _acting, _peer = firm
    request, digests = enquiry
    post(client, f"/sign/{digests[0]}/", {"sign": "1", "document": digests, "passphrase": PASSPHRASE})
    with node.store.write() as tx:
        tx.run("UPDATE result SET state = 'sealed', received_at = 1 WHERE job = ?", request.id)
    monkeypatch.setattr(results, "_opened", lambda *_args: pytest.fail("opened with the wrong key"))
    response = post(client, f"/results/{request.id}/open/", {"passphrase": "wrong horse battery"})
    assert response.status_code == 422
    assert 'id="id_passphrase_error"' in response.content.decode()


def test_five_wrong_passphrases_lock_the_firms_keys_even_for_the_right_one(node, firm, enquiry):
    client, acting, _peer = firm
    _request, digests = enquiry
    path = f"/sign/{digests[0]}/"
    tries = [post(client, path, {"sign": "1", "document": digests, "passphrase": "wrong horse"}) for _ in range(5)]
    assert [response.status_code for response in tries] == [422, 422, 422, 422, 429]
    right = post(client, path, {"sign": "1", "document": digests, "passphrase": PASSPHRASE})
    assert right.status_code == 429
    assert "locked for 15 minutes" in right.content.decode()
    assert [signing.draft(node, acting, digest).state for digest in digests] == ["draft", "draft"]


def test_the_lock_is_one_firms_ends_by_itself_and_survives_a_restart(node, firm):
    other = "91420100XY0000784F"
    firms.create(node, organisation=other, name="另一家企业", name_en="Another Firm", passphrase=PASSPHRASE)
    now = now_ms()
    for _ in range(4):
        with pytest.raises(WrongPassphrase):
            passphrases.open_firm(node, FIRM, "wrong horse", now=now)
    with pytest.raises(PassphraseLocked):
        passphrases.open_firm(node, FIRM, "wrong horse", now=now)
    with pytest.raises(PassphraseLocked):
        passphrases.open_firm(open_node(node.home), FIRM, PASSPHRASE, now=now + factors.LOCK_MS - 1)
    passphrases.open_firm(node, other, PASSPHRASE, now=now)
    passphrases.open_firm(node, FIRM, PASSPHRASE, now=now + factors.LOCK_MS + 1)


def test_the_right_passphrase_forgets_wrong_ones_and_no_passphrase_is_no_try(node, firm):
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(WrongPassphrase):
                passphrases.open_firm(node, FIRM, "wrong horse")
        with pytest.raises(NodeError, match="passphrase"):
            passphrases.open_firm(node, FIRM, "")
        passphrases.open_firm(node, FIRM, PASSPHRASE)


def test_tries_at_the_same_time_are_no_more_than_five(node, firm, monkeypatch):
    derived = []

    class Counting:
        def __init__(self, **_cost):
            pass

        def derive(self, _passphrase):
            derived.append(1)
            return bytes(16)

    monkeypatch.setattr(locked, "Argon2id", Counting)

    def guess(number):
        with suppress(NodeError):
            passphrases.open_firm(node, FIRM, f"wrong horse {number}")
        node.store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(16)))
    assert len(derived) == factors.TRIES
