"""The one way into tenants' rows: a transaction that says who asks and in which database role.

Web, API, coordinator and commands all use `tenant_tx`. Role, tenant and person are set for the transaction only
(`set_config(..., true)`), so a pooled connection carries nothing over, and code outside sees nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from uuid import UUID

from django.db import connection, transaction

DatabaseRole = Literal["tenant", "regulator", "admin", "exchange", "signin"]
ROLES: dict[str, str] = {
    "regulator": "portal_regulator",
    "admin": "portal_admin",
    "exchange": "zone_exchange",
    "signin": "portal_signin",
}
NOBODY = UUID(int=0)


@contextmanager
def tenant_tx(
    organisation_id: UUID | None, *, role: DatabaseRole = "tenant", person_id: UUID | None = None
) -> Iterator[None]:
    """One transaction as `organisation_id` (None: as no organisation, which owns no row) in database role `role`.

    `tenant` is the login itself; the others are roles without login that it may take for a transaction. Nesting is
    refused (RuntimeError): who acts is decided once, outside.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(
                "select set_config('app.tenant', %s, true), set_config('app.person', %s, true),"
                " set_config('role', %s, true)",
                [str(organisation_id or NOBODY), str(person_id or NOBODY), ROLES.get(role, "none")],
            )
        yield
