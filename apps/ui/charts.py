"""Charts: plain plotly dictionaries from one theme, each with the same figures as a table.

Nothing here imports plotly: a figure travels as JSON and `static/js/chart.js` draws it. Labels stand at the marks
instead of a legend, units at the axes, and the caption is a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.ui.pieces import Words

INK, INK_2, LINE, BRAND, REFERENCE, GOOD = "#17202c", "#47535f", "#dfe4e9", "#0b5f6b", "#a45a00", "#1a7f4b"
SANS = '"PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif'


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure for plotly, its sentence, and the table that says the same."""

    figure: dict[str, Any]
    caption: Words
    columns: Sequence[Words]
    rows: Sequence[Sequence[Any]]
    tall: bool = False


def layout(*, x_title: Words = "", y_title: Words = "", **more: Any) -> dict[str, Any]:
    """The one theme: no background, hairline grid on the value axis only, our type, no legend."""
    axis = {"fixedrange": True, "linecolor": LINE, "tickcolor": LINE, "zeroline": False, "automargin": True}
    return {
        "font": {"family": SANS, "size": 12, "color": INK_2},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 48, "r": 12, "t": 20, "b": 40},
        "showlegend": False,
        "separators": ".,",
        "bargap": 0.38,
        "dragmode": False,
        "hoverlabel": {"bgcolor": "#fff", "bordercolor": LINE, "font": {"family": SANS, "color": INK}},
        "xaxis": {**axis, "title": {"text": str(x_title), "standoff": 8}, "showgrid": False, "type": "category"},
        "yaxis": {
            **axis,
            "title": {"text": str(y_title), "standoff": 8},
            "gridcolor": LINE,
            "rangemode": "tozero",
            "tickformat": ",~r",
        },
        **more,
    }


def bars(
    *,
    labels: Sequence[str],
    values: Sequence[float],
    x_title: Words,
    y_title: Words,
    caption: Words,
    reference: Sequence[float] | None = None,
    reference_name: Words = "",
    value_name: Words = "",
) -> Chart:
    """A distribution as bars with their figures on top; `reference` is a dashed line of the same unit."""
    series: list[dict[str, Any]] = [
        {
            "type": "bar", "x": list(labels), "y": list(values), "text": [f"{value:,}" for value in values],
            "textposition": "outside",
            "textfont": {"size": 11},
            "constraintext": "none", "cliponaxis": False, "marker": {"color": BRAND},
            "hovertemplate": "%{x} · %{y:,}<extra></extra>",
        }
    ]  # fmt: skip
    columns: list[Words] = [x_title, value_name or y_title]
    rows: list[list[Any]] = [[label, f"{value:,}"] for label, value in zip(labels, values, strict=True)]
    if reference is not None:
        series.append(
            {
                "type": "scatter", "mode": "lines", "x": list(labels), "y": list(reference),
                "line": {"color": REFERENCE, "dash": "dash", "width": 2},
                "hovertemplate": f"{reference_name} · %{{x}} · %{{y:,}}<extra></extra>",
            }
        )  # fmt: skip
        columns.append(reference_name)
        rows = [[*row, f"{value:,}"] for row, value in zip(rows, reference, strict=True)]
    figure = {"data": series, "layout": layout(x_title=x_title, y_title=y_title)}
    return Chart(figure=figure, caption=caption, columns=columns, rows=rows)


def lines(
    *,
    x: Sequence[Any],
    series: Sequence[tuple[Words, Sequence[float]]],
    x_title: Words,
    y_title: Words,
    caption: Words,
) -> Chart:
    """Up to four lines, each named at its right end."""
    colours = [BRAND, REFERENCE, "#1f5fa8", "#6a3d9a"]
    data, notes = [], []
    for (name, values), colour in zip(series, colours, strict=False):
        data.append(
            {
                "type": "scatter", "mode": "lines", "x": list(x), "y": list(values),
                "line": {"color": colour, "width": 2},
                "hovertemplate": f"{name} · %{{x}} · %{{y}}<extra></extra>",
            }
        )  # fmt: skip
        notes.append(
            {
                "x": x[-1], "y": values[-1], "text": str(name), "xanchor": "left", "showarrow": False, "xshift": 6,
                "font": {"color": colour, "family": SANS, "size": 12},
            }
        )  # fmt: skip
    theme = layout(x_title=x_title, y_title=y_title, annotations=notes)
    theme["margin"]["r"] = 96
    theme["xaxis"]["type"] = "-"
    rows = [[at, *values] for at, *values in zip(x, *(values for _name, values in series), strict=True)]
    columns = [x_title, *(name for name, _values in series)]
    return Chart(figure={"data": data, "layout": theme}, caption=caption, columns=columns, rows=rows)
