"""What can go wrong in the field's own terms; one middleware turns it into a page or a problem document.

    DomainError
    ├── NotFound      404  it is not there, or not for you: the same words, for that it exists is a secret too
    ├── Forbidden     403  you may see it, your role may not do this; says who may
    ├── IllegalMove   409  its state does not allow the step, or somebody was first
    ├── Invalid       422  what was entered cannot be right, field by field
    ├── Refused       422  a rule of the zone refused; names the clause and the facts it read
    ├── TooManyRequests 429 more calls a minute than one caller has
    └── Unavailable   503  something this needs is away for the moment

Sentences are lazy and facts are fields: the words are chosen by who reads. No model is imported here, for party
nodes use these errors too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Any, ClassVar, Literal

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from creditzone.kernel.refusals import Refusal

Words = str | Promise
"""Text for people, perhaps not yet put into a language."""
PAGE, NO_ROLE, AN_OWNER = _("page"), _("none"), _("an owner of your organisation")


@dataclass(kw_only=True, eq=False)
class DomainError(Exception):
    """A refusal with a code for machines, a sentence, a remedy, and the facts both speak of."""

    code: ClassVar[str] = "error"
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    title: ClassVar[Words] = _("This cannot be done")
    sentence: ClassVar[Words] = _("This cannot be done.")
    remedy: ClassVar[Words] = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What the sentence speaks of."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def words(self) -> str:
        """The sentence in the reader's language."""
        return str(self.sentence) % self.facts

    @property
    def advice(self) -> str:
        """What the reader may do next, in the reader's language; may be empty."""
        return str(self.remedy) % self.facts

    def __str__(self) -> str:
        return self.words


@dataclass(kw_only=True, eq=False)
class NotFound(DomainError):
    """There is no such thing for this reader."""

    code, status = "not-found", HTTPStatus.NOT_FOUND
    title = _("Not found")
    sentence = _("There is no such %(what)s here, or it is not yours to see.")
    remedy = _("Check the address, or go back to the list you came from.")
    what: Words = PAGE


@dataclass(kw_only=True, eq=False)
class Forbidden(DomainError):
    """The reader may see it, but not do this with it."""

    code, status = "forbidden", HTTPStatus.FORBIDDEN
    title = _("Not with this role")
    sentence = _("Your role (%(role)s) may not do this: %(act)s.")
    remedy = _("Ask %(ask)s.")
    act: Words
    role: Words = NO_ROLE
    ask: Words = AN_OWNER


@dataclass(kw_only=True, eq=False)
class IllegalMove(DomainError):
    """The state machine has no such step, or somebody took a step first."""

    code, status = "illegal-move", HTTPStatus.CONFLICT
    title = _("Not in this state")
    sentence = _("This is “%(now)s” and cannot become “%(to)s”.")
    remedy = _("Reload the page: someone may have acted on it first.")
    now: Words
    to: Words


@dataclass(kw_only=True, eq=False)
class Invalid(DomainError):
    """What was entered cannot be right; `errors` maps a field (or `""`) to its sentences."""

    code, status = "invalid", HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("Something entered cannot be right")
    sentence = _("Something entered cannot be right.")
    errors: Mapping[str, Sequence[Words]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, *sentences: Words) -> "Invalid":
        """One field's mistake."""
        return cls(errors={name: sentences})

    @property
    def words(self) -> str:
        said = [str(sentence) for sentences in self.errors.values() for sentence in sentences]
        return " ".join(said) or str(self.sentence)


@dataclass(kw_only=True, eq=False)
class Refused(DomainError):
    """A rule of the zone refused; the refusal names its clause and carries the facts it read."""

    code, status = "refused", HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("Refused by a rule")
    refusal: Refusal

    @property
    def facts(self) -> dict[str, Any]:
        return {"clause": self.refusal.clause, **self.refusal.facts}

    @property
    def words(self) -> str:
        return self.refusal.sentence(_language())

    @property
    def advice(self) -> str:
        return self.refusal.remedy(_language())


def _language() -> Literal["zh", "en"]:
    return "en" if (get_language() or "").startswith("en") else "zh"


@dataclass(kw_only=True, eq=False)
class Unavailable(DomainError):
    """Something that this act needs is away for the moment."""

    code, status = "unavailable", HTTPStatus.SERVICE_UNAVAILABLE
    title = _("Away for the moment")
    sentence = _("%(what)s cannot be reached for the moment.")
    remedy = _("Nothing was changed. Try again in a minute.")
    what: Words


@dataclass(kw_only=True, eq=False)
class TooManyRequests(DomainError):
    """One caller asks more often than it may; after so many seconds it may again."""

    code, status = "too-many-requests", HTTPStatus.TOO_MANY_REQUESTS
    title = _("Too many requests")
    sentence = _("This caller asks too often.")
    remedy = _("Nothing was done. Go on after %(seconds)s s.")
    seconds: int
