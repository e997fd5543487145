"""What pages hand to components: small frozen values, so that a template never reaches into a model.

Words may be lazy translations. A tag reads nothing but what stands here and its own arguments.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise

Words = str | Promise
Tone = Literal["", "good", "warn", "bad", "now", "sealed"]
StageState = Literal["waiting", "now", "done", "failed", "stopped"]


@dataclass(frozen=True, kw_only=True)
class Band:
    """The dark line on top of every page of an organisation's own node."""

    organisation: Words
    kind: str
    say: Words = ""
    person: Words = ""
    minutes_left: int | None = None
    portal_url: str = ""
    leave_url: str = ""


@dataclass(frozen=True)
class Clause:
    """One clause of a policy sentence; `field` is the id of the form field it comes from."""

    text: Words
    deny: bool = False
    field: str = ""


@dataclass(frozen=True)
class Thing:
    """One thing in a lane; sealed things wear the hatched violet seal."""

    text: Words
    href: str = ""
    sealed: bool = False
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What one party put in, what left it, what it learned. Text in `left` counts as sealed; a `Thing` says itself."""

    party: Words
    kind: str
    put_in: Sequence[Words | Thing] = ()
    left: Sequence[Words | Thing] = ()
    learned: Sequence[Words | Thing] = ()
    own: bool = False


@dataclass(frozen=True)
class Stage:
    """One step of a run, with a word on how it stands (rows, seconds)."""

    name: Words
    state: StageState = "waiting"
    detail: Words = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One entry of a timeline; `kind` colours it by the party that acted."""

    title: Words
    at: datetime | int | None = None
    kind: str = ""
    party: Words = ""
    text: Words = ""
    meta: Words = ""
    seal: Words = ""
    href: str = ""
    link: Words = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference between two versions in words; `effect` says whether it loosens or tightens."""

    about: Words = ""
    before: Words = ""
    after: Words = ""
    effect: Literal["", "loosen", "tighten"] = ""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Evidence for one fact: what was checked, what that proves and what it does not."""

    rows: Sequence[tuple[Words, Words]]
    proves: Words
    does_not_prove: Words
    holds: bool | None = None
    digests: Sequence[tuple[Words, str]] = field(default_factory=tuple)
