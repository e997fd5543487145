"""The main road up to a signed job request, walked with fake nodes: the portal's part of it is what is under test."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from apps.capsules.models import Capsule, CapsuleVersion
from apps.capsules.services import draft_policy
from apps.compute.models import Job
from apps.compute.services import draft_enquiry, draft_job
from apps.contracts.models import Contract
from apps.contracts.services import offer
from apps.core import clock
from apps.core.tenancy import tenant_tx
from apps.tenants.services import register_card
from creditzone.kernel import documents
from creditzone.kernel.documents import (
    Authorisation,
    CapsuleAct,
    CapsuleActed,
    CapsuleHeader,
    CapsuleSealed,
    ColumnGroup,
    ColumnQuality,
    DatasetMeasured,
    Figure,
    JobRequest,
    Learned,
    Left,
    Policy,
    Receipt,
    Receipted,
    Rule,
    Scorecard,
    WrappedKey,
    digest_of,
    new_id,
    now_ms,
    parse,
    sign,
    signed,
    with_signature,
)
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.writing import permit
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.custody import custody_of
from tests.fake_node import FakeNode, accepted, make_card
from tests.zone import Zone, browser

CARDS = Path(__file__).resolve().parent.parent / "demo" / "scorecards"
DOMAINS = {"bank": "balance_sheet", "centre": "profit_and_loss", "platform": "turnover"}
PURPOSE = "credit-risk/pre-loan"
DAY = timedelta(days=1)


def load_scorecards(connection: psycopg.Connection) -> dict[str, str]:
    """Register the shipped scorecards as the set-up does; their digests by name."""
    digests: dict[str, str] = {}
    for path in sorted(CARDS.glob("*.json")):
        if path.name.endswith(".model-card.json"):
            continue
        text = path.read_bytes()
        card = parse(text, Scorecard)
        digests[card.id] = digest_of(card)
        connection.execute(
            "insert into scoring_scorecard (digest, card, version, name, name_en, domains, text, model_card,"
            " registered_at) values (%s, %s, %s, %s, %s, %s, %s, %s, now())",
            [
                digest_of(card),
                card.id,
                card.version,
                card.name,
                card.name_en,
                list(card.domains),
                text.decode(),
                Jsonb(json.loads(path.with_suffix(".model-card.json").read_text())),
            ],
        )
    return digests


@dataclass
class Road:
    """A zone whose bank, centre and platform have nodes; the firm is hosted by the platform's."""

    zone: Zone
    digest: str
    models: dict[str, str]
    nodes: dict[str, FakeNode]
    firm_key: PrivateKey

    def sealed(self, holder: str, *, rules: list[Rule] | None = None, rows: int = 100, **changes: Any) -> Capsule:
        """A sealed capsule of the holder's domain, by its steward's draft and its node's statements; `changes` are the
        header's."""
        node, steward = self.nodes[holder], self.zone.member(holder, "steward")
        measured = make_measured(DOMAINS[holder], rows=rows)
        node.tell(measured)
        with self.zone.tx(steward):
            drafted = draft_policy(actor=steward, dataset_id=UUID(measured.dataset), rules=rules or [self.rule("bank")])
        node.call()
        node.tell(make_sealed(node, node.drafts(Policy)[-1], measured, **changes))
        with tenant_tx(None, role="exchange"):
            return Capsule.objects.get(pk=drafted.id)

    def act_on(self, capsule: Capsule, holder: str, act: documents.CapsuleActKind, **changes: Any) -> CapsuleActed:
        """Let the holder's node say that it did something to a capsule."""
        node = self.nodes[holder]
        document = CapsuleAct(
            zone=self.digest,
            id=new_id(),
            capsule=str(capsule.id),
            version=max(capsule.version, 1),
            act=act,
            by=node.uscc,
            reason="核查",
            at=now_ms(),
        )
        changed = msgspec.structs.replace(document, **changes)
        said = CapsuleActed(act=signed(changed, node.key, by=node.uscc), person=self.person(holder, "steward"))
        node.tell(said)
        return said

    def rule(self, *grantees: str, **changes: Any) -> Rule:
        """A rule for these organisations (or `subject`), every scorecard, engine and disclosure."""
        facts: dict[str, Any] = {
            "grantees": tuple(self.zone[name].uscc if name != "subject" else name for name in grantees),
            "purposes": ("credit-risk", "self-enquiry"),
            "models": tuple(self.models.values()),
            "engines": ("cheetah", "aby3"),
            "disclosures": ("grade", "reasons", "decision"),
            "not_before": now_ms() - 60_000,
            "not_after": now_ms() + 86_400_000,
            "uses": 10,
        }
        facts |= changes
        return permit(facts.pop("id", "r1"), **facts)

    def offered(self, capsule: Capsule, provider: str, *, consumer: str = "bank") -> Contract:
        """A contract that nobody has signed."""
        steward = self.zone.member(provider, "steward")
        with self.zone.tx(steward):
            return offer(
                actor=steward,
                capsule_id=capsule.id,
                consumer=self.zone[consumer],
                purpose=PURPOSE,
                price_fen=12,
                not_before=clock.now() - DAY,
                not_after=clock.now() + DAY,
            )

    def agreed(self, capsule: Capsule, provider: str, *, consumer: str = "bank") -> Contract:
        """A contract signed in both nodes."""
        contract = self.offered(capsule, provider, consumer=consumer)
        for party in (provider, consumer):
            self.nodes[party].sign_draft(documents.Contract, self.person(party, "steward"))
        with tenant_tx(None, role="exchange"):
            return Contract.objects.get(pk=contract.id)

    def person(self, organisation: str, role: str) -> str:
        """A person's id as nodes name it."""
        return str(self.zone.member(organisation, role).person_id)

    def ready(self, *providers: str) -> list[Capsule]:
        """The bank's own capsule and those of the providers, contracts signed."""
        capsules = [self.sealed("bank")]
        for provider in providers:
            capsule = self.sealed(provider)
            self.agreed(capsule, provider)
            capsules.append(capsule)
        return capsules

    def drafted(self, capsules: list[Capsule], **changes: Any) -> Job:
        """A job that the bank's officer drafted over these capsules."""
        officer = self.zone.member("bank", "officer")
        model = self.models["bank-centre" if len(capsules) == 2 else "bank-centre-platform"]
        asked = {
            "title": "名单",
            "model": model,
            "capsule_ids": [one.id for one in capsules],
            "purpose": PURPOSE,
            "disclosures": ["grade"],
            **changes,
        }
        with self.zone.tx(officer):
            return draft_job(actor=officer, **asked)

    def queued(self, capsules: list[Capsule], **changes: Any) -> Job:
        """A job signed at the bank's node."""
        job = self.drafted(capsules, **changes)
        self.nodes["bank"].sign_draft(JobRequest, self.person("bank", "officer"))
        self.heartbeats()
        return self.job(job)

    def enquiry(self) -> Job:
        """The firm's enquiry about itself, drafted and signed in its host's node."""
        owner = self.zone.member("firm", "owner")
        with self.zone.tx(owner):
            job = draft_enquiry(actor=owner, model=self.models["zone-public"], disclosures=["grade", "reasons"])
        host = self.nodes["platform"]
        for kind in (JobRequest, Authorisation):
            host.sign_draft(kind, str(owner.person_id), organisation=self.zone["firm"].uscc, key=self.firm_key)
        self.heartbeats()
        return self.job(job)

    def job(self, job: Job | UUID) -> Job:
        """The job as it stands now."""
        with tenant_tx(None, role="exchange"):
            return Job.objects.select_related("recipient", "at_party").get(pk=getattr(job, "pk", job))

    def heartbeats(self, *names: str) -> None:
        """Let these nodes (or all) call once."""
        for name in names or self.nodes:
            self.nodes[name].call()

    def accept(self, name: str) -> None:
        """Let a node fetch and accept its newest order."""
        node = self.nodes[name]
        node.call()
        order = node.orders()[-1]
        node.running = [order.job]
        node.tell(accepted(order))

    def start(self, *names: str) -> None:
        """Let all parties accept."""
        for name in names:
            self.accept(name)

    def receipt(self, name: str, *, agreement: str = "a", **changes: Any) -> Receipted:
        """What a node would sign about its newest order."""
        node = self.nodes[name]
        offered = node.messages(documents.OrderOffered)[-1].order
        order = documents.read(offered, documents.Order)
        mine = next(one for one in documents.read(order.request, JobRequest).inputs if one.provider == node.uscc)
        with tenant_tx(None, role="exchange"):
            head = CapsuleVersion.objects.get(capsule_id=mine.capsule, version=mine.version).header_digest
        receipt = Receipt(
            zone=self.digest,
            order=offered.digest,
            request=order.request.digest,
            job=order.job,
            attempt=order.attempt,
            fence=order.fence,
            party=node.uscc,
            inputs=(head,),
            code=sm3.digest(b"code"),
            figures=(Figure(name="rows", value=100), Figure(name="matched", value=80)),
            left=(Left(form="secret-shares", to=self.zone["bank"].uscc, count=80),),
            learned=(Learned(what="own-firms-asked", of=None, count=80),),
            agreement=sm3.digest(agreement.encode()),
            output=None,
            started_at=now_ms(),
            finished_at=now_ms(),
        )
        return Receipted(receipt=signed(msgspec.structs.replace(receipt, **changes), node.key, by=node.uscc))

    def finish(self, name: str, *, agreement: str = "a", **changes: Any) -> None:
        """Let a node send its receipt."""
        self.nodes[name].running = []
        self.nodes[name].tell(self.receipt(name, agreement=agreement, **changes))


def make_road(zone: Zone, digest: str, models: dict[str, str]) -> Road:
    """Nodes and registered cards for bank, centre, platform, another bank, and the hosted firm."""
    kinds = {"bank": "bank", "centre": "code_centre", "platform": "platform", "other_bank": "bank"}
    nodes = {
        name: FakeNode(uscc=zone[name].uscc, kind=kind, zone=digest, client=browser()) for name, kind in kinds.items()
    }
    firm_key = PrivateKey.generate()
    host = nodes["platform"]
    firm = make_card(digest, zone["firm"].uscc, "sme", firm_key, host=host.uscc)
    firm_card = with_signature(signed(firm, firm_key, by=firm.organisation), sign(firm, host.key, by=host.uscc))
    with zone.as_admin():
        for node in nodes.values():
            register_card(signed=node.card(), actor=zone.founder)
        register_card(signed=firm_card, actor=zone.founder)
    return Road(zone=zone, digest=digest, models=models, nodes=nodes, firm_key=firm_key)


def make_measured(name: str, *, rows: int = 100, **changes: Any) -> DatasetMeasured:
    """What a node measures of an upload without faults."""
    columns = tuple(
        ColumnQuality(
            name=column.name, kind=column.type, level=column.level, ground=column.ground, filled=rows, valid=rows
        )
        for column in domain(name).columns
    )
    measured = DatasetMeasured(
        dataset=new_id(),
        domain=name,
        title=name,
        rows=rows,
        accepted=rows,
        quarantined=0,
        faults=(),
        columns=columns,
        body_digest=sm3.digest(new_id().encode()),
        size=1000,
        measured_at=now_ms(),
    )
    return msgspec.structs.replace(measured, **changes)


def make_sealed(node: FakeNode, policy: Policy, measured: DatasetMeasured, /, **changes: Any) -> CapsuleSealed:
    """A head that binds the policy, as the node signs it; `changes` are the header's."""
    header = CapsuleHeader(
        zone=node.zone,
        capsule=policy.capsule,
        version=policy.version,
        provider=node.uscc,
        dataset=policy.dataset,
        domain=measured.domain,
        rows=measured.accepted,
        body=new_id(),
        body_digest=measured.body_digest,
        chunk_size=1 << 20,
        groups=(ColumnGroup(index=0, columns=("uscc",), length=1000, chunks=1),),
        policy=digest_of(policy),
        suite="SM4-GCM SM2 HKDF-SM3",
        custody=custody_of(node.uscc),
        wrapped=(WrappedKey(group=0, nonce="0" * 24, key="0" * 64),),
        sealed_at=now_ms(),
    )
    header = msgspec.structs.replace(header, **changes)
    return CapsuleSealed(
        header=signed(header, node.key, by=node.uscc),
        policy=signed(policy, node.key, by=node.uscc),
        approved_by=(new_id(), new_id()),
    )
