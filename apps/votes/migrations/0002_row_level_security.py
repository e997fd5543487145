"""A vote is its asker's: owners sign in their nodes, and whether they did only the exchange writes."""

from django.db import migrations

from apps.core import rls

VOTES = "votes_vote"
OWN = f"owner = {rls.ME}"


class Migration(migrations.Migration):
    dependencies = [("votes", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        rls.enable(VOTES),
        rls.policy(VOTES, "own", using=OWN, command="select"),
        rls.policy(VOTES, "own_question", check=f"{OWN} and state = 'asked'", command="insert"),
        rls.policy(
            VOTES,
            "own_withdrawn",
            using=f"{OWN} and state = 'asked'",
            check=f"{OWN} and state = 'withdrawn'",
            command="update",
        ),
        rls.grant(VOTES, "select, insert, update"),
        rls.only_columns(VOTES, "update", "state"),
        *rls.open_to(VOTES, rls.EXCHANGE, privileges="select, update"),
        *rls.open_to(VOTES, rls.REGULATOR),
    ]
