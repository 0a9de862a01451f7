"""The picture of a trial: effects by share of treated people, and month by month since it began."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import matplotlib
import matplotlib.ticker
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labsim.report.displacement import GROUP_NAMES, OUTCOME_NAMES
from labsim.text import _

if TYPE_CHECKING:
    from labsim.experiment.displacement import Displacement

__all__ = ["displacement_files"]

# Okabe and Ito's colours, told apart with every common colour blindness
COLOURS = {"treated": "#0072B2", "untreated": "#D55E00", "net": "#222222"}
SHAPES = {"treated": "o", "untreated": "s", "net": "D"}
_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 10}


def displacement_files(found: Displacement) -> dict[str, bytes]:
    """Return the picture as {"displacement.png": content}: paid jobs and income, by share and by month."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10, 7), dpi=100, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(2, 2, squeeze=False)
        for row, outcome in zip(panels, ("paid_job", "income"), strict=True):
            mine = found.effects[found.effects["outcome"] == outcome]
            _by_share(row[0], mine[(mine["month"] == mine["month"].max()) & mine["share"].notna()])
            _by_month(row[1], mine[mine["share"].isna()])
            unit = _("VND per month") if outcome == "income" else _("points")
            words = (_("by share treated, at the end"), _("all districts, by month"))
            for axes, what in zip(row, words, strict=True):
                axes.set_title(_(OUTCOME_NAMES[outcome]) + f", {what} [{unit}]", loc="left", fontsize=10)
        handles, words = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, words, loc="outside upper center", ncols=len(words), frameon=False)
        note = _("Differences from the same people without the trial; bars and bands: 95 % over {n} pairs of runs")
        figure.supxlabel(note.format(n=found.about["replicates"]), fontsize=9, color="#666666")
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return {"displacement.png": stream.getvalue()}


def _by_share(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw a point with its interval for each share and group, side by side."""
    shares = sorted(rows["share"].unique())
    for place, group in enumerate(COLOURS):
        mine = rows[rows["group"] == group]
        at = [shares.index(share) + 0.16 * (place - 1) for share in mine["share"]]
        axes.plot(at, mine["mean"], SHAPES[group], color=COLOURS[group], markersize=5, label=_(GROUP_NAMES[group]))
        for x, low, high in zip(at, mine["low"], mine["high"], strict=True):
            if math.isfinite(low):
                axes.plot([x, x], [low, high], color=COLOURS[group], linewidth=1.2)
    axes.set_xticks(range(len(shares)), [f"{100 * share:g} %" for share in shares])
    _tidy(axes)


def _by_month(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw each group's effect month by month with its band."""
    for group, colour in COLOURS.items():
        mine = rows[rows["group"] == group].sort_values("month")
        marker = SHAPES[group] if len(mine) == 1 else ""
        axes.plot(mine["month"], mine["mean"], color=colour, linewidth=1.5, marker=marker)
        axes.fill_between(mine["month"], mine["low"], mine["high"], color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel(_("months since the start"))
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.axhline(0.0, color="#999999", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _at: f"{value:,.6g}"))
