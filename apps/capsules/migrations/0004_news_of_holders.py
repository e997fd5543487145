"""What custodians' nodes last said of their shares, seen by whoever sees the capsule as a party."""

import django.db.models.deletion
from django.db import migrations, models

import apps.core.models
from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [
        ("capsules", "0003_withdrawn_at_its_node"),
        ("tenants", "0002_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="HolderNews",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.core.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("deposited_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
                ("withheld_at", models.DateTimeField(null=True)),
                ("clause", models.CharField(blank=True, max_length=60)),
                ("facts", models.JSONField(default=dict)),
                (
                    "capsule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="news", to="capsules.capsule"
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["capsule_id", "holder_id"],
                "constraints": [
                    models.UniqueConstraint(fields=("capsule", "holder"), name="each_holders_news_once")
                ],
            },
        ),
        *rls.child_rows("capsules_holdernews", "capsules_capsuleparty", "capsule_id", privileges="select"),
        *rls.open_to("capsules_holdernews", rls.EXCHANGE, privileges="select, insert, update"),
        *rls.open_to("capsules_holdernews", rls.REGULATOR),
    ]
