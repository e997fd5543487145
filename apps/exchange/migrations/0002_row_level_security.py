"""Lines and statements are the exchange's own; a tenant leaves messages and drafts, and sees drafts that concern it."""

from django.db import migrations

from apps.core import rls

ITS_DRAFT = f"owner = {rls.ME} or organisation_id = {rls.ME}"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        rls.enable("exchange_nodeline"),
        *rls.open_to("exchange_nodeline", rls.EXCHANGE, privileges="select, insert, update"),
        *rls.open_to("exchange_nodeline", rls.ADMIN),
        *rls.open_to("exchange_nodeline", rls.REGULATOR),
        rls.enable("exchange_statementrecord"),
        *rls.open_to("exchange_statementrecord", rls.EXCHANGE, privileges="select, insert"),
        *rls.open_to("exchange_statementrecord", rls.REGULATOR),
        rls.policy("exchange_statementrecord", "own", using=f"organisation_id = {rls.ME}", command="select"),
        rls.grant("exchange_statementrecord", "select"),
        rls.enable("exchange_nodemessage"),
        rls.policy("exchange_nodemessage", "own", check=f"owner = {rls.ME}", command="insert"),
        rls.grant("exchange_nodemessage", "insert"),
        *rls.open_to("exchange_nodemessage", rls.EXCHANGE, privileges="select, insert, update, delete"),
        rls.enable("exchange_showncard"),
        *rls.open_to("exchange_showncard", rls.EXCHANGE, privileges="select, insert"),
        rls.enable("exchange_draft"),
        rls.policy("exchange_draft", "concerned", using=ITS_DRAFT, command="select"),
        rls.policy("exchange_draft", "own_new", check=f"owner = {rls.ME}", command="insert"),
        rls.policy("exchange_draft", "own_withdrawn", using=f"owner = {rls.ME}", command="update"),
        rls.grant("exchange_draft", "select, insert, update"),
        *rls.open_to("exchange_draft", rls.EXCHANGE, privileges="select, insert, update"),
        *rls.open_to("exchange_draft", rls.REGULATOR),
    ]
