"""A bank's list under the firms' own signatures: the provider's node lets no row of a firm in that did not sign for it,
and counts what it left out. What the bank declares, and what the portal makes up, changes nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import rfc8785

from apps.node import attempts, results
from apps.node.computation import Computation
from apps.node.node import Node
from creditzone.kernel.documents import (
    AuthorisationWithdrawal,
    CardShown,
    DocumentCompleted,
    Signed,
    digest_of,
    new_id,
    now_ms,
    unsigned,
    with_signature,
)
from creditzone.kernel.policy.constraints.columns import ALL, Columns, ColumnUse
from creditzone.kernel.policy.constraints.consent import Consent
from tests.node import jobs, world
from tests.node.jobs import Ready
from tests.node.test_a_policy_holds_at_the_providers_node import with_clause
from tests.node.world import BANK, CENTRE, HOST, PASSPHRASE, PLATFORM, Zone

NUMBER = 60


def ready(zone: Zone, **changes: object) -> Ready:
    return jobs.ready(zone, number=NUMBER, **{"consent": "signed", **changes})


def candidates() -> list[str]:
    """Firms that both hold, the bank with a live authorisation of its own."""
    head, *own = jobs.rows_of("balance_sheet", NUMBER)
    theirs = {row[0] for row in jobs.rows_of("profit_and_loss", NUMBER)[1:]}
    expiry, tomorrow = head.index("authorisation_expiry"), f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    return sorted(row[0] for row in own if row[0] in theirs and row[expiry] > tomorrow)


def consent_of(zone: Zone, host: Node, firm: str, **changes: object) -> Signed:
    """A hosted firm's authorisation for the bank, signed in its host's node."""
    owner = world.host_firm(host, firm)
    for node in (zone.nodes[CENTRE], zone.nodes[PLATFORM]):
        zone.send(node, CardShown, card=world.own_card(host, firm))
    plain = world.authorisation(zone, firm, [CENTRE], ["profit_and_loss"])
    facts = {"enquirer": BANK, "purpose": "credit-risk", "disclosures": ("grade",), **changes}
    given = msgspec.structs.replace(plain, **facts)
    world.have_signed(zone, host, owner, given, passphrase=PASSPHRASE)
    return with_signature(unsigned(given), world.signature_of(host, digest_of(given)))


def brought(zone: Zone, *documents: Signed, to: str = CENTRE) -> None:
    for document in documents:
        zone.send(zone.nodes[to], DocumentCompleted, document=document)


def taken_back(zone: Zone, host: Node, firm: str, digest: str) -> Signed:
    owner = world.person(host, "owner", organisation=firm)
    document = AuthorisationWithdrawal(zone=zone.digest, id=new_id(), authorisation=digest, by=firm, at=now_ms())
    world.have_signed(zone, host, owner, document, passphrase=PASSPHRASE)
    return with_signature(unsigned(document), world.signature_of(host, digest_of(document)))


def figures(node: Node) -> dict[str, int]:
    return {one.name: one.value for one in world.receipt_of(node).figures}


def test_only_firms_that_signed_are_graded_and_the_others_are_counted(quartet: Zone):
    job, host = ready(quartet), quartet.nodes[HOST]
    both = candidates()
    assert len(both) > 6
    good = [consent_of(quartet, host, firm) for firm in both[:3]]
    withdrawn = consent_of(quartet, host, both[3])
    elsewhere = consent_of(quartet, host, both[4], providers=(PLATFORM,), domains=("turnover",))
    narrow = consent_of(quartet, host, both[5], purpose="credit-risk/post-loan")
    widened = msgspec.json.decode(narrow.text.encode()) | {"purpose": "credit-risk"}
    forged = Signed(text=rfc8785.dumps(widened).decode(), signatures=narrow.signatures)
    brought(quartet, *good, withdrawn, elsewhere, forged, taken_back(quartet, host, both[3], withdrawn.digest))
    world.compute_all(quartet, job.nodes, job.orders())
    found = results.open_result(job.bank, job.officer, job.request.id)
    assert sorted(row.uscc for row in found.rows if row.grade) == both[:3]
    centre = figures(job.nodes[1])
    assert centre["dropped"] == centre["rows"] - 3
    assert figures(job.bank)["matched"] == 3


def test_a_list_for_which_nobody_signed_ends_before_anything_leaves(quartet: Zone):
    job = ready(quartet)
    world.compute_all(quartet, job.nodes, job.orders())
    assert "set-empty" in {body.reason for body in world.bodies(job.nodes[1], "failed")}
    assert not world.bodies(job.bank, "receipt")


def test_a_column_whose_ground_needs_no_consent_lets_all_rows_in(quartet: Zone):
    public = Columns(columns=(ColumnUse(name=ALL, ground="statutory_duty", modes=("match", "score")),))
    job = ready(quartet, theirs=lambda rule: with_clause(rule, public))
    world.compute_all(quartet, job.nodes, job.orders())
    assert figures(job.nodes[1])["dropped"] == 0
    assert figures(job.bank)["matched"] > 3


def test_a_policy_that_demands_signatures_refuses_what_is_only_declared(quartet: Zone):
    signed_only = Consent(evidence=("signed",))
    job = ready(
        quartet,
        consent="declared",
        theirs=lambda rule: msgspec.structs.replace(rule, clauses=(*rule.clauses, signed_only)),
    )
    centre = job.nodes[1]
    world.offer(quartet, centre, job.order(centre))
    assert world.bodies(centre, "refuse")[-1].refusal.clause == "consent"


def test_a_withdrawal_that_arrives_while_it_runs_ends_it_and_names_nobody(quartet: Zone):
    job, host = ready(quartet), quartet.nodes[HOST]
    first, second = candidates()[:2]
    given, other = (consent_of(quartet, host, firm) for firm in (first, second))
    brought(quartet, given)
    centre = job.nodes[1]
    order = job.order(centre)
    world.offer(quartet, centre, order)
    world.start(quartet, centre, order)
    attempt = attempts.next_started(centre)
    assert attempt is not None
    running = Computation.of(centre, attempt, threading.Event())
    assert running.interruption() is None
    brought(quartet, other, taken_back(quartet, host, second, other.digest))
    assert running.interruption() is None
    brought(quartet, taken_back(quartet, host, first, given.digest))
    ended = running.interruption()
    assert ended is not None
    assert (ended.reason, ended.facts) == ("consent-changed", {})


@pytest.mark.parametrize("to", [PLATFORM, BANK])
def test_an_authorisation_for_other_nodes_is_not_kept(quartet: Zone, to: str):
    given = consent_of(quartet, quartet.nodes[HOST], candidates()[0])
    brought(quartet, given, to=to)
    assert quartet.nodes[to].store.all("SELECT 1 FROM authorisation") == []
