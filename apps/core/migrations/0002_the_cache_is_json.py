"""Values of the shared cache are JSON from here on; the coordinator removes those that have ended."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("core", "0001_tables_without_an_owner")]

    operations = [
        migrations.RunSQL("delete from core_cache;", migrations.RunSQL.noop),
        rls.grant("core_cache", "delete, select (expires)", to=rls.COORDINATOR),
    ]
