"""Policies of derived datasets: what their sources' policies leave together, and nothing that anybody chooses."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.capsules import services
from apps.capsules.models import Capsule, CapsuleVersion
from apps.core.errors import Invalid
from apps.datasets.models import Dataset
from apps.datasets.selectors import Act as DatasetAct
from apps.datasets.selectors import get_for as dataset_for
from apps.exchange.services import send_completed
from apps.tenants.members import Member
from creditzone.kernel.documents import Lineage, Parent, Policy, Rule, Signed, read
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.lineage import derived_rules
from creditzone.kernel.policy.loosening import ancestors_of


@dataclass(frozen=True, kw_only=True)
class Source:
    """A capsule that a derived dataset was made of, and the policy under which the job used it."""

    capsule: Capsule
    version: int
    parent: Parent
    signed: Signed

    @property
    def policy(self) -> Policy:
        """The policy's document."""
        return read(self.signed, Policy)


def lineage_of(dataset: Dataset) -> Lineage | None:
    """What a dataset was made of; None for an upload."""
    return None if dataset.lineage is None else msgspec.convert(dataset.lineage, Lineage)


def known_sources(parents: tuple[Parent, ...]) -> list[Source]:
    """Those of the sources, in their order, whose policies the reader may see."""
    digests = [parent.policy for parent in parents]
    found = CapsuleVersion.objects.filter(policy_digest__in=digests).select_related("capsule", "capsule__provider")
    versions = {(str(one.capsule_id), one.policy_digest): one for one in found}
    known = [(parent, versions.get((parent.capsule, parent.policy))) for parent in parents]
    return [
        Source(
            capsule=version.capsule,
            version=version.version,
            parent=parent,
            signed=msgspec.convert(version.policy, Signed),
        )
        for parent, version in known
        if version is not None
    ]


def sources_of(parents: tuple[Parent, ...]) -> list[Source]:
    """All sources; raises Invalid where the reader may not see the policy of one."""
    sources = known_sources(parents)
    if len(sources) < len(parents):
        raise Invalid.of("sources", _("The policy of one of its sources is not in the catalogue any more."))
    return sources


def rules_of(dataset: Dataset, sources: list[Source]) -> tuple[Rule, ...]:
    """The rules that the sources leave for the dataset; raises Invalid where they leave none."""
    rules = derived_rules([source.policy for source in sources], domain(dataset.domain))
    if not any(rule.effect == "permit" for rule in rules):
        raise Invalid.of("sources", _("The policies of its sources let no result be an input again."))
    return rules


@transaction.atomic
def draft_policy(*, actor: Member, dataset_id: UUID) -> Capsule:
    """Draft the policy of a derived dataset and send it to the owner's node to be signed, with its sources' policies as
    their providers signed them, from which the node makes the same rules itself.

    Raises NotFound, Forbidden, and Invalid where the dataset is none, or its sources leave no rule."""
    dataset = dataset_for(actor, dataset_id, to=DatasetAct.DRAFT_POLICY)
    lineage = lineage_of(dataset)
    if lineage is None:
        raise Invalid.of("dataset", _("This dataset was uploaded: it has no sources."))
    sources = sources_of(lineage.parents)
    for source in sources:
        if source.capsule.owner != actor.organisation_id:
            send_completed(source.signed, to=[actor.organisation], sender=actor.organisation_id)
    rules = rules_of(dataset, sources)
    return services.draft_policy(actor=actor, dataset_id=dataset.id, rules=rules, parents=lineage.parents)


def ancestors(parents: tuple[Parent, ...]) -> tuple[Parent, ...]:
    """Sources, and what those were made of in turn; raises Invalid where the reader may not see the policy of one."""
    return ancestors_of(parents, lambda parent: sources_of((parent,))[0].policy)
