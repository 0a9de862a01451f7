"""Who gains: training, jobs and income by group, where the run told groups apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labsim.report.blocks import Block, Cell, Chapter, Column, Gallery, Key, Picture, Table, Words
from labsim.report.chapters.source import Source, how_to_tell_apart
from labsim.report.numbers import number, with_unit
from labsim.report.panels import is_reference
from labsim.report.pictures import BLUE, VERMILION, blank, picture, styled
from labsim.report.tables import group_name, grouping_name
from labsim.report.words import capital
from labsim.results import Results
from labsim.text import _, mark

__all__ = ["gains_chapter"]

_SHOWN = ("sex", "age", "ethnicity", "residence", "field")  # districts have a chapter of their own
# heading, indicator, and for a flow by which it is divided to be told for 1,000 people
_COLUMNS = (
    (mark("People of working age"), "working_age", ""),
    (mark("Completed a course, per 1,000"), "people_trained", "working_age"),
    (mark("Hired, per 1,000"), "hires", "working_age"),
    (mark("Unemployment, %"), "unemployment_rate", ""),
    (mark("Mean income, million VND a month"), "mean_income", ""),
    (mark("Median change of income, %"), "income_median_change", ""),
)
Cells = dict[tuple[str, str], dict[Any, Any]]


def gains_chapter(source: Source) -> Chapter | None:
    """Return what happened to each group in the last year; without groups, how to have them told apart."""
    results = source.results
    if results is None or is_reference(results):
        return None
    groupings = [name for name in results.groupings if name in _SHOWN]
    title = _("Who gains")
    if not groupings and source.is_for_readers:
        return None
    if not groupings:
        words = _(
            "Groups of people were not told apart. With {how} they are: labsim then also says whose income rises and"
            " falls."
        ).format(how=how_to_tell_apart(source, "sex,age,ethnicity,residence"))
        return Chapter("gains", title, (Words(words),))
    words = _(
        "Income of a person in December against the December before: a gain or a loss is a change by more than 5 %."
        " All people of working age count who were in the province in both months and earned in one of them."
    )
    blocks: list[Block] = [Words(words)]
    pictures, tables = [], []
    for grouping in groupings:
        year, groups, cells = _last_year(results, grouping)
        drawn = _picture(results, grouping, year, groups, cells)
        pictures += [drawn] if drawn is not None else []
        tables.append(_table(results, grouping, year, groups, cells))
    if pictures:
        blocks.append(
            Key((("\N{BLACK SQUARE}", BLUE, _("gain above 5 %")), ("\N{BLACK SQUARE}", VERMILION, _("loss above 5 %"))))
        )
        blocks.append(Gallery(tuple(pictures)))
    return Chapter("gains", title, (*blocks, *tables))


def _last_year(results: Results, grouping: str) -> tuple[int, list[str], Cells]:
    table = results.by(grouping)
    flows = table.loc[table["indicator"] == "hires", "year"]
    year = int((flows if len(flows) else table["year"]).max())
    rows = table[table["year"] == year]
    cells = {(str(row["group"]), str(row["indicator"])): row for row in rows.to_dict("records")}
    groups = dict.fromkeys(map(str, rows["group"]))
    # past retirement nobody is of working age
    empty = {group for group in groups if (group, "working_age") in cells and not cells[group, "working_age"]["value"]}
    return year, [group for group in groups if group not in empty], cells


def _picture(results: Results, grouping: str, year: int, groups: Sequence[str], cells: Cells) -> Picture | None:
    shown = [group for group in groups if (group, "income_gain_share") in cells]
    if not shown:
        return None
    names = [group_name(results.manifest, grouping, group) for group in shown]
    gain, loss = (
        np.array([cells[group, name]["value"] for group in shown])
        for name in ("income_gain_share", "income_loss_share")
    )
    told = "; ".join(
        f"{name} {with_unit(a, '%')} / {with_unit(b, '%')}" for name, a, b in zip(names, gain, loss, strict=True)
    )
    title = _("By {grouping}, {year}").format(grouping=grouping_name(grouping), year=year)
    alt = _("People whose income rose / fell: {told}").format(told=told)
    return picture(f"gains-{grouping}", _bars(names, gain, loss), title, _("% of people"), alt)


def _bars(names: Sequence[str], gain: np.ndarray, loss: np.ndarray) -> Figure:
    with styled():
        figure = blank(0.3 * len(names) + 0.1, 4.3)
        axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axis.set_axis_off()
        axis.set_xlim(-1.75, 1.3)
        axis.set_ylim(len(names) - 0.4, -0.6)
        most = max(float(np.nanmax(gain)), float(np.nanmax(loss)), 1.0)
        for y, (name, up, down) in enumerate(zip(names, gain, loss, strict=True)):
            axis.text(-1.75, y, name, va="center", fontsize=9.5, fontweight="bold" if y == 0 else "normal")
            axis.barh(y, up / most, 0.7, color=BLUE)
            axis.barh(y, -down / most, 0.7, color=VERMILION)
            axis.text(up / most + 0.03, y, number(up, "%"), va="center", fontsize=9)
            axis.text(-down / most - 0.03, y, number(down, "%"), va="center", ha="right", fontsize=9)
        axis.axvline(0.0, color="#888888", linewidth=0.8)
    return figure


def _table(results: Results, grouping: str, year: int, groups: Sequence[str], cells: Cells) -> Table:
    shown = [column for column in _COLUMNS if any((group, column[1]) in cells for group in groups)]
    columns = (Column(capital(grouping_name(grouping)), wide=True),
               *(Column(_(heading), right=True) for heading, _name, _base in shown))  # fmt: skip
    rows = []
    for group in groups:
        name = Cell(group_name(results.manifest, grouping, group), strong=group == "all")
        rows.append((name, *(_cell(cells, group, one, base) for _heading, one, base in shown)))
    title = _("By {grouping}, {year}").format(grouping=grouping_name(grouping), year=year)
    return Table(
        columns, tuple(rows), title=title, note=_("Mean over replicates; in brackets 90 % of them."), folded=True
    )


def _cell(cells: Cells, group: str, name: str, base: str) -> Cell:
    row = cells.get((group, name))
    if row is None:
        return Cell("-")
    if base:
        people = cells.get((group, base))
        return Cell(number(1000 * row["value"] / people["value"], "per 1,000") if people and people["value"] else "-")
    unit, one = ("million", 1e6) if row["unit"] == "VND per month" else (row["unit"], 1.0)
    value, low, high = (number(row[part] / one, unit) for part in ("value", "low", "high"))
    return Cell(value, "" if "-" in (low, high) else _("({low} to {high})").format(low=low, high=high))
