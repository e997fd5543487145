"""What nodes say about capsules and their policies."""

from apps.capsules.services import decline_policy, record_withdrawal, register
from apps.core.errors import Invalid
from apps.exchange.registry import DeclinedDraft, Sender, SignedDraft, on_declined, on_signed, on_statement
from creditzone.kernel.documents import CapsuleSealed, CapsuleWithdrawn, Policy


@on_statement(CapsuleSealed)
def take_sealed(sender: Sender, body: CapsuleSealed) -> None:
    """A head was sealed to a policy at its owner's node."""
    register(organisation=sender.organisation, sealed=body)


@on_statement(CapsuleWithdrawn)
def take_withdrawal(sender: Sender, body: CapsuleWithdrawn) -> None:
    """A capsule was withdrawn at its owner's node."""
    record_withdrawal(organisation=sender.organisation, withdrawn=body)


@on_signed(Policy)
def refuse_bare_policy(signed: SignedDraft) -> None:
    """A policy's signature alone binds nothing: it comes with the header that is sealed to it."""
    raise Invalid.of("policy", "a policy comes with its capsule's header")


@on_declined(Policy)
def take_declined(declined: DeclinedDraft) -> None:
    """A policy was returned unsigned."""
    assert isinstance(declined.document, Policy)
    decline_policy(policy=declined.document, digest=declined.digest, reason=declined.reason)
