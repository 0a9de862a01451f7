"""Draw the pictures of lessons: mean of the replicates with their range, formulas as broken lines, points with bars."""

from __future__ import annotations

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labsim.lessons.content import Curve, Drawing
from labsim.report.figures import _LINES, _STYLE, GRID, saved_files
from labsim.report.numbers import number
from labsim.text import _

__all__ = ["figure_of", "files_of", "png_of"]

_COLOURS = _LINES[1:]
_MARKERS = ("o", "s", "D", "^")


def figure_of(drawing: Drawing) -> Figure:
    """Draw a picture of a lesson."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8.4, 4.8), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        places = {True: 0, False: 0}
        for curve in drawing.curves:
            worked_out = curve.kind == "expected"
            _draw(axes, curve, places[worked_out])
            places[worked_out] += 1
        axes.set_title(drawing.title, loc="left", fontsize=12, fontweight="bold")
        axes.set_xlabel(drawing.x)
        axes.set_ylabel(drawing.y)
        if drawing.from_zero:
            axes.set_ylim(bottom=0.0)
        if drawing.months:
            axes.set_xticks(range(0, int(axes.dataLim.x1) + 1, 12))
        axes.grid(color=GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _place: number(round(value, 6), ""))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
        figure.text(0.99, 0.01, _("mean and range of replicates"), ha="right", fontsize=7.5, color="#777777")
        figure.subplots_adjust(left=0.1, right=0.97, top=0.92, bottom=0.27)
    return figure


def _draw(axes: Axes, curve: Curve, place: int) -> None:
    if curve.kind == "expected":
        axes.plot(curve.x, curve.y, color="#222222", linestyle=(0, ((4, 2), (1, 1.5))[place % 2]), linewidth=1.4,
                  label=curve.label, zorder=3)  # fmt: skip
        return
    colour = _COLOURS[place % len(_COLOURS)]
    if curve.kind == "points":
        bars = None if curve.low is None or curve.high is None else [curve.y - curve.low, curve.high - curve.y]
        axes.errorbar(curve.x, curve.y, yerr=bars, color=colour, marker=_MARKERS[place % len(_MARKERS)], markersize=7,
                      linestyle="none", capsize=4, label=curve.label, zorder=4)  # fmt: skip
        return
    if curve.low is not None and curve.high is not None:
        axes.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0)
    # by pattern too, for prints in black and white
    axes.plot(curve.x, curve.y, color=colour, linewidth=1.8, linestyle=("-", "--", "-.", ":")[place % 4],
              label=curve.label, zorder=3.5)  # fmt: skip


def files_of(drawing: Drawing, name: str) -> dict[str, bytes]:
    """Return a picture as <name>.svg and <name>.png; the same bytes for the same picture."""
    return saved_files(figure_of(drawing), name)


def png_of(drawing: Drawing) -> bytes:
    """Return a picture as PNG."""
    return files_of(drawing, "lesson")["lesson.png"]
