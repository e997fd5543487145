"""What changes jobs. Drafting and cancelling are acts of people; submitting, accepting, stages and receipts are words
of nodes, taken in by the exchange; admission and sweeping are the coordinator's."""

from apps.compute.admission import admit, admit_waiting
from apps.compute.drafting import draft_enquiry, draft_job
from apps.compute.progress import (
    accept,
    fail,
    pass_on_sealed,
    put_back,
    reach_stage,
    record_receipt,
    refuse,
    renew_leases,
)
from apps.compute.submission import cancel_job, decline_request, submit
from apps.compute.sweeping import sweep

__all__ = [
    "accept",
    "admit",
    "admit_waiting",
    "cancel_job",
    "decline_request",
    "draft_enquiry",
    "draft_job",
    "fail",
    "pass_on_sealed",
    "put_back",
    "reach_stage",
    "record_receipt",
    "refuse",
    "renew_leases",
    "submit",
    "sweep",
]
