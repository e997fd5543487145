"""A sign-in's entry names the organisations for which the person may act, so that their auditors find it."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_only_grows")]

    operations = [rls.policy("ledger_mention", "at_sign_in", check="true", to=rls.SIGNIN, command="insert")]
