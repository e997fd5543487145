"""A tenant cancels a job of its own: of an old row it writes how that ended, never the request, its fence or turn."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("compute", "0002_row_level_security")]

    operations = [rls.only_columns("compute_job", "update", "state, reason, facts, at_party_id, ended_at")]
