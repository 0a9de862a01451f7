"""Pictures of scenarios compared: differences with their intervals, and paths of the main series beside the base."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from labsim.report.difference_words import measure_name, moment_name
from labsim.report.figures import _LINES, _STYLE, GRID
from labsim.report.numbers import number, unit_name
from labsim.text import _, current_language, n_

if TYPE_CHECKING:
    from labsim.experiment.compare import Comparison

__all__ = [
    "BASE_COLOUR", "OTHER_COLOURS", "comparison_files", "difference_figures", "differences_figure", "path_figures",
    "paths_figure",
]  # fmt: skip

BASE_COLOUR, *OTHER_COLOURS = _LINES
MOST_PANELS = 15
MOST_PATHS = 6
_WIDTH = 12.0  # inches


def comparison_files(found: Comparison) -> dict[str, bytes]:
    """Return differences.png and paths.png (one a province where there are several); the same bytes for the same runs.

    A picture in which nothing would differ is left out.
    """
    provinces = list(dict.fromkeys(found.scenarios["province"]))
    figures = {"differences.png": differences_figure(found)}
    for province in provinces:
        name = "paths.png" if len(provinces) == 1 else f"paths_{province.replace('/', '-')}.png"
        figures[name] = paths_figure(found, province)
    return {name: _png(figure) for name, figure in figures.items() if figure is not None}


def differences_figure(found: Comparison) -> Figure | None:
    """Draw each difference against the base with its interval, a panel a target or indicator, a row a scenario."""
    panels = _panels(found)
    if not panels:
        return None
    provinces = list(dict.fromkeys(found.scenarios["province"]))
    titles = _titles(found)
    scenarios = [name for name in titles if name in set(found.differences["scenario"])]
    n_columns = min(3, len(panels))
    n_rows = math.ceil(len(panels) / n_columns)
    tall, gap, above, under = 0.3 * len(scenarios) * (0.6 + 0.4 * len(provinces)), 1.02, 1.45, 0.4  # inches
    height = above + n_rows * tall + (n_rows - 1) * gap + under
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(n_rows, n_columns, squeeze=False)
        for place, axis in enumerate(axes.ravel()):
            if place >= len(panels):
                axis.set_visible(False)
                continue
            _title(axis, *_forest(axis, panels[place], scenarios, provinces), 33)
            first = place % n_columns == 0
            labels = [_wrapped(titles[name], 26, 3) if first else "" for name in scenarios]
            axis.set_yticks(range(len(scenarios)), labels)
        below = _(
            "points: mean of {n} paired differences; lines: 95 % interval; hollow where it holds zero; luck alone"
        ).format(n=int(found.scenarios["n"].min()))
        _head(figure, height, _("{place}: differences against {base}").format(
            place=_places(found), base=titles[found.scenarios["base"].iloc[0]]), below)  # fmt: skip
        if len(provinces) > 1:
            marks = [
                Line2D([], [], color=colour, marker="o", label=_places(found, one))
                for one, colour in _coloured(provinces)
            ]
            figure.legend(handles=marks, loc="upper right", bbox_to_anchor=(0.99, 1 - 0.08 / height), ncol=len(marks),
                          frameon=False)  # fmt: skip
        figure.subplots_adjust(left=0.19, right=0.98, top=1 - above / height, bottom=under / height, wspace=0.12,
                               hspace=gap / tall)  # fmt: skip
    return figure


def difference_figures(found: Comparison) -> list[tuple[str, str, Figure]]:
    """Draw each panel of `differences_figure` by itself, small enough for a telephone; title, caption and picture."""
    titles, provinces = _titles(found), list(dict.fromkeys(found.scenarios["province"]))
    scenarios = [name for name in titles if name in set(found.differences["scenario"])]
    tall = 0.42 * len(scenarios) * (0.6 + 0.4 * len(provinces))
    drawn = []
    with matplotlib.rc_context(_STYLE):
        for rows in _panels(found):
            figure = Figure(figsize=(4.3, tall + 0.35), facecolor="white")
            FigureCanvasAgg(figure)
            axis = figure.add_axes((0.36, 0.3 / (tall + 0.35), 0.61, tall / (tall + 0.35)))
            title, caption = _forest(axis, rows, scenarios, provinces)
            axis.set_yticks(range(len(scenarios)), [_wrapped(titles[name], 20, 3) for name in scenarios])
            drawn.append((title, caption, figure))
    return drawn


def path_figures(found: Comparison, province: str) -> list[tuple[str, str, Figure]]:
    """Draw each panel of `paths_figure` by itself, small enough for a telephone; title, caption and picture."""
    frame, names = _moving(found, province)
    colours = dict(_coloured(list(dict.fromkeys(frame["scenario"])))) if names else {}
    drawn = []
    with matplotlib.rc_context(_STYLE):
        for name in names:
            figure = Figure(figsize=(4.3, 3.3), facecolor="white")
            FigureCanvasAgg(figure)
            upper = figure.add_axes((0.15, 0.44, 0.82, 0.54))
            lower = figure.add_axes((0.15, 0.09, 0.82, 0.32), sharex=upper)
            drawn.append((*_paths(upper, lower, frame[frame["indicator"] == name], colours), figure))
    return drawn


def paths_figure(found: Comparison, province: str) -> Figure | None:
    """Draw the main series of a province: base and scenarios above, the paired difference with its band below."""
    frame, names = _moving(found, province)
    if not names:
        return None
    titles = _titles(found)
    others = list(dict.fromkeys(frame["scenario"]))
    colours = dict(_coloured(others))
    n_columns = min(3, len(names))
    n_rows = math.ceil(len(names) / n_columns)
    legend_rows = math.ceil((len(others) + 2) / 3)
    head, block = 0.8 + 0.25 * legend_rows, 4.3
    height = head + block * n_rows
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        FigureCanvasAgg(figure)
        ratios = [0.62, 2.0, 1.35, 0.33] * n_rows
        grid = figure.add_gridspec(
            4 * n_rows, n_columns, height_ratios=ratios, left=0.065, right=0.985, top=1 - head / height, bottom=0.0,
            hspace=0.0, wspace=0.22,
        )  # fmt: skip
        for place, name in enumerate(names):
            row, column = divmod(place, n_columns)
            upper = figure.add_subplot(grid[4 * row + 1, column])
            lower = figure.add_subplot(grid[4 * row + 2, column], sharex=upper)
            _title(upper, *_paths(upper, lower, frame[frame["indicator"] == name], colours), 40)
        base = found.scenarios.loc[found.scenarios["province"] == province, "base"].iloc[0]
        marks: list[Any] = [Line2D([], [], color=BASE_COLOUR, linewidth=1.8, label=_("{title} (base)").format(
            title=titles[base]))]  # fmt: skip
        marks += [Line2D([], [], color=colours[name], linewidth=1.8, label=titles[name]) for name in others]
        marks.append(Patch(color="#888888", alpha=0.3, linewidth=0, label=_("95 % interval of the paired difference")))
        figure.legend(handles=marks, loc="upper left", bbox_to_anchor=(0.004, 1 - 0.62 / height), ncol=3, frameon=False)
        below = n_(
            "mean of {count} replicate; below: scenario less base; a year stands at its December",
            "means of {count} replicates; below: scenario less base; a year stands at its December",
            int(found.scenarios["n"].min()),
        )
        _head(figure, height, _("{place}: paths of the main series").format(place=_places(found, province)),
              below.format(count=int(found.scenarios["n"].min())))  # fmt: skip
    return figure


def _panels(found: Comparison) -> list[pd.DataFrame]:
    """Return the rows of each panel of differences; what only some provinces have comes last."""
    frame = found.differences[found.differences["main"]]
    panels = _told_apart(
        rows for _key, rows in frame.groupby(["measure", "id", "when"], sort=False)
        if (rows["n_equal"] < rows["n"]).any() and rows["difference"].notna().any()
    )  # fmt: skip
    return sorted(panels, key=lambda rows: -rows["province"].nunique())[:MOST_PANELS]


def _moving(found: Comparison, province: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the paths of a province, and the indicators that differ from the base anywhere."""
    frame = found.paths[found.paths["province"] == province] if len(found.paths) else found.paths
    names = [
        str(name) for name, rows in frame.groupby("indicator", sort=False)
        if (rows["difference"].fillna(0.0) != 0.0).any()
    ][:MOST_PATHS] if len(frame) else []  # fmt: skip
    return frame, names


def _forest(
    axis: Axes, rows: pd.DataFrame, scenarios: Sequence[str], provinces: Sequence[str]
) -> tuple[str, str]:
    """Draw one panel: a row a scenario, from the top, provinces one below the other; return title and caption."""
    first = rows.iloc[0].to_dict()
    places = {name: place for place, name in enumerate(scenarios)}
    axis.axvline(0.0, color="#888888", linewidth=1.0)
    for row in rows.to_dict("records"):
        if not math.isfinite(row["difference"]):
            continue
        shift, colour = 0.0, OTHER_COLOURS[places[row["scenario"]] % len(OTHER_COLOURS)]
        if len(provinces) > 1:
            at = provinces.index(row["province"])
            shift, colour = 0.26 * (at - (len(provinces) - 1) / 2), OTHER_COLOURS[at % len(OTHER_COLOURS)]
        y = places[row["scenario"]] + shift
        if math.isfinite(row["low"]):
            axis.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.8, solid_capstyle="butt")
        axis.plot([row["difference"]], [y], marker="o", markersize=6, color=colour,
                  markerfacecolor=colour if row["clear"] else "white", markeredgewidth=1.4)  # fmt: skip
    _plain_axes(axis)
    axis.set_ylim(len(scenarios) - 0.4, -0.6)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: _tick(value)))
    axis.grid(axis="x", color=GRID, linewidth=0.7)
    axis.tick_params(axis="y", length=0)
    better = {"up": _("better to the right"), "down": _("better to the left")}.get(str(first["better"]), "")
    unit = _("percentage points") if first["unit"] == "%" else unit_name(str(first["unit"]))
    caption = "; ".join(part for part in (moment_name(first), unit, better) if part)
    return measure_name(first), caption


def _paths(upper: Axes, lower: Axes, rows: pd.DataFrame, colours: Mapping[str, str]) -> tuple[str, str]:
    """Draw one series above and its differences below; return title and caption."""
    first = rows.iloc[0].to_dict()
    lower.axhline(0.0, color="#888888", linewidth=1.0)
    for at, (name, part) in enumerate(rows.groupby("scenario", sort=False)):
        when = np.array([month.year + month.month / 12 - 1 for month in part["month"]])
        marker = "o" if first["kind"] == "flow" else None
        style: Any = {"marker": marker, "markersize": 3, "linewidth": 1.5}
        if at == 0:
            upper.plot(when, part["base_value"], color=BASE_COLOUR, zorder=3, **style)
        upper.plot(when, part["value"], color=colours[str(name)], **style)
        lower.fill_between(when, part["low"], part["high"], color=colours[str(name)], alpha=0.2, linewidth=0)
        lower.plot(when, part["difference"], color=colours[str(name)], **style)
    for axis in (upper, lower):
        _plain_axes(axis)
        axis.grid(color=GRID, linewidth=0.7)
        axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: _tick(value)))
    upper.tick_params(axis="x", labelbottom=False)
    unit = "%" if first["unit"] == "%" else unit_name(str(first["unit"]))
    if first["kind"] == "flow":
        unit = _("{unit} in a year").format(unit=unit)
    return _(str(first["label"])), unit


def _plain_axes(axis: Axes) -> None:
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color("#888888")
    axis.tick_params(labelsize=9, color="#888888")


def _title(axis: Axes, title: str, caption: str, width: int) -> None:
    """Write a title, wrapped to a width in letters, and a caption above a panel, at the left."""
    axis.annotate(caption, (0, 1), xytext=(0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=8.5,
                  color="#555555", va="bottom", annotation_clip=False)  # fmt: skip
    axis.annotate(_wrapped(title, width), (0, 1), xytext=(0, 18), xycoords="axes fraction", textcoords="offset points",
                  fontsize=10, fontweight="bold", va="bottom", linespacing=1.05, annotation_clip=False)  # fmt: skip


def _head(figure: Figure, height: float, title: str, below: str) -> None:
    figure.text(0.012, 1 - 0.1 / height, _wrapped(title, 90), fontsize=14, fontweight="bold", va="top")
    figure.text(0.012, 1 - 0.42 / height, below, fontsize=9.5, color="#555555", va="top")


def _titles(found: Comparison) -> dict[str, str]:
    """Return the title of every scenario in the language in use, in the order given."""
    rows = found.scenarios.to_dict("records")
    return {str(row["scenario"]): str(row[f"title_{current_language()}"]) for row in rows}


def _told_apart(panels: Iterable[pd.DataFrame]) -> list[pd.DataFrame]:
    """Leave out what shows the same numbers as an earlier panel: several authorities may aim at one indicator."""
    seen: dict[Any, pd.DataFrame] = {}
    for rows in panels:
        columns = ["province", "scenario", "unit", "better", "base_value", "value", "low"]
        seen.setdefault(tuple(rows[columns].itertuples(index=False, name=None)), rows)
    return list(seen.values())


def _places(found: Comparison, province: str = "") -> str:
    """Name the provinces of a comparison, or one of them, in the language in use."""
    rows = found.scenarios[found.scenarios["province"] == province] if province else found.scenarios
    return ", ".join(dict.fromkeys(rows[f"place_{current_language()}"]))


def _coloured(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, OTHER_COLOURS[place % len(OTHER_COLOURS)]) for place, name in enumerate(names)]


def _wrapped(text: str, width: int, most_lines: int = 2) -> str:
    return "\n".join(textwrap.wrap(text, width)[:most_lines])


def _tick(value: float) -> str:
    if abs(value) >= 1e6:
        return _("{number} m").format(number=number(value / 1e6, ""))
    return number(0.0 if abs(value) < 1e-12 else value, "persons" if abs(value) >= 100 else "")


def _png(figure: Figure) -> bytes:
    """Return a picture of at most 256 colours, a third of the size."""
    from PIL import Image

    drawn, stream = io.BytesIO(), io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(drawn, format="png", dpi=100)
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(stream, format="png", optimize=True)
    return stream.getvalue()
