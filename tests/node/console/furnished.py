"""A node with things in it: peers' cards, a measured dataset with faults, drafts of each kind, a sealed result.

Everything comes in by the doors it comes in by in the product: messages from the zone, uploads, sealed files.
"""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from apps.node import cards, datasets, inbox, signing, uploads
from apps.node.node import Node
from apps.node.resultfile import Counted, CountFile, ResultFile, result_data
from apps.node.roster import Acting
from creditzone.kernel.credit.uscc import check_digit
from creditzone.kernel.documents import (
    Authorisation,
    Bin,
    Card,
    CardShown,
    Contract,
    Document,
    DraftSent,
    Feature,
    Input,
    JobRequest,
    Policy,
    Rule,
    Scorecard,
    digest_of,
    new_id,
    now_ms,
    signed,
    to_canonical,
    unsigned,
)
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.writing import permit
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import seal_to
from creditzone.kernel.sm.sm2 import PrivateKey
from tests import passkeys

DAY = 86_400_000


@dataclass
class Peer:
    """Another organisation: its key and card."""

    key: PrivateKey
    card: Card


def number(node: Node) -> int:
    """The number of the next message from the portal."""
    return node.store.number("received") + 1


def show_peer(node: Node, *, organisation: str, kind: str, name: str, name_en: str) -> Peer:
    """The portal carries another organisation's card; nobody has confirmed it."""
    key = PrivateKey.generate()
    card = Card(
        zone=node.zone,
        organisation=organisation,
        kind=kind,  # type: ignore[arg-type]
        name=name,
        name_en=name_en,
        serial=1,
        signing_key=key.public.hex,
        encryption_key=key.public.hex,
        link_certificate=None,
        link_host="127.0.0.1",
        link_ports=(8120, 8129),
        slots=1,
        console_url="http://centre.localhost:8102",
        host=None,
        issued_at=now_ms(),
    )
    inbox.take(node, CardShown(number=number(node), card=signed(card, key, by=organisation)))
    return Peer(key=key, card=card)


def confirm_peer(node: Node, acting: Acting, peer: Peer) -> None:
    """An officer confirms the peer's card."""
    digest = digest_of(peer.card)
    cards.confirm(node, acting, digest, fingerprint=cards.fingerprint(digest))


def send_draft(node: Node, document: Document, *, organisation: str | None = None) -> str:
    """The portal sends a draft down; its digest."""
    draft = unsigned(document)
    message = DraftSent(number=number(node), organisation=organisation or node.organisation, document=draft)
    inbox.take(node, message)
    return draft.digest


def applicants(codes: Sequence[str], *, bad: Sequence[str] = ()) -> bytes:
    """A file of the bank's domain: good rows for `codes`, raw lines of `bad` behind them."""
    known = domain("balance_sheet")
    expiry = "2030-12-31"
    lines = [",".join(known.names)]
    for at, code in enumerate(codes):
        cells = {"uscc": code, "period_end": "2025-12-31", "authorisation_no": f"SQ-{at:05d}"}
        cells |= {"authorisation_digest": "sm3:" + "0" * 64, "authorisation_expiry": expiry}
        cells |= {column.name: f"0.{at % 90 + 10}" for column in known.columns if column.type == "decimal"}
        row = [cells.get(name, "") for name in known.names]
        lines.append(",".join(row))
    return ("\n".join([*lines, *bad]) + "\n").encode()


def upload_file(node: Node, acting: Acting, data: bytes, *, title: str, measured: bool = True) -> str:
    """Upload a file by the services; check it at once where wanted. The dataset's id."""
    upload = uploads.create(
        node, acting, filename="applicants.csv", size=len(data), domain="balance_sheet", title=title
    )
    for at in range(0, len(data), uploads.PIECE):
        uploads.append(node, acting, upload.id, offset=at, piece=data[at : at + uploads.PIECE])
    dataset = uploads.finish(node, acting, upload.id)
    if measured:
        datasets.measure(node, datasets.next_waiting(node) or "", threading.Event())
    return dataset


def rule_for(*, grantee: str, model: str, **changes: Any) -> Rule:
    """A rule that lets `grantee` grade with one card."""
    facts: dict[str, Any] = {
        "grantees": (grantee,),
        "purposes": ("credit-risk/pre-loan",),
        "models": (model,),
        "engines": ("cheetah",),
        "disclosures": ("grade",),
        "not_before": now_ms(),
        "not_after": now_ms() + 30 * DAY,
        "uses": 40,
    }
    return permit("bank", **(facts | changes))


def policy_for(node: Node, dataset: str, *, grantee: str, model: str, version: int = 1) -> Policy:
    """A policy that lets `grantee` grade with one card."""
    return Policy(
        zone=node.zone,
        capsule=dataset,
        version=version,
        provider=node.organisation,
        dataset=dataset,
        rules=(rule_for(grantee=grantee, model=model),),
        drafted_at=now_ms(),
    )


def contract_with(node: Node, provider: Peer, *, policy: str, capsule: str) -> Contract:
    """A contract that the peer offers to this node's organisation."""
    return Contract(
        zone=node.zone,
        id=new_id(),
        provider=provider.card.organisation,
        consumer=node.organisation,
        capsule=capsule,
        policy=policy,
        purpose="credit-risk/pre-loan",
        price_fen=120,
        not_before=now_ms(),
        not_after=now_ms() + 30 * DAY,
        drafted_at=now_ms(),
    )


def request_for(
    node: Node, inputs: Sequence[Input], *, model: str, disclosures: Sequence[str] = ("grade",), **more: Any
) -> JobRequest:
    """A job request of this node's organisation."""
    fields: dict[str, object] = {
        "zone": node.zone,
        "id": new_id(),
        "recipient": node.organisation,
        "inputs": tuple(inputs),
        "model": model,
        "engine": "cheetah",
        "purpose": "credit-risk/pre-loan",
        "disclosures": tuple(disclosures),
        "decision_band": None,
        "subject": None,
        "authorisation": None,
        "consent": "declared",
        "title": "2026 年第 47 周申请名单",
        "drafted_at": now_ms(),
        "expires_at": now_ms() + DAY,
        **more,
    }
    return JobRequest(**fields)  # type: ignore[arg-type]


def authorisation_of(node: Node, subject: str, *, providers: Sequence[str]) -> Authorisation:
    """A firm's authorisation to enquire about itself."""
    return Authorisation(
        zone=node.zone,
        id=new_id(),
        subject=subject,
        enquirer=subject,
        providers=tuple(providers),
        domains=("profit_and_loss", "turnover"),
        purpose="self-enquiry",
        disclosures=("grade", "reasons"),
        application="",
        signatory="王敏",
        not_before=now_ms(),
        not_after=now_ms() + DAY,
        drafted_at=now_ms(),
    )


def scorecard() -> Scorecard:
    """A small card over the bank's and the centre's domains."""

    def feature(column: str, owner: str, label: str, label_en: str, reason: str) -> Feature:
        bins = (Bin(below="0.3", points=-20), Bin(below="0.6", points=5), Bin(below=None, points=30))
        return Feature(
            column=column,
            domain=owner,
            label=label,
            label_en=label_en,
            reason=reason,
            direction="up",
            bins=bins,
            missing=0,
            mean_points=6,
        )

    features = (
        feature("current_ratio", "balance_sheet", "流动比率", "Current ratio", "B01"),
        feature("equity_to_assets", "balance_sheet", "股东权益比率", "Equity to assets", "B02"),
        feature("profit_to_assets", "profit_and_loss", "总资产利润率", "Profit to assets", "P01"),
    )
    return Scorecard(
        zone="",
        id="small-loans",
        version=3,
        name="小微贷评分卡",
        name_en="Small loans",
        domains=("balance_sheet", "profit_and_loss"),
        features=features,
        base=600,
        cuts=(560, 575, 590, 605, 620, 640, 665),
        grades=("H", "G", "F", "E", "D", "C", "B", "A"),
        trained_on="示范数据",
    )


def deliver_result(
    node: Node, request: JobRequest, card: Scorecard, bands: dict[str, int], *, unmatched: Sequence[str] = ()
) -> None:
    """Seal a result for a signed request as the recipient's own grade stage does."""
    text = to_canonical(card).decode()
    file = ResultFile(
        job=request.id,
        attempt=1,
        request=digest_of(request),
        model=text,
        disclosure="grade",
        decision_band=None,
        codes=tuple(bands),
        values=tuple(bands.values()),
        reasons=None,
        unmatched={one.provider: tuple(unmatched) for one in request.inputs if one.provider != node.organisation},
        dropped=(),
        authorisations=((),) * len(bands),
    )
    _put_down(node, request, card, msgspec.json.encode(file), rows=len(bands))


def deliver_count(node: Node, request: JobRequest, card: Scorecard, counted: Sequence[Counted]) -> None:
    """Seal a statistic for a signed request as the recipient's own counting stage does."""
    assert request.minimum_group is not None
    file = CountFile(
        job=request.id,
        attempt=1,
        request=digest_of(request),
        model=to_canonical(card).decode(),
        minimum_group=request.minimum_group,
        grouping=request.grouping,
        counted=tuple(counted),
    )
    _put_down(node, request, card, msgspec.json.encode(file), rows=sum(one.firms for one in counted))


def _put_down(node: Node, request: JobRequest, card: Scorecard, plain: bytes, *, rows: int) -> None:
    sealed = seal_to(node.keys.encryption.public, plain, associated=result_data(node.zone, request.id))
    name = f"{request.id}.result"
    (node.home / "results" / name).write_bytes(sealed)
    with node.store.write() as tx:
        tx.keep(f"model:{digest_of(card)}", f"{card.name}\n{card.name_en}\n{card.version}")
        tx.run(
            "UPDATE result SET state = 'sealed', file = ?, digest = ?, rows = ?, received_at = ? WHERE job = ?",
            name,
            sm3.digest(sealed),
            rows,
            now_ms(),
            request.id,
        )


def signed_request(node: Node, acting: Acting, dataset: str, card: Scorecard, **more: Any) -> JobRequest:
    """A request on the bank's own sealed dataset, confirmed by an officer; waits for its result."""
    policy = policy_for(node, dataset, grantee=node.organisation, model=digest_of(card))
    passkeys.seal(node, acting, send_draft(node, policy))
    own = Input(provider=node.organisation, domain="balance_sheet", capsule=dataset, version=1, contract=None)
    request = request_for(node, [own], model=digest_of(card), **more)
    signing.sign(node, acting, [send_draft(node, request)])
    return request


def codes(count: int) -> list[str]:
    """Codes that pass both check digits and whose body starts with XY."""
    found: list[str] = []
    rng = secrets.SystemRandom()
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    while len(found) < count:
        body = "91420100XY" + "".join(rng.choice(alphabet) for _ in range(7))
        code = body + check_digit(body)
        if code not in found:
            found.append(code)
    return found
