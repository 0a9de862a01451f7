"""Tables for the console about scenarios compared: differences, money, and who ranks before whom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.experiment.differing import SAME
from labsim.experiment.opened import targets_of
from labsim.notes import notes_in
from labsim.report.console import beyond_calibrated, ruled_table
from labsim.report.difference_words import (
    BILLION,
    better_in,
    cost_of_one,
    factor_of,
    interval,
    measure_name,
    met_in,
    moment_name,
    no_verdict,
    notes_of,
    nothing_differs,
    order_of,
    same_everywhere,
    short_by,
    significant,
    small,
    value_of,
    with_moment,
)
from labsim.report.noted import notes_view
from labsim.report.numbers import unit_name
from labsim.report.rests import reading_lines
from labsim.text import _, current_language, mark, n_

if TYPE_CHECKING:
    from labsim.experiment.compare import Comparison

__all__ = ["comparison_view"]

Row = Mapping[Any, Any]
_ALL, _RANKED = "all", "ranked"
_MONEY = {"public": mark("public money"), "private": mark("private money")}


def comparison_view(found: Comparison) -> Iterator[RenderableType]:
    """Yield what is printed of a comparison: scenarios, differences, costs, ranking, and what the numbers hold."""
    provinces = list(dict.fromkeys(found.scenarios["province"]))
    yield Text(_title(found), style="bold")
    yield from _scenario_lines(found.scenarios)
    if len(provinces) > 1:
        yield from _side_by_side(found, provinces)
    for province in provinces:
        if len(provinces) > 1:
            yield Text(f"\n{province}", style="bold")
        else:
            yield from _differences(found)
        yield from _costs(found.costs[found.costs["province"] == province])
        yield from _ranking(found, province)
    yield Text("")
    yield from _notes(found)
    named = set(found.differences.loc[found.differences["measure"] == "target", "id"])
    unclear = reading_lines(one for province in provinces for one in targets_of(province) if one.id in named)
    for line in (*notes_of(found), *unclear):
        yield Text(f"* {line}", style="dim")


def _title(found: Comparison) -> str:
    about, places = found.about, dict.fromkeys(found.scenarios[f"place_{current_language()}"])
    n = int(found.scenarios["n"].min())
    pairs = n_("{count} paired replicate", "{count} paired replicates", n).format(count=n)
    return _("{provinces}: {pairs} at scale 1:{one_in:g}, {start} to {until}").format(
        provinces=", ".join(places), pairs=pairs, one_in=1 / about["scale"], start=about["period"]["start"],
        until=about["period"]["until"],
    )  # fmt: skip


def _scenario_lines(scenarios: pd.DataFrame) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2, 0, 0))
    seen = set()
    for row in scenarios.to_dict("records"):
        title = str(row[f"title_{current_language()}"])
        if (row["scenario"], title) in seen:
            continue
        seen.add((row["scenario"], title))
        said = _("{title} (base)").format(title=title) if row["scenario"] == row["base"] else title
        table.add_row(Text(str(row["scenario"]), style="bold"), Text(said))
    yield table


def _differences(found: Comparison) -> Iterator[RenderableType]:
    """Yield what differs from the base, targets and indicators of each scenario; what never differs is named once."""
    frame, posteriors = found.differences[found.differences["main"]], found.about["posteriors"]
    nowhere = same_everywhere(frame)
    for scenario, rows in frame.groupby("scenario", sort=False):
        base = rows["base"].iloc[0]
        yield Text("\n" + _("{scenario} against {base}").format(scenario=scenario, base=base), style="bold")
        same = rows["n_equal"] == rows["n"]
        differing = rows[~same]
        for kind in ("target", "indicator"):
            part = differing[differing["measure"] == kind]
            if len(part):
                yield _difference_table(part, kind == "target", posteriors)
        if not len(differing):
            yield Text(nothing_differs(found, str(scenario), str(rows["province"].iloc[0])))
        here = [row for row in rows[same].to_dict("records") if (row["id"], row["when"]) not in nowhere]
        if here:
            names = "; ".join(map(with_moment, here))
            yield Text(_("The same in every replicate: {names}").format(names=names), style="dim")
    if nowhere:
        first = frame.drop_duplicates(["id", "when"]).to_dict("records")
        names = "; ".join(with_moment(row) for row in first if (row["id"], row["when"]) in nowhere)
        yield Text("\n" + _("The same in every scenario and replicate: {names}").format(names=names), style="dim")


def _notes(found: Comparison) -> Iterator[RenderableType]:
    """Yield what scenarios give without effect; what holds for several is told once, with their names."""
    told: dict[str, list[str]] = {}
    for row in found.scenarios.to_dict("records"):
        for note in notes_in(found.notes_on(str(row["scenario"]), str(row["province"]))):
            if note.code not in SAME:
                told.setdefault(str(note), []).append(str(row["scenario"]))
    yield from notes_view([f"{line} ({', '.join(dict.fromkeys(names))})" for line, names in told.items()])


def _difference_table(rows: pd.DataFrame, of_targets: bool, posteriors: Mapping[str, Any]) -> Table:
    table = ruled_table()
    table.add_column(_("Target") if of_targets else _("Indicator"), ratio=1, min_width=20)
    table.add_column(_("Base,\nhere"), justify="right", no_wrap=True)
    table.add_column(_("Difference\n(95 % interval)"), justify="right", no_wrap=True)
    table.add_column(_("Better\nof {n}").format(n=int(rows["n"].max())), justify="right", no_wrap=True)
    table.add_column(_("Factor of\npairing"), justify="right", no_wrap=True)
    if of_targets:
        table.add_column(_("Met in:\nbase,\nhere"), justify="right", no_wrap=True)
        table.add_column(_("Short:\nbase,\nhere"), justify="right", no_wrap=True)
    table.add_column(_("VND\nfor one"), justify="right", no_wrap=True)
    for row in rows.to_dict("records"):
        unit = str(row["unit"])
        what = Text(measure_name(row))
        more = "; ".join(part for part in (moment_name(row), "" if unit == "%" else unit_name(unit)) if part)
        what.append(f"\n{more}" if more else "", style="dim")
        if of_targets and (why := no_verdict(row)):
            what.append(f"\n{why}", style="dim")
        marks = beyond_calibrated(str(row["when"]), posteriors[row["province"]])
        values = "\n".join(value_of(row[name], unit) + marks for name in ("base_value", "value"))
        cells: list[Any] = [what, values, _gap(row), better_in(row), factor_of(row)]
        if of_targets:
            cells += [f"{met_in(row, 'base_')}\n{met_in(row, '')}", short_by(row)]
        table.add_row(*cells, cost_of_one(row))
    return table


def _gap(row: Row, keys: tuple[str, str, str] = ("difference", "low", "high"), unit: str | None = None) -> Text:
    """Write a difference over its interval, with a star where the interval excludes zero."""
    unit = str(row["unit"]) if unit is None else unit
    mean, low, high = (row[key] for key in keys)
    clear = low > 0 or high < 0
    text = Text(small(mean, unit) + (" *" if clear else ""), style="bold" if clear else "")
    if math.isfinite(low):
        text.append(f"\n{interval(small(low, unit), small(high, unit))}", "not bold")
    return text


def _costs(costs: pd.DataFrame) -> Iterator[RenderableType]:
    if not len(costs) or not costs[["base_spent", "spent"]].to_numpy().any():
        return
    yield Text("\n" + _("What it costs more than the base, billion VND of all years"), style="bold")
    table = ruled_table()
    table.add_column(_("Scenario, policy"), ratio=1)
    for heading in (_("Base"), _("Here"), _("Difference (95 % interval)")):
        table.add_column(heading, justify="right", no_wrap=True)
    for (scenario, money), rows in costs.groupby(["scenario", "money"], sort=False):
        for row in rows.to_dict("records"):
            whole = row["policy"] == _ALL
            if whole and not (row["base_spent"] or row["spent"]):
                continue
            name = Text(f"{scenario}: {_(_MONEY[str(money)])}", "bold") if whole else Text(f"  {row['policy']}")
            base, here = (significant(row[key] / BILLION) for key in ("base_spent", "spent"))
            table.add_row(name, base, here, _more(row))
    yield table


def _more(row: Row) -> Text:
    mean, low, high = (row[key] / BILLION for key in ("difference", "low", "high"))
    if not row["base_spent"] and not row["spent"]:
        return Text("-")
    text = Text(significant(mean) + (" *" if row["clear"] else ""), "bold" if row["clear"] else "")
    if math.isfinite(low) and low < high:
        text.append(f" {interval(significant(low), significant(high))}", "not bold")
    return text


def _ranking(found: Comparison, province: str) -> Iterator[RenderableType]:
    """Yield a line a target: which scenario is clearly better than which; no order where that is not clear."""
    ranking = found.ranking[found.ranking["province"] == province]
    if not len(ranking):
        return
    named = found.differences[found.differences["province"] == province].set_index(["id", "when"])
    yield Text("\n" + _("Ranked by target: better > worse, where the paired difference is clear"), style="bold")
    table = ruled_table()
    table.add_column(_("Target"), ratio=1, min_width=24)
    table.add_column(_("Ranked"), ratio=2)
    table.add_column(_("Not ranked"), ratio=2)
    same = same_everywhere(found.differences[found.differences["province"] == province])
    nowhere: list[str] = []
    alike: dict[Any, list[str]] = {}  # targets of several authorities may read the same number
    for (name, when), rows in ranking.groupby(["id", "when"], sort=False):
        label = measure_name(named.loc[[(name, when)]].reset_index().iloc[0].to_dict())
        if (rows["verdict"] == _RANKED).any():
            pairs = tuple(rows[["scenario", "other", "leader"]].itertuples(index=False, name=None))
            alike.setdefault(pairs, []).append(label)
        elif (name, when) not in same:
            nowhere.append(label)
    for pairs, labels in alike.items():
        table.add_row("; ".join(labels), *order_of(pairs))
    if table.row_count:
        yield table
    else:
        yield Text(_("No pair of scenarios is ranked on any target."))
    if nowhere:
        yield Text(_("Not ranked, all pairs: {names}").format(names="; ".join(nowhere)), style="dim")


def _side_by_side(found: Comparison, provinces: list[str]) -> Iterator[RenderableType]:
    """Yield one table a scenario with a column of differences for each province."""
    frame = found.differences[found.differences["main"]]
    for scenario, rows in frame.groupby("scenario", sort=False):
        title = _("{scenario} against {base}").format(scenario=scenario, base=rows["base"].iloc[0])
        yield Text(f"\n{title}", style="bold")
        table = ruled_table()
        table.add_column(_("Target or indicator"), ratio=1, min_width=24)
        for province in provinces:
            table.add_column(province, justify="right", no_wrap=True)
        cells: dict[tuple[str, str], dict[str, Row]] = {}
        for row in rows.to_dict("records"):
            more = "; ".join(part for part in (moment_name(row), unit_name(str(row["unit"]))) if part)
            key = (measure_name(row), more)
            cells.setdefault(key, {})[str(row["province"])] = row
        for (name, more), by_province in cells.items():
            if all(row["n_equal"] == row["n"] for row in by_province.values()):
                continue
            what = Text(name)
            what.append(f"\n{more}", style="dim")
            table.add_row(what, *(_gap(by_province[one]) if one in by_province else Text("-") for one in provinces))
        if table.row_count:
            yield table
            continue
        said = dict.fromkeys(nothing_differs(found, str(scenario), province) for province in provinces)
        yield Text(" ".join(said), style="dim")
