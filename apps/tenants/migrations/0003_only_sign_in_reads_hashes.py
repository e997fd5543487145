"""Passwords: whose was set by somebody else is changed first; their hashes are read in the sign-in's role alone."""

from django.db import migrations, models

from apps.core import rls

SHOWN = "id, username, name, is_active, must_change_password, last_login, created_at"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_row_level_security")]

    operations = [
        migrations.AddField(model_name="person", name="must_change_password", field=models.BooleanField(default=False)),
        rls.only_columns("tenants_person", "select", SHOWN, to=f"{rls.WEB}, {rls.REGULATOR}, {rls.ADMIN}"),
        rls.only_columns(
            "tenants_person", "update", "password, must_change_password, last_login", to=f"{rls.SIGNIN}, {rls.ADMIN}"
        ),
    ]
