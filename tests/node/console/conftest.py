"""A console over a node home of its own, under the node's real settings; the zone is a key that signs tickets."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest
from django.test import Client
from django.test.utils import override_settings

from apps.node import cards, factors, roster
from apps.node.config import Config, write_config
from apps.node.keystore import Keystore
from apps.node.node import Node, open_node, prepare_home
from creditzone.kernel.documents import Card, Ticket, digest_of, new_id, now_ms, signed
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node.console import furnished
from tests.node.world import NODE_PASSPHRASE, QUICK, passphrase_file

PORTAL = "http://zone.localhost:8000"
OWN = "http://bank.localhost:8101"
FORM = "application/x-www-form-urlencoded"


@dataclass
class ZoneSigner:
    """The zone's key, for tickets that are good or nearly so."""

    key: PrivateKey
    card: Card

    @property
    def zone(self) -> str:
        return digest_of(self.card)


@dataclass
class Person:
    """Somebody on the node's roster, with the factor's secret and a clock for its codes."""

    id: str
    name: str
    secret: bytes
    step: int = field(default=0)

    def code(self) -> str:
        """A code not used before: the node takes the step before, now and after."""
        now = now_ms() // factors.STEP_MS
        self.step = max(self.step + 1, now - 1)
        return factors.code_at(self.secret, self.step * factors.STEP_MS)


@pytest.fixture(scope="package", autouse=True)
def node_settings() -> Iterator[None]:
    """The node's own settings, all of them, around every test of this package."""
    from creditzone.settings import node as module

    names = {name: getattr(module, name) for name in dir(module) if name.isupper()}
    names.pop("DATABASES")
    names["ALLOWED_HOSTS"] = [*names["ALLOWED_HOSTS"], "testserver"]
    names["STORAGES"] = {
        **names["STORAGES"],
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(**names):
        yield


@pytest.fixture(scope="session")
def zone() -> ZoneSigner:
    """A zone's key and self-signed card."""
    key = PrivateKey.generate()
    card = make_card(key, organisation="91420100XY4K2F3X0P", kind="operator", name="信用专区", zone="")
    return ZoneSigner(key=key, card=card)


def make_card(key: PrivateKey, *, organisation: str, kind: Any, name: str, zone: str) -> Card:
    """A card without links."""
    return Card(
        zone=zone,
        organisation=organisation,
        kind=kind,
        name=name,
        name_en=name,
        serial=1,
        signing_key=key.public.hex,
        encryption_key=key.public.hex,
        link_certificate=None,
        link_host=None,
        link_ports=None,
        slots=0,
        console_url=None,
        host=None,
        issued_at=now_ms(),
    )


BANK = "91420100XY49R8QW6W"
FIRM = "91420111XY4L0C6H0P"


@pytest.fixture
def kind() -> str:
    """What the node's organisation is; a firm's host is none that would ask about it."""
    return "bank"


@pytest.fixture
def home(tmp_path: Path, zone: ZoneSigner, kind: Any) -> Path:
    """A node home, set up as the command line does it."""
    folder = tmp_path / "bank"
    prepare_home(folder)
    config = Config(
        organisation=BANK,
        kind=kind,
        name="江城银行",
        name_en="Jiangcheng Bank",
        hosts=True,
        zone_card=signed(zone.card, zone.key, by=zone.card.organisation),
        portal_url=PORTAL,
        console_url=OWN,
        slots=0,
        passphrase_file=str(passphrase_file(tmp_path)),
        one_time_codes_bind=True,
    )
    Keystore.create(folder, BANK, NODE_PASSPHRASE, cost=QUICK)
    write_config(folder, config)
    return folder


@pytest.fixture
def node(home: Path) -> Iterator[Node]:
    """The node, and the console's sign-ins and cached node swept before and after."""
    from apps.node.console import door
    from apps.node.console.signins import SIGN_INS

    door.the_node.cache_clear()
    SIGN_INS.__init__()  # type: ignore[misc]
    opened = open_node(home)
    cards.issue_own(opened)
    with override_settings(NODE_HOME=home):
        yield opened
    door.the_node.cache_clear()


@pytest.fixture
def enter(node: Node) -> Callable[..., Person]:
    """Enter somebody in the roster, by role."""

    def enter(role: roster.Role, *, name: str = "李敏", organisation: str = BANK) -> Person:
        person = new_id()
        with node.store.write() as tx:
            enrolment = roster.enter(
                node, tx, person=person, person_name=name, organisation=organisation, role=role, by="test"
            )
        assert enrolment is not None
        return Person(id=person, name=name, secret=base64.b32decode(enrolment.secret))

    return enter


@pytest.fixture
def owner(enter: Callable[..., Person]) -> Person:
    """An owner of the bank's node."""
    return enter("owner")


def browser(**more: Any) -> Client:
    """A browser at the node's own address that checks CSRF as the real one."""
    return Client(enforce_csrf_checks=True, headers={"host": "bank.localhost:8101", "accept-language": "en", **more})


def ticket(signer: ZoneSigner, person: Person, *, state: str, path: str = "/", **changes: Any) -> str:
    """The form field of the hand-over page: a zone-signed ticket, with whatever a test gets wrong."""
    key = changes.pop("key", signer.key)
    now = now_ms()
    fields: dict[str, Any] = {
        "zone": signer.zone,
        "id": new_id(),
        "person": person.id,
        "person_name": person.name,
        "organisation": BANK,
        "node": BANK,
        "state": state,
        "path": path,
        "issued_at": now,
        "expires_at": now + 120_000,
        **changes,
    }
    document = signed(Ticket(**fields), key, by=signer.card.organisation)
    return msgspec.json.encode(document).decode()


def begin(client: Client, person: Person, *, path: str = "/") -> str:
    """Follow a portal link to the node; the state that the node sends along to the portal."""
    response = client.get(path, {"person": person.id})
    assert response.status_code == 302, response.content
    where = urlsplit(response["Location"])
    assert f"{where.scheme}://{where.netloc}" == PORTAL
    return parse_qs(where.query)["state"][0]


def post(client: Client, path: str, data: Any = None, **more: Any) -> Any:
    """A form posted from the node's own page: its token and its origin."""
    token = client.cookies["__Host-csrf"].value if "__Host-csrf" in client.cookies else ""
    if not token:
        client.get("/factor/")
        token = client.cookies["__Host-csrf"].value if "__Host-csrf" in client.cookies else ""
    headers = {"origin": OWN, "X-CSRFToken": token, **more.pop("headers", {})}
    return client.post(path, urlencode(data or {}, doseq=True), content_type=FORM, headers=headers, **more)


def ask(client: Client, path: str, data: Any = None) -> Any:
    """The same form as `post` sends it, for the question that the person's authenticator is asked."""
    return post(client, path, data, headers={"X-Passkey": "ask"})


def hand_over(client: Client, text: str, *, origin: str | None = PORTAL) -> Any:
    """What the portal's hand-over page does: a form posted to the node from another origin."""
    headers = {} if origin is None else {"origin": origin}
    return client.post("/arrive/", urlencode({"ticket": text}), content_type=FORM, headers=headers)


def arrive(client: Client, signer: ZoneSigner, person: Person, *, path: str = "/", **changes: Any) -> Any:
    """From the portal's link to the question for the factor; the last answer."""
    state = begin(client, person, path=path)
    response = hand_over(client, ticket(signer, person, state=state, path=path, **changes))
    if response.status_code != 303:
        return response
    return client.get(response["Location"])


def sign_in(client: Client, signer: ZoneSigner, person: Person, **changes: Any) -> Client:
    """All the way in, the factor included."""
    response = arrive(client, signer, person, **changes)
    assert response.status_code == 302, response.content.decode()
    where = response["Location"]
    client.get(where)
    response = post(client, where, {"code": person.code()})
    assert response.status_code == 302, response.content.decode()
    return client


@pytest.fixture
def signed_in(zone: ZoneSigner, owner: Person) -> Client:
    """An owner's browser, signed in."""
    return sign_in(browser(), zone, owner)


@pytest.fixture
def acting(node: Node, owner: Person) -> roster.Acting:
    """The owner at the node, with a fresh factor."""
    return roster.acting(node, person=owner.id, organisation=BANK, factor_at=now_ms())


@pytest.fixture
def dataset(node: Node, acting: roster.Acting) -> str:
    """A measured list of five applicants."""
    return furnished.upload_file(node, acting, furnished.applicants(furnished.codes(5)), title="名单")


@pytest.fixture
def policy(node: Node, dataset: str) -> str:
    """The digest of a policy for that list that waits here for approval."""
    card = furnished.scorecard()
    return furnished.send_draft(node, furnished.policy_for(node, dataset, grantee=BANK, model=digest_of(card)))
