"""The node's command line: `python -m apps.node --home <dir> init|show-card|cards|confirm-card|add-owner|add-firm|…`.

It acts with the rights of whoever may read the node's home: it is how a node begins, before anybody can sign in.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from apps.node import cards, firms, governance, guardians, health, passkeys, recovery, roster, rotation, unlocking
from apps.node.config import Config, ConfigError, read_config, write_config
from apps.node.errors import NodeError
from apps.node.keystore import Keystore
from apps.node.node import Node, open_node, prepare_home
from creditzone.kernel.documents import Signed
from creditzone.kernel.documents.cards import fingerprint


def init(home: Path, chosen: argparse.Namespace) -> dict[str, object]:
    """Set a node up: settings, keys and its card. A node that is set up already is left as it is."""
    prepare_home(home)
    try:
        read_config(home)
    except ConfigError:
        if (home / "node.json").exists():
            raise
        _set_up(home, chosen)
    node = open_node(home)
    if node.card_of(node.organisation) is None:
        cards.issue_own(node)
    return _own_card(node)


def _set_up(home: Path, chosen: argparse.Namespace) -> None:
    ports = tuple(int(port) for port in chosen.link_ports.split("-")) if chosen.link_ports else None
    config = Config(
        organisation=chosen.organisation,
        kind=chosen.kind,
        name=chosen.name,
        name_en=chosen.name_en,
        hosts=chosen.hosts,
        zone_card=_zone_card(chosen.zone_card),
        portal_url=chosen.portal_url.rstrip("/"),
        portal_address=chosen.portal_address,
        console_url=chosen.console_url.rstrip("/"),
        link_host=chosen.link_host if chosen.slots else None,
        link_ports=(ports[0], ports[1]) if ports and chosen.slots else None,
        slots=chosen.slots,
        passphrase_file=str(chosen.passphrase_file.absolute()) if chosen.passphrase_file else None,
        policy_signers=chosen.policy_signers,
        one_time_codes_bind=chosen.one_time_codes_bind,
    )
    try:
        config.zone_document()
    except ValueError as error:
        raise ConfigError(f"{chosen.zone_card} is no card that a zone signed: {error}") from error
    Keystore.create(home, config.organisation, unlocking.passphrase(config))
    write_config(home, config)


def _zone_card(path: str) -> Signed:
    """The zone's card from a file, or from standard input where `path` is `-`; raises ConfigError."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return msgspec.json.decode(data, type=Signed)
    except OSError as error:
        raise ConfigError(f"the zone's card cannot be read: {error.strerror}: {path}") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path} holds no signed card: {error}") from error


def show_card(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """The card that this node issued, for its organisation or a hosted firm."""
    return _own_card(node, organisation=chosen.organisation)


def renew_card(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Issue the next card from the settings as they are now."""
    cards.issue_own(node)
    return _own_card(node)


def rotate_keys(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Draw new keys and issue the card that puts them in force; the old ones stay for the overlap. Then back up."""
    rotation.rotate(node)
    return _own_card(node)


def list_cards(node: Node, chosen: argparse.Namespace) -> list[dict[str, object]]:
    """All cards with state and fingerprint."""
    return [
        {
            "organisation": entry.card.organisation,
            "name": entry.card.name,
            "state": entry.state,
            "fingerprint": entry.fingerprint,
            "digest": entry.digest,
        }
        for entry in cards.listing(node)
    ]


def confirm_card(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Confirm the shown card that has this fingerprint; confirmed before is confirmed."""
    typed = "".join(chosen.fingerprint.split()).upper()
    for entry in cards.listing(node):
        if "".join(entry.fingerprint.split()) == typed:
            if entry.state == "shown":
                with node.store.write() as tx:
                    node.act(tx)
                    cards.believe(node, tx, entry.digest, fingerprint=chosen.fingerprint, by="command line")
            elif entry.state not in ("confirmed", "own"):
                raise NodeError("illegal-move", state=entry.state)
            return {"organisation": entry.card.organisation, "state": "confirmed"}
    raise NodeError("fingerprint-wrong")


def confirm_governor(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Say which organisation governs the zone; its card is confirmed before. The same again changes nothing."""
    with node.store.write() as tx:
        node.act(tx)
        governance.settle(node, tx, chosen.organisation)
    return {"governor": chosen.organisation}


def show_zone_rules(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Who governs the zone, and the version of its rules that is in force here."""
    held = governance.in_force(node)
    return {
        "governor": governance.governor(node),
        "version": held.rules.version if held else 0,
        "digest": held.digest if held else None,
    }


def add_owner(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Enter an owner and show the factor's secret, once. A person who is on the list already changes nothing."""
    organisation = chosen.organisation or node.organisation
    if organisation not in node.organisations():
        raise NodeError("not-found")
    with node.store.write() as tx:
        known = tx.one("SELECT 1 FROM roster WHERE person = ? AND organisation = ?", chosen.person, organisation)
        if known:
            return {"person": chosen.person, "secret": None, "uri": None}
        enrolment = roster.enter(
            node,
            tx,
            person=chosen.person,
            person_name=chosen.name,
            organisation=organisation,
            role=chosen.role,
            by="command line",
        )
    return {"person": chosen.person, "secret": enrolment.secret, "uri": enrolment.uri}


def enrolment_code(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Draw a code with which a person of the roster enrols a passkey, and show it, once."""
    with node.store.write() as tx:
        drawn = passkeys.draw_code(
            node,
            tx,
            person=chosen.person,
            organisation=chosen.organisation or node.organisation,
            by="command line",
        )
    return {"person": drawn.person, "code": drawn.code, "expires_at": drawn.expires_at}


def confirm_passkey(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Confirm a passkey by the fingerprint that its person read out; until then it answers for nothing."""
    organisation = chosen.organisation or node.organisation
    with node.store.write() as tx:
        passkeys.believe(
            node, tx, person=chosen.person, organisation=organisation, typed=chosen.fingerprint, by="command line"
        )
    return {"person": chosen.person, "state": "confirmed"}


def add_firm(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Take in a firm at a hosted node; its passphrase is read from standard input. A known firm is left as it is."""
    if chosen.organisation not in firms.listing(node):
        passphrase = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        firms.create(
            node,
            organisation=chosen.organisation,
            name=chosen.name,
            name_en=chosen.name_en,
            passphrase=passphrase,
        )
    return _own_card(node, organisation=chosen.organisation)


def choose_custodians(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Choose who guards this node's capsules from the next signed policy on; without any, it guards them alone."""
    with node.store.write() as tx:
        guardians.keep(node, tx, chosen.organisation, least=chosen.threshold, by="command line")
    return {
        "custodians": [one.organisation for one in guardians.listing(node)],
        "threshold": guardians.threshold(node),
    }


def recovery_request(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """What this new node asks a custodian for, with the fingerprint to tell its officer by another way."""
    asked = recovery.request(node, chosen.capsule)
    return {"request": asked.text(), "fingerprint": asked.fingerprint}


def recover(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """Get a capsule's content keys back: custodians' answers from files, each sheet's words on a line of its own."""
    if sys.stdin.isatty():
        sys.stderr.write("The words of each sheet on a line, an empty line at the end:\n")
    words = list(iter(lambda: sys.stdin.readline().strip(), ""))
    answers = [path.read_text() for path in chosen.answer]
    found = recovery.restore(node, recovery.request(node, chosen.capsule), answers, words)
    return {"capsule": found.capsule, "version": found.version, "groups": found.groups, "rows": found.rows}


def show_health(node: Node, chosen: argparse.Namespace) -> dict[str, object]:
    """The node's health: what needs a person, and what waits."""
    report = health.report(node)
    return {
        "reds": {code: health.red_sentence(code, "en") for code in report.reds},
        "outbox_waiting": report.outbox_waiting,
        "exchange_error": report.exchange_error,
        "messages_received": report.messages_received,
    }


def _own_card(node: Node, *, organisation: str | None = None) -> dict[str, object]:
    row = node.store.one(
        "SELECT digest, text FROM card WHERE organisation = ? AND state = 'own'",
        organisation or node.organisation,
    )
    if row is None:
        raise NodeError("not-found")
    return {
        "digest": row["digest"],
        "fingerprint": fingerprint(row["digest"]),
        "card": json.loads(row["text"]),
    }


def change_passphrase(home: Path) -> dict[str, object]:
    """Put the node's keys under another passphrase, which is asked for, or read from standard input."""
    keystore = Keystore.open(home, unlocking.passphrase(read_config(home)))
    keystore.change_passphrase(unlocking.new_passphrase())
    return {"changed": True, "next": f"put the new passphrase where {unlocking.FILE} or node.json says, and restart"}


COMMANDS: dict[str, Callable[[Node, argparse.Namespace], object]] = {
    "show-card": show_card,
    "renew-card": renew_card,
    "rotate": rotate_keys,
    "cards": list_cards,
    "confirm-card": confirm_card,
    "confirm-governor": confirm_governor,
    "zone-rules": show_zone_rules,
    "add-owner": add_owner,
    "enrolment-code": enrolment_code,
    "confirm-passkey": confirm_passkey,
    "add-firm": add_firm,
    "choose-custodians": choose_custodians,
    "recovery-request": recovery_request,
    "recover": recover,
    "health": show_health,
}


def parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    top = argparse.ArgumentParser(prog="python -m apps.node", description=__doc__)
    top.add_argument("--home", type=Path, default=os.environ.get("CREDITZONE_NODE_HOME"))
    commands = top.add_subparsers(dest="command", required=True)
    one = commands.add_parser("init", help=init.__doc__)
    for name in ("organisation", "kind", "name", "name-en", "portal-url", "console-url"):
        one.add_argument(f"--{name}", required=True)
    one.add_argument("--zone-card", required=True, help="the card's file; - reads it from standard input")
    one.add_argument("--portal-address")
    one.add_argument("--link-host", default="127.0.0.1")
    one.add_argument("--link-ports", help="a range such as 8110-8119; four ports a slot")
    one.add_argument("--slots", type=int, default=1)
    one.add_argument("--passphrase-file", type=Path, help="a file of mode 0600, outside the home, with the passphrase")
    one.add_argument("--policy-signers", type=int, choices=(1, 2), default=2, help="who approves a policy: 2, or 1")
    one.add_argument("--one-time-codes-bind", action="store_true", help="for demonstrations: they bind as passkeys do")
    one.add_argument("--hosts", action="store_true", help="keep keys for firms under their own passphrases")
    commands.add_parser("passphrase", help=change_passphrase.__doc__)
    for command, run in COMMANDS.items():
        commands.add_parser(command, help=run.__doc__)
    choices = commands.choices
    choices["show-card"].add_argument("--organisation")
    choices["confirm-card"].add_argument("--fingerprint", required=True)
    choices["confirm-governor"].add_argument("--organisation", required=True)
    choices["add-owner"].add_argument("--person", required=True, help="the person's id at the portal")
    choices["add-owner"].add_argument("--name", required=True)
    choices["add-owner"].add_argument("--organisation", help="a hosted firm; default: the node's own")
    choices["add-owner"].add_argument("--role", default="owner", choices=roster.ROLES)
    for name in ("enrolment-code", "confirm-passkey"):
        choices[name].add_argument("--person", required=True, help="somebody of the roster")
        choices[name].add_argument("--organisation", help="a hosted firm; default: the node's own")
    choices["confirm-passkey"].add_argument("--fingerprint", required=True, help="as the person read it out")
    choices["choose-custodians"].add_argument("--organisation", action="append", default=[], help="repeat for more")
    choices["choose-custodians"].add_argument("--threshold", type=int, required=True, help="this node counted")
    for name in ("recovery-request", "recover"):
        choices[name].add_argument("--capsule", required=True, help="the capsule's id")
    choices["recover"].add_argument("--answer", action="append", type=Path, required=True, help="repeat for more")
    for name in ("organisation", "name", "name-en"):
        choices["add-firm"].add_argument(f"--{name}", required=True)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its answer is JSON on standard output, a refusal one sentence on standard error."""
    chosen = parser().parse_args(arguments)
    if chosen.home is None:
        parser().error("--home (or CREDITZONE_NODE_HOME) names the node's home")
    try:
        if chosen.command == "init":
            answer: object = init(chosen.home.absolute(), chosen)
        elif chosen.command == "passphrase":
            answer = change_passphrase(chosen.home.absolute())
        else:
            answer = COMMANDS[chosen.command](open_node(chosen.home), chosen)
    except (ConfigError, NodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the answer has standard output alone
    sys.exit(main())
