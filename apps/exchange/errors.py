"""Why a node's call was refused as a whole: nothing in it was taken in that had not been before."""

from dataclasses import dataclass
from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from apps.core.errors import DomainError


@dataclass(kw_only=True, eq=False)
class CallMalformed(DomainError):
    """The call, or a statement in it, is not a document in its one form."""

    code, status = "call-malformed", HTTPStatus.BAD_REQUEST
    title = _("The call cannot be read")
    sentence = _("The call is not in its canonical form: %(what)s.")
    remedy = _("Compare the versions of node and portal.")
    what: str


@dataclass(kw_only=True, eq=False)
class CallNotSigned(DomainError):
    """No registered card vouches for the caller, or its signature does not fit."""

    code, status = "call-signature", HTTPStatus.FORBIDDEN
    title = _("The signature does not fit")
    sentence = _("The signature of %(node)s does not fit its registered card.")
    remedy = _("Have the zone operator register the node's current card.")
    node: str


@dataclass(kw_only=True, eq=False)
class ForeignZone(DomainError):
    """The call was made for another zone."""

    code, status = "foreign-zone", HTTPStatus.FORBIDDEN
    title = _("Another zone")
    sentence = _("The call names another zone than this one.")
    remedy = _("Compare the zone's digest in the node with this portal's.")


@dataclass(kw_only=True, eq=False)
class ClockSkewed(DomainError):
    """Caller's and portal's clocks are too far apart."""

    code, status = "clock-skew", HTTPStatus.CONFLICT
    title = _("The clocks differ")
    sentence = _("The node's clock differs by %(seconds)s s from the portal's; 120 s are allowed.")
    remedy = _("Set the clocks right and try again.")
    seconds: int


@dataclass(kw_only=True, eq=False)
class CallReplayed(DomainError):
    """The counter is not above the last one, and these are not the last call's bytes."""

    code, status = "call-replayed", HTTPStatus.CONFLICT
    title = _("The call was made before")
    sentence = _("The call's counter %(counter)s is not above the last one, %(last)s.")
    remedy = _("Nothing was changed. The node goes on with a higher counter.")
    counter: int
    last: int


@dataclass(kw_only=True, eq=False)
class ChainBroken(DomainError):
    """A statement is missing, or is not the one that follows on the last."""

    code, status = "statement-chain", HTTPStatus.CONFLICT
    title = _("Statements are missing or differ")
    sentence = _("Statement %(number)s does not follow on statement %(last)s as it was taken in.")
    remedy = _("A node restored from a backup asks for its statements and goes on from them by itself.")
    number: int
    last: int


@dataclass(kw_only=True, eq=False)
class NotForThatOrganisation(DomainError):
    """A node speaks for its own organisation and the firms it hosts, for nobody else."""

    code, status = "not-its-word", HTTPStatus.FORBIDDEN
    title = _("Not this node's to say")
    sentence = _("The node of %(node)s does not speak for %(organisation)s.")
    remedy = _("Have the zone operator check where the firm is hosted.")
    node: str
    organisation: str
