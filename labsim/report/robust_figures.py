"""The picture of policies over draws: how large the regret is, and where each policy fails."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from labsim.report.figures import GRID, TARGET, saved_files
from labsim.report.numbers import number, unit_name
from labsim.report.robust import scenario_title
from labsim.report.sensitivity import target_name
from labsim.text import _

if TYPE_CHECKING:
    from labsim.experiment.robust import Robust
    from labsim.targets import Target

__all__ = ["robust_figure", "robust_files"]

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#222222")
MOST_TARGETS = 4
_GREY = "#555555"


def robust_figure(found: Robust) -> Figure:
    """Draw for each of the first four targets: values by scenario, regret over draws, and the box of failures."""
    targets = found.targets[:MOST_TARGETS]
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9.5, "svg.hashsalt": "labsim"}):
        height = 0.95 + 3.9 * len(targets)
        figure = Figure(figsize=(13, height), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(targets), 3, squeeze=False)
        for row, target in zip(axes, targets, strict=True):
            _values(row[0], found, target)
            _regret(row[1], found, target)
            _box(row[2], found, target)
        handles = [
            Rectangle((0, 0), 1, 1, color=COLOURS[place % len(COLOURS)], label=scenario_title(found, one.name))
            for place, one in enumerate(found.scenarios)
        ]
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(0.005, 1 - 0.02 / height), ncol=3, frameon=False
        )
        figure.subplots_adjust(
            left=0.055, right=0.985, top=1 - 1.05 / height, bottom=0.55 / height, wspace=0.25, hspace=0.6
        )
    return figure


def robust_files(found: Robust) -> dict[str, bytes]:
    """Return robust.svg and robust.png; the same bytes for the same results."""
    return saved_files(robust_figure(found), "robust")


def _values(axis: Axes, found: Robust, target: Target) -> None:
    """Draw every draw as a point, the mean and 90 % of draws, and the target as a line."""
    title = "\n".join(textwrap.wrap(target_name(target), 44)[:2])
    _head(
        axis,
        title,
        _("{unit}; a point a draw, mean and 90 % of draws; line: target").format(unit=unit_name(target.unit)),
    )
    generator = np.random.default_rng(1)  # only spreads points sideways
    here = found.values[found.values["target"] == target.id]
    scores = found.scores[found.scores["target"] == target.id].set_index("scenario")
    for place, one in enumerate(found.scenarios):
        values = here.loc[here["scenario"] == one.name, "value"].to_numpy(float)
        colour = COLOURS[place % len(COLOURS)]
        axis.scatter(place + generator.uniform(-0.22, 0.22, len(values)), values, s=9, color=colour, alpha=0.45)
        row = scores.loc[one.name]
        axis.vlines(place + 0.34, row["low"], row["high"], color=colour, linewidth=2.2)
        axis.plot([place + 0.34], [row["mean"]], marker="o", color=colour, markersize=6)
    axis.axhline(target.value, color=TARGET, linewidth=1.4, linestyle=(0, (4, 2)))
    axis.set_xticks([])
    axis.set_xlim(-0.5, len(found.scenarios) - 0.3)
    _tidy(axis)


def _regret(axis: Axes, found: Robust, target: Target) -> None:
    """Draw in which share of draws the regret of each scenario is at most so large."""
    _head(axis, "", _("regret [{unit}]: share of draws with at most so much").format(unit=unit_name(target.unit)))
    here = found.values[found.values["target"] == target.id]
    for place, one in enumerate(found.scenarios):
        gaps = np.sort(here.loc[here["scenario"] == one.name, "regret"].to_numpy(float))
        axis.step(np.concatenate([[0.0], gaps]), np.arange(len(gaps) + 1) / len(gaps), where="post",
                  color=COLOURS[place % len(COLOURS)], linewidth=1.8)  # fmt: skip
    axis.set_ylim(0, 1.02)
    axis.set_xlim(0, None)
    _tidy(axis)


def _box(axis: Axes, found: Robust, target: Target) -> None:
    """Draw the draws in the plane of the two surest limits of the clearest box, and the box."""
    boxes = {name: box for (one, name), box in found.boxes.items() if one == target.id and box.limits}
    if not boxes:
        _head(axis, "", _("where it fails"))
        searched = any(one == target.id for one, _name in found.boxes)
        words = _("no condition is told from chance") if searched else _("too few or too many draws fail")
        axis.text(0.02, 0.9, words, transform=axis.transAxes, color=_GREY)
        axis.set_axis_off()
        return
    name = max(boxes, key=lambda one: boxes[one].coverage * boxes[one].density)
    box = boxes[name]
    limits = [limit.name for limit in box.limits[:2]]
    names = [*limits, *(one.name for one in found.parameters if one.name not in limits)][:2]
    here = found.values[(found.values["target"] == target.id) & (found.values["scenario"] == name)]
    drawn = found.draws.iloc[here["draw"].to_numpy(int)]
    horizontal = drawn[names[0]].to_numpy(float)
    vertical = drawn[names[1]].to_numpy(float) if len(names) > 1 else np.zeros(len(drawn))
    met = here["met"].to_numpy(bool)
    caption = _("{scenario}: where it fails (filled)").format(scenario=scenario_title(found, name))
    coverage, density = (number(share, "share") for share in (box.coverage, box.density))
    words = _("box: {coverage} % of failures, {density} % of its draws fail")
    _head(axis, "\n".join(textwrap.wrap(caption, 42)[:2]), words.format(coverage=coverage, density=density))
    axis.scatter(horizontal[met], vertical[met], s=16, facecolors="white", edgecolors="#888888")
    axis.scatter(horizontal[~met], vertical[~met], s=18, color=TARGET)
    bounds = {limit.name: limit for limit in box.limits}
    spans = []
    for one, values in zip(names, (horizontal, vertical), strict=False):
        limit = bounds.get(one)
        edges = (values.min(), values.max())
        spans.append((edges[0] if limit is None or limit.low is None else limit.low,
                      edges[1] if limit is None or limit.high is None else limit.high))  # fmt: skip
    if len(spans) == 1:
        spans.append((-0.5, 0.5))
    (left, right), (low, high) = spans
    axis.add_patch(Rectangle((left, low), right - left, high - low, fill=True, alpha=0.12, color=TARGET))
    axis.set_xlabel(names[0], fontsize=8.5)
    axis.set_ylabel(names[1] if len(names) > 1 else "", fontsize=8.5)
    _tidy(axis)


def _head(axis: Axes, title: str, caption: str) -> None:
    axis.annotate(caption, (0, 1), xytext=(0, 5), xycoords="axes fraction", textcoords="offset points",
                  fontsize=8.5, color=_GREY)  # fmt: skip
    is_title = axis.get_subplotspec() is not None and axis.get_subplotspec().is_first_col()  # type: ignore[union-attr]
    axis.annotate(title, (0, 1), xytext=(0, 19), xycoords="axes fraction", textcoords="offset points",
                  fontsize=11 if is_title else 9.5, fontweight="bold", linespacing=1.1)  # fmt: skip


def _tidy(axis: Axes) -> None:
    axis.grid(color=GRID, linewidth=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
