"""Tables of the framework that belong to no organisation: what each role may do with them, and the shared cache."""

from django.db import migrations

from apps.core import rls

CACHE = migrations.RunSQL(
    """
    create table core_cache (
        cache_key varchar(255) primary key,
        value text not null,
        expires timestamp with time zone not null
    );
    create index core_cache_expires on core_cache (expires);
    """,
    "drop table core_cache;",
)


class Migration(migrations.Migration):
    dependencies = [
        ("sessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        CACHE,
        rls.grant("core_cache", "select, insert, update, delete", to=f"{rls.WEB}, {rls.SIGNIN}"),
        # A session row is found by its secret key alone.
        rls.grant("django_session", "select, insert, update, delete", to=f"{rls.WEB}, {rls.SIGNIN}"),
        # The coordinator removes those that have ended and reads nothing of them but when they do.
        rls.grant("django_session", "delete, select (expire_date)", to=rls.COORDINATOR),
        rls.grant("django_migrations", "select", to=f"{rls.WEB}, {rls.COORDINATOR}"),
    ]
