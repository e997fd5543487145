"""Of a registered scorecard only the model card may change: what was measured anew, by the set-up, with its entry in
the ledger. The card itself stays as it is."""

from django.db import migrations

GUARD = """
create or replace function "scoring_scorecard_is_append_only"() returns trigger language plpgsql as
$$ begin
    {exception}
    raise exception 'scoring_scorecard only grows: % is refused', tg_op using errcode = '23001';
end $$;
"""
MEASURED = """
    if tg_op = 'UPDATE' then
        if to_jsonb(new) - 'model_card' = to_jsonb(old) - 'model_card' then
            return new;
        end if;
    end if;
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0002_row_level_security")]

    operations = [migrations.RunSQL(GUARD.format(exception=MEASURED), GUARD.format(exception=""))]
