"""The public register is for every signed-in organisation to read and for the set-up alone to write.

The set-up also writes the ledger's entry of a load: it acts as the tables' owner, whom FORCE binds like anybody."""

from django.db import migrations

from apps.core import rls

ANY_TENANT = f"{rls.ME} <> '00000000-0000-0000-0000-000000000000'"
PEOPLE = f"{rls.WEB}, {rls.REGULATOR}, {rls.ADMIN}"
OWNER = "portal_owner"


def public_table(table: str) -> list[migrations.RunSQL]:
    return [
        rls.enable(table),
        rls.policy(table, "public", using=ANY_TENANT, to=PEOPLE, command="select"),
        rls.grant(table, "select", to=PEOPLE),
        *rls.open_to(table, rls.EXCHANGE),
        rls.policy(table, "set_up", using="true", to=OWNER),
    ]


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("ledger", "0002_only_grows")]

    operations = [
        *public_table("registry_industry"),
        *public_table("registry_region"),
        *public_table("registry_enterprise"),
        rls.policy("ledger_entry", "at_set_up", check="actor_organisation is null", to=OWNER, command="insert"),
    ]
