"""Lesson 4: a school with too few seats."""

from __future__ import annotations

import numpy as np

from labsim.evidence.formulas import erlang_b
from labsim.lessons.content import Curve, Drawing, Lesson, Number, Question, Runs, Step, Values, World, measured
from labsim.text import _, mark

PEOPLE, ARRIVALS, SEATS, MONTHS = 40_000, 25.0 / 12.0, 20, 12
SETTLING = 2 * MONTHS  # months that are left out: the school is still filling up
# interest fades in a straight line to an age that nobody reaches; everybody is 25
_RATE = ARRIVALS / (PEOPLE * (1.0 - 25.0 / 10_000.0))


def _school(title: str, seats: int, months: int) -> World:
    settings = {"reference.people": PEOPLE, "reference.seats": seats, "reference.course_months": months,
                "training.consider_rate": _RATE, "by": []}  # fmt: skip
    return World(title, "reference/erlang", settings, "2040-12")


WORLDS = {
    "base": _school(mark("20 seats, courses of 12 months"), SEATS, MONTHS),
    "more": _school(mark("30 seats, courses of 12 months"), 30, MONTHS),
    "shorter": _school(mark("20 seats, courses of 6 months"), SEATS, MONTHS // 2),
}


def _refused(runs: Runs, world: str) -> Values:
    """Return the share of applicants without a seat, in per cent, one value a replicate."""
    applied, enrolled = (runs.series(world, f"training_{what}")[SETTLING:].sum(axis=0) for what in (
        "applicants", "enrolled"))  # fmt: skip
    share: Values = 100.0 * (1.0 - enrolled / applied)
    return share


def _taken(runs: Runs, world: str) -> Values:
    """Return the seats taken on average: admissions a month times the months that each stays."""
    # who comes within a month has, on average, half of the first month behind them
    stay = WORLDS[world].settings["reference.course_months"] - 0.5
    taken: Values = runs.series(world, "training_enrolled")[SETTLING:].mean(axis=0) * stay
    return taken


def _curve(runs: Runs) -> Drawing:
    seats, words = np.arange(1.0, 46.0), _("courses of {months} months, by Erlang's formula")
    curves = []
    for months in (MONTHS, MONTHS // 2):
        expected = np.array([100.0 * erlang_b(ARRIVALS * (months - 0.5), int(one)) for one in seats])
        curves.append(Curve(words.format(months=months), seats, expected, kind="expected"))
    for name, world in WORLDS.items():
        values, at = _refused(runs, name), float(world.settings["reference.seats"])
        curves.append(Curve(_(world.title), np.array([at]), values.mean(keepdims=True), values.min(keepdims=True),
                            values.max(keepdims=True), "points"))  # fmt: skip
    return Drawing(_("Applicants refused"), _("seats of the school"), _("refused, % of applicants"), tuple(curves),
                   months=False)  # fmt: skip


LESSON = Lesson(
    number=4,
    title=mark("A school with too few seats"),
    about=mark(
        "Why a school refuses people although some of its seats are empty at times, and what a seat more gives."
    ),
    adds=mark("Training: people apply for a course, take a seat for its length, and leave it."),
    worlds=WORLDS,
    steps=(
        Step(
            mark("Seats, applicants and chance"),
            mark(
                "A school has 20 seats. 25 people a year want a course of twelve months, at random: in some months "
                "none, in others five. Whoever finds no free seat goes away. If all were admitted, 24 would sit there "
                "at a time: the load, 25 / 12 x 11.5 (who comes within a month has half of it behind them). Erlang "
                "asked the same in 1917 about telephone lines, and his formula holds here: only the load and the seats "
                "count, not whether courses are all of one length."
            ),
            lambda runs: [
                Number.of(_("refused: {world}").format(world=_(WORLDS[name].title)), _refused(runs, name), "%")
                for name in ("more", "shorter")
            ],
            _curve,
        ),
        Step(
            mark("Empty seats in a full school"),
            mark(
                "A school that nobody is refused by must have empty seats most of the time, and one whose seats are "
                "always taken refuses many. Between the two every further seat brings in fewer people than the one "
                "before. Shorter courses are as good as more seats, if they teach enough."
            ),
            lambda runs: [
                Number.of(
                    _("seats taken on average: {world}").format(world=_(WORLDS[name].title)),
                    _taken(runs, name),
                    mark("seats"),
                )
                for name in ("more", "shorter")
            ],
        ),
    ),
    questions=(
        Question(
            mark("25 applicants a year, courses of 12 months, 20 seats. Which share of the applicants is refused?"),
            "%",
            lambda runs: measured(_refused(runs, "base")),
            mark("More than (24 - 20) / 24, since arrivals come in clusters: read Erlang's curve at 20 seats."),
            mark(
                "Chance makes it worse than the averages: seats that are empty today do not help those who come "
                "tomorrow."
            ),
        ),
        Question(
            mark("How many of the 20 seats are taken on average?"),
            mark("seats"),
            lambda runs: measured(_taken(runs, "base")),
            mark("25 a year come, some are refused, the others stay 11.5 months on average."),
            mark("Some seats are empty on average, although about a quarter of the applicants is refused."),
        ),
        Question(
            mark("Ten seats more: how many more people does the school admit in a year?"),
            "persons",
            lambda runs: measured((_taken(runs, "more") - _taken(runs, "base").mean()) / (MONTHS - 0.5) * 12.0),
            mark("The share refused falls; apply both shares to the 25 who come in a year."),
            mark("Ten seats could train ten people a year. Fewer come: the later seats are often empty."),
        ),
    ),
)
