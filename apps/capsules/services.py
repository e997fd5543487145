"""What changes capsules. A policy binds only once its owner's node has sealed a head to it; what closes or opens one is
signed there too (`acts`). The portal itself only lists it or not."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.capsules.models import Capsule, CapsuleParty, CapsuleVersion
from apps.capsules.selectors import Act, get_for
from apps.capsules.sources import sources_of
from apps.capsules.wording import FLOOR_FIELDS, NAME_FIELDS, say_refusal
from apps.core import clock
from apps.core.errors import IllegalMove, Invalid, Words
from apps.datasets.models import Dataset
from apps.datasets.selectors import Act as DatasetAct
from apps.datasets.selectors import get_for as dataset_for
from apps.exchange.cards import require_signed_by
from apps.exchange.services import request_signatures, settle_if_waiting, withdraw_drafts
from apps.governance import selectors as governance
from apps.ledger.services import append_entry
from apps.tenants import zone
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from creditzone.kernel.documents import CapsuleHeader, CapsuleSealed, Parent, Policy, Rule, Signed
from creditzone.kernel.domain import Domain, domain
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.floors import undercuts
from creditzone.kernel.policy.spelling import unknown_names


@transaction.atomic
def draft_policy(
    *,
    actor: Member,
    dataset_id: UUID,
    rules: Sequence[Rule],
    capsule_id: UUID | None = None,
    parents: Sequence[Parent] = (),
    loosened_by: str | None = None,
) -> Capsule:
    """Draft a usage policy for a dataset, as a new capsule or as the next version of one, and send it to the owner's
    node to be signed. The capsule comes back with `draft_digest` set. An older waiting draft is withdrawn.

    Raises NotFound, Forbidden, and Invalid with what is wrong in the rules."""
    _require_rules(rules)
    dataset = dataset_for(actor, dataset_id, to=DatasetAct.DRAFT_POLICY)
    if dataset.lineage and not parents:
        raise Invalid.of("rules", _("A derived dataset takes the rules of its sources and no others."))
    known = capsule_id or Capsule.objects.filter(pk=dataset.id).values_list("pk", flat=True).first()
    capsule = (
        get_for(actor, known, to=Act.DRAFT_POLICY)
        if known
        else Capsule(
            id=dataset.id,  # its body was sealed under this id, before there was any policy
            owner=actor.organisation_id,
            provider=actor.organisation,
            dataset=dataset,
            domain=dataset.domain,
            title=dataset.title,
            rows=dataset.accepted,
        )
    )
    if capsule.dataset_id != dataset.id or capsule.state in {Capsule.State.REVOKED, Capsule.State.DESTROYED}:
        raise Invalid.of("capsule", _("This capsule takes no new policy for this dataset."))
    policy = compose_policy(
        actor=actor,
        dataset=dataset,
        version=capsule.version + 1,
        rules=rules,
        parents=parents,
        loosened_by=loosened_by,
    )
    require_sound(policy, domain(dataset.domain))
    if capsule.draft_digest:
        withdraw_drafts(capsule.draft_digest)
    capsule.draft_digest = request_signatures(policy, of=[actor.organisation], drafter=actor.organisation_id)
    if known:  # this column alone: meanwhile the node may have sealed a new head
        capsule.save(update_fields=["draft_digest"])
    else:
        capsule.save(force_insert=True)
    _log(actor, "policy.draft", capsule, version=policy.version, policy=capsule.draft_digest)
    return capsule


def compose_policy(
    *,
    actor: Member,
    dataset: Dataset,
    version: int,
    rules: Sequence[Rule],
    parents: Sequence[Parent] = (),
    loosened_by: str | None = None,
) -> Policy:
    """The policy's document as it would be drafted now; nothing is kept. The dataset's id is its capsule's;
    `loosened_by` is the digest of the vote by which a derived one has these rules."""
    return Policy(
        zone=zone.zone_digest(),
        capsule=str(dataset.id),
        version=version,
        provider=actor.organisation.uscc,
        dataset=str(dataset.id),
        rules=tuple(rules),
        parents=tuple(parents),
        loosened_by=loosened_by,
        zone_rules=head.digest if (head := governance.in_force()) else None,
        drafted_at=clock.to_ms(clock.now()),
    )


def require_sound(policy: Policy, held: Domain) -> None:
    """Raise Invalid, field by field, where the policy names what is not there or undercuts the zone-wide rules in
    force; the node judges both again."""
    head = governance.in_force()
    errors: dict[str, tuple[Words, ...]] = {}
    for refusal in [*unknown_names(policy, held), *(undercuts(policy, head.document) if head else ())]:
        field = (FLOOR_FIELDS | NAME_FIELDS).get(refusal.clause, "rules")
        errors[field] = (*errors.get(field, ()), say_refusal(refusal))
    if errors:
        raise Invalid(errors=errors)


def _require_rules(rules: Sequence[Rule]) -> None:
    if not rules:
        raise Invalid.of("rules", _("A policy needs at least one rule: without one it allows nothing."))
    if len({rule.id for rule in rules}) != len(rules):
        raise Invalid.of("rules", _("Two rules have the same name."))
    known = set(Organisation.objects.values_list("uscc", flat=True)) | {SUBJECT}
    for rule in rules:
        if not set(rule.grantees) <= known:
            raise Invalid.of("grantees", _("A grantee is not an organisation of this zone."))
        window = rule.clause(Window)
        if window is not None and window.not_before >= window.not_after:
            raise Invalid.of("not_after", _("The rule ends before it begins."))
        if rule.effect == "deny":
            continue
        empty = [
            name for name in ("grantees", "purposes", "models", "engines", "disclosures") if not getattr(rule, name)
        ]
        if empty:
            raise Invalid(errors={name: (_("Choose at least one; none allows nothing."),) for name in empty})


def register(*, organisation: Organisation, sealed: CapsuleSealed) -> Capsule:
    """Take a capsule's new head from its owner's node into the catalogue; the same head again changes nothing.

    Raises SignatureInvalid or DocumentError where header or policy is not as its provider signed it, Invalid where
    they do not fit each other, the dataset, or the versions so far."""
    header = require_signed_by(sealed.header, CapsuleHeader, organisation)
    policy = require_signed_by(sealed.policy, Policy, organisation)
    dataset = _fitting_dataset(header, policy, sealed.policy, organisation)
    capsule = Capsule.objects.select_for_update().filter(pk=UUID(header.capsule)).first()
    if capsule is None:
        capsule = Capsule(
            id=UUID(header.capsule),
            owner=organisation.id,
            provider=organisation,
            dataset=dataset,
            domain=dataset.domain,
            title=dataset.title,
            rows=dataset.accepted,
        )
        capsule.save(force_insert=True)
    elif capsule.header_digest == sealed.header.digest:
        return capsule
    if capsule.owner != organisation.id or capsule.dataset_id != dataset.id:
        raise Invalid.of("capsule", _("The capsule belongs to another dataset."))
    if capsule.state in {Capsule.State.REVOKED, Capsule.State.DESTROYED}:
        raise Invalid.of("capsule", _("This capsule takes no new policy for this dataset."))
    if header.version <= capsule.version:
        raise Invalid.of("version", _("The head has a newer version already."))
    _keep_version(capsule, header, policy, sealed)
    settle_if_waiting(policy, organisation)
    facts = {"version": capsule.version, "header": capsule.header_digest, "approved_by": list(sealed.approved_by)}
    _log(None, "capsule.register", capsule, **facts)
    return capsule


def _fitting_dataset(
    header: CapsuleHeader, policy: Policy, signed_policy: Signed, organisation: Organisation
) -> Dataset:
    dataset = Dataset.objects.filter(pk=UUID(header.dataset), owner=organisation.id).first()
    if dataset is None:
        raise Invalid.of("dataset", _("The capsule's dataset was not published."))
    fits = {
        "zone": header.zone == policy.zone == zone.zone_digest(),
        "provider": header.provider == policy.provider == organisation.uscc,
        "policy": header.policy == signed_policy.digest and header.version == policy.version,
        "capsule": header.capsule == policy.capsule and header.dataset == policy.dataset,
        "domain": header.domain == dataset.domain,
        "rows": header.rows == dataset.accepted,
        "body": header.body_digest == dataset.body_digest,
    }
    wrong = [name for name, holds in fits.items() if not holds]
    if wrong:
        raise Invalid(errors={name: (_("Header, policy and dataset do not fit each other."),) for name in wrong})
    return dataset


def _keep_version(capsule: Capsule, header: CapsuleHeader, policy: Policy, sealed: CapsuleSealed) -> None:
    """Make this version the head, name the parties of its policy, and take the state it calls for."""
    CapsuleVersion(
        capsule=capsule,
        version=header.version,
        header=msgspec.to_builtins(sealed.header),
        policy=msgspec.to_builtins(sealed.policy),
        header_digest=sealed.header.digest,
        policy_digest=sealed.policy.digest,
    ).save(force_insert=True)
    capsule.version = header.version
    capsule.header_digest, capsule.policy_digest = sealed.header.digest, sealed.policy.digest
    capsule.draft_digest = "" if capsule.draft_digest == capsule.policy_digest else capsule.draft_digest
    capsule.is_open_to_subjects = any(SUBJECT in rule.grantees for rule in policy.rules)
    capsule.sealed_at = clock.from_ms(header.sealed_at)
    capsule.save()
    if capsule.state == Capsule.State.DRAFT:
        capsule.move(to=Capsule.State.SEALED)
    CapsuleParty.objects.filter(subject=capsule).delete()
    grantees = {grantee for rule in policy.rules for grantee in rule.grantees}
    providers = {source.provider for source in sources_of(policy)}
    named = set(Organisation.objects.filter(uscc__in=grantees | providers).values_list("id", flat=True)) | {
        capsule.owner
    }
    CapsuleParty.objects.bulk_create(
        [CapsuleParty(org=org, subject=capsule, owner=capsule.owner) for org in sorted(named)]
    )


@transaction.atomic
def list_capsule(*, actor: Member, capsule_id: UUID) -> Capsule:
    """Show the capsule to every organisation in the catalogue. Raises NotFound, Forbidden, IllegalMove."""
    return _move(actor, capsule_id, Act.LIST, Capsule.State.LISTED, "capsule.list")


@transaction.atomic
def unlist_capsule(*, actor: Member, capsule_id: UUID) -> Capsule:
    """Take it out of the catalogue; those whom its policy names still see it.

    Raises NotFound, Forbidden, IllegalMove."""
    return _move(actor, capsule_id, Act.LIST, Capsule.State.SEALED, "capsule.unlist")


def decline_policy(*, policy: Policy, digest: str, reason: str) -> None:
    """The owner's officer returned a policy unsigned: a capsule that was only ever a draft goes with it."""
    capsule = Capsule.objects.select_for_update().filter(pk=UUID(policy.capsule), draft_digest=digest).first()
    if capsule is None:
        return
    capsule.draft_digest = ""
    capsule.save(update_fields=["draft_digest"])
    if capsule.state == Capsule.State.DRAFT:
        capsule.move(to=Capsule.State.DESTROYED)
    _log(None, "policy.decline", capsule, reason=reason)


def _move(actor: Member, capsule_id: UUID, act: Act, to: str, entry: str, **facts: str) -> Capsule:
    capsule = get_for(actor, capsule_id, to=act)
    if capsule.is_closed:  # only its node opens it again
        raise IllegalMove(now=Capsule.State(capsule.state).label, to=Capsule.State(to).label)
    capsule.move(to=to)
    _log(actor, entry, capsule, **facts)
    return capsule


def _log(actor: Member | None, act: str, capsule: Capsule, **facts: object) -> None:
    append_entry(
        actor=actor,
        act=act,
        subject_type="capsule",
        subject_id=capsule.id,
        facts=facts,
        organisations=[capsule.owner],
    )
