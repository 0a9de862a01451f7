"""The picture of a run: main series by month or year, with fans over replicates, targets, and what was observed."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from labsim.report.numbers import concept_name, number, scenario_name, unit_name
from labsim.report.panels import Panel, fields_of_world, is_reference, of_province, of_reference
from labsim.results import GROUPS, IndicatorInfo, Results
from labsim.text import _, current_language

__all__ = ["Panel", "main_series", "overview_files", "saved_files", "series_figures"]

# Okabe and Ito's colours, told apart with every common colour blindness
SIMULATED, TARGET, OBSERVED, GRID = "#0072B2", "#D55E00", "#222222", "#E6E6E6"
_LINES = ("#222222", "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
_SEEN: Any = {"color": OBSERVED, "marker": "D", "markersize": 4.5, "linestyle": "none"}
_PLANNED: Any = {**_SEEN, "markersize": 5, "markerfacecolor": "white", "markeredgewidth": 1.2}
Recorded = set[tuple[str, str]]
_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib and has every Vietnamese letter
    "font.size": 10,
    "svg.hashsalt": "labsim",
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Series:
    """Point at one series of the results."""

    indicator: str
    groups: Mapping[str, str]
    yearly: bool = False
    monthly: bool = False


@dataclass(frozen=True)
class Facts:
    """Hold what the panels draw from: results, the series recorded, targets, observations, and the time axis."""

    results: Results
    recorded: Recorded
    targets: list[dict[Any, Any]]
    observed: list[dict[Any, Any]]
    span: tuple[float, float]


def main_series(results: Results) -> Figure:
    """Draw the main series as small multiples: median, 50 and 90 % of replicates, observations, targets.

    On the time axis a year stands at its December, or for the whole of its year.
    """
    with matplotlib.rc_context(_STYLE):
        facts = _facts(results)
        panels = _panels(facts)
        n_columns = min(3, len(panels))
        n_rows = math.ceil(len(panels) / n_columns)
        height = 1.75 + 3.0 * n_rows
        figure = Figure(figsize=(12, height), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        drawn = zip(axes, panels, strict=False)
        captions = [textwrap.wrap(_draw(axis, facts, panel), 54)[:3] for axis, panel in drawn]
        for place, axis in enumerate(axes[: len(panels)]):
            row = place // n_columns * n_columns
            title = f"{'abcdefghi'[place]}   {panels[place].title}" if len(panels) > 1 else panels[place].title
            _head(axis, title, captions[place], max(map(len, captions[row : row + n_columns])))
        _frame(figure, results, height)
    return figure


def series_figures(results: Results) -> list[tuple[str, str, Figure]]:
    """Draw each main series by itself, small enough for a telephone; return title, caption and picture of each."""
    found = []
    with matplotlib.rc_context(_STYLE):
        facts = _facts(results)
        for panel in _panels(facts):
            figure = Figure(figsize=(4.3, 2.75), facecolor="white")
            FigureCanvasAgg(figure)
            axis = figure.add_axes((0.13, 0.12, 0.61 if panel.lines else 0.82, 0.82))
            found.append((panel.title, _draw(axis, facts, panel), figure))
    return found


def overview_files(results: Results) -> dict[str, bytes]:
    """Return overview.svg and overview.png, for `Results.save`; the same bytes for the same results."""
    return saved_files(main_series(results), "overview")


def saved_files(figure: Figure, name: str) -> dict[str, bytes]:
    """Return a picture as <name>.svg and <name>.png; the same bytes for the same picture."""
    with matplotlib.rc_context(_STYLE):
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": "labsim"})
        figure.savefig(png, format="png", dpi=150, metadata={"Software": "labsim"}, pil_kwargs={"compress_level": 1})
    return {f"{name}.svg": svg.getvalue(), f"{name}.png": png.getvalue()}


def _facts(results: Results) -> Facts:
    months = pd.DatetimeIndex(results.monthly["month"].unique())
    return Facts(
        results,
        _recorded(results),
        results.scorecard.to_dict("records"),
        results.observed.to_dict("records"),
        (_moment(months.min()) - 0.2, _moment(months.max()) + 0.4),
    )


def _panels(facts: Facts) -> list[Panel]:
    """Return the panels that the results fill."""
    if is_reference(facts.results):
        return of_reference(facts.results) or _any_panels(facts)
    return [panel for panel in of_province() if _shows(panel, facts.recorded)] or _any_panels(facts)


def _draw(axis: Axes, facts: Facts, panel: Panel) -> str:
    """Draw a panel; return what says what is counted."""
    known, span = facts.results.indicators, facts.span
    if panel.by_field:
        info = known[panel.choices[0][0]]
        concept = f"{_(info.label)} ({_(info.by_field)})"
        span = _dots(axis, facts.results, info.name)
    elif panel.lines:
        names = [name for name in panel.lines if (name, "all") in facts.recorded]
        info = known[names[0]]
        concept = _("{concept}, median of replicates").format(concept=concept_name(info.concept))
        _lines(axis, facts.results, {name: panel.lines[name] for name in names})
    else:
        series = _pick(facts, panel)
        info = known[series.indicator]
        concept = f"{_(info.label)} ({concept_name(info.concept)})"
        if series.yearly:
            concept = _("{concept}, mean of the year").format(concept=concept)
        _fan(axis, _shown(facts.results, series))
        _observations(axis, facts, series, info)
        _targets(axis, facts, series, info)
    from_zero = bool(panel.lines) or info.kind == "flow" or panel.yearly or panel.by_field
    unit = _scale_axes(axis, info, span, from_zero=from_zero)
    if info.kind == "flow":
        unit = (_("{unit} in a month") if panel.monthly else _("{unit} in a year")).format(unit=unit)
    return f"{unit}: {concept}"


def _head(axis: Axes, title: str, caption: list[str], n_lines: int) -> None:
    """Write title and caption above a panel; titles of one row, with up to `n_lines` below them, stand level."""
    top = 6 + 11.5 * n_lines
    axis.annotate("\n".join(caption), (0, 1), xytext=(0, top), xycoords="axes fraction", textcoords="offset points",
                  fontsize=8.5, color="#555555", linespacing=1.15, va="top")  # fmt: skip
    axis.annotate(title, (0, 1), xytext=(0, top + 5), xycoords="axes fraction", textcoords="offset points",
                  fontsize=11.5, fontweight="bold")  # fmt: skip


def _scale_axes(axis: Axes, info: IndicatorInfo, span: tuple[float, float], *, from_zero: bool) -> str:
    """Set ranges, write ticks over a light grid, and return the unit of the numbers.

    Ticks are plain words and lines: matplotlib's own cost half a second in a picture of nine panels.
    """
    low, high = axis.get_ylim()
    if from_zero or 0 < low < 0.45 * high:
        low = min(0.0, low) if low < 0 and not from_zero else 0.0
    thousands = info.unit == "persons" and high >= 10_000
    divisor = 1000 if thousands else 1
    heights = _inside(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high), low, high)
    years = _inside(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]).tick_values(*span), *span)
    axis.set_axis_off()
    axis.hlines(heights, *span, color=GRID, linewidth=0.7, zorder=0)
    axis.vlines(years, low, high, color=GRID, linewidth=0.7, zorder=0)
    axis.hlines([low], *span, color="#888888", linewidth=1.0, zorder=0.5)
    axis.set_xlim(*span)
    axis.set_ylim(low, high)
    for height in heights:
        axis.text(-0.02, height, number(height / divisor, ""), transform=axis.get_yaxis_transform(), ha="right",
                  va="center", fontsize=9.5)  # fmt: skip
    for year in years:
        axis.text(year, -0.035, f"{year:.0f}", transform=axis.get_xaxis_transform(), ha="center", va="top",
                  fontsize=9.5)  # fmt: skip
    return _("thousand persons") if thousands else "%" if info.unit == "share" else unit_name(info.unit)


def _inside(ticks: Iterable[float], low: float, high: float) -> list[float]:
    return [float(tick) for tick in ticks if low <= tick <= high]


def _fan(axis: Axes, frame: pd.DataFrame) -> None:
    """Draw the median over replicates with bands that hold 50 and 90 % of them."""
    when = frame.index.to_numpy(dtype=float)
    q05, q25, q50, q75, q95 = np.quantile(frame.to_numpy(dtype=float), [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    axis.fill_between(when, q05, q95, color=SIMULATED, alpha=0.18, linewidth=0)
    axis.fill_between(when, q25, q75, color=SIMULATED, alpha=0.35, linewidth=0)
    yearly = len(when) > 1 and when[1] - when[0] > 0.5
    axis.plot(when, q50, color=SIMULATED, linewidth=1.8 if yearly else 1.4)
    if yearly:
        axis.plot(when, q50, color=SIMULATED, linestyle="none", marker="o", markersize=3.5)


def _dots(axis: Axes, results: Results, indicator: str) -> tuple[float, float]:
    """Draw one indicator by field in the last month, the median with 90 % of replicates; return the span of fields."""
    fields = fields_of_world(results)
    last = [results.series(indicator, {"field": field}).iloc[-1].to_numpy(dtype=float) for field in fields]
    places = np.arange(len(fields))
    q05, q50, q95 = np.quantile(np.array(last), [0.05, 0.5, 0.95], axis=1)
    axis.vlines(places, q05, q95, color=SIMULATED, alpha=0.35, linewidth=3)
    axis.plot(places, q50, color=SIMULATED, linestyle="none", marker="o", markersize=4)
    return -0.7, len(fields) - 0.3


def _lines(axis: Axes, results: Results, names: Mapping[str, str]) -> None:
    """Draw several series as medians, each named at its end."""
    ends = []
    for colour, (name, label) in zip(_LINES, names.items(), strict=False):
        median = _shown(results, Series(name, {})).median(axis=1)
        axis.plot(median.index.to_numpy(dtype=float), median, color=colour, linewidth=1.8)
        ends.append((float(median.iloc[-1]), textwrap.wrap(label, 14), colour))
    axis.set_ylim(0, None)
    line_height = axis.get_ylim()[1] * 0.066
    free_from = 0.0
    for value, words, colour in sorted(ends):
        centre = max(value, free_from + len(words) * line_height / 2)
        free_from = centre + (len(words) + 0.35) * line_height / 2
        axis.annotate(
            "\n".join(words), (1.02, centre), xycoords=("axes fraction", "data"), color=colour, fontsize=8.5,
            va="center", annotation_clip=False, linespacing=1.0,
        )  # fmt: skip


def _observations(axis: Axes, facts: Facts, series: Series, info: IndicatorInfo) -> None:
    """Draw observed points of the same concept, with the band in which the truth plausibly lies; plans are hollow."""
    wanted = {name: series.groups.get(name, "all") for name in GROUPS}
    wanted |= {"indicator": series.indicator, "concept": info.concept}
    aimed = {row["year"] for row in _targets_of(facts.targets, series)}
    for row in facts.observed:
        seen = row.get("status", "observed") == "observed"
        if not seen and row["year"] in aimed:
            continue  # the plan is the target
        if any(row.get(name, value) != value for name, value in wanted.items()):
            continue
        factor = 100.0 if row.get("unit") == "share" else 1.0
        low, high = (float(row.get(name, math.nan)) * factor for name in ("low", "high"))
        month = 12 if info.kind == "flow" else row.get("month", 12)
        when = float(row["year"] + month / 12 - 1)
        if not facts.span[0] <= when <= facts.span[1]:
            continue
        if seen and math.isfinite(low) and math.isfinite(high):
            axis.plot([when, when], [low, high], color=OBSERVED, linewidth=4, alpha=0.28, solid_capstyle="butt")
        axis.plot([when], [float(row["value"]) * factor], **(_SEEN if seen else _PLANNED), zorder=5)


def _targets(axis: Axes, facts: Facts, series: Series, info: IndicatorInfo) -> None:
    """Draw targets as triangles that point to where the series should be; a sum over years as its yearly mean.

    Of several targets for one year the first listed is drawn: the province's own before those of its region. A year's
    plan that is the yearly mean of a sum needs no number of its own.
    """
    rows, means, drawn = _targets_of(facts.targets, series), [], set()
    for row in rows:
        if not pd.isna(row["cumulate_from"]):
            means.append(float(row["target"]) / (row["year"] - row["cumulate_from"] + 1))
    for row in rows:
        if (row["year"], bool(pd.isna(row["cumulate_from"]))) in drawn:
            continue
        drawn.add((row["year"], bool(pd.isna(row["cumulate_from"]))))
        year, value = float(row["year"]), float(row["target"]) * (100.0 if row["unit"] == "share" else 1.0)
        first, said = row["cumulate_from"], number(value, info.unit if info.unit == "persons" else "")
        if not pd.isna(first):
            said = _("{number} in all").format(number=said)
            value /= year - first + 1
            axis.plot([first, year], [value, value], color=TARGET, linewidth=1.3, linestyle=(0, (4, 2)), zorder=5)
        if facts.span[0] <= year <= facts.span[1]:
            upward = row["direction"] == "at_least"
            axis.plot([year], [value], color=TARGET, marker="^" if upward else "v", markersize=9, linestyle="none",
                      markeredgecolor="white", zorder=6, clip_on=False)  # fmt: skip
            if pd.isna(first) and any(abs(value - mean) < 0.05 * mean for mean in means):
                continue
            axis.annotate(said, (year, value), xytext=(-7, 0), textcoords="offset points", color=TARGET, fontsize=8.5,
                          ha="right", va="center" if pd.isna(first) else "bottom", zorder=7,
                          bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.6})  # fmt: skip


def _frame(figure: Figure, results: Results, height: float) -> None:
    """Add the title, what the bands hold, and one legend for all panels."""
    about = results.manifest
    name = about.get("province_name", {}).get(current_language()) or str(about.get("province", ""))
    compared = len(results.scorecard) + len(results.observed) > 0
    words = _("{province}: simulated series, targets and observations ({scenario})") if compared else _(
        "{province}: simulated series ({scenario})"
    )
    title = words.format(province=name, scenario=scenario_name(about))
    scale = float(about.get("scale", 1))
    what = _("random noise and the uncertainty of parameters") if about.get("posterior") else _("random noise only")
    below = _(
        "{n} replicates at scale 1:{one_in:g}; bands hold {what}; on the axis, a year stands at its December"
    ).format(n=about.get("replicates", ""), one_in=1 / scale, what=what)
    inch = 1 / height
    figure.text(0.012, 1 - 0.12 * inch, title, fontsize=15 * min(1.0, 96 / len(title)), fontweight="bold", va="top")
    figure.text(0.012, 1 - 0.47 * inch, below, fontsize=10, color="#555555", va="top")
    figure.legend(handles=_marks(compared), loc="upper left", bbox_to_anchor=(0.004, 1 - 0.7 * inch), ncol=5,
                  frameon=False, fontsize=9.5, handlelength=1.5, columnspacing=1.4, handletextpad=0.5)  # fmt: skip
    figure.subplots_adjust(left=0.045, right=0.9, top=1 - 2.05 * inch, bottom=0.4 * inch, wspace=0.26, hspace=0.6)


def _marks(compared: bool) -> list[Any]:
    """Return what the legend explains; without targets and observations only what is simulated."""
    median = Line2D([], [], color=SIMULATED, linewidth=1.8, label=_("median"))
    half = Patch(color=SIMULATED, alpha=0.5, linewidth=0, label=_("50 % of replicates"))
    most = Patch(color=SIMULATED, alpha=0.18, linewidth=0, label=_("90 % of replicates"))
    if not compared:
        return [median, half, most]
    return [  # the legend fills column by column
        median,
        Line2D([], [], **_SEEN, label=_("observed")),
        half,
        Patch(color=OBSERVED, alpha=0.28, linewidth=0, label=_("its plausible band")),
        most,
        Line2D([], [], **_PLANNED, label=_("planned or derived")),
        Line2D([], [], color=TARGET, marker="^", markersize=8, linestyle="none", label=_("target: at least")),
        Line2D([], [], color=TARGET, marker="v", markersize=8, linestyle="none", label=_("target: at most")),
        Line2D([], [], color=TARGET, linewidth=1.3, linestyle=(0, (4, 2)), label=_("target of a sum, as yearly mean")),
    ]


def _shown(results: Results, series: Series) -> pd.DataFrame:
    """Return a series by calendar time (rows, in years) and replicate, shares in %; whole years of flows are summed."""
    info = results.indicators[series.indicator]
    frame = results.series(series.indicator, series.groups)
    months = pd.DatetimeIndex(frame.index)
    if (info.kind == "flow" or series.yearly) and not series.monthly:
        years = np.asarray(months.year)
        whole = [year for year in np.unique(years) if (years == year).sum() == 12]
        by_year = frame.groupby(years)
        frame = (by_year.sum() if info.kind == "flow" else by_year.mean()).loc[whole]
    else:
        frame.index = pd.Index([_moment(month) for month in months])
    return frame * 100 if info.unit == "share" else frame


def _moment(month: pd.Timestamp) -> float:
    """Return where a month stands on the axis: December of a year at that year."""
    return float(month.year + month.month / 12 - 1)


def _recorded(results: Results) -> Recorded:
    """Return the pairs (indicator, residence) recorded for the whole province."""
    monthly = results.monthly
    whole = np.ones(len(monthly), dtype=bool)
    for name in GROUPS:
        if name != "residence":
            whole &= (monthly[name] == "all").to_numpy()
    pairs = monthly.loc[whole, ["indicator", "residence"]].drop_duplicates()
    return set(pairs.itertuples(index=False, name=None))


def _shows(panel: Panel, recorded: Recorded) -> bool:
    if panel.lines:
        return sum((name, "all") in recorded for name in panel.lines) > 1
    return any(choice in recorded for choice in panel.choices)


def _pick(facts: Facts, panel: Panel) -> Series:
    found = [
        Series(name, {"residence": residence}, panel.yearly, panel.monthly)
        for name, residence in panel.choices
        if (name, residence) in facts.recorded
    ]
    return next((series for series in found if _targets_of(facts.targets, series)), found[0])


def _targets_of(targets: list[dict[Any, Any]], series: Series) -> list[dict[Any, Any]]:
    wanted = {name: series.groups.get(name, "all") for name in GROUPS} | {"indicator": series.indicator}
    return [row for row in targets if all(row[name] == value for name, value in wanted.items())]


def _any_panels(facts: Facts) -> list[Panel]:
    """Return a panel for each of the first series, for models without the main ones."""
    known = facts.results.indicators
    return [Panel(_(known[name].label), ((name, where),)) for name, where in sorted(facts.recorded)[:9]]
