"""Tables for the console beside the scorecard: what policies spent and brought about, and results by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.report.chances import SIGNS, words_of
from labsim.report.console import ruled_table
from labsim.report.numbers import number
from labsim.results import Results
from labsim.text import _, current_language, mark
from labsim.verdicts import TOO_FEW, is_luck

__all__ = ["group_name", "group_view", "grouping_name", "ledger_view", "payer_name"]

_YEARS_SIDE_BY_SIDE = 5
_GROUPINGS = {
    "district": mark("district"), "sex": mark("sex"), "age": mark("age"), "ethnicity": mark("ethnic group"),
    "residence": mark("residence"), "field": mark("field of work"),
}  # fmt: skip
_GROUPS = {
    "all": mark("all"), "male": mark("men"), "female": mark("women"), "rural": mark("rural"), "urban": mark("urban"),
    "36-retirement": mark("36 to retirement"), "past retirement": mark("past retirement"),
}  # fmt: skip
_PAYERS = {
    "state budget": mark("state budget"), "social policy bank": mark("social policy bank"),
    "trainees": mark("trainees"), "workers": mark("workers"), "employers": mark("employers"),
    "households": mark("households"),
}  # fmt: skip
# one table each, where its first indicator is known: its title, and columns of a heading and an indicator
_BLOCKS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        mark("People of working age, December"),
        (
            (mark("People"), "working_age"),
            (mark("Trained,\nadministr."), "working_age_trained"),
            (mark("Certified,\nsurvey"), "working_age_certified"),
        ),
    ),
    (
        mark("In the year"),
        (
            (mark("Completed\na course"), "people_trained"),
            (mark("Hired"), "hires"),
            (mark("Sent\nabroad"), "sent_abroad"),
        ),
    ),
    (
        mark("Work, December"),
        (
            (mark("Unem-\nployed"), "unemployed"),
            (mark("Unemploy-\nment, %"), "unemployment_rate"),
            (mark("In agri-\nculture"), "agricultural_workers"),
        ),
    ),
    (
        mark("People in work and both sides of the market, December"),
        ((mark("Vacancies"), "vacancies"), (mark("Seekers"), "seekers"), (mark("People\nin work"), "employed")),
    ),
    (
        mark("Mean income in December, million VND a month"),
        (
            (mark("Employees"), "mean_wage"),
            (mark("Farming"), "mean_farm_income"),
            (mark("Household\nbusiness"), "mean_business_income"),
        ),
    ),
    (
        mark("Who gains and who loses: income in December against the December before"),
        (
            (mark("Gain above\n5 %, %"), "income_gain_share"),
            (mark("Loss above\n5 %, %"), "income_loss_share"),
            (mark("Median\nchange, %"), "income_median_change"),
        ),
    ),
)


def payer_name(payer: str) -> str:
    """Return who pays, in the language in use."""
    return _(_PAYERS.get(payer, payer))


def grouping_name(grouping: str) -> str:
    """Return by what people are told apart, in the language in use."""
    return _(_GROUPINGS[grouping])


def group_name(manifest: Mapping[str, Any], grouping: str, group: str) -> str:
    """Return the name of a group: that of the province's profile where it gives one."""
    return _names_of(manifest, grouping).get(group) or _(_GROUPS.get(group, group))


def ledger_view(results: Results) -> Iterator[RenderableType]:
    """Yield what policies cost for what they brought about, and what was spent on what for whom by year."""
    costs, spending = results.costs(), results.spending()
    whole = costs[costs["year"] == "all"].to_dict("records")
    if whole:
        yield Text(_("What the policies cost"), style="bold")
        scale = float(results.manifest.get("scale", 1.0))
        yield _costs_table(whole, scale)
        if any(is_luck(row["count"], scale) for row in whole):
            yield Text(f"{SIGNS[TOO_FEW]} {words_of()[TOO_FEW]}", style="dim")
        yield Text(_("Public money of all years: state budget and policy bank, loans included."), style="dim")
    if len(spending):
        yield Text("")
        yield Text(_("What was spent, million VND (mean over replicates)"), style="bold")
        years = sorted(spending["year"].unique())
        for first in range(0, len(years), _YEARS_SIDE_BY_SIDE):
            yield _spending_table(spending, years[first : first + _YEARS_SIDE_BY_SIDE])
    if whole or len(spending):
        yield Text("")


def group_view(results: Results, grouping: str) -> Iterator[RenderableType]:
    """Yield the tables of one grouping, for the years divisible by five and the last one."""
    table = results.by(grouping)
    names = _names_of(results.manifest, grouping)
    # the start has no flows; it is printed only where nothing else is there
    years = sorted(table.loc[table["indicator"] == "hires", "year"].unique()) or sorted(table["year"].unique())
    for year in [year for year in years if year % 5 == 0 or year == years[-1]]:
        rows = table[table["year"] == year]
        cells = {(row["group"], row["indicator"]): row for row in rows.to_dict("records")}
        groups = list(dict.fromkeys(rows["group"]))
        title = _("By {grouping}, {year}").format(grouping=grouping_name(grouping), year=year)
        yield Text(title, style="bold")
        for heading, columns in _BLOCKS:
            if any((group, columns[0][1]) in cells for group in groups):
                yield Text(_(heading))
                yield _block(grouping_name(grouping).capitalize(), columns, groups, names, cells)
                yield Text("")


def _costs_table(rows: Sequence[Mapping[Any, Any]], scale: float) -> Table:
    table = ruled_table()
    table.add_column(_("Policy and outcome"), ratio=1, min_width=max(len(str(row["policy"])) for row in rows))
    table.add_column(_("Spent,\nm VND"), justify="right", min_width=9)
    table.add_column(_("Budget left,\nm VND"), justify="right", min_width=11)
    table.add_column(_("Months\npaused"), justify="right", min_width=6)
    table.add_column(_("Outcome\n(90 % band)"), justify="right", min_width=11)
    table.add_column(_("m VND for one\n(90 % band)"), justify="right", min_width=13)
    before = ""
    for row in rows:
        again = row["policy"] == before  # what a policy spent stands once, beside its first outcome
        before = str(row["policy"])
        what = Text("" if again else before, style="bold")
        separator = "" if again else "\n"
        what.append(f"{separator}{_(str(row['outcome']))}" if row["outcome"] else "", style="dim")
        spent = ("", "", "") if again else (
            _millions(row["spent"]), _millions(row["left"]), number(row["months_paused"], "months"),
        )  # fmt: skip
        few = f"{SIGNS[TOO_FEW]} " if is_luck(row["count"], scale) else ""
        table.add_row(
            what, *spent,
            few + _with_band(row, "count", "persons"), _with_band(row, "unit_cost", "million", 1e6),
        )  # fmt: skip
    return table


def _spending_table(spending: pd.DataFrame, years: Sequence[int]) -> Table:
    table = ruled_table()
    table.add_column(_("Policy: purpose, to whom (payer)"), ratio=1, min_width=24)
    for year in years:
        table.add_column(str(year), justify="right", min_width=7)
    here = spending[spending["year"].isin(years)]
    keys = ["policy", "purpose", "recipient", "payer"]
    for (policy, purpose, recipient, payer), part in here.groupby(keys, sort=True):
        amounts: dict[int, float] = dict(zip(part["year"], part["amount"], strict=True))
        label = Text(f"{policy}: ", style="bold")
        paid_by = payer_name(str(payer))
        label.append(f"{purpose}, {recipient} ({paid_by})", style="not bold")
        table.add_row(label, *(_millions(amounts.get(year, 0.0)) for year in years))
    return table


def _block(
    heading: str,
    columns: Sequence[tuple[str, str]],
    groups: Sequence[str],
    names: Mapping[str, str],
    cells: Mapping[tuple[str, str], Mapping[Any, Any]],
) -> Table:
    table = ruled_table()
    table.add_column(heading, ratio=1, min_width=14)
    for title, _name in columns:
        table.add_column(_(title), justify="right", min_width=16)
    for group in groups:
        words = names.get(group) or _(_GROUPS.get(group, group))
        table.add_row(words, *(_cell(cells.get((group, name))) for _title, name in columns))
    return table


def _cell(row: Mapping[Any, Any] | None) -> str:
    if row is None:
        return "-"
    if row["unit"] == "VND per month":
        value, low, high = (number(row[part] / 1e6, "million") for part in ("value", "low", "high"))
    else:
        value, low, high = (number(row[part], row["unit"]) for part in ("value", "low", "high"))
    return f"{value} {_band(low, high)}"


def _with_band(row: Mapping[Any, Any], name: str, unit: str, one: float = 1.0) -> str:
    value, low, high = (number(row[key] / one, unit) for key in (name, f"{name}_low", f"{name}_high"))
    return f"{value}\n{_band(low, high)}"


def _band(low: str, high: str) -> str:
    return "" if "-" in (low, high) else _("({low} to {high})").format(low=low, high=high)


def _millions(amount: float) -> str:
    return number(amount / 1e6, "million")


def _names_of(manifest: Mapping[str, Any], grouping: str) -> dict[str, str]:
    """Return the names that the province's profile gives its groups, in the language in use."""
    province = manifest.get("config", {}).get("province", {})
    groups = province.get("fields", ()) if grouping == "field" else province.get("groups", {}).get(grouping, ())
    return {group["id"]: group[current_language()] for group in groups}
