"""What nodes say about capsules and their policies."""

from apps.capsules import custody
from apps.capsules.acts import record_act, record_certificate, tell_again
from apps.capsules.services import decline_policy, register
from apps.core.errors import Invalid
from apps.exchange.registry import DeclinedDraft, Sender, SignedDraft, on_declined, on_restored, on_signed, on_statement
from apps.tenants.models import Organisation
from creditzone.kernel.documents import (
    CapsuleActed,
    CapsuleCertified,
    CapsuleSealed,
    DepositAnswered,
    DepositSent,
    Policy,
    ShareAsked,
    ShareReleased,
    ShareWithheld,
)


@on_statement(CapsuleSealed)
def take_sealed(sender: Sender, body: CapsuleSealed) -> None:
    """A head was sealed to a policy at its owner's node."""
    register(organisation=sender.organisation, sealed=body)


@on_statement(CapsuleActed)
def take_act(sender: Sender, body: CapsuleActed) -> None:
    """A capsule was frozen, resumed, revoked or destroyed at its owner's node."""
    record_act(organisation=sender.organisation, acted=body)


@on_statement(CapsuleCertified)
def take_certificate(sender: Sender, body: CapsuleCertified) -> None:
    """A provider's node certified what became of a capsule."""
    record_certificate(organisation=sender.organisation, certified=body)


@on_restored
def tell_acts_again(node: Organisation) -> None:
    """A node whose store is a backup gets the acts on the capsules that concern it again."""
    tell_again(node)


@on_signed(Policy)
def refuse_bare_policy(signed: SignedDraft) -> None:
    """A policy's signature alone binds nothing: it comes with the header that is sealed to it."""
    raise Invalid.of("policy", "a policy comes with its capsule's header")


@on_declined(Policy)
def take_declined(declined: DeclinedDraft) -> None:
    """A policy was returned unsigned."""
    assert isinstance(declined.document, Policy)
    decline_policy(policy=declined.document, digest=declined.digest, reason=declined.reason)


@on_statement(DepositSent)
def take_deposit(sender: Sender, body: DepositSent) -> None:
    """A provider leaves a deposit for a custodian's node."""
    custody.hand_on_deposit(sender, body)


@on_statement(DepositAnswered)
def take_deposit_answer(sender: Sender, body: DepositAnswered) -> None:
    """A custodian keeps a deposit, or does not."""
    custody.note_deposit(sender, body)


@on_statement(ShareAsked)
def take_asked(sender: Sender, body: ShareAsked) -> None:
    """A provider asks a custodian for its share."""
    custody.hand_on_question(sender, body)


@on_statement(ShareReleased)
def take_released(sender: Sender, body: ShareReleased) -> None:
    """A custodian releases its share for one attempt."""
    custody.hand_on_release(sender, body)


@on_statement(ShareWithheld)
def take_withheld(sender: Sender, body: ShareWithheld) -> None:
    """A custodian does not release its share."""
    custody.hand_on_refusal(sender, body)
