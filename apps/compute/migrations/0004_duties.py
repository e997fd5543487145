"""Duties are read by whom they are owed, by who owes them and by the regulator; only nodes' words and jobs write them."""

import django.db.models.deletion
from django.db import migrations, models

import apps.core.models
from apps.core import rls

TABLE = "compute_duty"


class Migration(migrations.Migration):
    dependencies = [("compute", "0003_a_tenant_cancels_its_job")]

    operations = [
        migrations.CreateModel(
            name="Duty",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("owner", models.UUIDField()),
                ("org", models.UUIDField()),
                ("capsule", models.UUIDField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("notify", "notice of a use"), ("delete", "deletion of the result")], max_length=10
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("met_at", models.DateTimeField(null=True)),
                ("document", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="duties", to="compute.job"
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.UniqueConstraint(fields=("job", "capsule", "kind"), name="each_duty_once"),
        ),
        rls.enable(TABLE),
        rls.policy(TABLE, "owed_and_owing", using=f"owner = {rls.ME} or org = {rls.ME}", command="select"),
        rls.grant(TABLE, "select"),
        *rls.open_to(TABLE, rls.EXCHANGE, privileges="select, insert, update"),
        *rls.open_to(TABLE, rls.REGULATOR),
    ]
