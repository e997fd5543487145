"""Each list as a file: to whoever gets its page and to nobody else, whole, in its order, and text to spreadsheets."""

import csv
import io

import pytest
from django.urls import reverse

from apps.tenants import services
from apps.tenants.roles import Role
from tests.core.test_urls_by_role import PEOPLE
from tests.zone import PASSWORD

LISTS = (
    *("ledger:entries", "tenants:organisations", "tenants:people", "exchange:nodes", "registry:search"),
    *("datasets:list", "capsules:list", "contracts:list", "scoring:list", "compute:list", "compute:duties"),
    *("lending:list", "supervision:events", "supervision:jobs"),
)
FILES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def lines(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("who", PEOPLE)
def test_a_list_is_a_file_to_whoever_gets_its_page(zone, who):
    client = zone.client(*PEOPLE[who])
    wrong = []
    for name in LISTS:
        page = client.get(reverse(name))
        for form, kind in FILES.items():
            file = client.get(reverse(name), {"export": form})
            if file.status_code != page.status_code or (page.status_code == 200 and kind not in file["Content-Type"]):
                wrong.append((name, form, page.status_code, file.status_code))
    assert wrong == []


def issue_tokens(zone, *labels: str) -> None:
    owner = zone.member("bank", "owner")
    with zone.tx(owner):
        for label in labels:
            services.issue_token(actor=owner, label=label)


def test_what_is_one_tenants_is_in_no_other_tenants_file(zone):
    issue_tokens(zone, "of the bank")
    bank, centre = (
        lines(zone.client(organisation, "auditor").get("/ledger/", {"export": "csv"}))
        for organisation in ("bank", "centre")
    )
    assert "token.issued" in {line[-1] for line in bank[1:]}
    assert "token.issued" not in {line[-1] for line in centre[1:]}


def test_a_name_that_looks_like_a_formula_is_text_in_the_file(zone):
    with zone.as_admin():
        services.add_person(
            actor=zone.founder,
            username="formula",
            name='=HYPERLINK("http://x")',
            organisation=zone["bank"],
            role=Role.VIEWER,
            password=PASSWORD,
        )
    answer = zone.client("operator", "owner").get("/zone/people/", {"export": "csv"})
    assert [line[0] for line in lines(answer) if line[1] == "formula"] == ['\'=HYPERLINK("http://x")']


def test_the_file_keeps_the_pages_order_and_is_not_cut_at_a_page(zone):
    issue_tokens(zone, *(f"number {number}" for number in range(30)))
    client = zone.client("bank", "owner")
    newest = lines(client.get("/ledger/", {"export": "csv", "size": "25"}))
    oldest = lines(client.get("/ledger/", {"export": "csv", "sort": "entry_id"}))
    assert len(newest) > 30
    assert newest[1:] == oldest[:0:-1]


def test_each_entry_of_the_ledger_is_on_exactly_one_page(zone):
    issue_tokens(zone, *(f"number {number}" for number in range(60)))
    client, address, seen = zone.client("bank", "owner"), "/ledger/", []
    while address:
        page = client.get(address).context["table"]
        seen += [row.entry_id for row in page.rows]
        address = page.next_link and f"/ledger/{page.next_link}"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) > 60
