"""A capsule that is frozen for a source's sake says which."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("capsules", "0006_certificates")]

    operations = [
        migrations.AddField(model_name="capsule", name="closed_by", field=models.JSONField(default=dict)),
    ]
