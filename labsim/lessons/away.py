"""Lesson 5: leaving the farm, going abroad and coming back."""

from __future__ import annotations

from typing import Any

import numpy as np

from labsim.evidence.formulas import stays
from labsim.lessons.content import Curve, Drawing, Lesson, Number, Question, Runs, Step, Values, World, measured
from labsim.text import _, mark

PLACES, CONTRACT, EARLY = 100, 36, 0.03
PAY, MORE_PAY = 7.0e6, 9.1e6
_CONTRACTS: dict[str, Any] = {"by": []}
_PROVINCE = {"scale": 0.02, "by": [], "migration.outside_wage": PAY}

WORLDS = {
    "contracts": World(mark("everybody stays 36 months"), "reference/contract_rotation", _CONTRACTS, "2025-12", 2),
    "early": World(mark("3 % a month come back early"), "reference/contract_rotation",
                   _CONTRACTS | {"abroad.early_return": EARLY}, "2025-12"),
    "province": World(mark("Son La, 7.0 million VND a month elsewhere"), "son_la", _PROVINCE, "2023-12", 5),
    "pull": World(mark("Son La, 9.1 million VND a month elsewhere"), "son_la",
                  _PROVINCE | {"migration.outside_wage": MORE_PAY}, "2023-12", 5),
}  # fmt: skip


def _left(runs: Runs, world: str) -> Values:
    """Return the people who left for other provinces in three years, one value a replicate."""
    left: Values = runs.series(world, "left_for_other_provinces").sum(axis=0)
    return left


def _last(runs: Runs, world: str, indicator: str) -> Values:
    values: Values = runs.series(world, indicator)[-1]
    return values


def _more(runs: Runs, indicator: str) -> Values:
    """Return by how much a stock at the end is larger where pay elsewhere is higher, pair by pair."""
    return _last(runs, "pull", indicator) - _last(runs, "province", indicator)


def _stocks(runs: Runs) -> Drawing:
    months = np.arange(runs.series("contracts", "abroad").shape[0], dtype=np.float64)
    staying = np.concatenate([[0.0], PLACES * np.cumsum(stays(CONTRACT, EARLY))])
    expected = staying[np.minimum(months.astype(int), CONTRACT)]
    curves = [Curve.fan(_(WORLDS[name].title), runs.series(name, "abroad")) for name in ("contracts", "early")]
    curves.append(Curve(_("3 % a month, worked out"), months, expected, kind="expected"))
    return Drawing(_("People abroad when 100 a month leave"), _("months since the start"), _("persons abroad"),
                   tuple(curves))  # fmt: skip


def _away(runs: Runs) -> Drawing:
    curves = tuple(Curve.fan(_(WORLDS[name].title), runs.series(name, "away_in_viet_nam") / 1e3)
                   for name in ("province", "pull"))  # fmt: skip
    return Drawing(_("People of Son La who work in other provinces"), _("months since the end of 2020"),
                   _("thousand persons"), curves)  # fmt: skip


LESSON = Lesson(
    number=5,
    title=mark("Leaving the farm, going abroad and coming back"),
    about=mark("How many are away when so many leave a year, and what draws people off the farm."),
    adds=mark("Farms to leave, pay elsewhere, contracts abroad, and the way back."),
    worlds=WORLDS,
    steps=(
        Step(
            mark("Departures are a flow, people abroad are a stock"),
            mark(
                "100 people a month leave on contracts of 36 months. For three years nobody comes back and the number "
                "abroad grows; then as many come back as leave, and it stands still. It is the bathtub of lesson 1, "
                "with a drain that opens after three years. Where contracts break off, fewer are away, although as "
                "many leave."
            ),
            lambda runs: [
                Number.of(
                    _("abroad after two years: {world}").format(world=_(WORLDS[name].title)),
                    runs.series(name, "abroad")[24],
                    "persons",
                )
                for name in ("contracts", "early")
            ],
            _stocks,
        ),
        Step(
            mark("Who leaves the farm for another province"),
            mark(
                "Now the whole of Son La, one simulated person for fifty. Farming feeds two thirds of those at work "
                "at about two million VND a month. Whoever farms compares that with pay in the industrial zones of "
                "other provinces, and needs savings for the journey: who has most to gain can often not pay it. Both "
                "worlds have the same people and the same luck; only pay elsewhere is higher by 30 % in the second. "
                "Compare replicate with replicate: the difference is much more certain than either number."
            ),
            lambda runs: [
                *(
                    Number.of(
                        _("people who left in 2021-2023: {world}").format(world=_(WORLDS[name].title)),
                        _left(runs, name),
                        "persons",
                    )
                    for name in ("province", "pull")
                ),
                *(
                    Number.of(
                        _("away at the end of 2023: {world}").format(world=_(WORLDS[name].title)),
                        _last(runs, name, "away_in_viet_nam"),
                        "persons",
                    )
                    for name in ("province", "pull")
                ),
                Number.of(_("farmers at the end of 2023, more in the second"), _more(runs, "farmers"), "persons"),
            ],
            _away,
        ),
    ),
    questions=(
        Question(
            mark("100 people a month leave for 36 months each. How many are abroad after five years?"),
            "persons",
            lambda runs: measured(_last(runs, "contracts", "abroad")),
            mark("Those of the last 36 months are still there, all others are back."),
            mark("100 x 36, exactly: after three years the stock no longer grows, however long the programme lasts."),
        ),
        Question(
            mark("Every month 3 % of those abroad come back early. How many are abroad after five years?"),
            "persons",
            lambda runs: measured(_last(runs, "early", "abroad")),
            mark("Of those who left k months ago 0.97^k are still there: sum 100 x 0.97^k for k = 0 ... 35."),
            mark("100 x (1 - 0.97^36) / 0.03: a small monthly rate takes more than a third of the stock."),
        ),
        Question(
            mark(
                "Pay in other provinces is 30 % higher. By how many per cent do more people leave Son La in three "
                "years?"
            ),
            "%",
            lambda runs: measured(100.0 * (_left(runs, "pull") / _left(runs, "province") - 1.0)),
            mark("Divide the two numbers of people who left, replicate by replicate."),
            mark(
                "Less than 30 %: the pull of pay elsewhere is capped at four times present income, which farmers come "
                "near already, and who is away cannot leave again."
            ),
        ),
        Question(
            mark("And how many more people are then away at the end of 2023?"),
            "persons",
            lambda runs: measured(_more(runs, "away_in_viet_nam")),
            mark("Subtract two numbers of the second table. Some of those who left are back."),
            mark("Fewer than left in addition: about 3.5 % of those away come home every month."),
        ),
    ),
)
