"""Whether the receipts of a job's parties tell of one and the same computation."""

from collections.abc import Iterable, Mapping

from apps.capsules.models import CapsuleVersion
from creditzone.kernel.documents import JobRequest, Receipt

OF_ALL = frozenset({"matched", "shares"})
"""Figures that every party counts for itself and that are the same everywhere."""
OF_THE_SET = frozenset({"secret-shares", "output-shares", "sealed-shares", "sealed-reasons"})
"""Forms of which one leaves for each firm of the job."""


def differences(receipts: Iterable[Receipt], *, heads: Mapping[str, str]) -> list[str]:
    """What the receipts do not agree in, by name; nothing where they do. `heads` is the digest of each provider's
    capsule header as its request names it: a party that opened another one computed on something else."""
    receipts = list(receipts)
    wrong = set()
    if len({one.agreement for one in receipts}) > 1:
        wrong.add("agreement")
    for name in OF_ALL:
        if len(set().union(*(_values(one, name) for one in receipts))) > 1:
            wrong.add(name)
    if any(_counts_that_left(one) - _values(one, "matched") or not _tells_its_set(one) for one in receipts):
        wrong.add("left")
    if any(one.inputs != (heads.get(one.party),) for one in receipts):
        wrong.add("inputs")
    return sorted(wrong)


def _values(receipt: Receipt, name: str) -> set[int]:
    return {figure.value for figure in receipt.figures if figure.name == name}


def _tells_its_set(receipt: Receipt) -> bool:
    """The common set that left is the firms of the job and those that were left out of it."""
    sent = {left.count for left in receipt.left if left.form == "common-set"}
    return sent <= {sum(figure.value for figure in receipt.figures if figure.name in ("matched", "used_up"))}


def _counts_that_left(receipt: Receipt) -> set[int]:
    return {left.count for left in receipt.left if left.form in OF_THE_SET}


def head_digests(request: JobRequest) -> dict[str, str]:
    """The header's digest of each input, by its provider, as the catalogue has it."""
    found = CapsuleVersion.objects.filter(capsule_id__in=[one.capsule for one in request.inputs])
    rows = found.values_list("capsule_id", "version", "header_digest")
    digests = {(str(capsule), version): digest for capsule, version, digest in rows}
    return {one.provider: digests.get((one.capsule, one.version), "") for one in request.inputs}
