"""Duties as a page and over the API: for whom they are owed, and for who owes them."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.compute.duties import duties_of, with_names
from apps.compute.models import Duty
from apps.compute.selectors import Act, require_role
from apps.compute.views import for_parties
from apps.core.http import TenantRequest
from apps.core.pages import page_of
from apps.core.schema import listing, problems
from apps.tenants.members import actor_of
from apps.tenants.models import Organisation
from apps.ui.exports import download
from apps.ui.tables import Column, table_of_rows
from apps.ui.templatetags.ui import called, exact

COLUMNS = (
    Column(gettext_lazy("Job")),
    Column(gettext_lazy("Owed to")),
    Column(gettext_lazy("Owed by")),
    Column(gettext_lazy("Duty")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("Due")),
    Column(gettext_lazy("Met")),
)


@require_safe
@for_parties("supervision:jobs")
def duties(request: TenantRequest) -> HttpResponse:
    """The newest duties of the reader's organisation."""
    require_role(request.actor, Act.READ)
    found = duties_of(request.actor, limit=500)
    table = table_of_rows(found, columns=list(COLUMNS), query=request.GET, exportable=True)
    rows = with_names(table.rows)
    if table.form:
        return download(table.form, "duties", _("Duties"), table.titles, [_line(*row) for row in rows])
    return render(request, "compute/duties.html", {"table": table, "rows": rows})


def _line(duty: Duty, to: Organisation, by: Organisation) -> list[Any]:
    return [
        duty.job.title,
        called(to),
        called(by),
        str(duty.get_kind_display()),
        str(duty.get_state_display()),
        exact(duty.due_at) if duty.due_at else "",
        exact(duty.met_at) if duty.met_at else "",
    ]


class DutySerializer(serializers.ModelSerializer[Duty]):
    """A duty; `document` is the signed certificate that met it."""

    state = serializers.CharField()

    class Meta:
        model = Duty
        fields = ["id", "job_id", "capsule", "kind", "state", "due_at", "met_at", "document", "created_at"]


class DutyList(APIView):
    """Duties that the reader's organisation is owed or owes."""

    @extend_schema(responses={200: listing(DutySerializer), **problems()})
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        return page_of(
            request,
            lambda before, limit: duties_of(actor_of(request), before=before, limit=limit),
            lambda duty: DutySerializer(duty).data,
        )
