"""Who sees organisations, people, memberships, cards and tokens.

Organisations and cards are the zone's public directory: every tenant reads them, a request without one does not.
People are seen by themselves and their colleagues. Sign-in works in a role of its own, before there is a tenant.
"""

from django.db import migrations

from apps.core import rls

PEOPLE = f"{rls.WEB}, {rls.REGULATOR}"
MINE = f"organisation_id = {rls.ME} or person_id = {rls.PERSON}"
COLLEAGUE = (
    f"id = {rls.PERSON} or exists (select 1 from tenants_membership m "
    f"where m.person_id = tenants_person.id and m.organisation_id = {rls.ME})"
)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("core", "0001_tables_without_an_owner"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        rls.enable("tenants_organisation"),
        rls.policy("tenants_organisation", "directory", using=rls.ANY_TENANT, to=PEOPLE, command="select"),
        rls.grant("tenants_organisation", "select", to=PEOPLE),
        *rls.open_to("tenants_organisation", rls.SIGNIN),
        *rls.open_to("tenants_organisation", rls.EXCHANGE),
        *rls.open_to("tenants_organisation", rls.ADMIN, privileges="select, insert, update"),
        rls.enable("tenants_card"),
        rls.policy("tenants_card", "directory", using=rls.ANY_TENANT, to=PEOPLE, command="select"),
        rls.grant("tenants_card", "select", to=PEOPLE),
        *rls.open_to("tenants_card", rls.EXCHANGE, privileges="select, insert, update"),
        *rls.open_to("tenants_card", rls.ADMIN, privileges="select, insert, update"),
        rls.enable("tenants_membership"),
        rls.policy("tenants_membership", "mine", using=MINE, to=PEOPLE, command="select"),
        rls.grant("tenants_membership", "select", to=PEOPLE),
        *rls.open_to("tenants_membership", rls.SIGNIN),
        *rls.open_to("tenants_membership", rls.ADMIN, privileges="select, insert, update"),
        rls.enable("tenants_person"),
        rls.policy("tenants_person", "colleagues", using=COLLEAGUE, to=PEOPLE, command="select"),
        rls.grant("tenants_person", "select", to=PEOPLE),
        *rls.open_to("tenants_person", rls.SIGNIN, privileges="select, update"),
        *rls.open_to("tenants_person", rls.ADMIN, privileges="select, insert, update"),
        rls.enable("tenants_apitoken"),
        rls.policy("tenants_apitoken", "own", using=f"owner = {rls.ME}", to=PEOPLE),
        rls.grant("tenants_apitoken", "select, insert, update", to=PEOPLE),
        *rls.open_to("tenants_apitoken", rls.SIGNIN, privileges="select, update"),
        *rls.open_to("tenants_apitoken", rls.ADMIN, privileges="select, insert, update"),
        # Second factors (sealed) and allauth's addresses (none are kept): for sign-in alone.
        rls.enable("mfa_authenticator"),
        *rls.open_to("mfa_authenticator", rls.SIGNIN, privileges="select, insert, update, delete"),
        *rls.open_to("mfa_authenticator", rls.ADMIN, privileges="select, insert, delete"),
        rls.enable("account_emailaddress"),
        *rls.open_to("account_emailaddress", rls.SIGNIN),
        rls.enable("account_emailconfirmation"),
        *rls.open_to("account_emailconfirmation", rls.SIGNIN),
        migrations.RunSQL(
            f"grant usage on sequence mfa_authenticator_id_seq to {rls.SIGNIN}, {rls.ADMIN};",
            f"revoke usage on sequence mfa_authenticator_id_seq from {rls.SIGNIN}, {rls.ADMIN};",
        ),
    ]
