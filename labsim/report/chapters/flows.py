"""Who does what, and who comes and goes: stocks at both ends and the flows of a year that a run records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labsim.errors import ResultsError
from labsim.report.blocks import Block, Cell, Chapter, Column, Gallery, Key, Table, Words
from labsim.report.chapters.source import Source
from labsim.report.numbers import month_name, number
from labsim.report.panels import is_reference
from labsim.report.pictures import BLUE, VERMILION, WIDE, blank, picture, styled
from labsim.report.words import capital
from labsim.results import Results
from labsim.text import _, mark

__all__ = ["flows_chapter", "yearly_flows"]

STOCKS = (
    ("farmers", mark("own-account farming")), ("household_businesses", mark("own household business")),
    ("employees", mark("employees")), ("unemployed", mark("unemployed")), ("in_training", mark("full-time training")),
    ("out_of_labour_force", mark("out of the labour force")), ("away_in_viet_nam", mark("working in another province")),
    ("abroad", mark("working abroad under contract")),
)  # fmt: skip
# a part of the picture: its title, and rows of words, indicator, and 1 for coming in or -1 for going out
PARTS: tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...] = (
    (
        mark("Jobs with an employer"),
        (
            (mark("hired from own-account farming"), "hired_from_farming", 1),
            (mark("hired from elsewhere, without a job before"), "hired_others", 1),
            (mark("left or lost the job"), "separations", -1),
        ),
    ),
    (
        mark("Household businesses"),
        ((mark("opened in the year"), "businesses_opened", 1), (mark("closed in the year"), "businesses_closed", -1)),
    ),
    (
        mark("Other provinces"),
        (
            (mark("came back"), "returned_from_other_provinces", 1),
            (mark("left to work there"), "left_for_other_provinces", -1),
        ),
    ),
    (
        mark("Abroad under contract"),
        ((mark("came back"), "returned_from_abroad", 1), (mark("sent in the year"), "sent_abroad", -1)),
    ),
    (
        mark("People of 15 and older"),
        (
            (mark("reached fifteen"), "reached_fifteen", 1), (mark("moved in"), "moved_in", 1),
            (mark("died"), "deaths", -1),
        ),
    ),
)  # fmt: skip


def flows_chapter(source: Source) -> Chapter | None:
    """Return stocks and flows of the run; None where they are not recorded."""
    results = source.results
    if results is None or is_reference(results):
        return None
    flows, last = yearly_flows(results)
    blocks: list[Block] = [_stocks(results)]
    if flows:
        comes = sum(value for (_words, sign), value in flows.items() if sign > 0)
        alt = _("Bars of people who come in and go out in {year}, by kind; {comes} came in.").format(
            year=last, comes=number(comes, "persons")
        )
        title = _("Coming in and going out in {year}, persons").format(year=last)
        drawn = picture("flows", _bars(flows), title, _("mean over replicates"), alt)
        square = "\N{BLACK SQUARE}"
        blocks.append(Key(((square, BLUE, _("coming in")), (square, VERMILION, _("going out")))))
        blocks.append(Gallery((drawn,), wide=True))
        blocks.append(_jobs(results, last))
    blocks.append(Words(_(
        "A run keeps how many people take each of these steps, but not the whole table of who went from which"
        " activity to which: where people who leave a job go next is not told."), "note"))  # fmt: skip
    return Chapter("flows", _("Who does what, and who comes and goes"), tuple(blocks))


def yearly_flows(results: Results) -> tuple[dict[tuple[str, int], float], int]:
    """Return persons by words and sign (1 in, -1 out) in the last whole year, mean over replicates, and that year."""
    sums, last = _sums(results)
    if not sums:
        return {}, 0
    known = set(sums)
    if {"hires", "job_changes", "hired_from_farming"} <= known:
        sums["hired_others"] = sums["hires"] - sums["job_changes"] - sums["hired_from_farming"]
    flows = {}
    for _title, rows in PARTS:
        for words, name, sign in rows:
            if name in sums:
                flows[f"{_title}/{words}", sign] = sums[name]
    return flows, last


def _sums(results: Results) -> tuple[dict[str, float], int]:
    """Return each flow of the last whole year, mean over replicates, and that year (0 if there is none)."""
    names = {name for _title, rows in PARTS for _words, name, _sign in rows} | {"hires", "job_changes"}
    sums: dict[str, float] = {}
    last = 0
    for name in sorted(names & set(results.indicators)):
        frame = results.series(name)
        years = pd.DatetimeIndex(frame.index).year
        whole = [int(year) for year in np.unique(years) if (years == year).sum() == 12]
        if not whole:
            return {}, 0
        last = whole[-1]
        sums[name] = float(frame[years == last].sum().mean())
    return sums, last


def _bars(flows: Mapping[tuple[str, int], float]) -> Figure:
    """Draw a part after the other, what comes in to the right and what goes out to the left."""
    with styled():
        n_lines = sum(1 + len([one for one in rows if _key(title, one) in flows]) for title, rows in PARTS)
        figure = blank(0.25 * n_lines + 0.1, WIDE)
        axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axis.set_axis_off()
        axis.set_xlim(0, 1)
        axis.set_ylim(n_lines, -0.2)
        longest, line = max(*flows.values(), 1.0), 0
        for title, rows in PARTS:
            shown = [one for one in rows if _key(title, one) in flows]
            if not shown:
                continue
            axis.text(0.0, line + 0.55, _(title), fontsize=10, fontweight="bold", va="center")
            for words, name, sign in shown:
                line += 1
                _bar(axis, line + 0.5, _(words), flows[_key(title, (words, name, sign))], sign, longest)
            line += 1
    return figure


def _key(title: str, row: tuple[str, str, int]) -> tuple[str, int]:
    return f"{title}/{row[0]}", row[2]


def _bar(axis: Axes, y: float, words: str, value: float, sign: int, longest: float) -> None:
    middle, half = 0.69, 0.2
    axis.plot([middle, middle], [y - 0.5, y + 0.5], color="#888888", linewidth=0.8)
    axis.barh(y, sign * half * value / longest, 0.72, middle, color=BLUE if sign > 0 else VERMILION)
    axis.text(0.02, y, words, fontsize=9.5, va="center")
    end = middle + sign * (half * value / longest + 0.01)
    axis.text(end, y, number(value, "persons"), fontsize=9.5, va="center", ha="left" if sign > 0 else "right")


def _stocks(results: Results) -> Table:
    """Return how many people do what at the start and at the end."""
    months = sorted(results.monthly["month"].unique())
    first, last = pd.Timestamp(months[0]), pd.Timestamp(months[-1])
    heads = [month_name(f"{one:%Y-%m}") for one in (first, last)]
    columns = (Column(_("Persons"), wide=True), *(Column(head, right=True) for head in heads),
               Column(_("Change"), right=True))  # fmt: skip
    rows = []
    for name, words in STOCKS:
        try:
            frame = results.series(name)
        except ResultsError:
            continue
        then, now = frame.loc[first].to_numpy(float), frame.loc[last].to_numpy(float)
        change = float((now - then).mean())
        sign = "+" if change > 0 else ""
        rows.append((
            Cell(capital(_(words))), Cell(number(float(then.mean()), "persons")),
            Cell(number(float(now.mean()), "persons"), _band(now)), Cell(f"{sign}{number(change, 'persons')}"),
        ))  # fmt: skip
    return Table(columns, tuple(rows), title=_("What people of 15 and older do"))


def _band(values: Sequence[float] | np.ndarray) -> str:
    if len(values) < 2:
        return ""
    low, high = (number(float(np.quantile(values, q)), "persons") for q in (0.05, 0.95))
    return _("{low} to {high}").format(low=low, high=high)


def _jobs(results: Results, year: int) -> Words:
    sums, _last = _sums(results)
    words = _(
        "In {year} there were {hires} hires, {changes} of them of people who changed from one employer to another."
    )
    if not {"hires", "job_changes"} <= set(sums):
        return Words("")
    return Words(words.format(
        year=year, hires=number(sums["hires"], "persons"), changes=number(sums["job_changes"], "persons")))  # fmt: skip
