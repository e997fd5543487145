"""A statistic as its page shows it: a picture of one group, the table of all, and what is held back said so."""

from typing import Any

from django.utils.translation import gettext as _

from apps.node.console.context import language
from apps.node.console.door import NodeRequest
from apps.node.counts import CountedGroup, OpenedCount
from apps.ui import charts
from apps.ui.charts import Chart
from creditzone.kernel.credit.groups import say_group


def shown(request: NodeRequest, line: Any, opened: OpenedCount) -> dict[str, Any]:
    """What the page of an opened statistic shows; the address chooses the group of the picture."""
    largest = max(opened.groups, key=lambda group: group.firms)
    chosen = next((group for group in opened.groups if group.name == request.GET.get("group")), largest)
    return {
        "line": line,
        "result": line.result,
        "opened": opened,
        "card_name": line.model,
        "firms": sum(group.firms for group in opened.groups),
        "groups": [(group, say_group(group.name, language())) for group in opened.groups],
        "chosen": chosen,
        "chosen_name": say_group(chosen.name, language()),
        "chart": _chart(opened, chosen),
        "held_back": sum(group.held_back for group in opened.groups),
    }


def _chart(opened: OpenedCount, group: CountedGroup) -> Chart | None:
    counted = [(grade, count) for grade, count in zip(opened.grades, group.counts, strict=True) if count is not None]
    if not counted:
        return None
    hidden = [grade for grade, count in zip(opened.grades, group.counts, strict=True) if count is None]
    caption = _("%(total)s firms of %(group)s by score grade, best on the left.") % {
        "total": f"{group.firms:,}",
        "group": say_group(group.name, language()),
    }
    if hidden:
        caption += " " + _("Held back: %(grades)s.") % {"grades": _(", ").join(hidden)}
    return charts.bars(
        labels=[grade for grade, _count in counted],
        values=[count for _grade, count in counted],
        x_title=_("Score grade"),
        y_title=_("Number of firms"),
        caption=caption,
    )
