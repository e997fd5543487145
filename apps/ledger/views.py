"""What the ledger says about one's organisation."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.core.http import TenantRequest
from apps.ledger import selectors
from apps.ledger.models import Entry
from apps.ledger.readers import require_reader
from apps.ledger.words import say_act
from apps.ui.exports import download
from apps.ui.tables import Column, table_of
from apps.ui.templatetags.ui import exact

COLUMNS = (
    Column(gettext_lazy("When"), "entry_id"),
    Column(gettext_lazy("Act")),
    Column(gettext_lazy("About")),
    Column(gettext_lazy("Digest")),
)


@require_GET
def entries(request: TenantRequest) -> HttpResponse:
    """The entries that name one's organisation, newest first."""
    require_reader(request.actor)
    found = selectors.mentions_of(request.actor.organisation_id)
    table = table_of(
        found, columns=COLUMNS, query=request.GET, default_sort="-entry_id", key="entry_id", exportable=True
    )
    if table.form:
        heads = [*table.titles, _("Name of the act")]
        return download(table.form, "ledger", _("Ledger"), heads, [_line(mention.entry) for mention in table.rows])
    return render(request, "ledger/entries.html", {"table": table})


def _line(entry: Entry) -> list[Any]:
    return [
        exact(entry.at),
        str(say_act(entry.act)),
        f"{entry.subject_type} {entry.subject_id}",
        entry.digest,
        entry.act,
    ]
