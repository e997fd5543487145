"""The home page's panels: an app registers what it has to say to one kind of organisation, and in which words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest

Selector = Callable[[HttpRequest], Mapping[str, Any] | None]
Width = Literal["full", "half", "stat"]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel. The selector answers the template's context, or None when it has nothing to say to this reader."""

    kind: str
    order: int
    selector: Selector
    template: str
    width: Width = "half"


PANELS: dict[tuple[str, int], Panel] = {}


def register_panel(kind: str, order: int, selector: Selector, template: str, *, width: Width = "half") -> None:
    """Put a panel on the home of one kind of organisation; two panels never claim the same place."""
    key = (kind, order)
    if key in PANELS:
        raise ValueError(f"place {order} on the home of {kind} is taken by {PANELS[key].template}")
    PANELS[key] = Panel(kind=kind, order=order, selector=selector, template=template, width=width)


def panels_for(kind: str) -> list[Panel]:
    """The panels of one kind's home, in their order."""
    return [PANELS[key] for key in sorted(key for key in PANELS if key[0] == kind)]
