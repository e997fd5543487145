"""People who approve policies in tests: each with a passkey in software, enrolled as the console enrols one."""

from uuid import uuid4

from apps.node import approvals, passkeys, roster
from apps.node.node import Node
from apps.node.roster import Acting
from apps.node.signing import Draft
from creditzone.kernel.documents import now_ms
from deploy.officers.passkey import SoftwarePasskey

HELD: dict[tuple[str, str], SoftwarePasskey] = {}
"""The passkey that each person of this test run holds for an organisation."""


def passkey_of(node: Node, acting: Acting) -> SoftwarePasskey:
    """The person's passkey, enrolled at the first call."""
    whose = (acting.person, acting.organisation)
    if whose not in HELD:
        HELD[whose] = enrol(node, acting, SoftwarePasskey())
    return HELD[whose]


def enrol(node: Node, acting: Acting, held: SoftwarePasskey, *, name: str = "测试密钥") -> SoftwarePasskey:
    """Enrol a passkey with a code that the command line draws, and have the command line confirm it."""
    with node.store.write() as tx:
        drawn = passkeys.draw_code(node, tx, person=acting.person, organisation=acting.organisation, by="test")
    options = passkeys.ask_to_enrol(node, acting, code=drawn.code)
    answer = held.create(options, origin=passkeys.site(node).origin)
    shown = passkeys.enrol(node, acting, code=drawn.code, name=name, answer=answer)
    with node.store.write() as tx:
        passkeys.believe(
            node, tx, person=acting.person, organisation=acting.organisation, typed=shown, by="command line"
        )
    return held


def approve(node: Node, acting: Acting, digest: str, *, passphrase: str | None = None) -> Draft:
    """One person approves a policy."""
    held = passkey_of(node, acting)
    answer = held.get(approvals.ask(node, acting, digest), origin=passkeys.site(node).origin)
    return approvals.approve(node, acting, digest, answer=answer, passphrase=passphrase)


def seal(node: Node, acting: Acting, digest: str, *, passphrase: str | None = None) -> Draft:
    """Everybody who is needed approves a policy: the person, then a second one who is entered for it."""
    done = approve(node, acting, digest, passphrase=passphrase)
    if done.state == "draft":
        done = approve(node, another(node, acting.organisation), digest, passphrase=passphrase)
    return done


def another(node: Node, organisation: str, *, role: roster.Role = "approver") -> Acting:
    """A person of the roster who is nobody else."""
    person = str(uuid4())
    with node.store.write() as tx:
        roster.enter(node, tx, person=person, person_name="某复核", organisation=organisation, role=role, by="test")
    return roster.acting(node, person=person, organisation=organisation, factor_at=now_ms())
