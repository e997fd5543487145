"""A tenant ends an offer or an authorisation of its own: of an old row it writes that, never what was signed."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("contracts", "0003_a_withdrawal_is_signed")]

    operations = [
        rls.only_columns("contracts_contract", "update", "state, reason"),
        rls.only_columns("contracts_authorisation", "update", "state, withdrawal_digest"),
    ]
