"""A dataset that its node made of a result says of which."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_row_level_security")]

    operations = [
        migrations.AddField(model_name="dataset", name="lineage", field=models.JSONField(null=True)),
    ]
