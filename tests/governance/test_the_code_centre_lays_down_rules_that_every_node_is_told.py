"""Zone-wide rules at the portal: the code centre alone drafts them, its signature brings them into force, every node is
told each version once, and everybody reads what changed."""

from typing import Any

import msgspec
import pytest
from django.db import DatabaseError, connection

from apps.core.errors import Forbidden, Invalid
from apps.core.tenancy import tenant_tx
from apps.governance import selectors, services
from apps.governance.models import ZoneRules
from creditzone.kernel import documents
from creditzone.kernel.documents import DocumentCompleted, DraftDeclined, digest_of
from tests.governance.rules import PURPOSES, TEMPLATE, drafted_rules, floors, signed_rules
from tests.road import Road

HTMX = {"hx-request": "true"}


def told(road: Road, name: str) -> list[int]:
    """The versions that came down to a node, in order."""
    found = []
    for message in road.nodes[name].messages(DocumentCompleted):
        document = documents.parse_any(message.document.text.encode())
        if isinstance(document, documents.ZoneRules):
            found.append(document.version)
    return found


def in_force() -> ZoneRules | None:
    with tenant_tx(None, role="exchange"):
        return selectors.in_force()


def test_a_draft_binds_nobody_and_its_signature_tells_every_node_once(road: Road):
    drafted = drafted_rules(road)
    road.nodes["bank"].call()
    assert in_force() is None
    assert told(road, "bank") == []
    road.nodes["centre"].sign_draft(documents.ZoneRules, road.person("centre", "steward"))
    head = in_force()
    assert head is not None
    assert head.digest == drafted.digest == digest_of(head.document)
    signed_rules(road, max_uses=50)
    for name in ("bank", "centre", "platform"):
        for _ in range(3):
            road.nodes[name].call()
        assert told(road, name) == [1, 2]


def test_one_draft_waits_at_a_time_and_a_returned_one_makes_room(road: Road):
    """Two of one number to sign would let a portal show some nodes the one and some the other."""
    first = drafted_rules(road)
    with pytest.raises(Invalid):
        drafted_rules(road, max_uses=70)
    steward = road.zone.member("centre", "steward")
    with pytest.raises(DatabaseError), road.zone.tx(steward):
        ZoneRules(owner=steward.organisation_id, version=1, digest="sm3:" + "1" * 64, text="{}").save(force_insert=True)
    client = road.zone.client("centre", "steward")
    assert client.get("/zone-rules/new/")["Location"] == "/zone-rules/"
    assert "/zone-rules/new/" not in client.get("/zone-rules/").content.decode()
    node = road.nodes["centre"]
    node.call()
    node.tell(DraftDeclined(document=first.digest, reason="太松", person=road.person("centre", "steward")))
    with tenant_tx(None, role="exchange"):
        assert list(ZoneRules.objects.values_list("digest", "state")) == [(first.digest, "declined")]
    assert client.get("/zone-rules/new/").status_code == 200
    assert signed_rules(road).version == 1


@pytest.mark.parametrize(("place", "role"), [("bank", "steward"), ("operator", "owner"), ("centre", "officer")])
def test_nobody_else_drafts_them(road: Road, place: str, role: str):
    actor = road.zone.member(place, role)
    with road.zone.tx(actor), pytest.raises(Forbidden):
        services.draft_rules(actor=actor, purposes=PURPOSES, floors=floors(), templates=())
    assert road.zone.client(place, role).get("/zone-rules/new/").status_code == 403


def test_the_database_lets_nobody_write_rules_for_the_centre_or_mark_its_own_as_signed(road: Road):
    drafted = drafted_rules(road)
    bank, centre = road.zone.member("bank", "steward"), road.zone.member("centre", "steward")
    copy = {"version": 9, "digest": "sm3:" + "1" * 64, "text": "{}"}
    with pytest.raises(DatabaseError), road.zone.tx(bank):
        ZoneRules(owner=bank.organisation_id, **copy).save(force_insert=True)
    with pytest.raises(DatabaseError), road.zone.tx(centre):
        ZoneRules.objects.filter(pk=drafted.pk).update(state="signed")
    with pytest.raises(DatabaseError), road.zone.tx(centre), connection.cursor() as cursor:
        cursor.execute("update governance_zonerules set text = '{}'")
    with road.zone.tx(bank):
        assert not ZoneRules.objects.filter(pk=drafted.pk).exists()


def test_a_template_that_undercuts_its_own_rules_is_not_drafted(road: Road):
    steward = road.zone.member("centre", "steward")
    long = msgspec.structs.replace(TEMPLATE, days=61)
    with road.zone.tx(steward), pytest.raises(Invalid) as refused:
        services.draft_rules(actor=steward, purposes=PURPOSES, floors=floors(), templates=(long,))
    assert "60" in str(refused.value)


def filled(**changes: Any) -> dict[str, Any]:
    given = {
        "count": "1", "say": "en", "purposes": ["credit-risk"], "minimum_group": "12", "max_days": "90",
        "max_uses": "500", "custody_threshold": "1", "attestations": ["none"], "evidence": ["declared", "signed"],
        "t1-id": "risk", "t1-name": "风控", "t1-name_en": "Risk", "t1-about": "贷前", "t1-about_en": "before lending",
        "t1-purposes": ["credit-risk/pre-loan"], "t1-disclosures": ["grade"], "t1-engines": ["cheetah"],
        "t1-days": "30", "t1-uses": "40", "t1-minimum_group": "",
    }  # fmt: skip
    return given | changes


def test_a_steward_writes_them_as_fields_and_reads_them_as_sentences(road: Road):
    signed_rules(road)
    client = road.zone.client("centre", "steward")
    page = client.get("/zone-rules/new/").content.decode()
    assert 'value="仅限信贷风控模型"' in page
    said = client.post("/zone-rules/preview/", filled(), headers=HTMX).content.decode()
    assert "a statistic on at least" in said
    assert "<del>10 firms</del> <ins>12 firms</ins> (tightened)" in said
    assert "<del>60 days</del> <ins>90 days</ins> (loosened)" in said
    assert "统计至少" in client.post("/zone-rules/preview/", filled(say="zh"), headers=HTMX).content.decode()
    answer = client.post("/zone-rules/new/", filled(), headers=HTMX)
    assert answer["HX-Redirect"] == "/zone-rules/"
    assert "waits for its signature in your node" in client.get("/zone-rules/").content.decode()
    road.nodes["centre"].sign_draft(documents.ZoneRules, road.person("centre", "steward"))
    head = in_force()
    assert head is not None
    assert (head.version, head.document.floors.minimum_group) == (2, 12)
    assert [one.name for one in head.document.templates] == ["风控"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"purposes": []}, "Choose at least one."),
        ({"max_days": "0"}, "id_max_days_error"),
        ({"t1-disclosures": ["statistic"]}, "Statistics need a least number of firms."),
        ({"t1-days": "91"}, "the zone allows 90 at most"),
        ({"t1-purposes": ["public-governance"]}, "do not allow the purpose"),
        ({"t1-name": ""}, "id_t1-name_error"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_drafted(road: Road, changes: dict[str, Any], words: str):
    answer = road.zone.client("centre", "steward").post("/zone-rules/new/", filled(**changes), headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with tenant_tx(None, role="exchange"):
        assert not ZoneRules.objects.exists()


def test_a_template_more_or_less_loses_nothing(road: Road):
    client = road.zone.client("centre", "steward")
    more = client.post("/zone-rules/new/", filled(add="1", max_uses="501")).content.decode()
    assert "id_t2-name" in more
    assert 'value="501"' in more
    assert "_error" not in more
    assert "id_t1-name" not in client.post("/zone-rules/new/", filled(drop="1")).content.decode()


@pytest.mark.parametrize(
    ("place", "role"), [("bank", "viewer"), ("platform", "steward"), ("firm", "owner"), ("regulator", "auditor")]
)
def test_everybody_reads_what_is_in_force_and_what_each_version_changed(road: Road, place: str, role: str):
    signed_rules(road)
    signed_rules(road, max_uses=50)
    client = road.zone.client(place, role)
    page = client.get("/zone-rules/").content.decode()
    assert "In force: version 2" in page
    assert "<del>100</del> <ins>50</ins> (tightened)" in page
    assert "Draft a new version" not in page
    assert "Replaced" in client.get("/zone-rules/1/").content.decode()
    assert client.get("/zone-rules/3/").status_code == 404
    versions = client.get("/api/v1/zone-rules/").json()["results"]
    assert [one["version"] for one in versions] == [2, 1]
