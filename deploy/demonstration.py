"""What the demonstration's officers do at the first start, through the same doors as everybody: upload, seal, agree,
ask. Every step looks first whether it was done; the notes stand in `demo.json`."""

import json
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from demo.split import split
from deploy import manifest, secrets
from deploy.nodes import code_of, run_at
from deploy.officers.browser import Unexpected
from deploy.officers.passkey import SoftwarePasskey
from deploy.officers.person import Officer, until
from deploy.place import CannotStart, NodeSpec
from deploy.zone import Zone
from deploy.zone_rules import say_who_governs, sign_zone_rules

FILES = {
    "steward": ("profit_and_loss", "利润表数据域 2025 年度"),
    "merchant": ("turnover", "经营周转数据域 2025 年度"),
    "bank-steward": ("balance_sheet", "2026 年第 47 周申请名单"),
}
DAYS = 90
TITLE = "2026 年第 47 周申请名单"


def run_demonstration(zone: Zone) -> dict[str, Any]:
    """Bring the demonstration to its first graded list; prints and writes `demo.json`. Raises CannotStart."""
    notes = Notes(zone.place.home / "demo.json")
    try:
        officers = acquaint(zone, notes)
        seal_everything(zone, officers, notes)
        agree_contracts(zone, officers, notes)
        run_first_job(zone, officers, notes)
    except Unexpected as unexpected:
        raise CannotStart(f"The demonstration stopped: {unexpected}") from unexpected
    finally:
        write_notes(zone, notes)
    show(zone, notes)
    return notes.facts


class Notes:
    """What was done already, kept after each step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.facts: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def keep(self, **facts: Any) -> None:
        """Write facts down."""
        self.facts |= facts
        secrets.write_private(self._path, json.dumps(self.facts, ensure_ascii=False, indent=1))


def acquaint(zone: Zone, notes: Notes) -> dict[str, Officer]:
    """Nodes that trust each other, officers with passkeys, zone-wide rules in force: all that has to be before data
    is sealed. The officers by sign-in name."""
    if not notes.facts.get("cards_confirmed"):
        confirm_cards(zone)
        notes.keep(cards_confirmed=True)
    if not notes.facts.get("custodians_chosen"):
        choose_custodians(zone)
        notes.keep(custodians_chosen=True)
    if not notes.facts.get("governor"):
        say_who_governs(zone)
        notes.keep(governor=manifest.CENTRE)
    officers = everybody(zone)
    enrol_passkeys(zone, officers)
    if not notes.facts.get("zone_rules"):
        zone.say("steward: sign the zone-wide rules")
        notes.keep(zone_rules=sign_zone_rules(zone, officers["steward"]))
    return officers


def everybody(zone: Zone) -> dict[str, Officer]:
    """All people of the demonstration by sign-in name, each who proposes policies with who checks them."""
    officers = {person.username: officer(zone, person) for person in manifest.PEOPLE}
    for person in manifest.PEOPLE:
        if person.checker:
            officers[person.username].checker = officers[person.checker]
    return officers


def enrol_passkeys(zone: Zone, officers: dict[str, Officer]) -> None:
    """Whoever acts at a node enrols a passkey there, with a code from the node's command line."""
    for person in manifest.PEOPLE:
        if person.node is None:
            continue
        known = zone.people[person.username]
        if known.get("passkey_enrolled"):
            continue
        known["passkey"] = SoftwarePasskey().kept()
        zone.keep_people()
        who = officers[person.username]
        who.passkey = SoftwarePasskey.read(known["passkey"])
        node = next(one for one in zone.place.nodes if one.url == who.node)
        whose = ("--person", who.id, "--organisation", person.organisation)
        who.enrol_passkey(
            partial(_draw_code, zone, node, whose),
            partial(run_at, zone, node, "confirm-passkey", *whose, "--fingerprint"),
        )
        known["passkey_enrolled"] = True
        zone.keep_people()


def _draw_code(zone: Zone, node: NodeSpec, whose: tuple[str, ...]) -> str:
    return str(run_at(zone, node, "enrolment-code", *whose)["code"])


def officer(zone: Zone, person: manifest.Person) -> Officer:
    """A person of the demonstration as the script acts for it."""
    known = zone.people[person.username]
    node = next((one.url for one in zone.place.nodes if one.name == person.node), "")
    return Officer(
        portal=zone.place.portal_url,
        node=node,
        id=known["id"],
        username=person.username,
        password=known["password"],
        totp=known["totp"],
        token=known["token"],
        node_totp=known.get("node_totp", ""),
        passphrase=known.get("passphrase", ""),
        passkey=SoftwarePasskey.read(known["passkey"]) if "passkey" in known else None,
    )


def confirm_cards(zone: Zone) -> None:
    """Each node believes the others' cards once their fingerprints were compared with what their own nodes say."""
    firm = next(person.organisation for person in manifest.PEOPLE if person.node == "hosted")
    true = {code_of(node): run_at(zone, node, "show-card")["fingerprint"] for node in zone.place.nodes}
    hosted = next(node for node in zone.place.nodes if node.name == "hosted")
    true[firm] = run_at(zone, hosted, "show-card", "--organisation", firm)["fingerprint"]
    for node in zone.place.nodes:
        mine = {code_of(node), firm} if node is hosted else {code_of(node)}
        _confirm_at(zone, node, {code: fingerprint for code, fingerprint in true.items() if code not in mine})


def _confirm_at(zone: Zone, node: NodeSpec, wanted: dict[str, str]) -> None:
    shown = until(
        lambda: {card["organisation"]: card for card in run_at(zone, node, "cards")},
        lambda cards: wanted.keys() <= cards.keys(),
        what=f"the cards at the node {node.name}",
    )
    for code, fingerprint in wanted.items():
        if shown[code]["state"] == "shown":
            run_at(zone, node, "confirm-card", "--fingerprint", fingerprint)


def choose_custodians(zone: Zone) -> None:
    """Each provider's capsules open only with a share of one other node: the centre guards, and the platform for it."""
    nodes = {node.kind: node for node in zone.place.nodes}
    for owner, guard in (("bank", "code_centre"), ("platform", "code_centre"), ("code_centre", "platform")):
        run_at(zone, nodes[owner], "choose-custodians", "--organisation", code_of(nodes[guard]), "--threshold", "2")


def seal_everything(zone: Zone, officers: dict[str, Officer], notes: Notes) -> None:
    """Each holder uploads its file to its own node, drafts a policy at the portal and signs it in the node."""
    cards = {one["id"]: one["digest"] for one in officers["officer"].call("GET", "/scorecards/")["results"]}
    folder = zone.place.home / "demonstration"
    for username, (domain, title) in FILES.items():
        if notes.facts.get("capsules", {}).get(domain):
            continue
        zone.say(f"{username}: upload and seal {domain}")
        if not (folder / f"{domain}.csv").exists():
            split(folder, as_of=datetime.now(UTC).date())
        who = officers[username]
        dataset = notes.facts.get("datasets", {}).get(domain)
        if dataset is None:
            dataset = who.upload(folder / f"{domain}.csv", domain=domain, title=title)
            notes.keep(datasets=notes.facts.get("datasets", {}) | {domain: dataset})
        capsule = seal(who, dataset, rules_for(username, cards))
        notes.keep(capsules=notes.facts.get("capsules", {}) | {domain: capsule})


def seal(who: Officer, dataset: str, rules: list[dict[str, Any]]) -> str:
    """Draft a policy for a published dataset, sign it in the node; the capsule's id."""
    until(
        lambda: {one["id"] for one in who.call("GET", "/datasets/")["results"]},
        lambda known: dataset in known,
        what="the node's statement about its data set",
    )
    draft = who.call("POST", "/policies/", {"dataset": dataset, "rules": rules})
    who.sign(draft["digest"])
    until(
        lambda: who.call("GET", f"/capsules/{draft['capsule']}/"),
        lambda seen: seen["state"] in {"sealed", "listed"},
        what="the sealed capsule",
    )
    return str(draft["capsule"])


def rules_for(username: str, cards: dict[str, str]) -> list[dict[str, Any]]:
    """The rules of a holder's capsule: for the bank's scoring and its statistics, and for a firm that asks about
    itself."""
    window = {"days": DAYS}
    bank = {
        "id": "credit-risk",
        "grantees": [manifest.BANK],
        "purposes": ["credit-risk"],
        "models": [digest for name, digest in cards.items() if "public" not in name],
        "engines": ["cheetah", "aby3"],
        "disclosures": ["decision", "grade", "reasons"],
        "minimum_group": None,
        "uses": 200,
        **window,
    }
    counts = {**bank, "id": "statistics", "disclosures": ["statistic"], "minimum_group": 10, "uses": 50}
    own = {
        "id": "self-enquiry",
        "grantees": ["subject"],
        "purposes": ["self-enquiry"],
        "models": [digest for name, digest in cards.items() if "public" in name],
        "engines": ["cheetah"],
        "disclosures": ["grade", "reasons"],
        "minimum_group": None,
        "uses": 1000,
        **window,
    }
    return [bank, counts] if username == "bank-steward" else [bank, counts, own]


def agree_contracts(zone: Zone, officers: dict[str, Officer], notes: Notes) -> None:
    """Centre and platform offer their capsules to the bank; both sides sign in their nodes."""
    for username, price in (("steward", 12), ("merchant", 9)):
        domain = FILES[username][0]
        if notes.facts.get("contracts", {}).get(domain):
            continue
        zone.say(f"{username} and the bank: agree a contract on {domain}")
        offer = {
            "capsule": notes.facts["capsules"][domain],
            "consumer": manifest.BANK,
            "purpose": "credit-risk/pre-loan",
            "price_fen": price,
            "days": DAYS,
        }
        contract = agree(officers[username], officers["officer"], offer)
        notes.keep(contracts=notes.facts.get("contracts", {}) | {domain: contract})


def agree(provider: Officer, consumer: Officer, offer: dict[str, Any]) -> str:
    """Offer and sign on both sides; the contract's id once it holds."""
    contract = provider.call("POST", "/contracts/", offer)
    provider.sign(contract["digest"])
    consumer.sign(contract["digest"])
    until(
        lambda: consumer.call("GET", f"/contracts/{contract['id']}/"),
        lambda seen: seen["state"] == "active",
        what="the active contract",
    )
    return str(contract["id"])


def run_first_job(zone: Zone, officers: dict[str, Officer], notes: Notes) -> None:
    """The bank grades its applicants with the centre's and the platform's data."""
    if notes.facts.get("job"):
        return
    zone.say("the bank: first joint grading job")
    bank = officers["officer"]
    cards = {one["id"]: one for one in bank.call("GET", "/scorecards/")["results"]}
    three = next(one for one in cards.values() if len(one["domains"]) == 3)
    began = time.monotonic()
    job = bank.call(
        "POST",
        "/jobs/",
        {
            "title": TITLE,
            "model": three["digest"],
            "purpose": "credit-risk/pre-loan",
            "disclosures": ["grade"],
            "capsules": [notes.facts["capsules"][domain] for domain in three["domains"]],
        },
    )
    bank.sign(job["digest"])
    ended = until(
        lambda: bank.call("GET", f"/jobs/{job['id']}/"),
        lambda seen: seen["state"] not in {"drafted", "queued", "offered", "running"},
        what="the first joint grading job",
        seconds=180,
    )
    if ended["state"] != "done":
        raise Unexpected(f"the first job ended {ended['state']}: {ended.get('reason')}")
    notes.keep(job=job["id"], job_seconds=round(time.monotonic() - began, 1))


def write_notes(zone: Zone, notes: Notes) -> None:
    """`demo.json` as scripts read it: addresses, people with their factors, the first job."""
    nodes = {code_of(node): node.url for node in zone.place.nodes}
    names = {one["uscc"]: one["name"] for one in (*manifest.ORGANISATIONS, manifest.OPERATOR)}
    users = []
    for person in manifest.PEOPLE:
        known = zone.people.get(person.username, {})
        wanted = ("username", "password", "totp", "node_totp", "token", "passphrase", "passkey")
        facts = {key: known.get(key) for key in wanted}
        users.append(
            {
                "person": known.get("id"),
                "name": person.name,
                "organisation": person.organisation,
                "organisation_name": names[person.organisation],
                "role": person.role,
                "checker": person.checker,
                **facts,
                "username": person.username,
            }
        )
    job = notes.facts.get("job")
    url = f"{zone.place.portal_url}/jobs/{job}/" if job else None
    notes.keep(portal=zone.place.portal_url, nodes=nodes, users=users, job=job, job_url=url)


def show(zone: Zone, notes: Notes) -> None:
    """Print where to go and as whom."""
    print(f"\n  CreditZone 信用专区   {zone.place.portal_url}/")
    if notes.facts.get("job_url"):
        print(f"  first joint grading   {notes.facts['job_url']}")
    print("\n  who         sign-in           password               authenticator secret (portal / node)")
    for user in notes.facts["users"]:
        node = user["node_totp"] or "-"
        print(f"  {user['role']:<11} {user['username']:<17} {user['password']:<22} {user['totp']} / {node}")
    for user in notes.facts["users"]:
        if user["passphrase"]:
            print(f"  {user['username']}'s passphrase at the hosted node: {user['passphrase']}")
    print(f"\n  also in {zone.place.home / 'demo.json'} (readable by you only)", flush=True)
