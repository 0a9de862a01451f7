"""Lesson 6: a whole province, and what a policy changes in it."""

from __future__ import annotations

from labsim.lessons.content import Curve, Drawing, Lesson, Number, Question, Runs, Step, Values, World, measured
from labsim.text import _, mark

SEATS, MORE_SEATS, BEFORE, YEARS = 15_500, 30_000, 12, 3  # the months before there are more seats, then the years
_SIZE = {"scale": 0.02, "by": []}
WORLDS = {
    "base": World(mark("Son La, 15,500 seats a year"), "son_la", _SIZE, "2024-12", 5),
    "seats": World(mark("Son La, 30,000 seats a year from 2022"), "son_la",
                   _SIZE | {"policies.vocational_training.seats_per_year.2022": MORE_SEATS}, "2024-12", 5),
}  # fmt: skip


def _more(runs: Runs, indicator: str) -> Values:
    """Return by how much an indicator is higher at the end with more seats, pair by pair."""
    difference: Values = runs.series("seats", indicator)[-1] - runs.series("base", indicator)[-1]
    return difference


def _more_in_all(runs: Runs, indicator: str) -> Values:
    """Return by how much a flow summed over the years with more seats is higher, pair by pair."""
    one, other = (runs.series(name, indicator)[BEFORE:].sum(axis=0) for name in ("base", "seats"))
    difference: Values = other - one
    return difference


def _trained(runs: Runs) -> Drawing:
    curves = tuple(Curve.fan(_(WORLDS[name].title), runs.series(name, "trained_share")) for name in WORLDS)
    y = _("trained, % of people in work")
    return Drawing(_("Trained labour"), _("months since the end of 2020"), y, curves, from_zero=False)


def _farming(runs: Runs) -> Drawing:
    title = WORLDS["base"].title
    curves = (Curve.fan(_(title), runs.series("base", "agricultural_share")),)
    y = _("in agriculture, % of people in work")
    return Drawing(_("Agricultural labour"), _("months since the end of 2020"), y, curves, from_zero=False)


LESSON = Lesson(
    number=6,
    title=mark("A whole province"),
    about=mark("What twice as many training seats change in Son La, what they do not change, and how to be sure."),
    adds=mark("Everything at once: people who grow up and grow old, employers, climate, policies and money."),
    worlds=WORLDS,
    steps=(
        Step(
            mark("The province as it is"),
            mark(
                "All processes of the lessons before run together now, for the people, employers and schools of Son La "
                "from the end of 2020, one simulated person for fifty. Nothing sets the share of agriculture: "
                "people leave the land for jobs, trade and other provinces, the young first. Five replicates differ by "
                "luck alone; their spread is what a single run leaves unknown."
            ),
            lambda runs: [
                Number.of(
                    _("labour in agriculture at the end of 2020"), runs.series("base", "agricultural_share")[0], "%"
                ),
                Number.of(
                    _("labour in agriculture at the end of 2024"), runs.series("base", "agricultural_share")[-1], "%"
                ),
            ],
            _farming,
        ),
        Step(
            mark("Twice as many seats"),
            mark(
                "From 2022 on there are 30,000 new training places a year instead of 15,500. Both worlds have the same "
                "people with the same luck, so that a difference is due to the seats. More people are trained. Is "
                "there more work for them? Lesson 2 says what to expect: seats open no vacancies. To follow one of "
                "them, type "
                "labsim person son_la --like trained."
            ),
            lambda runs: [
                Number.of(
                    _("more people admitted to training, 2022-2024"), _more_in_all(runs, "training_enrolled"), "persons"
                ),
                *(
                    Number.of(
                        _("trained labour at the end of 2024: {world}").format(world=_(WORLDS[name].title)),
                        runs.series(name, "trained_share")[-1],
                        "%",
                    )
                    for name in WORLDS
                ),
                Number.of(
                    _("labour in agriculture at the end of 2024, difference"),
                    _more(runs, "agricultural_share"),
                    mark("points"),
                ),
                Number.of(
                    _("unemployment at the end of 2024, difference"), _more(runs, "unemployment_rate"), mark("points")
                ),
                Number.of(_("more money spent, 2022-2024"), _more_in_all(runs, "spending") / 1e9, mark("billion VND")),
            ],
            _trained,
        ),
    ),
    questions=(
        Question(
            mark(
                "By how many percentage points does the share of agriculture in all work fall from the end of 2020 to "
                "the end of 2024, with the policies in force?"
            ),
            mark("points"),
            lambda runs: measured(
                runs.series("base", "agricultural_share")[0] - runs.series("base", "agricultural_share")[-1]
            ),
            mark("Subtract the two numbers of the first table."),
            mark(
                "It is what lessons 1 to 5 make together. The province planned a fall in a straight line; that the "
                "model falls too does not prove it right."
            ),
        ),
        Question(
            mark(
                "Of the 43,500 additional seats of 2022-2024, how many per cent brought one more person into training?"
            ),
            "%",
            lambda runs: measured(100.0 * _more_in_all(runs, "training_enrolled") / ((MORE_SEATS - SEATS) * YEARS)),
            mark("Divide the additional admissions by 3 x (30,000 - 15,500)."),
            mark(
                "A seat is taken only where somebody in reach wants that course, and who is admitted to it may have "
                "found a seat anyway. Lesson 4 showed the same in one school."
            ),
        ),
        Question(
            mark("By how many percentage points is trained labour higher at the end of 2024?"),
            mark("points"),
            lambda runs: measured(_more(runs, "trained_share")),
            mark("Subtract two numbers of the second table."),
            mark(
                "Thousands of people are a few points, since a province has half a million people in work, and many "
                "were counted as trained before."
            ),
        ),
        Question(
            mark("How much did one additional admission cost the public, in million VND?"),
            mark("million VND"),
            lambda runs: measured(_more_in_all(runs, "spending") / _more_in_all(runs, "training_enrolled") / 1e6),
            mark("Divide the additional money by the additional admissions, replicate by replicate."),
            mark(
                "Fees and allowances of those who would have come anyway are in it too: cost per additional person is "
                "more than cost per seat."
            ),
        ),
    ),
)
