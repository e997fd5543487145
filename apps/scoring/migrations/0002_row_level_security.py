"""Scorecards are for every signed-in organisation to read (each party of a job sees bins, points and cuts anyway) and
for the set-up alone to write; once registered they never change."""

from django.db import migrations

from apps.core import rls

ANY_TENANT = f"{rls.ME} <> '00000000-0000-0000-0000-000000000000'"
PEOPLE = f"{rls.WEB}, {rls.REGULATOR}, {rls.ADMIN}"
OWNER = "portal_owner"
TABLE = "scoring_scorecard"


class Migration(migrations.Migration):
    # registry 0002 lets the set-up write its own entries into the ledger
    dependencies = [("scoring", "0001_initial"), ("registry", "0002_row_level_security")]

    operations = [
        rls.enable(TABLE),
        rls.policy(TABLE, "public", using=ANY_TENANT, to=PEOPLE, command="select"),
        rls.grant(TABLE, "select", to=PEOPLE),
        *rls.open_to(TABLE, rls.EXCHANGE),
        rls.policy(TABLE, "set_up", using="true", to=OWNER),
        rls.append_only(TABLE),
    ]
