"""The picture of what answers rest on: elementary effects, the split of the variance, and the grades of evidence."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from labsim.report.figures import GRID, saved_files
from labsim.report.numbers import unit_name
from labsim.report.sensitivity import target_name
from labsim.text import _

if TYPE_CHECKING:
    import pandas as pd

    from labsim.experiment.sensitivity import Sensitivity
    from labsim.targets import Target

__all__ = ["sensitivity_figure", "sensitivity_files"]

# from measured here (dark) to assumed (orange); Okabe and Ito's colours
GRADE_COLOURS = {"A": "#0072B2", "B": "#56B4E9", "C": "#009E73", "D": "#E69F00"}
MOST_TARGETS, MOST_BARS = 4, 10
_GREY = "#555555"


def sensitivity_figure(found: Sensitivity) -> Figure:
    """Draw a row of three panels for each of the first four targets."""
    targets = found.targets[:MOST_TARGETS]
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9.5, "svg.hashsalt": "labsim"}):
        height = 1.0 + 3.7 * len(targets)
        figure = Figure(figsize=(13, height), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(targets), 3, squeeze=False, gridspec_kw={"width_ratios": [1.15, 1, 0.8]})
        for row, target in zip(axes, targets, strict=True):
            _effects(row[0], found.screening[found.screening["target"] == target.id], target)
            if len(found.indices):
                _shares(row[1], found.indices[found.indices["target"] == target.id])
                _grades(row[2], found.grades[found.grades["target"] == target.id])
            else:
                row[1].set_axis_off()
                row[2].set_axis_off()
        named = {_("grade {grade}").format(grade=grade): colour for grade, colour in GRADE_COLOURS.items()}
        figure.legend(
            handles=[
                *(Patch(color=colour, label=label) for label, colour in named.items()),
                Line2D([], [], color="black", marker="o", linestyle="none", markersize=5, label=_("S1: alone")),
                Line2D([], [], color="black", marker="o", markerfacecolor="white", linestyle="none", markersize=5,
                       label=_("ST: with interactions")),
            ],
            loc="upper left", bbox_to_anchor=(0.005, 1 - 0.02 / height), ncol=6, frameon=False,
        )  # fmt: skip
        figure.subplots_adjust(
            left=0.19, right=0.985, top=1 - 0.95 / height, bottom=0.55 / height, wspace=0.75, hspace=0.62
        )
    return figure


def sensitivity_files(found: Sensitivity) -> dict[str, bytes]:
    """Return sensitivity.svg and sensitivity.png; the same bytes for the same results."""
    return saved_files(sensitivity_figure(found), "sensitivity")


def _effects(axis: Axes, rows: pd.DataFrame, target: Target) -> None:
    """Draw mu* of the largest effects beyond luck, with intervals."""
    told = rows[rows["beyond_noise"]].head(MOST_BARS)
    title = "\n".join(textwrap.wrap(f"{target_name(target)} [{unit_name(target.unit)}]", 44)[:2])
    _head(axis, title, _("change over the whole range (mu*, 95 %)"))
    if not len(told):
        axis.text(0, 0.5, _("no parameter is told from luck"), transform=axis.transAxes, color=_GREY)
        axis.set_axis_off()
        return
    places = np.arange(len(told))[::-1]
    axis.barh(places, told["mu_star"], color=[GRADE_COLOURS[grade] for grade in told["grade"]], height=0.62)
    axis.hlines(places, told["mu_low"], told["mu_high"], color="black", linewidth=1.1)
    _tidy(axis, places, told["parameter"])


def _shares(axis: Axes, rows: pd.DataFrame) -> None:
    """Draw S1 and ST of the parameters of the second stage."""
    _head(axis, "", _("share of the variance (95 %)"))
    places = np.arange(len(rows))[::-1].astype(float)
    colours = [GRADE_COLOURS[grade] for grade in rows["grade"]]
    for key, shift, filled in (("first", 0.14, True), ("total", -0.14, False)):
        low, high = (rows[f"{key}_{end}"].clip(0, 1).to_numpy(float) for end in ("low", "high"))
        axis.hlines(places + shift, low, high, color=colours, linewidth=1.6)
        axis.scatter(rows[key].clip(0, 1), places + shift, s=30, edgecolors=colours, zorder=3,
                     c=colours if filled else "white", linewidths=1.4)  # fmt: skip
    axis.set_xlim(-0.02, 1.02)
    _tidy(axis, places, rows["parameter"])


def _grades(axis: Axes, rows: pd.DataFrame) -> None:
    """Draw the share of each grade: alone as a bar, with interactions as an outline, the interval as a line."""
    _head(axis, "", _("by grade of evidence"))
    places = np.arange(len(rows))[::-1].astype(float)
    colours = [GRADE_COLOURS[grade] for grade in rows["grade"]]
    axis.barh(places, rows["total"].clip(0, 1), color="white", edgecolor=colours, height=0.55, linewidth=1.4)
    axis.barh(places, rows["first"].clip(0, 1), color=colours, height=0.55)
    axis.hlines(places, rows["total_low"].clip(0, 1), rows["total_high"].clip(0, 1), color="black", linewidth=1.1)
    axis.set_xlim(0, 1.02)
    _tidy(axis, places, rows["grade"])


def _head(axis: Axes, title: str, caption: str) -> None:
    axis.annotate(caption, (0, 1), xytext=(0, 5), xycoords="axes fraction", textcoords="offset points",
                  fontsize=8.5, color=_GREY)  # fmt: skip
    axis.annotate(title, (0, 1), xytext=(-110 if title else 0, 19), xycoords="axes fraction",
                  textcoords="offset points", fontsize=11, fontweight="bold", linespacing=1.1)  # fmt: skip


def _tidy(axis: Axes, places: np.ndarray, names: Any) -> None:
    axis.set_yticks(
        places, ["\n".join(textwrap.wrap(str(name).replace(".", ". "), 24)).replace(". ", ".") for name in names]
    )
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(min(-0.7, len(places) - 4.3), len(places) - 0.3)
    axis.grid(axis="x", color=GRID, linewidth=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
