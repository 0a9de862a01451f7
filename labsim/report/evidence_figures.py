"""The picture of what answers rest on: variance by grade of evidence, luck, and the numbers worth collecting."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from labsim.evidence.parts import LUCK, TOGETHER
from labsim.quantity import GRADES
from labsim.report.evidence import MOST_WORTH, grade_words
from labsim.report.figures import GRID, saved_files
from labsim.report.sensitivity import target_name
from labsim.report.sensitivity_figures import GRADE_COLOURS
from labsim.text import _

if TYPE_CHECKING:
    import pandas as pd

    from labsim.evidence.shares import Evidence

__all__ = ["evidence_figure", "evidence_files"]

_GREY, _JOINT = "#555555", "#DDDDDD"
_MOST_WORTH = 3 * MOST_WORTH


def evidence_figure(found: Evidence) -> Figure:
    """Draw a bar for each answer whose variance parameters decide, the luck beside it, and single parameters below."""
    told = set(found.quality.loc[found.quality["told"], "answer"])
    names = {target.id: target_name(target) for target in found.targets if target.id in told}
    worth = found.worth.head(_MOST_WORTH)
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9.5, "svg.hashsalt": "labsim"}):
        height = 3.2 + 0.36 * (len(names) + len(worth))
        figure = Figure(figsize=(11, height), facecolor="white")
        FigureCanvasAgg(figure)
        heights = [max(1, len(names)), max(1, len(worth))]
        axes = figure.subplots(2, 2, gridspec_kw={"width_ratios": [4, 1], "height_ratios": heights}, squeeze=False)
        _grades(axes[0][0], axes[0][1], found, names)
        _next(axes[1][0], worth)
        axes[1][1].set_axis_off()
        words = grade_words()
        handles = [Patch(color=GRADE_COLOURS[grade], label=words[grade]) for grade in GRADES]
        handles.append(Patch(color=_JOINT, label=_("only together")))
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.005, 1 - 0.05 / height), ncol=5,
                      frameon=False, columnspacing=1.2)  # fmt: skip
        figure.subplots_adjust(left=0.30, right=0.985, top=1 - 1.0 / height, bottom=0.55 / height, wspace=0.08,
                               hspace=1.3 / (0.18 * sum(heights)))  # fmt: skip
    return figure


def evidence_files(found: Evidence) -> dict[str, bytes]:
    """Return evidence.svg and evidence.png; the same bytes for the same results."""
    return saved_files(evidence_figure(found), "evidence")


def _grades(axis: Axes, beside: Axes, found: Evidence, names: dict[str, str]) -> None:
    """Draw the shares of each answer as a stacked bar, with the interval of what is assumed, and its luck."""
    places = np.arange(len(names))[::-1].astype(float)
    table = found.shares.set_index(["answer", "part"])["share"].unstack().reindex(list(names))
    left = np.zeros(len(names))
    # what is assumed comes first, so that its end can be read off
    for part in (*reversed(GRADES), TOGETHER):
        if part in table:
            width = table[part].clip(0, 1).to_numpy(float)
            axis.barh(places, width, left=left, color=GRADE_COLOURS.get(part, _JOINT), height=0.62)
            left += width
    assumed = found.shares[found.shares["part"] == "D"].set_index("answer").reindex(list(names))
    axis.hlines(places, assumed["low"].clip(0, 1), assumed["high"].clip(0, 1), color="black", linewidth=1.1)
    axis.set_xlim(0, max(1.0, float(left.max()) if len(left) else 1.0) * 1.01)
    caption = _("share of the variance that is not luck (line: 95 % of what is assumed)")
    _tidy(axis, places, list(names.values()), caption)
    beside.barh(places, table[LUCK].clip(0, 1) if LUCK in table else 0.0 * places, color=_GREY, height=0.62)
    beside.set_xlim(0, 1)
    _tidy(beside, places, [""] * len(names), _("luck, share of all"))


def _next(axis: Axes, worth: pd.DataFrame) -> None:
    """Draw how much of the targets' variance each number would take away, the most worth first."""
    if not len(worth):
        axis.set_axis_off()
        return
    places = np.arange(len(worth["parameter"]))[::-1].astype(float)
    axis.barh(places, worth["cut"], color=[GRADE_COLOURS[str(grade)] for grade in worth["grade"]], height=0.62)
    axis.hlines(places, worth["cut_low"], worth["cut_high"], color="black", linewidth=1.1)
    axis.set_xlim(left=0)
    caption = _("mean share of the targets' variance that knowing the number takes away (95 %)")
    _tidy(axis, places, [str(name) for name in worth["parameter"]], caption)


def _tidy(axis: Axes, places: np.ndarray, names: list[str], caption: str) -> None:
    axis.annotate(caption, (0, 1), xytext=(0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=8.5,
                  color=_GREY)  # fmt: skip
    axis.set_yticks(places, ["\n".join(textwrap.wrap(name, 44)) for name in names])
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(-0.7, len(places) - 0.3)
    axis.grid(axis="x", color=GRID, linewidth=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
