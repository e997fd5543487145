"""What changes the zone-wide rules. A version is in force at the portal once its governor signed it in its own node,
and at each other node once that node believes the signature."""

from collections.abc import Sequence

import msgspec
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.errors import Invalid, NotFound
from apps.exchange.registry import SignedDraft
from apps.exchange.services import request_signatures, send_completed
from apps.governance.models import ToldRules, ZoneRules
from apps.governance.selectors import in_force, require_may_draft, waiting
from apps.ledger.services import append_entry
from apps.tenants import zone
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from creditzone.kernel import documents
from creditzone.kernel.documents import Floors, Signed, Template
from creditzone.kernel.policy.floors import template_undercuts

DRAFT_WAITS = _("A draft waits in your node: sign it there, or return it there first.")


@transaction.atomic
def draft_rules(*, actor: Member, purposes: Sequence[str], floors: Floors, templates: Sequence[Template]) -> ZoneRules:
    """Draft the next version and send it to the governor's node to be signed. One at a time: the node never has two
    of one number to sign, so no portal can show some nodes the one and some the other.

    Raises Forbidden, and Invalid where a draft waits or the rules contradict themselves."""
    require_may_draft(actor)
    document = compose_rules(actor=actor, purposes=purposes, floors=floors, templates=templates)
    below = [refusal for one in templates for refusal in template_undercuts(one, document)]
    if below:
        language = "zh" if (get_language() or "").startswith("zh") else "en"
        raise Invalid.of("templates", *(refusal.sentence(language) for refusal in below))  # type: ignore[arg-type]
    if waiting(actor):
        raise Invalid.of("version", DRAFT_WAITS)
    rules = ZoneRules(
        owner=actor.organisation_id,
        version=document.version,
        digest=request_signatures(document, of=[actor.organisation], drafter=actor.organisation_id),
        text=documents.to_canonical(document).decode(),
    )
    try:
        rules.save(force_insert=True)
    except IntegrityError:
        raise Invalid.of("version", DRAFT_WAITS) from None
    _log(actor, "zone-rules.draft", rules)
    return rules


def compose_rules(
    *, actor: Member, purposes: Sequence[str], floors: Floors, templates: Sequence[Template]
) -> documents.ZoneRules:
    """The document as it would be drafted now; nothing is kept. Raises Invalid where it contradicts itself."""
    head = in_force()
    try:
        return documents.ZoneRules(
            zone=zone.zone_digest(),
            version=head.version + 1 if head else 1,
            previous=head.digest if head else None,
            governor=actor.organisation.uscc,
            purposes=tuple(purposes),
            floors=floors,
            templates=tuple(templates),
            drafted_at=clock.to_ms(clock.now()),
        )
    except ValueError:
        raise Invalid.of("templates", _("Two templates have the same name, or a purpose is unknown.")) from None


def record_signed(*, signed: SignedDraft) -> ZoneRules:
    """The governor's officer signed a draft: it is in force, and every node is told with its next call."""
    rules = _drafted(signed.digest)
    head = in_force()
    if rules.document.previous != (head.digest if head else None):
        raise Invalid.of("version", _("Another version was signed meanwhile."))
    document = Signed(text=signed.text, signatures=(signed.signature,))
    rules.move(to=ZoneRules.State.SIGNED, signed=msgspec.to_builtins(document), signed_at=signed.now)
    _log(None, "zone-rules.sign", rules, person=signed.person)
    return rules


def decline_rules(*, digest: str, reason: str) -> ZoneRules:
    """The governor's officer returned a draft unsigned."""
    rules = _drafted(digest)
    rules.move(to=ZoneRules.State.DECLINED)
    _log(None, "zone-rules.decline", rules, reason=reason)
    return rules


def tell(node: Organisation) -> None:
    """Leave for a node every signed version that it was not told of, oldest first."""
    untold = ZoneRules.objects.filter(state=ZoneRules.State.SIGNED).exclude(told__node=node).order_by("version")
    for rules in untold:
        send_completed(msgspec.convert(rules.signed, Signed), to=[node], sender=rules.owner)
        ToldRules(node=node, rules=rules).save(force_insert=True)


def tell_again(node: Organisation) -> None:
    """The node's store is a backup: with its next call it is told everything anew."""
    ToldRules.objects.filter(node=node).delete()


def _drafted(digest: str) -> ZoneRules:
    rules = ZoneRules.objects.select_for_update().filter(digest=digest).first()
    if rules is None:
        raise NotFound(what=_("zone-wide rules"))
    return rules


def _log(actor: Member | None, act: str, rules: ZoneRules, **facts: object) -> None:
    append_entry(
        actor=actor,
        act=act,
        subject_type="zone-rules",
        subject_id=rules.id,
        facts={"version": rules.version, "digest": rules.digest, **facts},
        organisations=[rules.owner],
    )
