"""The road: upload, seal, agree, order, compute, open; joint grades equal the plain ones on every row."""

from __future__ import annotations

import numpy as np
import pytest

from apps.node import results
from apps.node.errors import NodeError, WrongPassphrase
from creditzone.kernel.credit.scorecard import band_of, features_of, grades_of, plain_total
from creditzone.kernel.documents import (
    Input,
    Receipt,
    Scorecard,
    digest_of,
    parse,
    unsigned,
    with_signature,
)
from creditzone.kernel.domain import domain
from tests.node import jobs, sealer, world
from tests.node.world import BANK, CENTRE, FIRM, HOST, PASSPHRASE, PLATFORM


def expected_grades(card: Scorecard, codes: list[str]) -> dict[str, str]:
    """The plain grades of these firms, computed in one place."""
    columns = {}
    for domain_id in card.domains:
        header, *rows = jobs.rows_of(domain_id)
        by_code = {row[0]: row for row in reversed(rows)}
        columns[domain_id] = {
            feature.column: np.array([float(by_code[code][header.index(feature.column)] or "nan") for code in codes])
            for feature in features_of(card, domain_id)
        }
    return dict(zip(codes, grades_of(card, band_of(card, plain_total(card, columns))), strict=True))


@pytest.mark.parametrize(
    ("card_name", "engine", "others"),
    [
        ("bank-centre", "cheetah", [CENTRE]),
        ("bank-centre-platform", "aby3", [CENTRE, PLATFORM]),
    ],
)
def test_the_bank_alone_opens_grades_that_equal_the_plain_ones_on_every_row(quartet, card_name, engine, others):
    job = jobs.ready(quartet, card_name, others=others, engine=engine, disclosures=("grade", "reasons"))
    world.compute_all(quartet, job.nodes, job.orders())
    bank, request, nodes = job.bank, job.request, job.nodes

    assert [world.bodies(node, "failed") for node in nodes] == [[] for _ in nodes]
    receipts = [world.bodies(node, "receipt")[0].receipt for node in nodes]
    read = [parse(receipt.text.encode(), Receipt) for receipt in receipts]
    assert len({receipt.agreement for receipt in read}) == 1
    assert len({receipt.request for receipt in read}) == 1
    for node in nodes[1:]:
        world.deliver_sealed(quartet, node, bank)

    opened = results.open_result(bank, job.officer, request.id)

    codes = [row.uscc for row in opened.rows]
    assert len(codes) > 30
    assert {row.uscc: row.grade for row in opened.rows} == expected_grades(job.card, codes)
    assert all(row.score is None for row in opened.rows)
    assert not opened.reasons_missing
    assert {reason[0] for row in opened.rows for reason in row.reasons} <= {BANK, CENTRE, PLATFORM}
    assert opened.dropped
    assert world.bodies(bank, "opened")[0].person == job.officer.person
    told = [(body.stage, body.state) for body in world.bodies(bank, "stage")]
    assert told == [
        (stage, state) for stage in ("open", "intersect", "grade", "seal") for state in ("started", "finished")
    ]
    figures = {figure.name: figure.value for figure in read[0].figures}
    assert figures["rows"] == figures["dropped"] + figures["blinded"]
    assert figures["matched"] == len(codes)


def test_rows_that_were_sealed_elsewhere_are_graded_as_the_plain_ones(quartet, tmp_path, monkeypatch):
    def brought(node, acting, data, *, domain):
        package = sealer.package(node, tmp_path, data, domain=domain, name=f"{domain}.csv")
        return sealer.bring(node, acting, package.read_bytes()).id

    monkeypatch.setattr(world, "upload", brought)
    job = jobs.ready(quartet, disclosures=("grade",))
    world.compute_all(quartet, job.nodes, job.orders())
    world.deliver_sealed(quartet, job.nodes[1], job.bank)
    opened = results.open_result(job.bank, job.officer, job.request.id)
    codes = [row.uscc for row in opened.rows]
    assert len(codes) > 30
    assert {row.uscc: row.grade for row in opened.rows} == expected_grades(job.card, codes)


def test_a_decision_tells_one_bit_a_firm_and_nothing_else(quartet):
    job = jobs.ready(quartet, number=150, disclosures=("decision",), decision_band=4)
    world.compute_all(quartet, job.nodes, job.orders())

    opened = results.open_result(job.bank, job.officer, job.request.id)

    plain = expected_grades(job.card, [row.uscc for row in opened.rows])
    good_enough = set(job.card.grades[4:])
    assert {row.uscc: row.decision for row in opened.rows} == {
        code: grade in good_enough for code, grade in plain.items()
    }
    assert len({row.decision for row in opened.rows}) == 2
    assert all(row.grade is None and row.score is None and not row.reasons for row in opened.rows)
    with pytest.raises(NodeError):
        results.take_grades(job.bank, job.officer, opened)


def test_a_firm_alone_opens_its_own_grade_and_only_with_its_passphrase(quartet):
    hosted = quartet.nodes[HOST]
    owner = world.host_firm(hosted)
    quartet.introduce()
    card = world.scorecard("zone-public")
    rules = [world.rule(grantees=("subject",), models=(digest_of(card),), purposes=("self-enquiry",))]
    firm_rows = {}
    inputs, nodes = [], []
    for organisation, domain_id in ((CENTRE, "profit_and_loss"), (PLATFORM, "turnover")):
        rows = jobs.rows_of(domain_id)
        firm_rows[domain_id] = [FIRM, *rows[1][1:]]
        rows.append(firm_rows[domain_id])
        node, _, capsule, _ = jobs.provide(quartet, organisation, domain_id, rules, rows)
        inputs.append(Input(provider=organisation, domain=domain_id, capsule=capsule, version=1, contract=None))
        nodes.append(node)
    allowed = world.authorisation(quartet, FIRM, [CENTRE, PLATFORM], ["profit_and_loss", "turnover"])
    request = world.request(
        quartet,
        recipient=FIRM,
        inputs=inputs,
        model=card,
        purpose="self-enquiry",
        disclosures=("grade", "reasons"),
        subject=FIRM,
        authorisation=digest_of(allowed),
        consent="signed",
    )
    world.have_signed(quartet, hosted, owner, allowed, request, passphrase=PASSPHRASE)
    signed_request = with_signature(unsigned(request), world.signature_of(hosted, digest_of(request)))
    signed_allowed = with_signature(unsigned(allowed), world.signature_of(hosted, digest_of(allowed)))
    parties = [CENTRE, PLATFORM]
    orders = [
        world.order(quartet, party, signed_request, authorisation=signed_allowed, model=card, parties=parties)
        for party in parties
    ]
    world.compute_all(quartet, nodes, orders)
    with pytest.raises(NodeError, match="complete"):
        results.open_result(hosted, owner, request.id, passphrase=PASSPHRASE)
    for node in nodes:
        world.deliver_sealed(quartet, node, hosted)

    assert results.get(hosted, owner, request.id).state == "sealed"
    with pytest.raises(WrongPassphrase):
        results.open_result(hosted, owner, request.id, passphrase="not this one")
    opened = results.open_result(hosted, owner, request.id, passphrase=PASSPHRASE)

    columns = {
        domain_id: {
            feature.column: np.array([float(row[domain(domain_id).names.index(feature.column)] or "nan")])
            for feature in features_of(card, domain_id)
        }
        for domain_id, row in firm_rows.items()
    }
    plain = grades_of(card, band_of(card, plain_total(card, columns)))
    assert [(row.uscc, row.grade) for row in opened.rows] == [(FIRM, plain[0])]
