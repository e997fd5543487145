"""A dataset is its owner's alone, and only its node's statement makes one."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        *rls.own_rows("datasets_dataset", privileges="select"),
        *rls.open_to("datasets_dataset", rls.EXCHANGE, privileges="select, insert"),
        *rls.open_to("datasets_dataset", rls.REGULATOR),
    ]
