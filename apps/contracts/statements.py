"""What nodes say about contracts and authorisations."""

from apps.contracts.services import (
    decline,
    decline_authorisation,
    decline_withdrawal,
    record_act,
    record_authorisation,
    record_signature,
    record_withdrawal,
    tell_again,
)
from apps.exchange.registry import DeclinedDraft, Sender, SignedDraft, on_declined, on_restored, on_signed, on_statement
from apps.tenants.models import Organisation
from creditzone.kernel.documents import (
    Authorisation,
    AuthorisationWithdrawal,
    Contract,
    ContractAct,
    ContractActed,
    Signed,
)


@on_restored
def tell_contracts_again(node: Organisation) -> None:
    """A node whose store is a backup gets the contracts of its organisations again, with the acts on them."""
    tell_again(node)


@on_signed(Contract)
def take_signature(signed: SignedDraft) -> None:
    """A party signed an offer."""
    record_signature(signed=signed)


@on_declined(Contract)
def take_decline(declined: DeclinedDraft) -> None:
    """A party returned an offer."""
    decline(digest=declined.digest, by=declined.by, reason=declined.reason)


@on_statement(ContractActed)
def take_act(sender: Sender, body: ContractActed) -> None:
    """A party acted on a contract at its node."""
    record_act(signed=body.act, by=sender.organisation)


@on_signed(ContractAct)
def take_signed_act(signed: SignedDraft) -> None:
    """A party signed an act that was drafted here."""
    record_act(signed=Signed(text=signed.text, signatures=(signed.signature,)), by=signed.by)


@on_declined(ContractAct)
def take_declined_act(declined: DeclinedDraft) -> None:
    """A party thought better of it: nothing changes."""


@on_signed(Authorisation)
def take_authorisation(signed: SignedDraft) -> None:
    """A firm signed its authorisation."""
    record_authorisation(signed=signed)


@on_declined(Authorisation)
def take_declined_authorisation(declined: DeclinedDraft) -> None:
    """A firm returned its authorisation."""
    decline_authorisation(digest=declined.digest, reason=declined.reason)


@on_signed(AuthorisationWithdrawal)
def take_withdrawal(signed: SignedDraft) -> None:
    """A firm took its authorisation back."""
    record_withdrawal(signed=signed)


@on_declined(AuthorisationWithdrawal)
def take_declined_withdrawal(declined: DeclinedDraft) -> None:
    """A firm returned the withdrawal: the authorisation stays in force."""
    decline_withdrawal(digest=declined.digest, reason=declined.reason)
