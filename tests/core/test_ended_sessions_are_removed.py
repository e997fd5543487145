"""The coordinator removes ended sessions and can read none of them."""

from datetime import timedelta

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone


def test_the_coordinators_login_removes_ended_sessions_and_reads_none(db, settings):
    live, ended = SessionStore(), SessionStore()
    live.create()
    ended.create()
    Session.objects.filter(pk=ended.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))
    with psycopg.connect(settings.TEST_LOGINS["portal_coordinator"], autocommit=True) as coordinator:
        coordinator.execute("delete from django_session where expire_date < now()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            coordinator.execute("select session_key from django_session")
    assert [session.session_key for session in Session.objects.all()] == [live.session_key]


def test_the_task_is_a_statement_that_this_login_may_run(db):
    from apps.core.tasks import clear_sessions

    with CaptureQueriesContext(connection) as queries:
        clear_sessions()
    said = [query["sql"] for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}]
    assert len(said) == 1
    assert said[0].startswith('DELETE FROM "django_session" WHERE "django_session"."expire_date"')
