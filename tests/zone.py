"""A small zone in the test database: its organisations, one of each kind, and people made when asked for."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from apps.core.tenancy import tenant_tx
from apps.tenants import services
from apps.tenants.adapters import SIGNED_IN_AT
from apps.tenants.members import Member
from apps.tenants.models import Membership, Organisation, Person
from apps.tenants.roles import Role
from creditzone.kernel.credit.uscc import check_digit
from creditzone.kernel.documents import now_ms

PASSWORD = "a quiet river at dusk"


def code(number: int) -> str:
    """A valid code of an invented organisation."""
    body = f"91330100XY{number:07d}"
    return body + check_digit(body)


OPERATOR_CODE = code(1)
NAMES = {
    "centre": ("code_centre", code(2), "示范代码中心", "Code Centre"),
    "bank": ("bank", code(3), "示范银行", "Bank"),
    "platform": ("platform", code(4), "示范平台", "Platform"),
    "other_bank": ("bank", code(5), "另一家银行", "Another Bank"),
    "regulator": ("regulator", code(6), "示范监管局", "Regulator"),
    "firm": ("sme", code(7), "示范小微企业", "Small Firm"),
}


def browser(**extra: Any) -> Client:
    """A client that speaks to the portal as a browser on its own page does, in English, whose words tests compare."""
    host = settings.OWN_URL.removeprefix("http://")
    return Client(headers={"host": host, "origin": settings.OWN_URL, "accept-language": "en", **extra})


@dataclass
class Zone:
    """Organisations by their short names; people as `zone.member("bank", "officer")`."""

    founder: Member
    organisations: dict[str, Organisation] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    secrets: dict[UUID, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Organisation:
        return self.founder.organisation if name == "operator" else self.organisations[name]

    def as_admin(self) -> Any:
        """A transaction as the zone's operator."""
        return tenant_tx(self.founder.organisation_id, role="admin", person_id=self.founder.person_id)

    def tx(self, actor: Member) -> Any:
        """A transaction as the web opens it for this member."""
        from apps.tenants.roles import database_role

        return tenant_tx(actor.organisation_id, role=database_role(actor.kind), person_id=actor.person_id)

    def member(self, organisation: str, role: str = "officer") -> Member:
        """The person with this role there, second factor enrolled. The first call makes them: outside `tx`."""
        if (organisation, role) not in self.members:
            home = self[organisation]
            secret = generate_totp_secret()
            with self.as_admin():
                membership: Membership = services.add_person(
                    actor=self.founder,
                    organisation=home,
                    username=f"{organisation}.{role}",
                    name=f"{home.name_en} {role}",
                    role=role,
                    password=PASSWORD,
                    totp_secret=secret,
                    must_change_password=False,
                )
            member = Member(
                person_id=membership.person_id,
                person_name=membership.person.name,
                organisation=home,
                role=Role(role),
            )
            self.members[organisation, role] = member
            self.secrets[member.person_id] = secret
        return self.members[organisation, role]

    def client(self, organisation: str, role: str = "officer") -> Client:
        """A browser in which that person has signed in with both factors."""
        return signed_in(self.member(organisation, role))

    @cached_property
    def stranger(self) -> Member:
        """Somebody of an organisation that takes part in nothing."""
        return self.member("other_bank", "owner")


def signed_in(member: Member) -> Client:
    """A browser with a live session of `member`."""
    with tenant_tx(None, role="signin"):
        person = Person.objects.get(pk=member.person_id)
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session[SIGNED_IN_AT] = now_ms() // 1000
        session.create()
    client = browser()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def make_zone() -> Zone:
    """Found the zone: its operator and an owner."""
    secret = generate_totp_secret()
    founder = services.found_zone(
        uscc=OPERATOR_CODE,
        name="信用示范区",
        name_en="Demonstration Zone",
        username="operator.owner",
        person_name="Operator owner",
        password=PASSWORD,
        totp_secret=secret,
    )
    zone = Zone(founder)
    with zone.as_admin():
        for short, (kind, uscc, zh, en) in NAMES.items():
            zone.organisations[short] = services.register_organisation(
                actor=founder,
                uscc=uscc,
                name=zh,
                name_en=en,
                kind=kind,
                hosted_by=zone.organisations["platform"] if short == "firm" else None,
            )
    zone.members["operator", "owner"] = founder
    zone.secrets[founder.person_id] = secret
    return zone
