"""What nodes say about zone-wide rules, and when they are told of them."""

from apps.exchange.registry import (
    DeclinedDraft,
    Sender,
    SignedDraft,
    on_declined,
    on_heartbeat,
    on_restored,
    on_signed,
)
from apps.governance import services
from apps.tenants.models import Organisation
from creditzone.kernel.documents import Heartbeat, ZoneRules


@on_signed(ZoneRules)
def take_rules(signed: SignedDraft) -> None:
    """The governor signed a version."""
    services.record_signed(signed=signed)


@on_declined(ZoneRules)
def take_declined_rules(declined: DeclinedDraft) -> None:
    """The governor returned a version unsigned."""
    services.decline_rules(digest=declined.digest, reason=declined.reason)


@on_heartbeat
def take_heartbeat(sender: Sender, heartbeat: Heartbeat) -> None:
    """Whoever calls is told what it does not know yet."""
    services.tell(sender.node)


@on_restored
def take_restored(node: Organisation) -> None:
    """A node from a backup may know no version any more."""
    services.tell_again(node)
