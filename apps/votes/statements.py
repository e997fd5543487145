"""What nodes say about votes."""

from apps.exchange.registry import DeclinedDraft, SignedDraft, on_declined, on_restored, on_signed
from apps.tenants.models import Organisation
from apps.votes import services
from creditzone.kernel.documents import LooseningVote


@on_signed(LooseningVote)
def take_signature(signed: SignedDraft) -> None:
    """An owner agreed."""
    services.record_signature(signed=signed)


@on_declined(LooseningVote)
def take_decline(declined: DeclinedDraft) -> None:
    """An owner said no."""
    services.record_decline(declined=declined)


@on_restored
def tell_votes_again(node: Organisation) -> None:
    """A node from a backup may not know what all agreed to."""
    services.tell_again(node)
