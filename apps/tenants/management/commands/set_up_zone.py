"""`set_up_zone`: found a zone from a manifest: its operator, organisations, people. Safe twice."""

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.core.tenancy import tenant_tx
from apps.tenants import selectors, services, zone
from apps.tenants.members import Member
from apps.tenants.models import Membership, Organisation
from apps.tenants.roles import Kind


class Command(BaseCommand):
    help = (
        "Reads a manifest as JSON from standard input: {operator: {uscc, name, name_en}, organisations: [{uscc, name, "
        "name_en, kind, hosted_by}], people: [{username, name, organisation, role, password, totp}]}; the first person "
        "of the operator founds the zone. Writes {zone, people: {username: {id, token}}}; a token only when drawn now."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        manifest = json.load(sys.stdin)
        digest = zone.create_zone(settings.ZONE_HOME, **manifest["operator"])
        founder = _founder(manifest)
        for organisation in manifest["organisations"]:
            _organisation(founder, organisation)
        people = {person["username"]: _person(founder, person) for person in manifest["people"]}
        self.stdout.write(json.dumps({"zone": digest, "people": people}))


def _founder(manifest: dict[str, Any]) -> Member:
    first = next(one for one in manifest["people"] if one["organisation"] == manifest["operator"]["uscc"])
    with tenant_tx(None, role="admin"):
        known = Membership.objects.filter(organisation__kind=Kind.OPERATOR, person__username=first["username"])
        membership = known.select_related("person", "organisation").first()
        if membership is not None:
            return selectors.member(membership, membership.person)
        return services.found_zone(
            **manifest["operator"],
            username=first["username"],
            person_name=first["name"],
            password=first["password"],
            totp_secret=first["totp"],
        )


def _organisation(founder: Member, wanted: dict[str, Any]) -> None:
    with tenant_tx(founder.organisation_id, role="admin", person_id=founder.person_id):
        if Organisation.objects.filter(uscc=wanted["uscc"]).exists():
            return
        host = Organisation.objects.filter(uscc=wanted.pop("hosted_by", None)).first()
        services.register_organisation(actor=founder, **wanted, hosted_by=host)


def _person(founder: Member, wanted: dict[str, Any]) -> dict[str, str | None]:
    with tenant_tx(founder.organisation_id, role="admin", person_id=founder.person_id):
        known = Membership.objects.select_related("person", "organisation").filter(person__username=wanted["username"])
        membership = known.first()
        if membership is None:
            membership = services.add_person(
                actor=founder,
                organisation=Organisation.objects.get(uscc=wanted["organisation"]),
                username=wanted["username"],
                name=wanted["name"],
                role=wanted["role"],
                password=wanted["password"],
                totp_secret=wanted["totp"],
            )
        member = selectors.member(membership, membership.person)
    return {"id": str(member.person_id), "token": _token(member) if not wanted.get("has_token") else None}


def _token(member: Member) -> str:
    with tenant_tx(member.organisation_id, person_id=member.person_id):
        return services.issue_token(actor=member, label="demonstration", days=365)[1]
