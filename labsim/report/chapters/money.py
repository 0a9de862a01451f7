"""Money: what policies spent by year, who paid, and what a unit of outcome cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labsim.report.blocks import Block, Cell, Chapter, Column, Gallery, Key, Table, Words
from labsim.report.chances import words_of
from labsim.report.chapters.source import Source
from labsim.report.numbers import money, number
from labsim.report.pictures import COLOURS, WIDE, bare, blank, picture, styled
from labsim.report.tables import payer_name
from labsim.report.words import capital, paid_for, policy_name, recipient_name
from labsim.results import Results
from labsim.text import _
from labsim.verdicts import TOO_FEW, is_luck

__all__ = ["money_chapter"]

_BILLION, _MILLION = 1e9, 1e6


def money_chapter(source: Source) -> Chapter | None:
    """Return what was spent; None where no policy runs or no ledger is at hand."""
    results = source.results
    if results is None or not len(results.policies):
        return None
    costs = results.costs()
    yearly = costs[costs["year"] != "all"].drop_duplicates(["policy", "year"])
    by_year = yearly.pivot(index="year", columns="policy", values="spent").fillna(0.0)
    totals = by_year.sum().sort_values(ascending=False, kind="stable")
    by_year = by_year[[name for name in totals.index if totals[name] > 0]]
    blocks: list[Block] = []
    if by_year.size:
        names = [policy_name(str(name)) for name in by_year.columns]
        total = float(by_year.to_numpy().sum())
        alt = _("Stacked bars of public money by year and policy; {total} in all.").format(total=money(total))
        drawn = picture("money", _bars(by_year), _("Public money by year, billion VND"),
                        _("state budget and policy bank, loans included; mean over replicates"), alt)  # fmt: skip
        blocks.append(Words(_("All policies together spent {total} of public money.").format(total=money(total))))
        blocks.append(
            Key(tuple(("\N{BLACK SQUARE}", colour, name) for colour, name in zip(COLOURS, names, strict=False)))
        )
        blocks.append(Gallery((drawn,), wide=True))
    blocks.append(_outcomes(costs[costs["year"] == "all"], float(results.manifest.get("scale", 1.0))))
    spending = results.spending()
    if len(spending):
        blocks += [_payers(spending), _purposes(results, spending)]
    return Chapter("money", _("Money"), tuple(blocks))


def _bars(by_year: pd.DataFrame) -> Figure:
    with styled():
        figure = blank(2.8, WIDE)
        axis = figure.add_axes((0.085, 0.1, 0.905, 0.85))
        places, bottom = np.arange(len(by_year)), np.zeros(len(by_year))
        for colour, name in zip(COLOURS, by_year.columns, strict=False):
            heights = by_year[name].to_numpy(float) / _BILLION
            axis.bar(places, heights, 0.8, bottom, color=colour)
            bottom = bottom + heights
        for place, height in enumerate(map(float, bottom)):
            axis.text(place, height, number(round(height), "persons"), ha="center", va="bottom", fontsize=9)
        axis.set_xticks(places, list(by_year.index))
        axis.yaxis.set_major_formatter(lambda value, _place: number(value, ""))
        bare(axis, grid="y")
    return figure


def _outcomes(whole: pd.DataFrame, scale: float) -> Table:
    """Return what each policy spent and what a unit of its outcome cost; its money stands once."""
    columns = (
        Column(_("Policy and outcome"), wide=True), Column(_("Public money"), right=True),
        Column(_("Months paused"), right=True), Column(_("Outcome (90 % band)"), right=True),
        Column(_("Public money for one (90 % band)"), right=True),
    )  # fmt: skip
    rows, before = [], ""
    for row in whole.to_dict("records"):
        again, before = row["policy"] == before, str(row["policy"])
        outcome = _(str(row["outcome"])) if row["outcome"] else ""
        rows.append((
            Cell(outcome, tone="soft") if again else Cell(capital(policy_name(before)), outcome),
            Cell("" if again else money(row["spent"])), Cell("" if again else number(row["months_paused"], "months")),
            Cell(number(row["count"], "persons"), _how_sure(row, scale)),
            Cell(money(row["unit_cost"]), _band(row, "unit_cost", money)),
        ))  # fmt: skip
    return Table(columns, tuple(rows), title=_("What the policies cost, and what for"))


def _how_sure(row: dict[Any, Any], scale: float) -> str:
    """Return the band of an outcome, and that luck decides where few were simulated."""
    band = _band(row, "count", lambda value: number(value, "persons"))
    return " ".join(part for part in (band, words_of()[TOO_FEW] if is_luck(row["count"], scale) else "") if part)


def _band(row: dict[Any, Any], name: str, write: Any) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if not math.isfinite(low) or low == high:
        return ""
    return _("{low} to {high}").format(low=write(low), high=write(high))


def _payers(spending: pd.DataFrame) -> Table:
    by = spending.groupby("payer")["amount"].sum().sort_values(ascending=False)
    columns = (Column(_("Who pays"), wide=True), Column(_("All years"), right=True))
    rows = tuple((Cell(capital(payer_name(str(payer)))), Cell(money(float(amount)))) for payer, amount in by.items())
    return Table(
        columns, rows, title=_("Who pays"), note=_("What people and employers pay themselves is no public money.")
    )


def _purposes(results: Results, spending: pd.DataFrame) -> Table:
    """Return every purpose with the years divisible by five, the last one, and their sum."""
    years = sorted(spending["year"].unique())
    shown: Sequence[int] = [year for year in years if year % 5 == 0 or year in (years[0], years[-1])]
    columns = (Column(_("Policy: purpose, to whom (payer)"), wide=True),
               *(Column(str(year), right=True) for year in shown), Column(_("All years"), right=True))  # fmt: skip
    rows = []
    for (policy, purpose, recipient, payer), part in spending.groupby(["policy", "purpose", "recipient", "payer"]):
        amounts = dict(zip(part["year"], part["amount"], strict=True))
        below = _("{purpose}, {recipient} ({payer})").format(
            purpose=paid_for(str(purpose)), recipient=recipient_name(str(recipient)), payer=payer_name(str(payer))
        )
        cells = [Cell(number(amounts.get(year, 0.0) / _MILLION, "million")) for year in shown]
        rows.append((Cell(capital(policy_name(str(policy))), below), *cells,
                     Cell(number(float(part["amount"].sum()) / _MILLION, "million"))))  # fmt: skip
    return Table(columns, tuple(rows), title=_("What was spent, million VND (mean over replicates)"), folded=True)
