"""Found the zone and register who takes part, from a manifest on standard input; safe to run again.

The manifest (JSON): `operator` {uscc, name, name_en}; `organisations` [{uscc, name, name_en, kind, hosted_by?}], hosts
before the firms they host; `people` [{username, name, organisation, role, password, totp, has_token}], the operator's
owner among them. Secrets come on standard input only, never as arguments, which other users of the machine can read.

The answer (JSON): the zone's digest, each person's id, and an API token, shown this once, for whoever had none.
"""

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.core.tenancy import tenant_tx
from apps.tenants import selectors, services, zone
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Capability, Kind, Role, database_role


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it; a refusal is one sentence."""
        try:
            answer = set_up(json.load(sys.stdin))
        except DomainError as error:
            raise CommandError(f"{error.words} {error.advice}".strip()) from error
        self.stdout.write(json.dumps(answer, ensure_ascii=False))


def set_up(manifest: dict[str, Any]) -> dict[str, Any]:
    """Carry out the manifest; the answer as described above."""
    operator = manifest["operator"]
    digest = zone.create_zone(
        settings.ZONE_HOME, uscc=operator["uscc"], name=operator["name"], name_en=operator["name_en"]
    )
    founder = _founder(operator, manifest["people"])
    with tenant_tx(founder.organisation_id, role="admin", person_id=founder.person_id):
        for wanted in manifest["organisations"]:
            _organisation(founder, wanted)
        members = {wanted["username"]: _member(founder, wanted) for wanted in manifest["people"]}
    people = {
        wanted["username"]: {
            "id": str(members[wanted["username"]].person_id),
            "token": None if wanted.get("has_token") else _token(members[wanted["username"]]),
        }
        for wanted in manifest["people"]
    }
    return {"zone": digest, "people": people}


def _founder(operator: dict[str, Any], people: list[dict[str, Any]]) -> Member:
    """The operator's owner, made where there is none."""
    with tenant_tx(None, role="admin"):
        owners = selectors.memberships().filter(organisation__kind=Kind.OPERATOR, role=Role.OWNER, is_active=True)
        if found := owners.order_by("id").first():
            return selectors.member(found, found.person)
    wanted = next(one for one in people if one["organisation"] == operator["uscc"] and one["role"] == Role.OWNER.value)
    return services.found_zone(
        **operator,
        username=wanted["username"],
        person_name=wanted["name"],
        password=wanted["password"],
        totp_secret=wanted["totp"],
    )


def _organisation(founder: Member, wanted: dict[str, Any]) -> Organisation:
    known = Organisation.objects.filter(uscc=wanted["uscc"]).first()
    if known is not None:
        return known
    host = wanted.get("hosted_by")
    return services.register_organisation(
        actor=founder,
        uscc=wanted["uscc"],
        name=wanted["name"],
        name_en=wanted["name_en"],
        kind=wanted["kind"],
        hosted_by=selectors.organisation_by_code(host) if host else None,
    )


def _member(founder: Member, wanted: dict[str, Any]) -> Member:
    known = selectors.memberships().filter(person__username=wanted["username"])
    membership = known.first() or services.add_person(
        actor=founder,
        organisation=selectors.organisation_by_code(wanted["organisation"]),
        username=wanted["username"],
        name=wanted["name"],
        role=wanted["role"],
        password=wanted["password"],
        totp_secret=wanted["totp"],
        must_change_password=False,
    )
    return selectors.member(membership, membership.person)


def _token(member: Member) -> str | None:
    """A token drawn as the member; none for a role that may not have one."""
    if not member.may(Capability.ISSUE_TOKEN):
        return None
    with tenant_tx(member.organisation_id, role=database_role(member.kind), person_id=member.person_id):
        return services.issue_token(actor=member, label="set-up", days=365)[1]
