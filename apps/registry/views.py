"""Pages of the public register: search, and one firm."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from apps.core.http import TenantRequest
from apps.registry import selectors
from apps.ui.exports import download
from apps.ui.pieces import Words
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
    if found.exact and selectors.is_registered(found.exact):
        return redirect("registry:firm", uscc=found.exact)
    table = table_of(found.firms, columns=COLUMNS, query=request.GET, default_sort=found.sort, exportable=True)
    rows = selectors.with_words(table.rows)
    if table.form:
        heads = [*table.titles, _("Source"), _("As of")]
        return download(table.form, "register", str(_("Public register")), heads, map(_line, rows))
    context = {"search": found, "table": table, "rows": rows}
    return render(request, "registry/search.html", context)


def _line(row: selectors.Row) -> list[Any]:
    firm = row.firm
    return [
        firm.name,
        firm.uscc,
        str(firm.get_state_display()),
        row.industry,
        row.division,
        firm.source,
        firm.as_of.isoformat(),
    ]


@require_safe
def firm(request: TenantRequest, uscc: str) -> HttpResponse:
    """What the public register says about one firm, with source and date."""
    profile = selectors.profile(uscc)
    context = {
        "profile": profile,
        "crumbs": [(_("Firms"), reverse("registry:search"))],
        "say": _say(profile),
        "registration": _registration(profile),
        "source": [(_("Source"), profile.firm.source), (_("As of"), profile.firm.as_of.isoformat())],
        "code": _code(profile),
    }
    return render(request, "registry/firm.html", context)


def _say(profile: selectors.Profile) -> str:
    place = "".join(region.name for region in profile.regions if region.name != "市辖区") or profile.firm.division
    industry = profile.industries[-1].name if profile.industries else profile.firm.industry
    return " · ".join(word for word in (place, industry) if word)


def _registration(profile: selectors.Profile) -> list[tuple[Words, Any]]:
    firm = profile.firm
    return [
        (_("Name"), firm.name),
        (_("Registration status"), firm.get_state_display()),
        (_("Established"), firm.established.isoformat() if firm.established else None),
        (_("Industry"), _path(profile.industries, firm.industry)),
        (_("Division"), _path(profile.regions, firm.division)),
    ]


def _code(profile: selectors.Profile) -> list[tuple[Words, Any]]:
    uscc = profile.firm.uscc
    return [
        (_("Division of registration"), uscc[2:8]),
        (_("Organisation code"), f"{uscc[8:16]}-{uscc[16]}"),
        (_("Check digit (GB 32100)"), _("correct")),
    ]


def _path(line: Sequence[Any], code: str) -> str | None:
    """A code with all that is above it; the bare code where the table does not have it."""
    words = " › ".join(row.name for row in line)
    return f"{words}（{code}）" if words else code or None
