"""What nodes say about jobs: one line into a service each."""

from apps.compute import services
from apps.compute.duties import record_deletion
from apps.exchange.registry import (
    DeclinedDraft,
    Sender,
    SignedDraft,
    on_declined,
    on_heartbeat,
    on_signed,
    on_statement,
)
from creditzone.kernel.documents import (
    AttemptFailed,
    Heartbeat,
    JobRequest,
    NodeBusy,
    OrderAccepted,
    OrderRefused,
    Receipted,
    ResultDeleted,
    SealedSent,
    StageReached,
)


@on_signed(JobRequest)
def take_request(signed: SignedDraft) -> None:
    """The recipient signed its request."""
    services.submit(signed=signed)


@on_declined(JobRequest)
def take_declined(declined: DeclinedDraft) -> None:
    """The recipient returned its request."""
    services.decline_request(digest=declined.digest, reason=declined.reason)


@on_statement(OrderAccepted)
def take_accepted(sender: Sender, body: OrderAccepted) -> None:
    """A node took an order."""
    services.accept(job_id=body.job, party=sender.organisation, attempt=body.attempt, fence=body.fence)


@on_statement(OrderRefused)
def take_refused(sender: Sender, body: OrderRefused) -> None:
    """A node refused an order."""
    services.refuse(
        job_id=body.job, party=sender.organisation, attempt=body.attempt, fence=body.fence, refusal=body.refusal
    )


@on_statement(NodeBusy)
def take_busy(sender: Sender, body: NodeBusy) -> None:
    """A node has no free slot."""
    services.put_back(job_id=body.job, party=sender.organisation, attempt=body.attempt, fence=body.fence)


@on_statement(StageReached)
def take_stage(sender: Sender, body: StageReached) -> None:
    """A stage began or ended."""
    services.reach_stage(party=sender.organisation, reached=body)


@on_statement(AttemptFailed)
def take_failed(sender: Sender, body: AttemptFailed) -> None:
    """A node's part ended without a receipt."""
    services.fail(party=sender.organisation, failed=body)


@on_statement(Receipted)
def take_receipt(sender: Sender, body: Receipted) -> None:
    """A node signed its receipt."""
    services.record_receipt(party=sender.organisation, signed=body.receipt)


@on_statement(SealedSent)
def take_sealed(sender: Sender, body: SealedSent) -> None:
    """A node sends something sealed to the recipient."""
    services.pass_on_sealed(party=sender.organisation, sealed=body)


@on_statement(ResultDeleted)
def take_deletion(sender: Sender, body: ResultDeleted) -> None:
    """A recipient's node deleted a result as a policy obliges to."""
    record_deletion(node=sender.node, organisation=sender.organisation, deleted=body)


@on_heartbeat
def take_heartbeat(sender: Sender, heartbeat: Heartbeat) -> None:
    """A node works on what it names."""
    services.renew_leases(node=sender.node, running=heartbeat.running, now=sender.now)
