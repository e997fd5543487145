"""Jobs ready to be ordered: data sealed, contracts agreed, the request signed in the bank's node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.node.node import Node
from apps.node.roster import Acting
from creditzone.kernel.documents import (
    Contract,
    Input,
    JobRequest,
    Order,
    Policy,
    Rule,
    Scorecard,
    Signed,
    digest_of,
    unsigned,
    with_signature,
)
from creditzone.kernel.domain import domain
from demo.split import sealed_rows
from tests.node import world
from tests.node.world import BANK, CENTRE, PLATFORM, Zone

PROVIDERS = {CENTRE: "profit_and_loss", PLATFORM: "turnover"}


def rows_of(domain_id: str, number: int = 300) -> list[list[str]]:
    """Header and the first rows that a holder of the demonstration seals."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    rows = [row for row in sealed_rows(domain_id, as_of=today) if row[0]]
    return [list(domain(domain_id).names), *rows[:number]]


@dataclass
class Ready:
    """A job that its parties can be ordered to do."""

    zone: Zone
    bank: Node
    officer: Acting
    nodes: list[Node]
    people: list[Acting]
    card: Scorecard
    request: JobRequest
    signed: Signed
    contracts: list[Signed]
    policies: list[Policy]

    def order(self, party: Node, **changes: Any) -> Order:
        """An order to one of the parties."""
        facts = {"contracts": self.contracts, "model": self.card, "parties": [node.organisation for node in self.nodes]}
        request = changes.pop("request", self.signed)
        return world.order(self.zone, party.organisation, request, **{**facts, **changes})

    def orders(self, **changes: Any) -> list[Order]:
        """An order to each."""
        return [self.order(node, **changes) for node in self.nodes]


def provide(
    zone: Zone, organisation: str, domain_id: str, rules: Sequence[Rule], rows: Sequence[Sequence[str]]
) -> tuple[Node, Acting, str, Policy]:
    """Upload and seal under a policy: node, person, capsule, policy."""
    node = zone.nodes[organisation]
    acting = world.person(node)
    dataset = world.upload(node, acting, world.csv_bytes(rows), domain=domain_id)
    policy = world.policy(zone, node, dataset, rules=rules)
    world.have_signed(zone, node, acting, policy)
    return node, acting, dataset, policy


def ready(
    zone: Zone,
    card_name: str = "bank-centre",
    *,
    others: Sequence[str] = (CENTRE,),
    number: int = 300,
    uses: int = 50,
    theirs: Callable[[Rule], Rule] = lambda rule: rule,
    rules: Sequence[Rule] | None = None,
    allows: dict[str, Any] | None = None,
    **changes: Any,
) -> Ready:
    """A bank's job with these providers, its request signed and its contracts agreed; `rules` are everybody's, else
    one of many `uses` that also `allows` so much; `theirs` changes the others'."""
    card = world.scorecard(card_name)
    rules = rules or [world.rule(models=(digest_of(card),), uses=uses, **(allows or {}))]
    rows = rows_of("balance_sheet", number)
    bank, officer, own, policy = provide(zone, BANK, "balance_sheet", rules, rows)
    inputs = [Input(provider=BANK, domain="balance_sheet", capsule=own, version=1, contract=None)]
    nodes, people, policies, contracts = [bank], [officer], [policy], []
    for organisation in others:
        domain_id = PROVIDERS[organisation]
        node, acting, capsule, its = provide(
            zone, organisation, domain_id, [theirs(rule) for rule in rules], rows_of(domain_id, number)
        )
        contract: Contract = world.contract(zone, node, BANK, capsule, digest_of(its))
        agreed = world.agree(zone, contract, [(node, acting), (bank, officer)])
        nodes.append(node)
        people.append(acting)
        policies.append(its)
        contracts.append(agreed)
        inputs.append(
            Input(provider=organisation, domain=domain_id, capsule=capsule, version=1, contract=agreed.digest)
        )
    request = world.request(zone, recipient=BANK, inputs=inputs, model=card, **changes)
    world.have_signed(zone, bank, officer, request)
    signed = with_signature(unsigned(request), world.signature_of(bank, digest_of(request)))
    return Ready(zone, bank, officer, nodes, people, card, request, signed, contracts, policies)
