"""Signed zone-wide rules are for everybody to read; a code centre writes its own drafts, and what became of
one only the exchange writes."""

from django.db import migrations

from apps.core import rls

RULES, TOLD = "governance_zonerules", "governance_toldrules"
CENTRE = f"exists (select 1 from tenants_organisation o where o.id = {rls.ME} and o.kind = 'code_centre')"
OWN = f"owner = {rls.ME}"


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        rls.enable(RULES),
        rls.policy(RULES, "read", using=f"{OWN} or (state = 'signed' and {rls.ANY_TENANT})", command="select"),
        rls.policy(RULES, "own_draft", check=f"{OWN} and state = 'draft' and {CENTRE}", command="insert"),
        rls.grant(RULES, "select, insert"),
        *rls.open_to(RULES, rls.EXCHANGE, privileges="select, update"),
        *rls.open_to(RULES, rls.REGULATOR),
        *rls.open_to(RULES, rls.ADMIN),
        rls.enable(TOLD),
        *rls.open_to(TOLD, rls.EXCHANGE, privileges="select, insert, delete"),
    ]
