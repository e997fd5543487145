"""A zone of four organisations with real keys, and one honest order, for tests of the kernel's checks."""

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from creditzone.kernel import documents as d
from creditzone.kernel.orders import HeldCapsule, Standing
from creditzone.kernel.policy.use import Counts
from creditzone.kernel.policy.writing import permit
from creditzone.kernel.refusals import Refusal
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.custody import custody_of

NOW = 1_790_000_000_000
DAY = 86_400_000
BANK, CENTRE, PLATFORM, FIRM, ZONE = (
    "91420100XYBANK0001",
    "12420100XYCENTRE01",
    "91420100XYP1ATF0R1",
    "91420100XYF1RM0001",
    "91420100XYZ0NE0001",
)
DOMAINS = {BANK: "balance_sheet", CENTRE: "profit_and_loss", PLATFORM: "turnover"}


def scorecard(*domains: str) -> d.Scorecard:
    """A two-feature card over the given domains."""
    features = tuple(
        d.Feature(
            column="ratio",
            domain=domain,
            label="比率",
            label_en="ratio",
            reason="F01",
            direction="up",
            bins=(d.Bin(below="0", points=-10), d.Bin(below=None, points=10)),
            missing=0,
            mean_points=1,
        )
        for domain in domains
    )
    return d.Scorecard(
        zone="",
        id="test-card",
        version=1,
        name="测试卡",
        name_en="Test card",
        domains=domains,
        features=features,
        base=600,
        cuts=(590, 610),
        grades=("C", "B", "A"),
        trained_on="test",
    )


@dataclass
class Zone:
    """Keys, cards and documents of a small zone; `standing()` is what the code centre's node holds."""

    keys: dict[str, PrivateKey] = field(
        default_factory=lambda: {one: PrivateKey.generate() for one in (BANK, CENTRE, PLATFORM, FIRM, ZONE)}
    )
    stranger: PrivateKey = field(default_factory=PrivateKey.generate)
    state: str | None = "active"
    seen: set[str] = field(default_factory=set)
    fence: int = 0
    spent: dict[str, int] = field(default_factory=dict)
    closed: Refusal | None = None
    kept_time: int = NOW

    def __post_init__(self) -> None:
        self.zone_card = self.card(ZONE, zone="")
        self.id = d.digest_of(self.zone_card)
        self.model = scorecard("balance_sheet", "profit_and_loss")
        self.policy = self.make_policy()
        self.header = self.make_header(self.policy)
        self.contract = self.make_contract()
        self.request = self.make_request()

    def card(self, organisation: str, *, zone: str | None = None) -> d.Card:
        key = self.keys[organisation].public.hex
        return d.Card(
            zone=self.id if zone is None else zone,
            organisation=organisation,
            kind="bank",
            name=organisation,
            name_en=organisation,
            serial=1,
            signing_key=key,
            encryption_key=key,
            link_certificate=None,
            link_host=None,
            link_ports=None,
            slots=1,
            console_url=None,
            host=None,
            issued_at=NOW,
        )

    def rule(self, **changes: Any) -> d.Rule:
        whole: dict[str, Any] = {
            "id": "bank",
            "grantees": (BANK,),
            "purposes": ("credit-risk",),
            "models": (d.digest_of(self.model),),
            "engines": ("cheetah", "aby3"),
            "disclosures": ("grade", "reasons"),
            "minimum_group": None,
            "not_before": NOW - DAY,
            "not_after": NOW + DAY,
            "uses": 3,
        }
        whole |= changes
        return permit(whole.pop("id"), **whole)

    def make_policy(self, *rules: d.Rule, version: int = 1) -> d.Policy:
        return d.Policy(
            zone=self.id,
            capsule="01900000-0000-7000-8000-00000000000a",
            version=version,
            provider=CENTRE,
            dataset="01900000-0000-7000-8000-00000000000b",
            rules=rules or (self.rule(),),
            drafted_at=NOW,
        )

    def make_header(self, policy: d.Policy) -> d.CapsuleHeader:
        return d.CapsuleHeader(
            zone=self.id,
            capsule=policy.capsule,
            version=policy.version,
            provider=CENTRE,
            dataset=policy.dataset,
            domain="profit_and_loss",
            rows=10,
            body="01900000-0000-7000-8000-00000000000c",
            body_digest=sm3.digest(b"body"),
            chunk_size=1 << 20,
            groups=(d.ColumnGroup(index=0, columns=("uscc", "ratio"), length=10, chunks=1),),
            policy=d.digest_of(policy),
            suite="SM4-GCM SM2 HKDF-SM3",
            custody=custody_of(CENTRE),
            wrapped=(d.WrappedKey(group=0, nonce="00" * 12, key="00" * 32),),
            sealed_at=NOW,
        )

    def make_contract(self, **changes: Any) -> d.Signed:
        whole: dict[str, Any] = {
            "zone": self.id,
            "id": "01900000-0000-7000-8000-00000000000d",
            "provider": CENTRE,
            "consumer": BANK,
            "capsule": self.policy.capsule,
            "policy": d.digest_of(self.policy),
            "purpose": "credit-risk/pre-loan",
            "price_fen": 12,
            "not_before": NOW - DAY,
            "not_after": NOW + DAY,
            "drafted_at": NOW,
        }
        contract = d.Contract(**(whole | changes))
        once = d.signed(contract, self.keys[CENTRE], by=CENTRE)
        return d.with_signature(once, d.sign(contract, self.keys[BANK], by=BANK))

    def make_request(self, **changes: Any) -> d.JobRequest:
        whole: dict[str, Any] = {
            "zone": self.id,
            "id": "01900000-0000-7000-8000-00000000000e",
            "recipient": BANK,
            "inputs": (
                d.Input(
                    provider=BANK,
                    domain="balance_sheet",
                    capsule="01900000-0000-7000-8000-00000000000f",
                    version=1,
                    contract=None,
                ),
                d.Input(
                    provider=CENTRE,
                    domain="profit_and_loss",
                    capsule=self.policy.capsule,
                    version=1,
                    contract=self.contract.digest,
                ),
            ),
            "model": d.digest_of(self.model),
            "engine": "cheetah",
            "purpose": "credit-risk/pre-loan",
            "disclosures": ("grade",),
            "decision_band": None,
            "subject": None,
            "authorisation": None,
            "consent": "declared",
            "title": "申请名单",
            "drafted_at": NOW,
            "expires_at": NOW + DAY,
        }
        return d.JobRequest(**(whole | changes))

    def signed_request(self, request: d.JobRequest | None = None, *, key: PrivateKey | None = None) -> d.Signed:
        request = request or self.request
        return d.signed(request, key or self.keys[request.recipient], by=request.recipient)

    def order(self, **changes: Any) -> d.Order:
        whole: dict[str, Any] = {
            "zone": self.id,
            "id": "01900000-0000-7000-8000-000000000010",
            "job": self.request.id,
            "attempt": 1,
            "fence": 1,
            "party": CENTRE,
            "request": self.signed_request(),
            "contracts": (self.contract,),
            "authorisation": None,
            "model": d.to_canonical(self.model).decode(),
            "peers": (d.Peer(party=BANK, rank=0, slot=0), d.Peer(party=CENTRE, rank=1, slot=0)),
            "deadline_seconds": 60,
            "issued_at": NOW,
            "expires_at": NOW + 60_000,
        }
        return d.Order(**(whole | changes))

    def sign_order(self, order: d.Order, *, key: PrivateKey | None = None) -> d.Signed:
        return d.signed(order, key or self.keys[ZONE], by=ZONE)

    def held(self) -> HeldCapsule:
        centre = self.keys[CENTRE]
        return HeldCapsule(
            header=d.signed(self.header, centre, by=CENTRE),
            policy=d.signed(self.policy, centre, by=CENTRE),
            closed=self.closed,
        )

    def standing(self, **changes: Any) -> Standing:
        held = self.held()
        whole = Standing(
            me=CENTRE,
            zone=self.id,
            zone_key=self.keys[ZONE].public,
            zone_signer=ZONE,
            now=NOW,
            kept_time=self.kept_time,
            cards={one: self.card(one) for one in (BANK, CENTRE, PLATFORM, FIRM)},
            has_seen=lambda order: order in self.seen,
            last_fence=lambda job: self.fence,
            contract_state=lambda digest: self.state,
            withdrawals=lambda digest: (),
            capsule=lambda capsule: held if capsule == self.policy.capsule else None,
            counts=lambda capsule, job: {rule: Counts(total=number) for rule, number in self.spent.items()},
            program="sm3:" + "f" * 64,
            zone_rules=lambda digest: None,
            vote=lambda digest: None,
            source=lambda parent: None,
        )
        return replace(whole, **changes)


def altered(signed: d.Signed, **changes: Any) -> d.Signed:
    """The signed document with fields changed and the old signatures left in place: what a lying portal would send."""
    body = msgspec.json.decode(signed.text.encode()) | changes
    import rfc8785

    return d.Signed(text=rfc8785.dumps(body).decode(), signatures=signed.signatures)
