"""What capsules were made of, by the signed policies of their heads, and whether one of these sources is closed."""

from collections.abc import Iterator
from typing import cast
from uuid import UUID

import msgspec
from django.db.models import F, QuerySet

from apps.capsules.models import Capsule, CapsuleAct, CapsuleVersion
from creditzone.kernel.capsule.states import SOURCE_CLAUSES, CapsuleState, state_after
from creditzone.kernel.documents import CapsuleActKind, Parent, Policy, Signed, read
from creditzone.kernel.refusals import Refusal


def sources_of(policy: Policy) -> Iterator[Parent]:
    """What stands under the policy was made of these, by however many steps, each once and the nearest first."""
    waiting, seen = list(policy.parents), set()
    while waiting:
        parent = waiting.pop(0)
        if parent.policy in seen:
            continue
        seen.add(parent.policy)
        yield parent
        known = CapsuleVersion.objects.filter(policy_digest=parent.policy).first()
        waiting += policy_of(known).parents if known is not None else ()


def derived_of(capsule: Capsule) -> list[Capsule]:
    """Capsules whose policy in force says that they were made of this one, by however many steps, as far as the reader
    may see them."""
    found: dict[object, Capsule] = {}
    waiting = [capsule]
    while waiting:
        source = waiting.pop(0)
        made = [one for one in _made_of(source) if one.pk not in found]
        found |= {one.pk: one for one in made}
        waiting += made
    return list(found.values())


def own_state(capsule: Capsule) -> CapsuleState:
    """Where its provider's own acts leave a sealed capsule, whatever became of its sources."""
    return said_of(capsule.pk)


def said_of(capsule: UUID) -> CapsuleState:
    """Where the signed acts on a capsule leave it."""
    acts = CapsuleAct.objects.filter(capsule=capsule).order_by("at", "id").values_list("act", flat=True)
    return state_after(cast("QuerySet[CapsuleAct, CapsuleActKind]", acts))


def closed_source(capsule: Capsule) -> Refusal | None:
    """The clause that names a closed source of the capsule; None while all are open. For a reader who sees them all."""
    head = CapsuleVersion.objects.filter(capsule=capsule, version=capsule.version).first()
    for source in sources_of(policy_of(head)) if head is not None else ():
        clause = SOURCE_CLAUSES.get(said_of(UUID(source.capsule)))
        if clause is not None:
            return Refusal(clause, {"source": source.capsule, "organisation": source.provider})
    return None


def policy_of(version: CapsuleVersion) -> Policy:
    """The policy that a version is bound to."""
    return read(msgspec.convert(version.policy, Signed), Policy)


def _made_of(capsule: Capsule) -> list[Capsule]:
    heads = CapsuleVersion.objects.select_related("capsule__provider").filter(
        version=F("capsule__version"), policy__text__icontains=str(capsule.pk)
    )
    return [head.capsule for head in heads if str(capsule.pk) in {one.capsule for one in policy_of(head).parents}]
