"""Main series against targets and observations, and how work divides among the sectors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labsim.report.blocks import Block, Cell, Chapter, Column, Gallery, Key, Table, Words
from labsim.report.chapters.answer import noise_line
from labsim.report.chapters.source import Source
from labsim.report.figures import OBSERVED, SIMULATED, TARGET, series_figures
from labsim.report.numbers import number, with_unit
from labsim.report.panels import is_reference
from labsim.report.pictures import BLUE, GREEN, ORANGE, WIDE, bare, blank, picture, styled
from labsim.report.words import capital
from labsim.results import Results
from labsim.text import _

__all__ = ["sectors_chapter", "series_chapter"]

SECTORS = {"agricultural_share": GREEN, "industry_share": ORANGE, "services_share": BLUE}


def series_chapter(source: Source) -> Chapter | None:
    """Return the fan charts of the main series; None for a comparison without its runs."""
    results = source.results
    if results is None:
        return None
    pictures = []
    for place, (title, caption, figure) in enumerate(series_figures(results)):
        alt = _("Chart over time: {title}. {caption}").format(title=title, caption=caption)
        pictures.append(picture(f"series{place}", figure, title, caption, alt))
    compared = len(results.scorecard) + len(results.observed) > 0
    blocks: list[Block] = [Words(noise_line(source.manifest)), Key(_marks(compared)), Gallery(tuple(pictures))]
    blocks.append(Words(_("On the axis, a year stands at its December."), "note"))
    title = _("Year by year, against targets and figures") if compared else _("Year by year")
    return Chapter("series", title, tuple(blocks))


def sectors_chapter(source: Source) -> Chapter | None:
    """Return how people in work divide among sectors, December by December; None where that is not recorded."""
    results = source.results
    if results is None or is_reference(results) or not set(SECTORS) <= set(results.indicators):
        return None
    shares = pd.DataFrame({name: _decembers(results, name) for name in SECTORS}).dropna()
    if not len(shares):
        return None
    names = {name: capital(_(results.indicators[name].label)) for name in SECTORS}
    ends = shares["agricultural_share"].to_numpy(float)[[0, -1]]
    alt = _("Stacked bars: {first} {a}, {last} {b} in agriculture.").format(
        first=shares.index[0], a=with_unit(float(ends[0]), "%"), last=shares.index[-1], b=with_unit(float(ends[1]), "%")
    )
    caption = _("December; mean over replicates")
    drawn = picture("sectors", _bars(shares), _("People in work by sector, %"), caption, alt)
    key = Key(tuple(("\N{BLACK SQUARE}", colour, names[name]) for name, colour in SECTORS.items()))
    return Chapter(
        "sectors", _("Where people work"), (key, Gallery((drawn,), wide=True), _table(results, shares, names))
    )


def _marks(compared: bool) -> tuple[tuple[str, str, str], ...]:
    marks = [
        ("\N{EM DASH}", SIMULATED, _("median")),
        ("\N{BLACK SQUARE}", "#6aa9d0", _("50 % of replicates")),
        ("\N{BLACK SQUARE}", "#cfe3f0", _("90 % of replicates")),
    ]
    if compared:
        marks += [
            ("\N{BLACK DIAMOND}", OBSERVED, _("observed")),
            ("\N{BLACK VERTICAL RECTANGLE}", "#bbbbbb", _("its plausible band")),
            ("\N{WHITE DIAMOND}", OBSERVED, _("planned or derived")),
            ("\N{BLACK UP-POINTING TRIANGLE}", TARGET, _("target: at least")),
            ("\N{BLACK DOWN-POINTING TRIANGLE}", TARGET, _("target: at most")),
            ("- -", TARGET, _("target of a sum, as yearly mean")),
        ]
    return tuple(marks)


def _decembers(results: Results, indicator: str) -> pd.Series:
    frame = results.series(indicator)
    months = pd.DatetimeIndex(frame.index)
    frame = frame[months.month == 12]
    return pd.Series(frame.mean(axis=1).to_numpy(), index=pd.DatetimeIndex(frame.index).year)


def _bars(shares: pd.DataFrame) -> Figure:
    with styled():
        figure = blank(2.9, WIDE)
        axis = figure.add_axes((0.02, 0.09, 0.96, 0.89))
        places, bottom = np.arange(len(shares)), np.zeros(len(shares))
        for name, colour in SECTORS.items():
            heights = shares[name].to_numpy(float)
            axis.bar(places, heights, 0.86, bottom, color=colour)
            for place, (height, low) in enumerate(zip(map(float, heights), map(float, bottom), strict=True)):
                axis.text(place, low + height / 2, f"{height:.0f}", ha="center", va="center", fontsize=9.5,
                          color="black" if colour == ORANGE else "white")  # fmt: skip
            bottom = bottom + heights
        axis.set_xticks(places, [str(year) for year in shares.index])
        axis.set_yticks([])
        axis.set_ylim(0, 100)
        bare(axis)
    return figure


def _table(results: Results, shares: pd.DataFrame, names: dict[str, str]) -> Table:
    years = [shares.index[0], *(year for year in (2025, 2030) if year in shares.index[1:])]
    if shares.index[-1] not in years:
        years.append(shares.index[-1])
    columns = (Column(_("Sector"), wide=True),
               *(Column(str(year), right=True) for year in years))  # fmt: skip
    rows = []
    for name, label in names.items():
        frame = results.series(name)
        cells = []
        for year in years:
            values = frame[pd.DatetimeIndex(frame.index) == pd.Timestamp(year, 12, 31)].to_numpy(float).ravel()
            low, high = (number(float(np.quantile(values, q)), "%") for q in (0.05, 0.95))
            band = _("{low} to {high}").format(low=low, high=high) if values.size > 1 else ""
            cells.append(Cell(number(float(values.mean()), "%"), band))
        rows.append((Cell(label), *cells))
    return Table(columns, tuple(rows), title=_("December, % of people in work (90 % band)"))
