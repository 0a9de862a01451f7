"""The picture of a question asked backwards: what a chance costs, and how far two targets can be met at once."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from labsim.experiment.question import COST
from labsim.report.asked import target_words
from labsim.report.figures import GRID, OBSERVED, SIMULATED, TARGET
from labsim.report.numbers import unit_name
from labsim.text import _

if TYPE_CHECKING:
    from labsim.experiment.ask import Answer

__all__ = ["front_figure", "front_png"]

_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 10}


def front_png(answer: Answer) -> bytes:
    """Return the picture as a PNG; the same bytes for the same answer."""
    figure = front_figure(answer)
    with matplotlib.rc_context(_STYLE):
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": "labsim"})
    return stream.getvalue()


def front_figure(answer: Answer) -> Figure:
    """Draw chance against what is minimised and, with two targets or more, the two least likely against each other."""
    several = len(answer.question.targets) > 1
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(11.0 if several else 6.5, 4.6), facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, 2 if several else 1, squeeze=False).ravel()
        _draw_chance(axes[0], answer)
        if several:
            _draw_targets(axes[1], answer)
        for axis in axes:
            axis.grid(color=GRID, linewidth=0.8)
            axis.set_axisbelow(True)
            axis.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_chance(axis: Axes, answer: Answer) -> None:
    question, tried = answer.question, answer.tried
    factor = 1e-9 if question.minimise == COST else 1.0
    front = tried[tried["front"]].sort_values("objective")
    axis.axhline(question.chance, color=TARGET, linewidth=1.2, linestyle="--", label=_("wanted"))
    axis.step(front["objective"] * factor, front["chance"], where="post", color=SIMULATED, linewidth=1.4,
              label=_("front"))  # fmt: skip
    axis.plot(tried["objective"] * factor, tried["chance"], ".", color=SIMULATED, alpha=0.6, markersize=8,
              label=_("dose tried"))  # fmt: skip
    share, low, high = answer.chance
    at = _objective_of_proposed(answer)
    if np.isfinite(at):
        axis.errorbar([at * factor], [share], yerr=[[share - low], [high - share]], fmt="D", color=OBSERVED,
                      markersize=6, capsize=3, label=_("proposed, on fresh replicates (95 %)"))  # fmt: skip
    axis.set_ylim(-0.04, 1.04)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.set_xlabel(_("public money of all years, billion VND") if question.minimise == COST else question.minimise)
    axis.set_ylabel(_("chance that all targets are met"))
    axis.legend(loc="best", fontsize=8.5, frameon=True, framealpha=0.9)


def _draw_targets(axis: Axes, answer: Answer) -> None:
    tried, question = answer.tried, answer.question
    least = answer.targets["chance_after"].to_numpy(float).argsort(kind="stable")[:2]
    pair = [question.targets[place] for place in sorted(least)]
    x, y = (tried[f"value {one.id}"] for one in pair)
    factor = 1e-9 if question.minimise == COST else 1.0
    points = axis.scatter(x, y, c=tried["objective"] * factor, cmap="viridis_r", s=34, zorder=3)
    axis.figure.colorbar(points, ax=axis, label=_("billion VND") if question.minimise == COST else question.minimise)
    proposed = tried[tried["proposed"]]
    axis.plot(proposed[x.name], proposed[y.name], "D", color=OBSERVED, markersize=9, fillstyle="none",
              label=_("proposed"))  # fmt: skip
    axis.axvline(pair[0].value, color=TARGET, linewidth=1.2, linestyle="--", label=_("target"))
    axis.axhline(pair[1].value, color=TARGET, linewidth=1.2, linestyle="--")
    labels = ["\n".join(textwrap.wrap(f"{target_words(one)} [{unit_name(one.unit)}]", 48)) for one in pair]
    axis.set_xlabel(labels[0])
    axis.set_ylabel(labels[1])
    axis.legend(loc="best", fontsize=8.5, frameon=True, framealpha=0.9)


def _objective_of_proposed(answer: Answer) -> float:
    """Return what is minimised at the proposed dose, where it is a dose that was tried in the search."""
    mine: pd.DataFrame = answer.tried[answer.tried["proposed"]]
    if len(mine):
        return float(mine["objective"].iloc[0])
    if answer.question.minimise == COST:
        return float(answer.costs.loc[answer.costs["policy"] == "all", "after"].iloc[0])
    return answer.dose.get(answer.question.minimise, float("nan"))
