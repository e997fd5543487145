"""One way through a state machine: a column, a table of moves, and a step that compares and swaps."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models

from apps.core.errors import IllegalMove


class Stateful(models.Model):
    """A row with `State` (its choices), `MOVES` (state to the states it may become) and a column `state`."""

    State: ClassVar[type[models.TextChoices]]
    MOVES: ClassVar[Mapping[Any, set[Any]]]
    state: Any

    class Meta:
        abstract = True

    def move(self, *, to: str, **changes: Any) -> None:
        """Take one listed step, once, with `changes` to other columns in the same statement.

        Of two callers who saw the same state, the second gets IllegalMove; so does a step that is not listed.
        """
        rows: models.Manager[Any] = type(self)._default_manager  # the state column is the subclass's
        as_seen = rows.filter(pk=self.pk, state=self.state)
        if to not in self.MOVES.get(self.state, ()) or not as_seen.update(state=to, **changes):
            self.refresh_from_db(fields=["state"])
            raise IllegalMove(now=self.State(self.state).label, to=self.State(to).label)
        for name, value in {"state": to, **changes}.items():
            setattr(self, name, value)
