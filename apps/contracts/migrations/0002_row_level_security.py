"""Contracts and authorisations are seen by their parties; their states move by the nodes' statements."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        *rls.shared_rows("contracts_contract", "contracts_contractparty", privileges="select, insert, update"),
        *rls.child_rows("contracts_contractact", "contracts_contractparty", "contract_id", privileges="select"),
        *rls.shared_rows(
            "contracts_authorisation", "contracts_authorisationparty", privileges="select, insert, update"
        ),
        *rls.open_to("contracts_contract", rls.EXCHANGE, privileges="select, update"),
        *rls.open_to("contracts_contractparty", rls.EXCHANGE),
        *rls.open_to("contracts_contractact", rls.EXCHANGE, privileges="select, insert"),
        *rls.open_to("contracts_authorisation", rls.EXCHANGE, privileges="select, update"),
        *rls.open_to("contracts_authorisationparty", rls.EXCHANGE),
        *rls.open_to("contracts_contract", rls.REGULATOR),
        *rls.open_to("contracts_contractparty", rls.REGULATOR),
        *rls.open_to("contracts_contractact", rls.REGULATOR),
        *rls.open_to("contracts_authorisation", rls.REGULATOR),
        *rls.open_to("contracts_authorisationparty", rls.REGULATOR),
    ]
