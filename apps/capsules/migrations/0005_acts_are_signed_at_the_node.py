"""A capsule is closed or opened by its provider's signed act alone."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core import rls


class Migration(migrations.Migration):
    dependencies = [("capsules", "0004_news_of_holders")]

    operations = [
        migrations.AlterField(
            model_name="capsule",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("sealed", "sealed"),
                    ("listed", "listed"),
                    ("frozen", "frozen"),
                    ("revoked", "revoked"),
                    ("destroyed", "destroyed"),
                ],
                default="draft",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.CreateModel(
            name="CapsuleAct",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("freeze", "frozen"),
                            ("resume", "resumed"),
                            ("revoke", "revoked"),
                            ("destroy", "destroyed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("digest", models.CharField(max_length=68, unique=True)),
                ("version", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=400)),
                ("person", models.UUIDField()),
                ("document", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "capsule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="acts", to="capsules.capsule"
                    ),
                ),
            ],
            options={"ordering": ["-at", "-id"]},
        ),
        *rls.child_rows("capsules_capsuleact", "capsules_capsuleparty", "capsule_id", privileges="select"),
        *rls.open_to("capsules_capsuleact", rls.EXCHANGE, privileges="select, insert"),
        *rls.open_to("capsules_capsuleact", rls.REGULATOR),
    ]
