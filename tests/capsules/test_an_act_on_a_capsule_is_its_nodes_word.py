"""What a node signed about its capsule the portal follows: jobs end once, with the clause, and whom it concerns is
told. The portal itself closes and opens nothing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings

from apps.capsules.models import Capsule, CapsuleAct
from apps.capsules.models import CapsuleCertificate as Kept
from apps.capsules.services import draft_policy, list_capsule, unlist_capsule
from apps.compute.models import Job, Lease
from apps.compute.services import admit_waiting
from apps.core.errors import IllegalMove
from apps.core.tenancy import tenant_tx
from apps.exchange.models import StatementRecord
from apps.ledger.models import Entry
from creditzone.kernel import documents
from creditzone.kernel.documents import (
    CapsuleActed,
    CapsuleCertificate,
    CapsuleCertified,
    DocumentCompleted,
    JobEnded,
    OrderStopped,
    Policy,
    Signed,
    SpentUses,
    StoppedJob,
    new_id,
    now_ms,
    read,
    signed,
)
from creditzone.kernel.refusals import Refused
from tests.road import DOMAINS, Road, make_measured, make_sealed


def state(capsule: Capsule) -> str:
    with tenant_tx(None, role="exchange"):
        return Capsule.objects.get(pk=capsule.pk).state


def page(road: Road, who: str, capsule: Capsule, *, role: str = "steward", path: str = "") -> str:
    return road.zone.client(who, role).get(f"/capsules/{capsule.id}/{path}").content.decode()


def rejected(road: Road) -> list[str]:
    with tenant_tx(None, role="exchange"):
        return list(StatementRecord.objects.exclude(reason="").values_list("reason", flat=True))


@pytest.mark.parametrize(
    ("acts", "ends"),
    [(["freeze"], "frozen"), (["freeze", "resume"], "sealed"), (["revoke"], "revoked"),
     (["freeze", "revoke"], "revoked"),
     (["revoke", "destroy"], "destroyed")],
)  # fmt: skip
def test_each_act_leads_where_the_table_says(road: Road, acts: list[str], ends: str):
    capsule = road.sealed("centre")
    for act in acts:
        road.act_on(capsule, "centre", act)
    assert state(capsule) == ends
    assert rejected(road) == []


@pytest.mark.parametrize("acts", [["resume"], ["destroy"], ["revoke", "resume"], ["revoke", "revoke"]])
def test_an_act_out_of_turn_is_rejected_and_changes_nothing(road: Road, acts: list[str]):
    capsule = road.sealed("centre")
    for act in acts[:-1]:
        road.act_on(capsule, "centre", act)
    before = state(capsule)
    road.act_on(capsule, "centre", acts[-1])
    assert (state(capsule), rejected(road)) == (before, ["illegal-move"])


def test_nobody_acts_on_anothers_capsule(road: Road):
    capsule = road.sealed("centre")
    road.act_on(capsule, "platform", "revoke")
    road.act_on(capsule, "centre", "revoke", by=road.zone["platform"].uscc)
    assert state(capsule) == "sealed"
    assert rejected(road) == ["not-found", "not-found"]


def test_the_same_act_again_changes_nothing(road: Road):
    capsule = road.sealed("centre")
    said = road.act_on(capsule, "centre", "freeze")
    road.act_on(capsule, "centre", "resume")
    road.nodes["centre"].tell(said)
    assert (state(capsule), rejected(road)) == ("sealed", [])


def test_a_waiting_job_ends_with_the_clause_and_no_new_one_is_drafted(road: Road):
    capsules = road.ready("centre")
    job = road.queued(capsules)
    road.act_on(capsules[1], "centre", "freeze")
    assert (road.job(job).state, road.job(job).reason) == (Job.State.REFUSED, "capsule-frozen")
    assert road.job(job).at_party == road.zone["centre"]
    with pytest.raises(Refused) as raised:
        road.drafted(capsules)
    assert raised.value.refusal.clause == "capsule-frozen"
    road.act_on(capsules[1], "centre", "resume")
    road.drafted(capsules)


@pytest.mark.parametrize(("act", "clause"), [("freeze", "capsule-frozen"), ("revoke", "capsule-revoked")])
def test_a_running_job_is_stopped_once_at_the_others_with_the_clause(road: Road, act: str, clause: str):
    capsules = road.ready("centre")
    job = road.queued(capsules)
    admit_waiting()
    road.start("bank", "centre")
    assert road.job(job).state == Job.State.RUNNING
    road.act_on(capsules[1], "centre", act)
    assert (road.job(job).state, road.job(job).reason) == (Job.State.FAILED, clause)
    road.heartbeats("bank", "centre")
    (stop,) = road.nodes["bank"].messages(OrderStopped)
    (ended,) = road.nodes["bank"].messages(JobEnded)
    assert (stop.job, stop.reason, ended.reason) == (str(job.id), clause, clause)
    assert road.nodes["centre"].messages(OrderStopped) == []
    with tenant_tx(None, role="exchange"):
        assert not Lease.objects.filter(job=job, released_at=None).exists()


def test_a_job_on_another_capsule_goes_on(road: Road):
    capsules = road.ready("centre")
    job = road.queued(capsules)
    other = road.sealed("centre")
    road.act_on(other, "centre", "revoke")
    assert road.job(job).state == Job.State.QUEUED


def test_every_node_that_its_policy_names_gets_the_signed_act(road: Road):
    capsule = road.sealed("centre")
    said = road.act_on(capsule, "centre", "revoke")
    road.heartbeats()
    for name, told in (("bank", True), ("other_bank", False)):
        came = [one.document for one in road.nodes[name].messages(DocumentCompleted)]
        assert (said.act in came) is told


def test_pages_say_what_was_done_why_and_to_whom(road: Road):
    capsule = road.sealed("centre")
    road.agreed(capsule, "centre")
    road.act_on(capsule, "centre", "freeze", reason="核查数据来源")
    for place in ("centre", "bank"):
        body = page(road, place, capsule)
        assert "froze it in its node" in body
        assert "核查数据来源" in body
    assert "/resume/" in page(road, "centre", capsule)
    assert "/resume/" not in page(road, "bank", capsule)
    for place, reads in (("centre", True), ("bank", True), ("other_bank", False)):
        with road.zone.tx(road.zone.member(place, "owner")):
            assert Entry.objects.filter(act="capsule.freeze").exists() is reads


def test_what_an_act_touches_is_listed_before_it_is_signed(road: Road):
    capsules = road.ready("centre")
    job = road.queued(capsules)
    body = page(road, "centre", capsules[1], path="revoke/")
    for words in (job.title, f"/jobs/{job.id}/", road.zone["bank"].name_en, "/contracts/"):
        assert words in body
    assert f"/capsules/{capsules[1].id}/revoke/?person=" in body
    assert state(capsules[1]) == "sealed"
    client = road.zone.client("centre", "steward")
    assert client.post(f"/capsules/{capsules[1].id}/revoke/").status_code == 404
    assert state(capsules[1]) == "sealed"


def test_only_who_may_close_it_sees_that_list(road: Road):
    capsule = road.sealed("centre")
    for who, role, status in (("centre", "officer", 403), ("bank", "steward", 404), ("centre", "steward", 200)):
        assert road.zone.client(who, role).get(f"/capsules/{capsule.id}/freeze/").status_code == status


def test_a_newer_policy_does_not_open_what_is_frozen_and_the_portal_cannot(road: Road):
    node, steward = road.nodes["centre"], road.zone.member("centre", "steward")
    capsule = road.sealed("centre")
    road.act_on(capsule, "centre", "freeze")
    for change in (list_capsule, unlist_capsule):
        with pytest.raises(IllegalMove), road.zone.tx(steward):
            change(actor=steward, capsule_id=capsule.id)
    with road.zone.tx(steward):
        draft_policy(actor=steward, dataset_id=capsule.dataset_id, rules=[road.rule("bank")], capsule_id=capsule.id)
        dataset = capsule.dataset
    node.call()
    measured = make_measured(DOMAINS["centre"], dataset=str(dataset.id), body_digest=dataset.body_digest)
    node.tell(make_sealed(node, node.drafts(Policy)[-1], measured))
    with tenant_tx(None, role="exchange"):
        assert Capsule.objects.get(pk=capsule.pk).version == 2
    assert state(capsule) == "frozen"


def derived(road: Road, parent: Capsule, *, of: str = "centre", by: str = "platform") -> Capsule:
    """A capsule of another organisation whose policy says that it was made of this one."""
    child = road.sealed(by)
    node = road.nodes[by]
    drafted = node.drafts(Policy)[-1]
    with tenant_tx(None, role="exchange"):
        digest = Capsule.objects.get(pk=parent.pk).policy_digest
    link = documents.Parent(capsule=str(parent.id), provider=road.zone[of].uscc, policy=digest)
    policy = msgspec.structs.replace(drafted, version=2, parents=(link,))
    with road.zone.tx(road.zone.member(by, "steward")):
        dataset = child.dataset
    measured = make_measured(DOMAINS[by], dataset=str(dataset.id), body_digest=dataset.body_digest)
    node.tell(make_sealed(node, policy, measured))
    return child


def why(capsule: Capsule) -> tuple[str, str]:
    """The clause and the source that a capsule is closed with."""
    with tenant_tx(None, role="exchange"):
        refusal = Capsule.objects.get(pk=capsule.pk).refusal
    return (refusal.clause, refusal.facts.get("source", "")) if refusal else ("", "")


def test_what_was_made_of_it_is_closed_and_opened_with_it(road: Road):
    capsule = road.sealed("centre")
    child = derived(road, capsule)
    said = road.act_on(capsule, "centre", "freeze")
    assert (state(capsule), state(child)) == ("frozen", "frozen")
    assert why(child) == ("source-frozen", str(capsule.id))
    road.heartbeats("platform")
    assert said.act in [one.document for one in road.nodes["platform"].messages(DocumentCompleted)]
    road.act_on(capsule, "centre", "resume")
    assert (state(capsule), state(child), why(child)) == ("sealed", "sealed", ("", ""))
    road.act_on(capsule, "centre", "revoke")
    assert (state(child), why(child)) == ("frozen", ("source-revoked", str(capsule.id)))
    assert "its provider revoked: nothing opens it any more" in page(road, "platform", child)
    assert capsule.title in page(road, "centre", child)
    assert rejected(road) == []


def test_its_owner_still_acts_on_it_and_its_own_freeze_outlasts_the_sources(road: Road):
    capsule = road.sealed("centre")
    child = derived(road, capsule)
    road.act_on(capsule, "centre", "freeze")
    road.act_on(child, "platform", "resume")
    assert rejected(road) == ["illegal-move"]
    road.act_on(child, "platform", "freeze")
    assert state(child) == "frozen"
    road.act_on(capsule, "centre", "resume")
    assert (state(child), why(child)) == ("frozen", ("capsule-frozen", ""))
    road.act_on(child, "platform", "resume")
    assert state(child) == "sealed"
    road.act_on(capsule, "centre", "freeze")
    road.act_on(child, "platform", "revoke")
    assert state(child) == "revoked"
    road.act_on(capsule, "centre", "resume")
    assert state(child) == "revoked"


def test_jobs_on_what_was_made_of_it_end_with_the_clause_that_names_the_source(road: Road):
    source = road.sealed("platform")
    made = derived(road, source, of="platform", by="centre")
    road.agreed(made, "centre")
    capsules = road.ready()
    waiting = road.queued([*capsules, made])
    road.act_on(source, "platform", "revoke")
    job = road.job(waiting)
    assert (job.state, job.reason, job.at_party) == (Job.State.REFUSED, "source-revoked", road.zone["centre"])
    assert job.facts == {"source": str(source.id), "organisation": road.zone["platform"].uscc}
    with pytest.raises(Refused) as raised:
        road.drafted([*capsules, made])
    assert (raised.value.refusal.clause, raised.value.refusal.facts) == ("source-revoked", job.facts)


def test_what_was_made_of_it_is_named_before_the_act_is_signed_by_however_many_steps(road: Road):
    capsule = road.sealed("centre")
    child = derived(road, capsule)
    grandchild = derived(road, child, of="platform", by="bank")
    body = page(road, "centre", capsule, path="revoke/")
    for one in (child, grandchild):
        assert f"/capsules/{one.id}/" in body
        assert one.title in body
    road.act_on(capsule, "centre", "freeze")
    assert why(grandchild) == ("source-frozen", str(capsule.id))
    road.heartbeats("bank")
    acts = [one.document for one in road.nodes["bank"].messages(DocumentCompleted)]
    assert any(f'"capsule":"{capsule.id}"' in one.text and "capsule-act" in one.text for one in acts)
    for one in (child, grandchild):
        assert road.zone.client("other_bank", "steward").get(f"/capsules/{one.id}/").status_code == 404


def test_a_node_whose_store_is_a_backup_hears_the_acts_again(road: Road):
    from apps.capsules.acts import tell_again

    capsule = road.sealed("centre")
    said = road.act_on(capsule, "centre", "revoke")
    with tenant_tx(None, role="exchange"):
        tell_again(road.zone["bank"])
    road.heartbeats("bank")
    came: list[Any] = [one.document for one in road.nodes["bank"].messages(DocumentCompleted)]
    assert came.count(said.act) == 2


def test_the_act_is_kept_as_it_was_signed(road: Road):
    capsule = road.sealed("centre")
    said = road.act_on(capsule, "centre", "revoke")
    with tenant_tx(None, role="exchange"):
        kept = CapsuleAct.objects.get(capsule=capsule)
    assert msgspec.convert(kept.document, documents.Signed) == said.act
    document = read(said.act, documents.CapsuleAct)
    assert signed(document, road.nodes["centre"].key, by=document.by).text == said.act.text


# Certificates -----------------------------------------------------------------------------------------------


def certify(road: Road, acted: CapsuleActed, to: str, *, node: str = "centre", **changes: Any) -> Signed:
    """What the provider's node would certify about an act."""
    by = road.nodes[node]
    done = read(acted.act, documents.CapsuleAct)
    nothing = "sm3:" + "0" * 64
    certificate = CapsuleCertificate(
        zone=road.digest,
        id=new_id(),
        act=acted.act.digest,
        did="revoke",
        by=by.uscc,
        to=road.zone[to].uscc,
        capsule=done.capsule,
        version=1,
        header=nothing,
        policy=nothing,
        body=nothing,
        reason=done.reason,
        acted_at=done.at,
        stopped=(StoppedJob(job=new_id(), spent=True),),
        spent=(SpentUses(rule="r1", uses=3),),
        deleted=(),
        issued_at=now_ms(),
    )
    said = signed(msgspec.structs.replace(certificate, **changes), by.key, by=by.uscc)
    by.tell(CapsuleCertified(certificate=said))
    return said


def test_each_reads_the_certificate_that_was_issued_to_it(road: Road):
    capsule = road.sealed("centre")
    act = road.act_on(capsule, "centre", "revoke")
    own, banks = certify(road, act, "centre"), certify(road, act, "bank")
    with tenant_tx(None, role="exchange"):
        kept = {one.digest: one.id for one in Kept.objects.all()}
    for who, reads in (("centre", {own.digest, banks.digest}), ("bank", {banks.digest})):
        client = road.zone.client(who, "steward")
        for digest, identity in kept.items():
            page = client.get(f"/capsules/{capsule.id}/certificates/{identity}/")
            file = client.get(f"/capsules/{capsule.id}/certificates/{identity}.json")
            expected = 200 if digest in reads else 404
            assert (page.status_code, file.status_code) == (expected, expected)
            if digest in reads:
                assert "Certificate of revocation" in page.content.decode()
                assert msgspec.json.decode(file.content, type=Signed).digest == digest
        record = client.get(f"/api/v1/capsules/{capsule.id}/record/").json()
        assert {msgspec.convert(one, Signed).digest for one in record["certificates"]} == reads
        assert [msgspec.convert(one, Signed) for one in record["acts"]] == [act.act]


def test_a_certificate_fits_its_act_and_comes_from_its_provider(road: Road):
    capsule = road.sealed("centre")
    act = road.act_on(capsule, "centre", "revoke")
    certify(road, act, "bank", node="platform")
    certify(road, act, "bank", did="destroy")
    certify(road, act, "bank", act="sm3:" + "1" * 64)
    assert sorted(rejected(road)) == ["invalid", "not-found", "not-found"]
    certify(road, act, "bank")
    certify(road, act, "bank")
    with tenant_tx(None, role="exchange"):
        assert Kept.objects.count() == 1


def test_the_page_s_own_lines_verify_a_certificate_without_portal_or_node(road: Road, tmp_path: Path):
    capsule = road.sealed("centre")
    said = certify(road, road.act_on(capsule, "centre", "revoke"), "bank")
    text = (settings.BASE_DIR / "docs" / "states.md").read_text(encoding="utf-8")
    (tmp_path / "verify.py").write_text(text.split("```python\n")[1].split("```")[0])
    key = road.nodes["centre"].key.public.hex

    def run(document: Signed, with_key: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "certificate.json").write_bytes(msgspec.json.encode(document))
        command = [sys.executable, str(tmp_path / "verify.py"), str(tmp_path / "certificate.json"), with_key]
        environment = {"PYTHONPATH": str(settings.BASE_DIR), "PATH": os.environ["PATH"]}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert str(capsule.id) in run(said, key).stdout
    altered = Signed(text=said.text.replace('"uses":3', '"uses":2'), signatures=said.signatures)
    assert "SignatureInvalid" in run(altered, key).stderr
    assert "SignatureInvalid" in run(said, road.nodes["bank"].key.public.hex).stderr
