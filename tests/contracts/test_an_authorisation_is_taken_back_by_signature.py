"""A withdrawal is the firm's signed word: the portal moves by it, and carries it to every node that is named."""

import pytest

from apps.compute.models import Job
from apps.compute.services import admit_waiting
from apps.contracts.models import Authorisation
from apps.contracts.services import withdraw_authorisation
from apps.core.errors import IllegalMove
from apps.core.tenancy import tenant_tx
from apps.ledger.models import Entry
from creditzone.kernel.documents import AuthorisationWithdrawal, DocumentCompleted, DraftDeclined
from tests.road import Road


@pytest.fixture
def enquiry(road: Road) -> Job:
    """A firm's enquiry, authorised and waiting."""
    for holder in ("centre", "platform"):
        road.sealed(holder, rules=[road.rule("subject")])
    return road.enquiry()


def standing() -> Authorisation:
    with tenant_tx(None, role="exchange"):
        return Authorisation.objects.get()


def withdraw(road: Road) -> Authorisation:
    owner, found = road.zone.member("firm", "owner"), standing()
    with road.zone.tx(owner):
        return withdraw_authorisation(actor=owner, authorisation_id=found.id)


def sign(road: Road) -> str:
    owner = road.zone.member("firm", "owner")
    return road.nodes["platform"].sign_draft(
        AuthorisationWithdrawal, str(owner.person_id), organisation=road.zone["firm"].uscc, key=road.firm_key
    )


def withdrawals(road: Road, name: str) -> list[str]:
    road.nodes[name].call()
    found = [one.document for one in road.nodes[name].messages(DocumentCompleted)]
    return [one.digest for one in found if '"withdrawal"' in one.text]


def test_it_holds_once_signed_and_reaches_every_named_node(road: Road, enquiry: Job):
    withdraw(road)
    assert standing().state == Authorisation.State.ACTIVE
    assert withdrawals(road, "centre") == []
    digest = sign(road)
    found = standing()
    assert (found.state, found.withdrawal_digest) == (Authorisation.State.WITHDRAWN, digest)
    signature = found.withdrawal["signatures"][0]
    assert signature["by"] == road.zone["firm"].uscc
    assert withdrawals(road, "centre") == withdrawals(road, "platform") == [digest]
    assert withdrawals(road, "bank") == []
    assert admit_waiting() == 0
    job = road.job(enquiry)
    assert (job.state, job.reason) == (Job.State.REFUSED, "authorisation-withdrawn")
    with tenant_tx(None, role="regulator"):
        acts = set(Entry.objects.filter(subject_type="authorisation").values_list("act", flat=True))
    assert {"authorisation.draft-withdrawal", "authorisation.withdraw"} <= acts


def test_asking_twice_drafts_once_and_what_is_over_is_not_withdrawn(road: Road, enquiry: Job):
    assert withdraw(road).withdrawal_digest == withdraw(road).withdrawal_digest
    sign(road)
    with pytest.raises(IllegalMove):
        withdraw(road)


def test_a_withdrawal_returned_unsigned_leaves_it_in_force(road: Road, enquiry: Job):
    first = withdraw(road).withdrawal_digest
    node, firm = road.nodes["platform"], road.zone["firm"].uscc
    node.call()
    body = DraftDeclined(document=first, reason="误操作", person=road.person("firm", "owner"))
    node.tell(body, organisation=firm)
    assert (standing().state, standing().withdrawal_digest) == (Authorisation.State.ACTIVE, "")
    assert withdraw(road).withdrawal_digest != first


def test_another_key_withdraws_nothing(road: Road, enquiry: Job):
    withdraw(road)
    node = road.nodes["platform"]
    node.sign_draft(AuthorisationWithdrawal, road.person("firm", "owner"), organisation=road.zone["firm"].uscc)
    assert standing().state == Authorisation.State.ACTIVE
