"""Small capsules to open and to break: chunks of 16 bytes, so that a few lines of text have several."""

import io

from creditzone.kernel.capsule import BodySummary, BodyWriter, column_group, seal_header
from creditzone.kernel.custody.split import Divided, Guardian, Plan, divide
from creditzone.kernel.documents import CapsuleHeader, Policy
from creditzone.kernel.policy.writing import permit

KEY = b"a content key 16"
CAPSULE = "01920000-0000-7000-8000-000000000001"
BODY = "01920000-0000-7000-8000-000000000002"
DATASET = "01920000-0000-7000-8000-000000000003"
PROVIDER = "91110000100000000X"
CHUNK = 16
TEXT = b"uscc,total_assets\n91110000100000000X,12.5\n"  # two whole chunks and a part of a third


def body(
    text: bytes = TEXT,
    *,
    key: bytes = KEY,
    capsule: str = CAPSULE,
    name: str = BODY,
    group: int = 0,
    chunk_size: int = CHUNK,
    threads: int = 1,
    piece: int | None = None,
) -> tuple[bytes, BodySummary]:
    """A sealed body and its summary; `piece` = bytes handed over at a time."""
    file = io.BytesIO()
    step = piece or max(len(text), 1)
    with BodyWriter(
        file, key, capsule=capsule, body=name, group=group, chunk_size=chunk_size, threads=threads
    ) as writer:
        for at in range(0, len(text), step):
            writer.write(text[at : at + step])
        summary = writer.finish()
    return file.getvalue(), summary


def policy(*, version: int = 1, uses: int = 3, capsule: str = CAPSULE, dataset: str = DATASET) -> Policy:
    """A policy with one rule."""
    rule = permit(
        "enquiry",
        grantees=("91110000MA00000007",),
        purposes=("credit-assessment",),
        models=("sm3:" + "0" * 64,),
        engines=("cheetah",),
        disclosures=("grade",),
        minimum_group=None,
        not_before=1_790_000_000_000,
        not_after=1_800_000_000_000,
        uses=uses,
    )
    return Policy(
        zone="sm3:" + "a" * 64,
        capsule=capsule,
        version=version,
        provider=PROVIDER,
        dataset=dataset,
        rules=(rule,),
        drafted_at=1_790_000_000_000,
    )


def divided(*, version: int = 1, capsule: str = CAPSULE) -> Divided:
    """A new secret that the provider alone holds."""
    provider = Guardian(kind="provider", organisation=PROVIDER, name="Code centre", key="sm3:" + "1" * 64)
    return divide(Plan(threshold=1, provider=provider), capsule=capsule, version=version)


def header(held: Divided, summary: BodySummary, *, under: Policy | None = None) -> CapsuleHeader:
    """A header over one body."""
    assert summary.digest is not None
    return seal_header(
        policy=under or policy(),
        keys={0: KEY},
        divided=held,
        domain="balance_sheet",
        rows=1,
        body=BODY,
        body_digest=summary.digest,
        groups=[column_group(["uscc", "total_assets"], summary)],
        now=1_790_000_000_001,
        chunk_size=summary.chunk_size,
    )
