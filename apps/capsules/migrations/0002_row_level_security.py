"""A capsule is seen by its owner, by whom its policy names, and by all when listed or open to firms about themselves;
its policy is not seen by those to whom it was merely listed."""

from django.db import migrations

from apps.core import rls

IN_USE = "state in ('sealed', 'listed')"
OPEN = (
    "exists (select 1 from capsules_capsule c where c.id = capsules_capsuleversion.capsule_id "
    f"and c.is_open_to_subjects and c.{IN_USE}) and {rls.ANY_TENANT}"
)


class Migration(migrations.Migration):
    dependencies = [("capsules", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        *rls.shared_rows("capsules_capsule", "capsules_capsuleparty", privileges="select, insert, update"),
        rls.policy(
            "capsules_capsule",
            "catalogue",
            using=f"{rls.ANY_TENANT} and (state = 'listed' or (is_open_to_subjects and {IN_USE}))",
            command="select",
        ),
        *rls.child_rows("capsules_capsuleversion", "capsules_capsuleparty", "capsule_id", privileges="select"),
        rls.policy("capsules_capsuleversion", "open_to_subjects", using=OPEN, command="select"),
        *rls.open_to("capsules_capsule", rls.EXCHANGE, privileges="select, insert, update"),
        *rls.open_to("capsules_capsuleparty", rls.EXCHANGE, privileges="select, insert, delete"),
        *rls.open_to("capsules_capsuleversion", rls.EXCHANGE, privileges="select, insert"),
        *rls.open_to("capsules_capsule", rls.REGULATOR),
        *rls.open_to("capsules_capsuleparty", rls.REGULATOR),
        *rls.open_to("capsules_capsuleversion", rls.REGULATOR),
    ]
