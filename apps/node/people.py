"""Changes of the roster that an owner makes at the node, each bound by the owner's passkey."""

from __future__ import annotations

from apps.node import factors, roster
from apps.node.errors import NodeError, NotFound
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting, Role
from apps.node.store import Transaction


def add(node: Node, acting: Acting, *, person: str, person_name: str, role: Role) -> factors.Enrolment:
    """Enter a person; a factor for acting for this organisation is enrolled and its secret shown once.

    Raises what `bind` raises; NodeError where the person is on the list."""
    bind(node, acting, Act.EDIT_ROSTER, what="add", person=person, name=person_name, role=role)
    with node.store.write() as tx:
        return roster.enter(
            node,
            tx,
            person=person,
            person_name=person_name,
            organisation=acting.organisation,
            role=role,
            by=acting.person,
        )


def change(node: Node, acting: Acting, *, person: str, role: Role) -> None:
    """Give a person another role; raises NodeError("last-owner") rather than leave the organisation without one."""
    bind(node, acting, Act.EDIT_ROSTER, what="role", person=person, role=role)
    if role not in roster.ROLES:
        raise NodeError("invalid", role=role)
    with node.store.write() as tx:
        node.act(tx)
        _require_other_owner(tx, acting.organisation, person, keeps=role == "owner")
        changed = tx.run(
            "UPDATE roster SET role = ? WHERE person = ? AND organisation = ?",
            role,
            person,
            acting.organisation,
        )
        if not changed:
            raise NotFound


def remove(node: Node, acting: Acting, *, person: str) -> None:
    """Take a person off the list, and the factor with it; passkeys approve nothing more."""
    bind(node, acting, Act.EDIT_ROSTER, what="remove", person=person)
    with node.store.write() as tx:
        now = node.act(tx)
        _require_other_owner(tx, acting.organisation, person, keeps=False)
        if not tx.run("DELETE FROM roster WHERE person = ? AND organisation = ?", person, acting.organisation):
            raise NotFound
        for table in ("factor", "enrolment_code", "challenge"):
            whose = "person = ? AND organisation = ?"
            tx.run(f"DELETE FROM {table} WHERE {whose}", person, acting.organisation)  # noqa: S608 (two constants)
        tx.run(
            "UPDATE passkey SET revoked_at = ? WHERE person = ? AND organisation = ? AND revoked_at IS NULL",
            now,
            person,
            acting.organisation,
        )


def new_factor(node: Node, acting: Acting, *, person: str) -> factors.Enrolment:
    """Enrol a new factor for a person of the list; the old one stops working."""
    bind(node, acting, Act.EDIT_ROSTER, what="factor", person=person)
    with node.store.write() as tx:
        node.act(tx)
        row = tx.one(
            "SELECT person_name FROM roster WHERE person = ? AND organisation = ?",
            person,
            acting.organisation,
        )
        if row is None:
            raise NotFound
        return factors.enrol(node, tx, person=person, organisation=acting.organisation, name=row["person_name"])


def _require_other_owner(tx: Transaction, organisation: str, person: str, *, keeps: bool) -> None:
    owners = [
        row["person"]
        for row in tx.all("SELECT person FROM roster WHERE organisation = ? AND role = 'owner'", organisation)
    ]
    if owners == [person] and not keeps:
        raise NodeError("last-owner")
