"""The picture of a back-cast: what was observed, the model with its bands, and two rules without a model."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from labsim.report.backcast import method_name, series_name
from labsim.report.figures import GRID, OBSERVED, SIMULATED, saved_files
from labsim.report.numbers import number, unit_name
from labsim.text import _, current_language

if TYPE_CHECKING:
    import pandas as pd

    from labsim.evidence.backcast import Backcast

__all__ = ["backcast_figure", "backcast_files"]

_COLUMNS, _MOST = 3, 12
_RULES: dict[str, Any] = {
    "last_value": {"color": "#D55E00", "linestyle": (0, (5, 2))},
    "linear_trend": {"color": "#009E73", "linestyle": (0, (1, 1.5))},
}
_DARK, _LIGHT = 0.32, 0.15


def backcast_figure(found: Backcast) -> Figure:
    """Draw a panel for each series (the first twelve)."""
    keys = list(dict.fromkeys(found.series["key"]))[:_MOST]
    columns = min(_COLUMNS, len(keys))
    rows = math.ceil(len(keys) / columns)
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9.5, "svg.hashsalt": "labsim"}):
        height = 1.35 + 2.75 * rows
        figure = Figure(figsize=(max(8.6, 4.4 * columns), height), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis, key in zip(axes, keys, strict=False):
            _panel(axis, found.series[found.series["key"] == key], found.known[found.known["key"] == key])
        for axis in axes[len(keys) :]:
            axis.set_axis_off()
        _head(figure, found, height)
        figure.subplots_adjust(
            left=0.075, right=0.985, top=1 - 1.55 / height, bottom=0.35 / height, wspace=0.3, hspace=0.5
        )
    return figure


def backcast_files(found: Backcast) -> dict[str, bytes]:
    """Return backcast.svg and backcast.png; the same bytes for the same results."""
    return saved_files(backcast_figure(found), "backcast")


def _panel(axis: Axes, rows: pd.DataFrame, known: pd.DataFrame) -> None:
    unit, when = str(rows["unit"].iloc[0]), _times(rows)
    one = len(rows) == 1
    for level, alpha in ((90, _LIGHT), (50, _DARK)):
        low, high = rows[f"low_{level}"], rows[f"high_{level}"]
        if one:
            axis.bar(when, high - low, bottom=low, width=0.3, color=SIMULATED, alpha=alpha, linewidth=0)
        else:
            axis.fill_between(when, low, high, color=SIMULATED, alpha=alpha, linewidth=0)
    axis.plot(when, rows["model"], color=SIMULATED, linewidth=1.8, marker="o" if one else "")
    scored = rows[rows["scored"]]
    for method, style in _RULES.items():
        if scored[method].notna().all():
            axis.plot(_times(scored), scored[method], linewidth=1.6, marker="_" if one else "", **style)
    axis.vlines(when, rows["low"], rows["high"], color=OBSERVED, linewidth=1.0, alpha=0.6)
    axis.plot(when, rows["observed"], color=OBSERVED, marker="D", markersize=4.5, linestyle="none", zorder=5)
    before = known[~_times(known).isin(when)]
    axis.plot(_times(before), before["value"], color=OBSERVED, marker="D", markersize=4.5, linestyle="none",
              markerfacecolor="white", zorder=5)  # fmt: skip
    words = f"{series_name(rows.iloc[0])} [{unit_name(unit).replace(' ', '_')}]"  # a unit is not broken
    title = "\n".join(textwrap.wrap(words, 41)[:2]).replace("_", " ")
    axis.set_title(title, loc="left", fontsize=10, fontweight="bold", linespacing=1.1)
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: number(value, unit)))
    axis.yaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axis.grid(axis="y", color=GRID, linewidth=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _times(rows: pd.DataFrame) -> pd.Series:
    """Return where months stand on the axis: December of a year at that year."""
    return rows["year"] + rows["month"] / 12.0 - 1.0


def _head(figure: Figure, found: Backcast, height: float) -> None:
    about = found.about
    place = about[f"name_{current_language()}"] or about["province"]
    title = _("{province}: the model from the end of {start} on, and what was observed")
    figure.text(0.012, 1 - 0.12 / height, title.format(province=place, start=about["start"]), fontsize=14,
                fontweight="bold", va="top")  # fmt: skip
    below = _("bands are about the figures: luck, parameters of grades C and D, and the error of the figures")
    if about["posterior"]:
        below = _("bands are about the figures: luck, a posterior, and the error of the figures")
    figure.text(0.012, 1 - 0.43 / height, below, fontsize=9.5, color="#555555", va="top")
    handles = [
        Line2D([], [], color=SIMULATED, linewidth=1.8, label=_("model")),
        Patch(color=SIMULATED, alpha=_DARK + _LIGHT, linewidth=0, label=_("50 % band")),
        Patch(color=SIMULATED, alpha=_LIGHT, linewidth=0, label=_("90 % band")),
        *(
            Line2D([], [], linewidth=1.6, label=method_name(rule).lower(), **style)
            for rule, style in _RULES.items() if found.series[rule].notna().any()
        ),
        Line2D([], [], color=OBSERVED, marker="D", markersize=4.5, linestyle="none", label=_("observed")),
        Line2D([], [], color=OBSERVED, marker="D", markersize=4.5, linestyle="none", markerfacecolor="white",
               label=_("known at the start")),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.004, 1 - 0.62 / height), ncol=4, frameon=False,
                  fontsize=9, handlelength=1.8, columnspacing=1.4)  # fmt: skip
