"""Jobs are seen by their parties. A tenant drafts and cancels its own; all else is moved in the exchange's role, by
nodes' statements and the coordinator."""

from django.db import migrations

from apps.core import rls

CHILDREN = ("compute_attempt", "compute_lease", "compute_stagerecord", "compute_receipt")
MOVED = "select, insert, update"


class Migration(migrations.Migration):
    dependencies = [("compute", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        migrations.RunSQL("create sequence compute_fence;", "drop sequence compute_fence;"),
        migrations.RunSQL(
            f"grant usage on sequence compute_fence to {rls.EXCHANGE};",
            f"revoke usage on sequence compute_fence from {rls.EXCHANGE};",
        ),
        *rls.shared_rows("compute_job", "compute_jobparty", privileges="select, insert, update"),
        *(
            operation
            for table in CHILDREN
            for operation in rls.child_rows(table, "compute_jobparty", "job_id", privileges="select")
        ),
        rls.enable("compute_computingnode"),
        *rls.open_to("compute_computingnode", rls.EXCHANGE, privileges=MOVED),
        *rls.open_to("compute_job", rls.EXCHANGE, privileges="select, update"),
        *rls.open_to("compute_jobparty", rls.EXCHANGE),
        *rls.open_to("compute_attempt", rls.EXCHANGE, privileges=MOVED),
        *rls.open_to("compute_lease", rls.EXCHANGE, privileges=MOVED),
        *rls.open_to("compute_stagerecord", rls.EXCHANGE, privileges=MOVED),
        *rls.open_to("compute_receipt", rls.EXCHANGE, privileges="select, insert"),
        *(
            operation
            for table in ("compute_job", "compute_jobparty", *CHILDREN)
            for operation in rls.open_to(table, rls.REGULATOR)
        ),
    ]
