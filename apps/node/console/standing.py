"""How a policy's approval stands, as its page shows it: who approved, what is needed yet, what this person can do."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.errors import Words
from apps.node import approvals, guardians, passkeys
from apps.node.approvals import Approval
from apps.node.console.context import language
from apps.node.console.door import NodeRequest
from apps.node.console.forms import ApproveForm
from apps.node.console.words import APPROVAL_FAULTS, ROLES
from apps.node.errors import NodeError
from apps.node.signing import Draft


@dataclass(frozen=True)
class Line:
    """One approval with its words."""

    entry: Approval
    role: Words
    fault: Words


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A policy's approvals, and the form for the next one."""

    lines: list[Line]
    guards: list[tuple[Words, str]]
    signers: int
    completes: bool
    is_mine: bool
    has_passkey: bool
    obstacle: str
    remedy: str
    form: ApproveForm


def lines_of(request: NodeRequest, draft: Draft) -> list[Line]:
    """Who approved a policy."""
    found = approvals.listing(request.node, draft)
    return [Line(each, ROLES[each.role], APPROVAL_FAULTS.get(each.fault, "")) for each in found]


def standing_of(request: NodeRequest, draft: Draft, form: ApproveForm | None = None) -> Standing:
    """How a policy's approval stands for the person who looks."""
    lines = lines_of(request, draft)
    obstacle = approvals.obstacle(request.node, request.acting, draft)
    return Standing(
        lines=lines,
        guards=_guards(request, draft),
        signers=approvals.needed(request.node, draft.organisation),
        completes=approvals.completes(request.node, draft),
        is_mine=any(line.entry.holds and line.entry.person == request.acting.person for line in lines),
        has_passkey=passkeys.has_one(request.node, request.acting),
        obstacle=obstacle.sentence(language()) if obstacle else "",
        remedy=obstacle.remedy(language()) if obstacle else "",
        form=form or form_for(request, draft),
    )


def _guards(request: NodeRequest, draft: Draft) -> list[tuple[Words, str]]:
    """Who is to guard the version that these approvals seal, and how many it takes: it is approved with the policy."""
    try:
        plan = guardians.plan(request.node, draft.organisation)
    except NodeError:
        return []
    names = [request.node.name_of(one.organisation, language()) for one in (plan.provider, *plan.others)]
    takes = _("%(least)s of %(holders)s") % {"least": plan.threshold, "holders": len(names)}
    return [(_("Who guards it from then on"), " · ".join(names)), (_("Holders it takes"), takes)]


def form_for(request: NodeRequest, draft: Draft, data: object = None) -> ApproveForm:
    """The form of an approval: a hosted firm's passphrase is asked for where the policy is signed with it."""
    needs_passphrase = draft.needs_passphrase and approvals.completes(request.node, draft)
    return ApproveForm(data, needs_passphrase=needs_passphrase)
