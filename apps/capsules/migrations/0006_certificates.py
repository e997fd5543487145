"""A certificate is read by its provider, by whom it was issued to, and by the regulator; only a node's word adds one."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core import rls

TABLE = "capsules_capsulecertificate"


class Migration(migrations.Migration):
    dependencies = [("capsules", "0005_acts_are_signed_at_the_node")]

    operations = [
        migrations.CreateModel(
            name="CapsuleCertificate",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("owner", models.UUIDField()),
                ("org", models.UUIDField()),
                ("digest", models.CharField(max_length=68, unique=True)),
                ("document", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "act",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="capsules.capsuleact",
                    ),
                ),
            ],
            options={"ordering": ["-at", "-id"]},
        ),
        migrations.AddConstraint(
            model_name="capsulecertificate",
            constraint=models.UniqueConstraint(fields=("act", "org"), name="one_certificate_an_organisation"),
        ),
        rls.enable(TABLE),
        rls.policy(TABLE, "own_and_issued", using=f"owner = {rls.ME} or org = {rls.ME}", command="select"),
        rls.grant(TABLE, "select"),
        *rls.open_to(TABLE, rls.EXCHANGE, privileges="select, insert"),
        *rls.open_to(TABLE, rls.REGULATOR),
    ]
