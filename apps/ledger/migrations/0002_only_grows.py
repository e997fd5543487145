"""The ledger only grows; an organisation reads what names it, the regulator all; each writes only as itself."""

from django.db import migrations

from apps.core import rls

NAMES_ME = f"{rls.ME} = any (organisations)"
BY_ME = f"actor_organisation = {rls.ME} and {rls.ME} = any (organisations)"
OF_MY_ENTRY = f"exists (select 1 from ledger_entry e where e.id = entry_id and e.actor_organisation = {rls.ME})"
PEOPLE = f"{rls.WEB}, {rls.ADMIN}, {rls.REGULATOR}"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("core", "0001_tables_without_an_owner")]

    operations = [
        rls.enable("ledger_entry"),
        rls.policy("ledger_entry", "named", using=NAMES_ME, to=f"{rls.WEB}, {rls.ADMIN}", command="select"),
        rls.policy("ledger_entry", "supervised", using="true", to=rls.REGULATOR, command="select"),
        rls.policy("ledger_entry", "as_oneself", check=BY_ME, to=PEOPLE, command="insert"),
        rls.policy("ledger_entry", "by_statement", check="true", to=rls.EXCHANGE, command="insert"),
        rls.policy("ledger_entry", "at_sign_in", check="actor_organisation is null", to=rls.SIGNIN, command="insert"),
        rls.grant("ledger_entry", "select, insert", to=PEOPLE),
        rls.grant("ledger_entry", "insert", to=f"{rls.EXCHANGE}, {rls.SIGNIN}"),
        rls.append_only("ledger_entry"),
        rls.enable("ledger_mention"),
        rls.policy("ledger_mention", "mine", using=f"org = {rls.ME}", to=f"{rls.WEB}, {rls.ADMIN}", command="select"),
        rls.policy("ledger_mention", "supervised", using="true", to=rls.REGULATOR, command="select"),
        rls.policy("ledger_mention", "of_my_entry", check=OF_MY_ENTRY, to=PEOPLE, command="insert"),
        rls.policy("ledger_mention", "by_statement", check="true", to=rls.EXCHANGE, command="insert"),
        rls.grant("ledger_mention", "select, insert", to=PEOPLE),
        rls.grant("ledger_mention", "insert", to=f"{rls.EXCHANGE}, {rls.SIGNIN}"),
        rls.append_only("ledger_mention"),
    ]
