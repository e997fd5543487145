"""Whoever runs the portal holds the zone's key and the database. It still orders a node to do nothing that the node's
own officers, and the recipient's, did not sign: each false order is refused by its clause, and no use is spent."""

import json
import sqlite3
import uuid

import msgspec
import pytest

from creditzone.kernel.documents import (
    JobRequest,
    Order,
    OrderOffered,
    Signed,
    new_id,
    now_ms,
    read,
    signed,
    to_canonical,
)
from creditzone.kernel.sm.sm2 import PrivateKey
from deploy.officers.person import until
from tests.live.conftest import LiveZone
from tests.live.test_a_job_ends_once_whatever_dies import BALANCE, PROFIT, spent

pytestmark = pytest.mark.faults
NODE = "centre"
HOUR = 3_600_000


@pytest.fixture(scope="module")
def carried_out(live: LiveZone) -> Signed:
    """An order that the centre's node accepted and carried out, as it came."""
    job = live.submit(BALANCE, PROFIT, title="如实的任务")
    ended = live.wait_end(job)
    assert ended["state"] == "done", ended["reason_words"]
    return msgspec.json.decode(order_of(live, job), type=Signed)


def order_of(live: LiveZone, job: str) -> str:
    store = live.home / "nodes" / NODE / "store.sqlite3"
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT text FROM attempt WHERE job = ? ORDER BY fence DESC", [job]).fetchone()[0]


class Operator:
    """The portal's operator with everything that lies at the portal: the zone's order key and the database."""

    def __init__(self, live: LiveZone) -> None:
        self.live = live
        self.key = PrivateKey.from_bytes(bytes.fromhex(json.loads((live.home / "zone/keys.json").read_text())["order"]))
        self.name = live.sql("select uscc from tenants_organisation where kind = 'operator'")[0][0]

    def sign(self, order: Order, *, key: PrivateKey | None = None) -> Signed:
        return signed(order, key or self.key, by=self.name)

    def send(self, order: Signed) -> None:
        """Lay an order into what the centre's node fetches next."""
        body = msgspec.json.encode(OrderOffered(number=1, order=order)).decode()
        [(node,)] = self.live.sql("select id from tenants_organisation where kind = 'code_centre'")
        self.live.sql(
            "insert into exchange_nodemessage (id, owner, created_at, node_id, body) values (%s, %s, now(), %s, %s)",
            uuid.UUID(new_id()),
            node,
            node,
            body,
        )


@pytest.fixture(scope="module")
def operator(live: LiveZone) -> Operator:
    return Operator(live)


def refusals(live: LiveZone, job: str) -> list[str]:
    """The clauses with which the centre's node refused orders of a job, oldest first, by its own statements."""
    rows = live.sql(
        "select s.signed->>'text' from exchange_statementrecord s join tenants_organisation o on o.id = s.node_id"
        " where s.kind = 'refuse' and o.kind = 'code_centre' order by s.number"
    )
    bodies = [json.loads(text)["body"] for (text,) in rows]
    return [body["refusal"]["clause"] for body in bodies if body["job"] == job]


def fresh(order: Order, **changes) -> Order:
    """The order as a new one of now, with a fence above all."""
    now = now_ms()
    facts = {"id": new_id(), "fence": now, "issued_at": now, "expires_at": now + HOUR}
    return msgspec.structs.replace(order, **(facts | changes))


def of_another_job(order: Order, *, signatures: tuple, **changes) -> Order:
    """A request that its recipient never signed, under signatures that it gave to another."""
    request = msgspec.structs.replace(read(order.request, JobRequest), id=new_id(), **changes)
    text = to_canonical(request).decode()
    return fresh(order, job=request.id, request=Signed(text=text, signatures=signatures))


def altered_byte(document: Signed) -> Signed:
    text = document.text.replace('"attempt":1', '"attempt":2', 1)
    assert text != document.text
    return Signed(text=text, signatures=document.signatures)


FALSE_ORDERS = {
    "replayed": (lambda by, was, order: was, "replayed"),
    "replayed-under-its-own-fence": (lambda by, was, order: by.sign(fresh(order, fence=order.fence)), "replayed"),
    "under-a-lower-fence": (lambda by, was, order: by.sign(fresh(order, fence=order.fence - 1)), "replayed"),
    "altered": (lambda by, was, order: altered_byte(was), "zone-signature"),
    "another-zones": (lambda by, was, order: by.sign(fresh(order), key=PrivateKey.generate()), "zone-signature"),
    "expired": (
        lambda by, was, order: by.sign(fresh(order, issued_at=now_ms() - HOUR, expires_at=now_ms() - 1000)),
        "expired",
    ),
    "from-the-future": (lambda by, was, order: by.sign(fresh(order, issued_at=now_ms() + HOUR)), "clock-skew"),
    "for-another-party": (
        lambda by, was, order: by.sign(
            fresh(order, party=next(p.party for p in order.peers if p.party != order.party))
        ),
        "wrong-party",
    ),
    "never-signed": (lambda by, was, order: by.sign(of_another_job(order, signatures=())), "request-signature"),
    "signed-for-something-else": (
        lambda by, was, order: by.sign(of_another_job(order, signatures=order.request.signatures)),
        "request-signature",
    ),
    "without-its-contract": (lambda by, was, order: by.sign(fresh(order, contracts=())), "contract-missing"),
    "with-another-model": (lambda by, was, order: by.sign(fresh(order, model=order.model + " ")), "model-digest"),
}


@pytest.mark.parametrize("what", FALSE_ORDERS)
def test_a_false_order_is_refused_by_its_clause_and_spends_nothing(live, operator, carried_out, what):
    make, clause = FALSE_ORDERS[what]
    order = read(carried_out, Order)
    false = make(operator, carried_out, order)
    job = msgspec.json.decode(false.text)["job"]
    before, told = spent(live, NODE), len(refusals(live, job))
    operator.send(false)
    seen = until(
        lambda: refusals(live, job)[told:],
        bool,
        what=f"the refusal of an order that is {what}",
        seconds=20,
    )
    assert seen == [clause]
    assert spent(live, NODE) == before
    assert live.job(order.job)["state"] == "done"


def test_an_honest_job_after_all_that_ends_well(live):
    ended = live.wait_end(live.submit(BALANCE, PROFIT, title="其后的任务"))
    assert ended["state"] == "done", ended["reason_words"]
