"""Who may act at this node, and as what: the node's own list. A role in a ticket is ignored.

The first owner is entered by the node's command line, others by an owner at the node. At a hosted node a person stands
in the list of each firm for which it acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, cast

from apps.node import factors
from apps.node.errors import Forbidden, NodeError
from apps.node.node import Node
from apps.node.store import Transaction

Role = Literal["owner", "steward", "officer", "approver", "auditor", "viewer"]
ROLES: Final[tuple[Role, ...]] = ("owner", "steward", "officer", "approver", "auditor", "viewer")
FRESH_MS: Final = 10 * 60 * 1000


class Act(StrEnum):
    """What can be done at a node."""

    READ = "read"
    READ_ROWS = "read-rows"
    UPLOAD = "upload"
    PROPOSE_POLICY = "propose-policy"
    APPROVE_POLICY = "approve-policy"
    SIGN_ZONE_RULES = "sign-zone-rules"
    SIGN_VOTE = "sign-vote"
    SIGN_CONTRACT = "sign-contract"
    SIGN_REQUEST = "sign-request"
    SIGN_AUTHORISATION = "sign-authorisation"
    ACT_ON_CONTRACT = "act-contract"
    ACT_ON_CAPSULE = "act-capsule"
    OPEN_RESULT = "open-result"
    TAKE_GRADES = "take-grades"
    CONFIRM_CARD = "confirm-card"
    EDIT_ROSTER = "edit-roster"
    DRAW_CODE = "draw-code"
    CONFIRM_PASSKEY = "confirm-passkey"
    CHOOSE_CUSTODIANS = "choose-custodians"
    ANSWER_RECOVERY = "answer-recovery"


_ALL: Final = frozenset(ROLES)
MAY: Final[dict[Act, frozenset[Role]]] = {
    Act.READ: _ALL,
    Act.READ_ROWS: frozenset({"owner", "steward"}),
    Act.UPLOAD: frozenset({"owner", "steward", "officer"}),
    Act.PROPOSE_POLICY: frozenset({"owner", "steward"}),
    Act.APPROVE_POLICY: frozenset({"owner", "steward", "approver"}),
    Act.SIGN_ZONE_RULES: frozenset({"owner", "steward"}),
    Act.SIGN_VOTE: frozenset({"owner", "steward"}),
    Act.SIGN_CONTRACT: frozenset({"owner", "steward", "officer", "approver"}),
    Act.SIGN_REQUEST: frozenset({"owner", "officer"}),
    Act.SIGN_AUTHORISATION: frozenset({"owner", "officer"}),
    Act.ACT_ON_CONTRACT: frozenset({"owner", "steward"}),
    Act.ACT_ON_CAPSULE: frozenset({"owner", "steward"}),
    Act.OPEN_RESULT: frozenset({"owner", "officer", "approver"}),
    Act.TAKE_GRADES: frozenset({"owner", "officer"}),
    Act.CONFIRM_CARD: frozenset({"owner", "steward"}),
    Act.EDIT_ROSTER: frozenset({"owner"}),
    Act.DRAW_CODE: frozenset({"owner"}),
    Act.CONFIRM_PASSKEY: frozenset({"owner"}),
    Act.CHOOSE_CUSTODIANS: frozenset({"owner"}),
    Act.ANSWER_RECOVERY: frozenset({"owner", "steward"}),
}
BINDING: Final = frozenset(
    {
        Act.SIGN_ZONE_RULES,
        Act.SIGN_VOTE,
        Act.SIGN_CONTRACT,
        Act.SIGN_AUTHORISATION,
        Act.ACT_ON_CONTRACT,
        Act.ACT_ON_CAPSULE,
        Act.CONFIRM_CARD,
        Act.EDIT_ROSTER,
        Act.CHOOSE_CUSTODIANS,
        Act.ANSWER_RECOVERY,
    }
)
"""Acts that bind: the person's passkey answers for each (`passkeys.bind`). So it does for policies, and for codes that
enrol passkeys."""


@dataclass(frozen=True, kw_only=True)
class Acting:
    """A person signed in at this node for an organisation; `factor_at` is when it last gave its code (ms UTC).

    `answer` is what the person's authenticator said to this act; `asks` is set where it is only to be asked."""

    person: str
    person_name: str
    organisation: str
    role: Role
    factor_at: int
    answer: str = ""
    asks: bool = False


@dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """A line of the roster, with the state of the person's factor."""

    person: str
    person_name: str
    organisation: str
    role: Role
    added_by: str
    added_at: int
    factor: Literal["none", "enrolled"]
    locked_until: int


def may(acting: Acting, act: Act) -> bool:
    """Whether the person's role allows the act."""
    return acting.role in MAY[act]


def require(acting: Acting, act: Act) -> None:
    """Raises Forbidden unless the role allows the act."""
    if not may(acting, act):
        raise Forbidden("forbidden", role=acting.role, act=act.value)


def acting(node: Node, *, person: str, organisation: str, factor_at: int) -> Acting:
    """The person as the roster has it now; raises Forbidden("not-on-roster")."""
    row = node.store.one(
        "SELECT person_name, role FROM roster WHERE person = ? AND organisation = ?", person, organisation
    )
    if row is None or organisation not in node.organisations():
        raise Forbidden("not-on-roster")
    return Acting(
        person=person,
        person_name=row["person_name"],
        organisation=organisation,
        role=cast("Role", row["role"]),
        factor_at=factor_at,
    )


def listing(node: Node, acting: Acting) -> list[RosterEntry]:
    """The roster of the person's organisation."""
    rows = node.store.all(
        "SELECT r.*, f.person IS NOT NULL AS enrolled, coalesce(f.locked_until, 0) AS locked_until"
        " FROM roster r LEFT JOIN factor f ON (f.person, f.organisation) = (r.person, r.organisation)"
        " WHERE r.organisation = ? ORDER BY r.added_at",
        acting.organisation,
    )
    return [
        RosterEntry(
            person=row["person"],
            person_name=row["person_name"],
            organisation=row["organisation"],
            role=row["role"],
            added_by=row["added_by"],
            added_at=row["added_at"],
            factor="enrolled" if row["enrolled"] else "none",
            locked_until=row["locked_until"],
        )
        for row in rows
    ]


def enter(  # the command line's way in, for the first owner
    node: Node, tx: Transaction, *, person: str, person_name: str, organisation: str, role: Role, by: str
) -> factors.Enrolment:
    """Enter a person inside a transaction; raises NodeError."""
    if role not in ROLES or not person_name.strip():
        raise NodeError("invalid", role=role)
    if tx.one("SELECT 1 FROM roster WHERE person = ? AND organisation = ?", person, organisation):
        raise NodeError("illegal-move", state="on-roster")
    tx.run(
        "INSERT INTO roster (person, organisation, person_name, role, added_by, added_at) VALUES (?, ?, ?, ?, ?, ?)",
        person,
        organisation,
        person_name.strip(),
        role,
        by,
        node.act(tx),
    )
    return factors.enrol(node, tx, person=person, organisation=organisation, name=person_name.strip())
