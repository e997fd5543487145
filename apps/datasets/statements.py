"""What nodes say about datasets."""

from apps.datasets.services import publish
from apps.exchange.registry import Sender, on_statement
from creditzone.kernel.documents import DatasetMeasured


@on_statement(DatasetMeasured)
def take_measured(sender: Sender, body: DatasetMeasured) -> None:
    """An upload was checked and sealed at the node."""
    publish(organisation=sender.organisation, measured=body)
