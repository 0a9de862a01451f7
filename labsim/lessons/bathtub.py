"""Lesson 1: unemployment as water in a bathtub, between two flows."""

from __future__ import annotations

import numpy as np

from labsim.evidence.formulas import lake_path
from labsim.lessons.content import Answer, Curve, Drawing, Lesson, Number, Question, Runs, Step, Values, World, measured
from labsim.text import _, mark

PEOPLE, LOSING, FINDING, MONTHS = 20_000, 0.02, 0.30, 48
_SIZE = {"reference.people": PEOPLE, "by": []}


def _world(title: str, losing: float, finding: float) -> World:
    rates = {"firms.separation_rate": losing, "search.effort": finding}
    # often enough that twice as many losing their job is told from twice as much unemployment
    return World(title, "reference/two_state_lake", _SIZE | rates, "2024-12", replicates=10)


WORLDS = {
    "base": _world(mark("2 % lose their job, 30 % find one"), LOSING, FINDING),
    "more_lost": _world(mark("4 % lose their job, 30 % find one"), 2 * LOSING, FINDING),
    "harder": _world(mark("2 % lose their job, 15 % find one"), LOSING, FINDING / 2),
}


def _settled(runs: Runs, world: str, indicator: str = "unemployment_rate") -> Values:
    """Return the mean of the last two years, one value a replicate."""
    values: Values = runs.series(world, indicator)[-24:].mean(axis=0)
    return values


def _paths(runs: Runs) -> Drawing:
    months = np.arange(MONTHS + 1, dtype=np.float64)
    curves = [Curve.fan(_(WORLDS[name].title), runs.series(name, "unemployment_rate")) for name in WORLDS]
    start = float(runs.series("base", "unemployment_rate")[0].mean()) / 100.0
    expected = 100.0 * lake_path(LOSING, FINDING, months, start)
    curves.append(Curve(_("what two rates make, worked out"), months, expected, kind="expected"))
    return Drawing(_("Unemployment between two flows"), _("months since the start"), _("unemployed, % of labour force"),
                   tuple(curves))  # fmt: skip


def _flows(runs: Runs) -> Drawing:
    losses, hires = (runs.series("base", name) for name in ("separations", "hires"))
    months = np.arange(1.0, MONTHS + 1)
    curves = (
        Curve(_("lose their job"), months, losses.mean(axis=1), losses.min(axis=1), losses.max(axis=1)),
        Curve(_("find a job"), months, hires.mean(axis=1), hires.min(axis=1), hires.max(axis=1)),
    )
    return Drawing(_("The two flows"), _("months since the start"), _("persons per month"), curves)


def _numbers(runs: Runs) -> list[Number]:
    title = WORLDS["harder"].title
    return [
        Number.of(_("unemployment at the start"), runs.series("base", "unemployment_rate")[0], "%"),
        Number.of(_("unemployment, mean of the last two years: {world}").format(world=_(title)),
                  _settled(runs, "harder"), "%"),
    ]  # fmt: skip


def _half_way(runs: Runs) -> Answer:
    """Return the months after which half of the way from the start to the settled level is covered, by replicate."""
    path, settled = runs.series("base", "unemployment_rate"), _settled(runs, "base")
    found = []
    for k in range(path.shape[1]):
        left = (path[:, k] - settled[k]) / (path[0, k] - settled[k])
        after = int(np.flatnonzero(left <= 0.5)[0])
        # between two months the gap shrinks by a constant factor
        step = np.log(left[after - 1] / 0.5) / np.log(left[after - 1] / left[after])
        found.append(after - 1 + float(step))
    return measured(found)


LESSON = Lesson(
    number=1,
    title=mark("A bathtub of unemployment"),
    about=mark("Why unemployment settles at some level although people lose and find jobs all the time."),
    adds=mark("Two flows: out of work, and into work."),
    worlds=WORLDS,
    steps=(
        Step(
            mark("Two flows and a level"),
            mark(
                "20,000 people either work or look for work. Every month 2 in 100 of those at work lose their job, and "
                "30 in 100 of those who look find one: there are more than enough vacancies. At the start 20 in 100 "
                "are unemployed. The water in a bathtub behaves so: it rises while more flows in than out, and it "
                "stands still when both are equal, however strong the flows are. Nobody sets the level."
            ),
            _numbers,
            _paths,
        ),
        Step(
            mark("Standing still is full of movement"),
            mark(
                "In the settled state about as many people lose a job as find one, month after month. A level that "
                "does not change hides hundreds of people who move. So a policy can work on either flow: fewer lose "
                "their job, or those who look find one sooner. The curves of the other two worlds above show both."
            ),
            lambda runs: [
                Number.of(_("unemployed people, last two years"), _settled(runs, "base", "unemployed"), "persons")
            ],
            _flows,
        ),
    ),
    questions=(
        Question(
            mark(
                "If every month 2 % of those at work lose their job and 30 % of the unemployed find one, at which "
                "unemployment rate does the labour force settle?"
            ),
            "%",
            lambda runs: measured(_settled(runs, "base")),
            mark("In the settled state both flows are equal: 0.02 x (1 - u) = 0.30 x u."),
            mark("u = 0.02 / (0.02 + 0.30): the rate out of work over the sum of both rates."),
        ),
        Question(
            mark("Twice as many lose their job (4 % a month), as many find one as before. Where does it settle now?"),
            "%",
            lambda runs: measured(_settled(runs, "more_lost")),
            mark("It less than doubles: with more unemployed, more find a job too."),
            mark("u = 0.04 / (0.04 + 0.30). The flow into work grows with the number of unemployed."),
        ),
        Question(
            mark(
                "In the first world, how many of the 20,000 people lose their job in a month once the level is settled?"
            ),
            "persons",
            lambda runs: measured(_settled(runs, "base", "separations")),
            mark("2 % of those at work, not of all: first find how many are at work."),
            mark("0.02 x 20,000 x (1 - u). As many find one."),
        ),
        Question(
            mark(
                "From 20 % at the start unemployment falls towards its level. After how many months has it covered "
                "half of the way?"
            ),
            mark("months"),
            _half_way,
            mark("Every month the distance shrinks to 1 - 0.02 - 0.30 = 0.68 of itself. 0.68 to which power is 0.5?"),
            mark(
                "ln 0.5 / ln 0.68, less than two months: flows are large beside the stock, so that the level of "
                "unemployment adjusts within a season."
            ),
        ),
    ),
)
