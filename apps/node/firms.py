"""Firms that this node hosts: their keys under their own passphrase, and the card that the host vouches for."""

from __future__ import annotations

from apps.node import cards
from apps.node.errors import NodeError
from apps.node.node import Node
from creditzone.kernel.credit.uscc import InvalidUscc, is_person, parse_uscc
from creditzone.kernel.documents import Signed


def listing(node: Node) -> list[str]:
    """The codes of the hosted firms."""
    return node.firm_keys.firms()


def create(node: Node, *, organisation: str, name: str, name_en: str, passphrase: str) -> Signed:
    """Take in a firm: draw its keys, issue its card. Raises NodeError for a code that is none, or a person's."""
    try:
        code = parse_uscc(organisation).code
    except InvalidUscc as error:
        raise NodeError("invalid", organisation=error.reason.value) from None
    if is_person(code):
        raise NodeError("person-code")
    return cards.issue_firm(node, organisation=code, name=name, name_en=name_en, passphrase=passphrase)
