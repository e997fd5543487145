"""Pages of the scorecards: the list, and what one card is, is worth, and does not prove."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.core.http import TenantRequest
from apps.scoring import selectors
from apps.scoring.charts import calibration
from apps.ui.exports import download
from apps.ui.pieces import Words
from apps.ui.tables import Column, table_of_rows

COLUMNS = (
    Column(gettext_lazy("Scorecard")),
    Column(gettext_lazy("Data from")),
    Column(gettext_lazy("Discrimination (AUC, 95% interval)")),
    Column(gettext_lazy("KS"), num=True),
    Column(gettext_lazy("Grades")),
    Column(gettext_lazy("Digest")),
)


@require_safe
def cards(request: TenantRequest) -> HttpResponse:
    """The registered scorecards; each takes part of its own set of parties."""
    profiles = [selectors.profile(card) for card in selectors.cards()]
    table = table_of_rows(profiles, columns=COLUMNS, query=request.GET, exportable=True)
    if table.form:
        return download(table.form, "scorecards", _("Scorecards"), table.titles, map(_line, table.rows))
    return render(request, "scoring/cards.html", {"table": table})


def _line(row: selectors.Profile) -> list[Any]:
    return [
        row.name,
        " · ".join(str(holder.word) for holder in row.holders),
        f"{row.auc.value:.3f} ({row.auc.low:.3f}–{row.auc.high:.3f})",
        round(row.ks.value, 3),
        f"{row.grades[0].grade}–{row.grades[-1].grade}",
        row.card.digest,
    ]


@require_safe
def card(request: TenantRequest, digest: str) -> HttpResponse:
    """One scorecard with its model card."""
    profile = selectors.profile(selectors.get_card(digest))
    context = {
        "profile": profile,
        "measured": profile.card.measured,
        "crumbs": [(_("Scorecards"), reverse("scoring:list"))],
        "say": _say(profile),
        "chart": calibration(profile),
        "facts": _facts(profile),
    }
    return render(request, "scoring/card.html", context)


def _say(profile: selectors.Profile) -> str:
    held = profile.card.measured.samples.held
    return _("On %(rows)s firms that it never saw, AUC %(auc)s (%(low)s to %(high)s); outcome: %(outcome)s.") % {
        "rows": f"{held.rows:,}",
        "auc": f"{profile.auc.value:.3f}",
        "low": f"{profile.auc.low:.3f}",
        "high": f"{profile.auc.high:.3f}",
        "outcome": profile.outcome,
    }


def _facts(profile: selectors.Profile) -> list[tuple[Words, Any]]:
    measured, document = profile.card.measured, profile.card.document
    scale, training = measured.scale, measured.samples.training
    sample = _("%(rows)s firms, %(bads)s of them bad") % {"rows": f"{training.rows:,}", "bads": training.bads}
    meaning = _("%(points)s points at %(odds)s:1, doubling every %(pdo)s points") % {
        "points": scale.points,
        "odds": scale.odds,
        "pdo": scale.pdo,
    }
    return [
        (_("Outcome"), profile.outcome),
        (_("Training rows"), sample),
        (_("Source"), measured.source.name),
        (_("Licence"), measured.source.licence),
        (_("Scale"), meaning),
        (_("Base points"), document.base),
        (_("Smallest bin"), _("%(rows)s rows, %(bads)s bad") % _smallest(profile)),
    ]


def _smallest(profile: selectors.Profile) -> dict[str, int]:
    rules = profile.card.measured.rules
    return {"rows": rules.smallest_bin_rows, "bads": rules.smallest_bin_bads}
