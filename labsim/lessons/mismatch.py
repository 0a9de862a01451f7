"""Lesson 3: jobs move to other occupations, and people cannot follow."""

from __future__ import annotations

from labsim.lessons.content import Curve, Drawing, Lesson, Number, Question, Runs, Step, Values, World, measured
from labsim.text import _, mark

N_FIELDS, MIDDLE = 6, 60  # the month in which unemployment of the province is highest, about
_SIZE = {"reference.people": 12_000}
WORLDS = {
    "bridge": World(mark("few can change their occupation"), "reference/occupational_small", _SIZE, "2026-12"),
    "open": World(mark("everybody can do everything"), "reference/occupational_small",
                  _SIZE | {"reference.network": [[1.0] * N_FIELDS] * N_FIELDS}, "2026-12"),
}  # fmt: skip


def _field(runs: Runs, world: str, field: int) -> Values:
    return runs.series(world, "unemployment_rate", field=f"field {field}")


def _year(values: Values, month: int) -> Values:
    """Return the mean over the year that ends in a month, one value a replicate."""
    mean: Values = values[month - 11 : month + 1].mean(axis=0)
    return mean


def _overall(runs: Runs) -> Drawing:
    curves = tuple(Curve.fan(_(WORLDS[name].title), runs.series(name, "unemployment_rate")) for name in WORLDS)
    return Drawing(
        _("Unemployment while jobs move"), _("months since the start"), _("unemployed, % of labour force"), curves
    )


def _by_field(runs: Runs) -> Drawing:
    words = {0: _("occupation 0: loses jobs, no bridge"), 2: _("occupation 2: loses jobs, at the bridge"),
             3: _("occupation 3: gains jobs")}  # fmt: skip
    curves = tuple(Curve.fan(words[field], _field(runs, "bridge", field)) for field in words)
    return Drawing(_("Who is unemployed"), _("months since the start"), _("unemployed, % of the occupation"), curves)


def _numbers(runs: Runs) -> list[Number]:
    return [
        Number.of(_("unemployment in the fifth year: {world}").format(world=_(WORLDS[name].title)),
                  _year(runs.series(name, "unemployment_rate"), MIDDLE), "%")
        for name in ("open",)
    ]  # fmt: skip


LESSON = Lesson(
    number=3,
    title=mark("Skills and mismatch"),
    about=mark("Why unemployment rises although there are as many jobs as before, and whom it hits."),
    adds=mark("Occupations: who may apply where, and jobs that move from some to others."),
    worlds=WORLDS,
    steps=(
        Step(
            mark("Six occupations and one bridge"),
            mark(
                "12,000 people work in six occupations. In the fourth year machines take three tenths of the jobs "
                "in occupations 0, 1 and 2, and as many new jobs arise in 3, 4 and 5. People easily change within each "
                "group of three. Between the groups there is one bridge, from 2 to 3, and few cross it. This is the "
                "model that del Rio-Chanona and others published in 2021, on a small network. Beside it runs the same "
                "world where everybody can do everything."
            ),
            _numbers,
            _overall,
        ),
        Step(
            mark("The same number of jobs, another unemployment"),
            mark(
                "Whoever stands at the bridge walks over. Whoever is two steps away waits until somebody ahead has "
                "moved. The occupations that gain jobs have fewer unemployed than ever, and their vacancies stay open: "
                "mismatch. Where nothing stands in the way the same change of demand is hardly felt."
            ),
            lambda runs: [
                Number.of(
                    _("unemployment in the fifth year, occupation {field}").format(field=field),
                    _year(_field(runs, "bridge", field), MIDDLE),
                    "%",
                )
                for field in range(N_FIELDS)
            ],
            _by_field,
        ),
    ),
    questions=(
        Question(
            mark("What is unemployment in the fifth year where few can change their occupation?"),
            "%",
            lambda runs: measured(_year(runs.series("bridge", "unemployment_rate"), MIDDLE)),
            mark("Read the upper curve between months 49 and 60."),
            mark(
                "Jobs lost in one group and open in the other do not cancel while people cannot go from one to the "
                "other."
            ),
        ),
        Question(
            mark("How many percentage points of it would not be there if everybody could do everything?"),
            mark("points"),
            lambda runs: measured(
                _year(runs.series("bridge", "unemployment_rate"), MIDDLE)
                - _year(runs.series("open", "unemployment_rate"), MIDDLE)
            ),
            mark("Subtract the number of the first table from your answer to question 1."),
            mark("This part is mismatch. The rest is what search makes anyway, as in lesson 2."),
        ),
        Question(
            mark(
                "How many times as high is unemployment in occupation 0, two steps from the new jobs, as in occupation "
                "2 at the bridge? (fifth year)"
            ),
            mark("times"),
            lambda runs: measured(_year(_field(runs, "bridge", 0), MIDDLE) / _year(_field(runs, "bridge", 2), MIDDLE)),
            mark("Divide the two numbers of the second table."),
            mark(
                "Both occupations lost the same share of their jobs. What differs is how far the next job is: distance "
                "between skills, which training can shorten."
            ),
        ),
    ),
)
