"""Pages of the public register: search, and one firm."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from apps.core.http import TenantRequest
from apps.registry import selectors
from apps.registry.models import Enterprise
from apps.ui.tables import Column, table_of

COLUMNS = (
    Column(_("Name")),
    Column(_("Unified social credit code")),
    Column(_("Registration status")),
    Column(_("Industry")),
    Column(_("Division")),
)


@require_safe
def search(request: TenantRequest) -> HttpResponse:
    """Firms by the beginning of their code or name; a whole code that is here leads to the firm at once."""
    found = selectors.search(request.GET.get("q", ""))
    if found.exact and Enterprise.objects.filter(pk=found.exact).exists():
        return redirect("registry:firm", uscc=found.exact)
    table = table_of(found.firms, columns=COLUMNS, query=request.GET, default_sort=found.sort)
    context = {"search": found, "table": table, "rows": selectors.with_words(table.rows)}
    return render(request, "registry/search.html", context)


@require_safe
def firm(request: TenantRequest, uscc: str) -> HttpResponse:
    """What the public register says about one firm, with source and date."""
    return render(request, "registry/firm.html", {"profile": selectors.profile(uscc)})
