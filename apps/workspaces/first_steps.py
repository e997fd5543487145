"""The way to the first result: what each kind of organisation does first, and how far this one has come.

The list stands on the home until its last step is done, then never again: an empty zone shows a way, not empty charts.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.contracts import selectors as contracts
from apps.contracts.models import Contract
from apps.datasets import selectors as datasets
from apps.tenants import selectors as tenants
from apps.tenants.members import Member
from apps.tenants.roles import Kind
from apps.ui.pieces import Words
from apps.workspaces import selectors
from apps.workspaces.addresses import at_node, page


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """One thing to do, whether it is done, and the link that does it."""

    title: Words
    text: Words
    is_done: Callable[[Member], bool]
    act: Words
    href: Callable[[Member], str]


@dataclass(frozen=True, kw_only=True)
class ShownStep:
    """A first step as the home shows it: at most one of them is next."""

    title: Words
    text: Words
    is_done: bool
    is_next: bool
    act: Words
    href: str


UPLOAD = FirstStep(
    title=_("Upload data at your own node"),
    text=_(
        "The node checks it against its data domain and seals it; the portal gets counts and a digest, never a row."
    ),
    is_done=lambda actor: datasets.datasets_of(actor, limit=1).exists(),
    act=_("To the own node"),
    href=lambda actor: at_node(actor, "/datasets/upload/"),
)
SEAL = FirstStep(
    title=_("Draft a usage policy and sign it in the node"),
    text=_("Who may use it, for what, how often, and what comes back. Signing seals the capsule."),
    is_done=selectors.has_sealed_capsule,
    act=_("To the datasets"),
    href=lambda actor: page("datasets:list"),
)
OFFER = FirstStep(
    title=_("Offer the capsule to a user"),
    text=_("A contract names user, purpose, price and term; each side signs it in its own node."),
    is_done=lambda actor: bool(contracts.contracts_of(actor, limit=1)),
    act=_("Offer a contract"),
    href=lambda actor: page("contracts:new"),
)
BOTH_SIGNED = FirstStep(
    title=_("Have a contract in force"),
    text=_("Once both sides have signed, the user may ask for joint scoring under it."),
    is_done=lambda actor: bool(contracts.contracts_of(actor, state=Contract.State.ACTIVE, limit=1)),
    act=_("To the contracts"),
    href=lambda actor: page("contracts:list"),
)
FIRST_JOB = FirstStep(
    title=_("Run the first joint scoring"),
    text=_("Three steps here, a signature in your node; the grades are sealed to you alone."),
    is_done=selectors.has_finished_job,
    act=_("New scoring job"),
    href=lambda actor: page("compute:new"),
)
ASK = FirstStep(
    title=_("Ask for your own grade"),
    text=_("You authorise it once in your hosted node; only you can open the answer."),
    is_done=selectors.has_finished_job,
    act=_("To my credit"),
    href=lambda actor: page("lending:credit"),
)
JOIN = FirstStep(
    title=_("Register the organisations"),
    text=_("Each one with its unified social credit code and its card."),
    is_done=lambda actor: tenants.organisations().count() > 2,
    act=_("To the organisations"),
    href=lambda actor: page("tenants:organisations"),
)
NODES_CALL = FirstStep(
    title=_("Have the nodes call"),
    text=_("A node shows itself here with its first exchange."),
    is_done=lambda actor: selectors.count_of_nodes() > 0,
    act=_("To the nodes"),
    href=lambda actor: page("exchange:nodes"),
)

WAYS: dict[str, list[FirstStep]] = {
    Kind.CODE_CENTRE: [UPLOAD, SEAL, OFFER, BOTH_SIGNED],
    Kind.PLATFORM: [UPLOAD, SEAL, OFFER, BOTH_SIGNED],
    Kind.BANK: [BOTH_SIGNED, UPLOAD, SEAL, FIRST_JOB],
    Kind.SME: [ASK],
    Kind.OPERATOR: [JOIN, NODES_CALL],
}


def steps_for(actor: Member) -> list[ShownStep]:
    """The reader's way to the first result with the next step marked; empty once all of it is done."""
    way = WAYS.get(actor.kind, [])
    done = [step.is_done(actor) for step in way]
    if all(done):
        return []
    following = done.index(False)
    return [
        ShownStep(
            title=step.title,
            text=step.text,
            is_done=is_done,
            is_next=place == following,
            act=step.act,
            href=step.href(actor) if place == following else "",
        )
        for place, (step, is_done) in enumerate(zip(way, done, strict=True))
    ]
