"""The picture of a decomposition: a waterfall for each change, from the start over every driver to the end."""

from __future__ import annotations

import io
import math
import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib
import matplotlib.ticker
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labsim.report.decomposition import driver_name, head_of, signed
from labsim.text import _

if TYPE_CHECKING:
    from labsim.experiment.decompose import Decomposition

__all__ = ["decomposition_files"]

# Okabe and Ito's colours, told apart with every common colour blindness
LEVEL, UP, DOWN, UNCLEAR, LINE = "#666666", "#0072B2", "#D55E00", "#BBBBBB", "#222222"
COLUMNS, WIDTH, HEIGHT = 3, 4.6, 3.0
MOST = 12  # panels of one picture; the tables hold all
_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 9}


def decomposition_files(found: Decomposition) -> dict[str, bytes]:
    """Return the picture as {"decompose.png": content}: the first changes of the table, in their last year."""
    totals = _chosen(found)
    if not totals:
        return {}
    columns = min(COLUMNS, len(totals))
    rows = math.ceil(len(totals) / columns)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows + 0.4), dpi=100, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, total in zip(panels, totals, strict=False):
            mine = found.effects[
                (found.effects["kind"] == total["kind"]) & (found.effects["id"] == total["id"])
                & (found.effects["year"] == total["year"])
            ]  # fmt: skip
            _waterfall(axes, total, [row for row in mine.to_dict("records") if row["driver"] != "all drivers"])
        for axes in panels[len(totals) :]:
            axes.set_visible(False)
        note = _("Bars: Shapley values, which add up from start to end. Whiskers: 95 % over {n} paired replicates;"
                 " grey bars cannot be told from zero.")  # fmt: skip
        figure.supxlabel(note.format(n=found.about["replicates"]), fontsize=9, color=LEVEL)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return {"decompose.png": stream.getvalue()}


def _chosen(found: Decomposition) -> list[dict[Any, Any]]:
    """Return the first changes of the table that are any, each target in its last year."""
    totals = found.totals[(found.totals["value"] != 0.0) | (found.totals["start"] != 0.0)]
    chosen = totals.sort_values("year", kind="stable").drop_duplicates(["kind", "id"], keep="last").sort_index()
    indicators = chosen[chosen["kind"] == "indicator"].head(MOST // 3)  # room for some beside many targets
    targets = chosen[chosen["kind"] == "target"].head(MOST - len(indicators))
    return [*targets.to_dict("records"), *indicators.to_dict("records")]


def _waterfall(axes: Axes, total: dict[Any, Any], rows: list[dict[Any, Any]]) -> None:
    """Draw the start, a bar from level to level for each line of the sum, and the end; downwards on the page."""
    scale, unit = (100.0, "%") if total["unit"] == "share" else (1.0, str(total["unit"]))
    names = [_("start"), *(driver_name(row["driver"]) for row in rows), _("end")]
    level = float(total["start"]) * scale
    axes.plot([level, level], [-0.4, 0.4], color=LEVEL, linewidth=3)
    ends = [level, float(total["value"]) * scale]
    for place, row in enumerate(rows, start=1):
        mean, low, high = (float(row[part]) * scale for part in ("mean", "low", "high"))
        clear = low > 0 or high < 0
        axes.barh(place, mean, left=level, height=0.62, color=(UP if mean > 0 else DOWN) if clear else UNCLEAR)
        if math.isfinite(low):
            axes.plot([level + low, level + high], [place, place], color=LINE, linewidth=1)
            ends += [level + low, level + high]
        at, ends = max(level, level + mean, level + (high if math.isfinite(high) else mean)), [*ends, level + mean]
        axes.annotate(signed(mean, unit), (at, place), xytext=(4, 0), textcoords="offset points", va="center")
        axes.plot([level + mean] * 2, [place - 0.31, place + 1.31], color=LINE, linewidth=0.5)
        level += mean
    axes.plot([level, level], [len(rows) + 0.6, len(rows) + 1.4], color=LEVEL, linewidth=3)
    room = (max(ends) - min(ends)) or 1.0
    axes.set_xlim(min(ends) - 0.05 * room, max(ends) + 0.28 * room)  # the numbers stand to the right of the bars
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5))
    axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _at: f"{value:,.6g}"))
    axes.set_title("\n".join(textwrap.wrap(head_of(total), 48)), fontsize=9.5, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
