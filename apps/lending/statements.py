"""What nodes say about results: opened, and taken into the file."""

from apps.exchange.registry import Sender, on_statement
from apps.lending.services import note_opening, take_grades
from creditzone.kernel.documents import GradesTaken, ResultOpened


@on_statement(GradesTaken)
def take_taken(sender: Sender, body: GradesTaken) -> None:
    """An officer took grades into the file."""
    take_grades(organisation=sender.organisation, taken=body)


@on_statement(ResultOpened)
def take_opened(sender: Sender, body: ResultOpened) -> None:
    """A person opened a result."""
    note_opening(organisation=sender.organisation, opened=body)
