"""`register_card`: an organisation's first card, brought by hand as its node's command line shows it. Safe twice."""

import sys
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.core.tenancy import tenant_tx
from apps.tenants import selectors, services
from apps.tenants.roles import Kind, Role
from creditzone.kernel.documents import Signed


class Command(BaseCommand):
    help = "Reads a signed card as JSON from standard input and registers it in the name of the zone's first owner."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            signed = msgspec.json.decode(sys.stdin.buffer.read(), type=Signed)
        except msgspec.DecodeError as error:
            raise CommandError(f"This is no signed card: {error}") from error
        with tenant_tx(None, role="admin"):
            owners = selectors.memberships().filter(organisation__kind=Kind.OPERATOR, role=Role.OWNER)
            first = owners.order_by("id").first()
            if first is None:
                raise CommandError("The zone has no operator yet: run set_up_zone first.")
            founder = selectors.member(first, first.person)
        with tenant_tx(founder.organisation_id, role="admin", person_id=founder.person_id):
            try:
                card = services.register_card(signed=signed, actor=founder)
            except DomainError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(card.digest)
