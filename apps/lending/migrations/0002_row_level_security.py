"""An organisation's file is its own; only its node's statements write in it."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("lending", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        *rls.own_rows("lending_takengrade", privileges="select"),
        *rls.open_to("lending_takengrade", rls.EXCHANGE, privileges="select, insert"),
        *rls.own_rows("lending_resultopening", privileges="select"),
        *rls.open_to("lending_resultopening", rls.EXCHANGE, privileges="select, insert"),
        *rls.open_to("lending_resultopening", rls.REGULATOR),
    ]
