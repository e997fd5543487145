"""Setting up the demonstration's nodes through their own command line: keys, owners, and whose cards they believe."""

import json
import sys
from typing import TYPE_CHECKING, Any

from deploy import manifest, secrets
from deploy.place import LOOPBACK, NodeSpec

if TYPE_CHECKING:
    from deploy.zone import Zone

IDENTITIES = {one["uscc"]: one for one in manifest.ORGANISATIONS} | {
    str(manifest.OPERATOR["uscc"]): {**manifest.OPERATOR, "kind": "operator"}
}


def code_of(node: NodeSpec) -> str:
    """The code of the organisation that runs a node."""
    if node.kind == "operator":
        return str(manifest.OPERATOR["uscc"])
    return next(one["uscc"] for one in manifest.ORGANISATIONS if one["kind"] == node.kind)


def run_at(zone: "Zone", node: NodeSpec, *arguments: str, given: str = "") -> Any:
    """One command of the node's command line; its answer."""
    home = ["--home", str(zone.place.node_home(node))]
    command = [sys.executable, "-m", "apps.node", *home, *arguments]
    return json.loads(zone.program(command, zone.node(node), given=given))


def set_up_node(zone: "Zone", node: NodeSpec) -> None:
    """Keys, card, first owner and, at the hosted node, its firm. What is there is left as it is."""
    identity = IDENTITIES[code_of(node)]
    if not (zone.place.node_home(node) / "node.json").exists():
        zone.place.node_home(node).mkdir(mode=0o700, parents=True, exist_ok=True)
        run_at(zone, node, "init", *_init_arguments(zone, node, identity))
    if "registered" not in zone.people.setdefault(f"node:{node.name}", {}):
        zone.manage("register_card", given=json.dumps(run_at(zone, node, "show-card")["card"]))
        zone.people[f"node:{node.name}"]["registered"] = True
        zone.keep_people()
    for person in manifest.PEOPLE:
        if person.node == node.name:
            _enter(zone, node, person)


def _init_arguments(zone: "Zone", node: NodeSpec, identity: dict[str, Any]) -> list[str]:
    arguments = [
        *("--organisation", identity["uscc"], "--kind", identity["kind"]),
        *("--name", identity["name"], "--name-en", identity["name_en"]),
        *("--zone-card", str(zone.place.home / "zone" / "card.json")),
        *("--portal-url", zone.place.portal_url, "--portal-address", f"{LOOPBACK}:{zone.place.port}"),
        *("--console-url", node.url),
        "--one-time-codes-bind",
        *("--passphrase-file", str(secrets.passphrase_file(zone.place.home, node=node.name))),
    ]
    if node.link_ports is None:
        return [*arguments, "--slots", "0", "--hosts"]
    first, end = node.link_ports
    return [*arguments, "--slots", "1", "--link-host", LOOPBACK, "--link-ports", f"{first}-{end - 1}"]


def _enter(zone: "Zone", node: NodeSpec, person: manifest.Person) -> None:
    """Put a person on the node's roster; the factor drawn by the node is kept with the person's other secrets."""
    known = zone.people[person.username]
    if known.get("node_totp"):
        return
    hosted = person.organisation != code_of(node)
    if hosted:
        identity = IDENTITIES[person.organisation]
        known.setdefault("passphrase", manifest.draw_password())
        zone.keep_people()
        names = ["--organisation", identity["uscc"], "--name", identity["name"], "--name-en", identity["name_en"]]
        run_at(zone, node, "add-firm", *names, given=known["passphrase"] + "\n")
    whose = ["--organisation", person.organisation] if hosted else []
    role = person.role if person.role in {"officer", "approver"} else "owner"
    enrolment = run_at(zone, node, "add-owner", "--person", known["id"], "--name", person.name, "--role", role, *whose)
    known["node_totp"] = enrolment["secret"]
    zone.keep_people()
