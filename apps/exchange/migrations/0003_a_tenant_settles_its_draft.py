"""A tenant withdraws a draft of its own: of an old row it writes how and when it was settled, never what was drafted."""

from django.db import migrations

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("exchange", "0002_row_level_security")]

    operations = [rls.only_columns("exchange_draft", "update", "state, settled_at")]
