"""Tables for the console about scenarios compared: differences, money, and who ranks before whom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel.numbers import format_decimal
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.experiment.opened import targets_of
from labsim.report.console import bands_hold, beyond_calibrated, ruled_table
from labsim.report.numbers import number, unit_name
from labsim.report.rests import reading_lines
from labsim.text import _, current_language, mark, n_

if TYPE_CHECKING:
    from labsim.experiment.compare import Comparison

__all__ = ["comparison_view", "measure_name", "moment_name"]

Row = Mapping[Any, Any]
_ALL, _RANKED, _BILLION, _MILLION = "all", "ranked", 1e9, 1e6
_MOST_PAIRS = 4  # named one by one; of more, their number is told
_MONEY = {"public": mark("public money"), "private": mark("private money")}
_NO_COST = {"no cost": mark("costs\nnothing"), "costs less": mark("costs\nless"), "worse": mark("worse")}


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
            yield from _differences(found.differences, found.about["posteriors"])
        yield from _costs(found.costs[found.costs["province"] == province])
        yield from _ranking(found, province)
    yield Text("")
    named = set(found.differences.loc[found.differences["measure"] == "target", "id"])
    unclear = reading_lines(one for province in provinces for one in targets_of(province) if one.id in named)
    for line in (*_notes(found), *unclear):
        yield Text(f"* {line}", style="dim")


def measure_name(row: Row) -> str:
    """Name a target or indicator in the language in use."""
    if row["measure"] == "indicator":
        return _(str(row["label"]))
    return str(row["label_vi"] if current_language() == "vi" and row["label_vi"] else row["label"])


def moment_name(row: Row) -> str:
    """Say to which year, years or month a number refers, or nothing where the name says it."""
    when = str(row["when"])
    if when in measure_name(row):
        return ""
    first, slash, last = when.partition("/")
    return _("{low} to {high}").format(low=first, high=last) if slash else when


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


def _differences(frame: pd.DataFrame, posteriors: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what differs from the base, targets and indicators of each scenario; what never differs is named once."""
    frame = frame[frame["main"]]
    nowhere = _same_everywhere(frame)
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
            yield Text(_("Nothing differs in any replicate."))
        here = [row for row in rows[same].to_dict("records") if (row["id"], row["when"]) not in nowhere]
        if here:
            names = "; ".join(map(_with_moment, here))
            yield Text(_("The same in every replicate: {names}").format(names=names), style="dim")
    if nowhere:
        first = frame.drop_duplicates(["id", "when"]).to_dict("records")
        names = "; ".join(_with_moment(row) for row in first if (row["id"], row["when"]) in nowhere)
        yield Text("\n" + _("The same in every scenario and replicate: {names}").format(names=names), style="dim")


def _same_everywhere(frame: pd.DataFrame) -> set[tuple[str, str]]:
    """Return id and moment of what no scenario changes in any replicate."""
    groups: Any = frame.groupby(["id", "when"], sort=False)
    return {(str(key[0]), str(key[1])) for key, rows in groups if (rows["n_equal"] == rows["n"]).all()}


def _difference_table(rows: pd.DataFrame, of_targets: bool, posteriors: Mapping[str, Any]) -> Table:
    table = ruled_table()
    table.add_column(_("Target") if of_targets else _("Indicator"), ratio=1, min_width=20)
    table.add_column(_("Base,\nhere"), justify="right", no_wrap=True)
    table.add_column(_("Difference\n(95 % interval)"), justify="right", no_wrap=True)
    table.add_column(_("Better\nof {n}").format(n=int(rows["n"].max())), justify="right", no_wrap=True)
    table.add_column(_("Factor of\npairing"), justify="right", no_wrap=True)
    if of_targets:
        table.add_column(_("Met in %:\nbase,\nhere"), justify="right", no_wrap=True)
        table.add_column(_("Short:\nbase,\nhere"), justify="right", no_wrap=True)
    table.add_column(_("VND\nfor one"), justify="right", no_wrap=True)
    for row in rows.to_dict("records"):
        unit = str(row["unit"])
        what = Text(measure_name(row))
        more = "; ".join(part for part in (moment_name(row), "" if unit == "%" else unit_name(unit)) if part)
        what.append(f"\n{more}" if more else "", style="dim")
        marks = beyond_calibrated(str(row["when"]), posteriors[row["province"]])
        values = "\n".join(_value(row[name], unit) + marks for name in ("base_value", "value"))
        cells: list[Any] = [what, values, _gap(row), _better_in(row), _factor(row)]
        if of_targets:
            cells += [f"{_met(row, 'base_')}\n{_met(row, '')}", _short(row)]
        table.add_row(*cells, _cost_of_one(row))
    return table


def _gap(row: Row, keys: tuple[str, str, str] = ("difference", "low", "high"), unit: str | None = None) -> Text:
    """Write a difference over its interval, with a star where the interval excludes zero."""
    unit = str(row["unit"]) if unit is None else unit
    mean, low, high = (row[key] for key in keys)
    clear = low > 0 or high < 0
    text = Text(_small(mean, unit) + (" *" if clear else ""), style="bold" if clear else "")
    if math.isfinite(low):
        text.append(f"\n{_interval(_small(low, unit), _small(high, unit))}", "not bold")
    return text


def _better_in(row: Row) -> str:
    if not math.isfinite(row["n_better"]):
        return "-"
    return str(int(row["n_better"]))


def _factor(row: Row) -> str:
    if not math.isfinite(row["pairing_factor"]):
        return "-"
    said = _significant(row["pairing_factor"])
    if not math.isfinite(row["pairing_factor_low"]):
        return said
    low, high = (_significant(row[f"pairing_factor_{end}"], 2) for end in ("low", "high"))
    return f"{said}\n({low}-{high})"


def _met(row: Row, prefix: str) -> str:
    """Write the chance of a target with its interval, in per cent."""
    if not math.isfinite(row[f"{prefix}chance"]):
        return "-"
    chance, low, high = (
        format_decimal(100 * row[f"{prefix}{key}"], "0", locale=current_language())
        for key in ("chance", "chance_low", "chance_high")
    )
    return f"{chance} ({low}-{high})"


def _short(row: Row) -> str:
    base, here = row["base_shortfall_persons"], row["shortfall_persons"]
    if not math.isfinite(base) and not math.isfinite(here):
        return "-"
    return f"{number(base, 'persons')}\n{number(here, 'persons')}"


def _cost_of_one(row: Row) -> str:
    if not math.isfinite(row["cost_per_unit"]):
        why = _NO_COST.get(row["cost_note"])
        return "-" if why is None else _(why)
    value, low, high = (row[key] for key in ("cost_per_unit", "cost_per_unit_low", "cost_per_unit_high"))
    divisor, said = (_BILLION, _("{number} bn")) if abs(value) >= _BILLION else (_MILLION, _("{number} m"))
    amount, least, most = (_significant(one / divisor) for one in (value, low, high))
    return f"{said.format(number=amount)}\n({least}-{most})"


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
            base, here = (_significant(row[key] / _BILLION) for key in ("base_spent", "spent"))
            table.add_row(name, base, here, _more(row))
    yield table


def _more(row: Row) -> Text:
    mean, low, high = (row[key] / _BILLION for key in ("difference", "low", "high"))
    if not row["base_spent"] and not row["spent"]:
        return Text("-")
    text = Text(_significant(mean) + (" *" if row["clear"] else ""), "bold" if row["clear"] else "")
    if math.isfinite(low) and low < high:
        text.append(f" {_interval(_significant(low), _significant(high))}", "not bold")
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
    same = _same_everywhere(found.differences[found.differences["province"] == province])
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
        table.add_row("; ".join(labels), *_order(pairs))
    if table.row_count:
        yield table
    else:
        yield Text(_("No pair of scenarios is ranked on any target."))
    if nowhere:
        yield Text(_("Not ranked, all pairs: {names}").format(names="; ".join(nowhere)), style="dim")


def _order(pairs: tuple[tuple[str, str, str], ...]) -> tuple[str, str]:
    """Write who is clearly better than whom, and the pairs that are not ranked, a line each."""
    below: dict[str, list[str]] = {}
    for one, other, leader in pairs:
        if leader:
            below.setdefault(leader, []).append(other if leader == one else one)
    order = sorted(below, key=lambda name: -len(below[name]))
    ranked = "\n".join(f"{name} > {', '.join(below[name])}" for name in order)
    unclear = [f"{one} / {other}" for one, other, leader in pairs if not leader]
    if len(unclear) > _MOST_PAIRS:
        return ranked, _("{n} other pairs").format(n=len(unclear))
    return ranked, "\n".join(unclear) or "-"


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
        else:
            yield Text(_("No target or indicator differs in any replicate."), style="dim")


def _notes(found: Comparison) -> Iterator[str]:
    n = int(found.differences["main"].sum())
    yield _(
        "Same people, same luck: a difference is taken within each replicate; its 95 % interval (Student, over"
        " replicates) is that of the mean over replicates."
    )
    posteriors = found.about["posteriors"]
    for province, posterior in posteriors.items():
        yield from (f"{province}: {line}" if len(posteriors) > 1 else line for line in bands_hold(posterior))
    yield _(
        "*: the interval excludes zero. Each interval stands by itself: of {n} differences of nothing, about {by_luck}"
        " would have a star by luck."
    ).format(n=n, by_luck=max(1, round(0.05 * n)))
    yield _(
        "Better: replicates in which the scenario does better. Factor of pairing: the sum of both variances over that"
        " of the difference (95 % interval: Pitman and Morgan); - where the difference does not vary. Met in: share of"
        " replicates (95 % interval: Wilson)."
    )
    yield _(
        "Ranked: all pairs of a target together at 5 % (Holm); whoever is not ranked may still differ. Short: persons"
        " missing for the target."
    )
    yield _(
        "VND for one: public money spent more than in the base up to that year, for a person or a percentage point"
        " (or another unit) gained, where the gain is clear (95 % interval: Fieller)."
    )


def _interval(low: str, high: str) -> str:
    """Write an interval of differences, whose ends may have a sign."""
    said = _("{low} to {high}").format(low=low, high=high)
    return f"({said})"


def _with_moment(row: Row) -> str:
    moment = moment_name(row)
    return f"{measure_name(row)} ({moment})" if moment else measure_name(row)


def _value(value: float, unit: str) -> str:
    if unit.startswith("VND") and abs(value) >= _MILLION and math.isfinite(value):
        return _("{number} m").format(number=_significant(value / _MILLION))
    return number(value, unit)


def _small(value: float, unit: str) -> str:
    """Write a difference: whole persons, other units with three digits that count."""
    return number(value, unit) if unit == "persons" else _significant(value)


def _significant(value: float, digits: int = 3) -> str:
    """Write a number with some digits that count, whole numbers in full and at most four digits after the point."""
    if not math.isfinite(value):
        return "-"
    decimals = 0 if value == 0 else min(4, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(format_decimal(value, pattern, locale=current_language()))
