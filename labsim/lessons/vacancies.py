"""Lesson 2: who searches meets vacancies, and both wait at once."""

from __future__ import annotations

import numpy as np

from labsim.evidence.formulas import frictional_fixed_point, urn_ball_mean
from labsim.lessons.content import Curve, Drawing, Lesson, Number, Question, Runs, Step, Values, World, measured
from labsim.text import _, mark

PEOPLE, SEEKERS, LOSING = 8_000, 2_000, 0.02
POSTS = {"short": 0.95, "even": 1.0, "ample": 1.05}


def _one_month(title: str, seekers: int, vacancies: int) -> World:
    settings = {"reference.people": seekers, "reference.vacancies": vacancies / seekers, "by": []}
    return World(title, "reference/urn_ball", settings, "2021-01")


def _market(title: str, posts: float) -> World:
    # people at work and open vacancies at the start are all the posts there are
    unemployed = max(0.05, 1.0 - posts)
    settings = {"reference.people": PEOPLE, "reference.unemployed": unemployed, "by": []}
    return World(
        title, "reference/frictional", settings | {"reference.vacancies": posts - (1.0 - unemployed)}, "2023-12"
    )


WORLDS = {
    "half": _one_month(mark("1,000 seekers, 1,000 vacancies"), 1_000, 1_000),
    "month": _one_month(mark("2,000 seekers, 1,000 vacancies"), 2_000, 1_000),
    "double": _one_month(mark("4,000 seekers, 1,000 vacancies"), 4_000, 1_000),
    "short": _market(mark("95 posts for 100 people"), POSTS["short"]),
    "even": _market(mark("100 posts for 100 people"), POSTS["even"]),
    "ample": _market(mark("105 posts for 100 people"), POSTS["ample"]),
}
_MONTHS = ("half", "month", "double")


def _hires(runs: Runs, world: str) -> Values:
    values: Values = runs.series(world, "hires")[-1]
    return values


def _settled(runs: Runs, world: str, indicator: str) -> Values:
    values: Values = runs.series(world, indicator)[-18:].mean(axis=0)
    return values


def _urns(runs: Runs) -> Drawing:
    seekers = np.linspace(1.0, 5_000.0, 100)
    expected = np.array([urn_ball_mean(one, 1_000.0) for one in seekers])
    found = np.stack([_hires(runs, name) for name in _MONTHS])
    points = np.array([1_000.0, 2_000.0, 4_000.0])
    curves = (
        Curve(_("simulated"), points, found.mean(axis=1), found.min(axis=1), found.max(axis=1), "points"),
        Curve(_("what chance makes, worked out"), seekers, expected, kind="expected"),
    )
    x = _("seekers, one application each")
    return Drawing(_("Hires when 1,000 vacancies are open"), x, _("hires in the month"), curves, months=False)


def _beveridge(runs: Runs) -> Drawing:
    posts = np.linspace(0.90, 1.10, 41)
    points = [frictional_fixed_point(PEOPLE, one * PEOPLE, LOSING) for one in posts]
    line = np.array([(100.0 * (PEOPLE - employed) / PEOPLE, 100.0 * open_ / PEOPLE) for employed, open_ in points])
    curves = [Curve(_("where both flows are equal, worked out"), line[:, 0], line[:, 1], kind="expected")]
    for name in POSTS:
        x, y = (_settled(runs, name, what) / PEOPLE * 100.0 for what in ("unemployed", "vacancies"))
        curves.append(Curve(_(WORLDS[name].title), x.mean(keepdims=True), y.mean(keepdims=True), y.min(keepdims=True),
                            y.max(keepdims=True), "points"))  # fmt: skip
    return Drawing(_("The Beveridge curve"), _("unemployed, % of labour force"), _("vacancies, % of labour force"),
                   tuple(curves), months=False)  # fmt: skip


LESSON = Lesson(
    number=2,
    title=mark("Search and vacancies"),
    about=mark("Why there are unemployed people and vacancies at the same time, and what a vacancy more is worth."),
    adds=mark("Vacancies: whoever searches applies to one, and each takes one applicant."),
    worlds=WORLDS,
    steps=(
        Step(
            mark("Balls thrown into urns"),
            mark(
                "In the first lesson everybody found a job at a fixed rate. Now each seeker sends one application a "
                "month to a vacancy at random, like a ball thrown into one of many urns, and each vacancy takes one of "
                "its applicants by lot. Some vacancies get five applications and some none, only because nobody knows "
                "where the others apply. So there are fewer hires than seekers and fewer than vacancies."
            ),
            lambda runs: [
                Number.of(_("hires: {world}").format(world=_(WORLDS[name].title)), _hires(runs, name), "persons")
                for name in ("half", "double")
            ],
            _urns,
        ),
        Step(
            mark("Unemployed people beside vacancies"),
            mark(
                "Let such months follow one another: 2 % lose their job every month, and an employer who misses "
                "somebody opens a vacancy. Even with as many posts as people, both wait for each other. With more "
                "posts "
                "unemployment falls and vacancies rise: the points lie on a falling curve, named after Beveridge, who "
                "held the two side by side in 1944. A market that matches worse has its curve further out."
            ),
            lambda runs: [
                Number.of(
                    _("unemployment: {world}").format(world=_(WORLDS[name].title)),
                    _settled(runs, name, "unemployment_rate"),
                    "%",
                )
                for name in ("short", "ample")
            ],
            _beveridge,
        ),
    ),
    questions=(
        Question(
            mark("2,000 people each apply to one of 1,000 vacancies at random. How many are hired?"),
            "persons",
            lambda runs: measured(_hires(runs, "month")),
            mark("A vacancy stays empty if all 2,000 miss it: (1 - 1/1000)^2000, about e^-2."),
            mark("1,000 x (1 - e^-2). One vacancy in seven stays open although two people come on each."),
        ),
        Question(
            mark(
                "Twice as many people search (4,000) for the same 1,000 vacancies. How many per cent more hires is "
                "that?"
            ),
            "%",
            lambda runs: measured(100.0 * (_hires(runs, "double") / _hires(runs, "month").mean() - 1.0)),
            mark("Compare 1,000 x (1 - e^-4) with 1,000 x (1 - e^-2)."),
            mark(
                "Far from twice as many: who searches harder mostly takes the place of another. What lacks is "
                "vacancies, and a course for seekers alone does not change that."
            ),
        ),
        Question(
            mark(
                "There are as many posts as people, and 2 % lose their job every month. What is the unemployment rate?"
            ),
            "%",
            lambda runs: measured(_settled(runs, "even", "unemployment_rate")),
            mark(
                "Hires must equal the 2 % of those at work who lose their job. Read it off the Beveridge curve, or try "
                "a rate and compare the two flows."
            ),
            mark("Not zero: vacancies and seekers miss one another. No policy of training is behind it, only chance."),
        ),
        Question(
            mark("By how many percentage points is unemployment lower with 105 posts for 100 people than with 100?"),
            mark("points"),
            lambda runs: measured(
                _settled(runs, "even", "unemployment_rate") - _settled(runs, "ample", "unemployment_rate")
            ),
            mark("Take the difference of the two worlds. It is not 5."),
            mark("Five posts more for 100 people take fewer than five out of unemployment: part of them stay vacant."),
        ),
    ),
)
