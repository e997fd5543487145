"""The one picture of a scorecard: what was seen in each grade beside what the scale expects."""

from django.utils.translation import gettext as _

from apps.scoring.selectors import Profile
from apps.ui.charts import Chart, bars


def calibration(profile: Profile) -> Chart:
    """Bars: the rate seen in each grade on held rows; the dashed line: the rate that the points stand for."""
    seen = [round(100 * row.observed.value, 2) if row.observed else 0.0 for row in profile.grades]
    expected = [round(100 * row.expected, 2) if row.expected is not None else 0.0 for row in profile.grades]
    return bars(
        labels=[row.grade for row in profile.grades],
        values=seen,
        reference=expected,
        x_title=_("Grade"),
        y_title=_("Rate of the outcome (%)"),
        value_name=_("Seen (%)"),
        reference_name=_("Expected (%)"),
        caption=_("Bars: the rate seen on held firms; dashed line: what the points expect. Intervals: see the table."),
    )
