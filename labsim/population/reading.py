"""Reading the margins of a province from the CSV files of its folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from labsim.errors import ConfigError, LabsimError, PopulationError, Problem
from labsim.population.margins import (
    ADULT_AGES,
    AGES,
    BANDS,
    CIRCLES,
    HAZARDS,
    KINDS,
    LEVEL_AGES,
    LEVELS,
    MINORITY,
    OUTSIDER_FACTS,
    OUTSIDERS,
    RESIDENCES,
    SCHOOLINGS,
    SEXES,
    STAFF_MEASURES,
    STAFF_OF,
    TIERS,
    TRAINED_MEASURES,
    WORK_BANDS,
    WORK_LEVELS,
    WORKS,
    Doubles,
    EmployerGroups,
    Margins,
)
from labsim.population.tables import Axis, Rows
from labsim.population.totals import compare_totals, require_towns_within
from labsim.profile import Profile, folder_hashes
from labsim.text import _, did_you_mean
from labsim.world import N_LEVELS

_cache: dict[tuple[str, ...], Margins] = {}
_lock = threading.Lock()


def read_margins(profile: Profile) -> Margins:
    """Return the margins of a province, read once per content of its folder.

    Raises PopulationError for a missing file or cell and ConfigError for a wrong value, naming the file and line.
    """
    if profile.folder is None:
        raise PopulationError(_("profile {id} has no folder of margins").format(id=profile.id))
    hashes = profile.files or folder_hashes(profile.folder)
    # fields and groups of the profile order the arrays, so they belong to the key
    key = (
        str(profile.folder), *(f"{name}:{value}" for name, value in sorted(hashes.items()) if name.endswith(".csv")),
        *(one.id for one in profile.fields), *(f"{one.id}:{one.circle}" for one in profile.groups.get("ethnicity", ())),
    )  # fmt: skip
    with _lock:
        if key not in _cache:
            _cache.clear()
            _cache[key] = _read(profile, profile.folder)
        return _cache[key]


def _require_posts_for_people(margins: Margins, rows: Rows) -> None:
    """Refuse employers of one sort who together employ more people than there are."""
    people, posts = margins.age_sex.sum(), margins.employers.number * margins.employers.mean
    problems = []
    for i in np.flatnonzero(posts > people):
        message = _("{posts:,.0f} posts (number by mean_headcount), but {people:,.0f} people in the province")
        problems.append(rows.table.problem(int(i), "number", message.format(posts=posts[i], people=people)))
    if problems:
        raise ConfigError(problems)


class _Files:
    """The margin files of a folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: dict[str, Rows] = {}

    def __call__(self, name: str) -> Rows:
        if name not in self.read:
            self.read[name] = Rows(self.folder / f"{name}.csv")
        return self.read[name]


def _read(profile: Profile, folder: Path) -> Margins:
    """Read every file; what is wrong with one does not keep the others from being looked at."""
    fields = tuple(one.id for one in profile.fields)
    peoples = tuple(one.id for one in profile.groups.get("ethnicity", ()))
    if not fields or not peoples or peoples[0] != "kinh":
        raise PopulationError(
            _("profile {id}: fields and groups.ethnicity (kinh first) are needed").format(id=profile.id)
        )
    files = _Files(folder)
    found, errors = _each({"districts": lambda: _districts(files("districts"))})
    parts = {"circle": lambda: np.array([CIRCLES.index(one) for one in _circles(profile)])}
    parts |= _everywhere(files, fields, peoples)
    if not errors:
        parts |= _by_district(files, found["districts"], fields, peoples)
    of_parts, wrong = _each(parts)
    errors += wrong
    if not errors:
        errors += _each({name: partial(_require_used, rows) for name, rows in files.read.items()})[1]
    if errors:
        raise _together(errors)
    margins = Margins(fields=fields, peoples=peoples, **found, **of_parts)
    compare_totals(margins, files("districts"))
    _require_posts_for_people(margins, files("enterprises"))
    return margins


def _each(parts: Mapping[str, Callable[[], Any]]) -> tuple[dict[str, Any], list[LabsimError]]:
    """Return what every part reads, by its name, and what those that cannot be read say."""
    found: dict[str, Any] = {}
    errors: list[LabsimError] = []
    for name, read in parts.items():
        try:
            found[name] = read()
        except (ConfigError, PopulationError) as error:
            errors.append(error)
    return found, errors


def _together(errors: Sequence[LabsimError]) -> LabsimError:
    """Return one error that says what several say, each thing once."""
    if all(isinstance(error, PopulationError) for error in errors):
        return PopulationError("\n".join(dict.fromkeys(map(str, errors))))
    problems: list[Problem] = []
    for error in errors:
        if isinstance(error, ConfigError):
            problems += error.problems
        else:
            problems.append(Problem(None, None, None, "", str(error)))
    return ConfigError(list(dict.fromkeys(problems)))


def _require_used(rows: Rows) -> None:
    """Refuse rows that nothing reads since a word in them is misspelt."""
    if problems := rows.ignored():
        raise ConfigError(problems)


def _districts(places: Rows) -> tuple[str, ...]:
    districts = tuple(places.text(i, "id") for i in range(len(places.rows)))
    if not districts or "" in districts:
        raise PopulationError(_("{file}: one row for each district is needed").format(file=places.name))
    places.require_each_once("id")
    return districts


def _everywhere(files: _Files, fields: Sequence[str], peoples: Sequence[str]) -> dict[str, Callable[[], Any]]:
    """Return the readers of what does not go by district."""
    return {
        "accessibility": lambda: _accessibility(files("accessibility"), fields),
        "employers": lambda: _employers(files("enterprises"), fields),
        "mortality": lambda: _by_single_age(files("mortality_age_sex")),
        "start": lambda: files("start").scalars("quantity"),
        "outsiders": lambda: {one: _outsiders(files("outsiders"), one) for one in OUTSIDERS},
        **_census(files, peoples), **_work(files, fields), **_training(files, fields), **_traits(files),
    }  # fmt: skip


def _by_district(
    files: _Files, districts: Sequence[str], fields: Sequence[str], peoples: Sequence[str]
) -> dict[str, Callable[[], Any]]:
    """Return the readers of what goes by district."""
    axis = ("district", districts)
    homes, age = ("residence", RESIDENCES), ("age", AGES)

    def urban() -> Doubles:
        places = files("districts")
        towns = places.numbers("urban_population", "persons")
        require_towns_within(places, places.numbers("population", "persons"), towns)
        return towns

    def floor() -> Doubles:
        wages = files("minimum_wage")
        regions = [wages.text(i, "region") for i in range(len(wages.rows))]
        places = files("districts")
        of_district = [places.place(i, "minimum_wage_region", regions) for i in range(len(districts))]
        return wages.array([("region", regions)])[of_district]

    return {
        "population": lambda: files("districts").numbers("population", "persons"),
        "urban_population": urban,
        "hazard_rate": lambda: np.array(
            [files("districts").numbers(hazard, "events a year", most=12.0) for hazard in HAZARDS]
        ),
        "farm_factor": lambda: files("districts").numbers("farm_income_factor", "factor", most=100.0),
        "wage_region": lambda: files("districts").numbers("minimum_wage_region"),
        "distance": lambda: _distance(files("roads"), districts),
        "minimum_wage": floor,
        "location": lambda: files("employer_location").array([axis, ("field", fields)], missing=1.0),
        "district_age": lambda: files("district_age").array([axis, homes, age]),
        "people_district": lambda: files("ethnicity_district").array([axis, ("ethnicity", peoples)]),
        "poor": lambda: files("poverty").array([("member", districts)], where={"group": "district"}),
    }


def _outsiders(rows: Rows, people: str) -> dict[str, float]:
    """Return the facts about people beyond the census; raises ConfigError for one that nothing reads."""
    facts = rows.scalars("quantity", where={"people": people})
    problems = []
    for i in rows.where(people=people):
        name = rows.text(i, "quantity")
        if name not in OUTSIDER_FACTS:
            message = f"{_('given {given!r}').format(given=name)}; {did_you_mean(name, OUTSIDER_FACTS)}"
            problems.append(rows.table.problem(i, "quantity", message))
    if problems:
        raise ConfigError(problems)
    return facts


def _circles(profile: Profile) -> list[str]:
    """Return the circle of each ethnic group: Kinh are their own, others of the valley unless the profile says."""
    circles = []
    for one in profile.groups.get("ethnicity", ()):
        circle = one.circle or ("kinh" if one.id == "kinh" else "valley")
        if circle not in CIRCLES:
            message = _("given {given!r}; {hint}").format(given=circle, hint=did_you_mean(circle, CIRCLES))
            raise PopulationError(f"groups.ethnicity.{one.id}.circle: {message}")
        circles.append(circle)
    return circles


def _distance(roads: Rows, districts: Sequence[str]) -> Doubles:
    km = roads.array([("origin", districts), ("destination", districts)], missing=np.nan)
    km = np.where(np.isnan(km), km.T, km)
    np.fill_diagonal(km, 0.0)
    if np.isnan(km).any():
        a, b = np.argwhere(np.isnan(km))[0]
        raise PopulationError(
            _("{file}: no road from {a} to {b}").format(file=roads.name, a=districts[a], b=districts[b])
        )
    return km


def _accessibility(rows: Rows, fields: Sequence[str]) -> Doubles:
    table = rows.array([("origin", fields), ("destination", fields)], missing=np.nan)
    np.fill_diagonal(table, 1.0)
    if np.isnan(table).any():
        a, b = np.argwhere(np.isnan(table))[0]
        raise PopulationError(
            _("{file}: there is no row from {a} to {b}").format(file=rows.name, a=fields[a], b=fields[b])
        )
    return table


def _employers(rows: Rows, fields: Sequence[str]) -> EmployerGroups:
    n = range(len(rows.rows))
    rows.require_each_once("id")
    share = np.array([rows.numbers(tier, "share") for tier in TIERS]).T
    for i in n:
        if abs(share[i].sum() - 1.0) > 0.001:
            message = _("given {given:g} in all; the shares of the three tiers sum to 1").format(given=share[i].sum())
            raise rows.problem(i, TIERS[0], message)
    number, mean, most = (
        rows.numbers(*column)
        for column in (("number", "employers"), ("mean_headcount", "persons"), ("max_headcount", "persons"))
    )
    for row in np.flatnonzero(mean > most):
        message = _("given {given:,.6g}; the row itself says {name}: {end:,.6g}")
        words = message.format(given=mean[row], name="max_headcount", end=most[row])
        raise rows.problem(int(row), "mean_headcount", words)
    return EmployerGroups(
        ids=tuple(rows.text(i, "id") for i in n), field=np.array([rows.place(i, "field", fields) for i in n]),
        kind=np.array([rows.place(i, "kind", KINDS) for i in n]), number=number,
        mean=mean,
        spread=rows.numbers("log_spread", "standard deviation", most=10.0), most=most,
        tier_share=share, urban_pull=np.array([rows.number(i, "urban_pull", signed=True) for i in n]),
    )  # fmt: skip


def _by_single_age(rows: Rows) -> Doubles:
    """Return deaths per person-year by sex and single year of age, shape `(2, 101)`."""
    table = np.full((2, 101), np.nan)
    for i in range(len(rows.rows)):
        start, stop = rows.ages(i, "age", table.shape[1])
        table[rows.place(i, "sex", SEXES), start:stop] = rows.number(i, "value")
    if np.isnan(table).any():
        sex, age = np.argwhere(np.isnan(table))[0]
        raise PopulationError(
            _("{file}: there is no row for {sex} of age {age}").format(file=rows.name, sex=SEXES[sex], age=age)
        )
    return table


def _odds(rows: Rows, trait: str, peoples: Sequence[str]) -> Doubles:
    """Return the log-odds of a trait by residence and people, from separate contrasts, shape `(2, n_peoples)`."""
    urban = rows.array([("member", RESIDENCES)], where={"trait": trait, "group": "residence"}, missing=0.0, signed=True)
    group = rows.array([("member", peoples)], where={"trait": trait, "group": "ethnicity"}, missing=0.0, signed=True)
    return urban[:, None] + group[None, :]


def _census(files: _Files, peoples: Sequence[str]) -> dict[str, Callable[[], Any]]:
    homes, age, sex, people = ("residence", RESIDENCES), ("age", AGES), ("sex", SEXES), ("ethnicity", peoples)
    return {
        "age_sex": lambda: files("population_age_sex").array([age, sex]),
        "people_residence": lambda: files("ethnicity_residence").array([people, homes]),
        "schooling": lambda: _schooling(files("schooling_age_sex")),
        "schooling_odds": lambda: _odds(files("contrasts"), "schooling", peoples),
        "participation": lambda: files("participation_age_sex").array([("age", ADULT_AGES), sex]),
        "participation_odds": lambda: _odds(files("contrasts"), "participation", peoples),
    }


def _schooling(taught: Rows) -> Doubles:
    schooling = taught.array([("age", AGES[1:]), ("sex", SEXES), ("schooling", SCHOOLINGS)])
    _require_shares(taught, schooling)
    schooling = np.concatenate([schooling[:1], schooling])  # the youngest will do as well as those of 5-9
    shares: Doubles = schooling / schooling.sum(axis=2, keepdims=True)
    return shares


def _require_shares(rows: Rows, schooling: Doubles) -> None:
    """Refuse shares of schooling that do not sum to 1 in each group of age and sex; they are scaled to it later."""
    sums = schooling.sum(axis=2)
    for age, sex in np.argwhere(np.abs(sums - 1.0) > 0.01):
        message = _("{age}, {sex}: the shares sum to {given:g}; they should sum to 1")
        words = message.format(age=AGES[1 + age], sex=SEXES[sex], given=sums[age, sex])
        raise rows.problem(rows.where(age=AGES[1 + age], sex=SEXES[sex])[0], "value", words)


def _work(files: _Files, fields: Sequence[str]) -> dict[str, Callable[[], Any]]:
    homes, works = ("residence", RESIDENCES), ("work", WORKS)
    field = [("field", fields)]

    def affinity(axes: Sequence[Axis], group: str) -> Callable[[], Doubles]:
        return lambda: files("affinity").array(axes, where={"group": group})

    def agriculture(residence: str) -> Callable[[], float]:
        where = {"residence": residence}
        return lambda: float(files("sector_residence").array([("sector", ("agriculture",))], where=where)[0])

    def trade(quantity: str) -> Callable[[], Doubles]:
        return lambda: files("businesses").array(field, where={"quantity": quantity}, missing=0.0)

    return {
        "unemployment": lambda: files("unemployment").array([homes], where={"age": "all"}),
        "unemployment_shape": lambda: _shape_of_unemployment(files("unemployment")),
        "agriculture": agriculture("all"), "urban_agriculture": agriculture("urban"),
        "business_share": trade("share"), "business_urban": trade("urban_share"), "business_income": trade("income"),
        "work_level": affinity([works, ("member", WORK_LEVELS)], "level"),
        "work_circle": affinity([works, ("member", CIRCLES)], "ethnicity"),
        "work_age": affinity([works, ("member", WORK_BANDS)], "age"), "work_urban": affinity([works], "residence"),
        "men_in_field": affinity([("work", fields)], "sex"), "wage": lambda: _wages(files("wages"), fields),
    }  # fmt: skip


def _wages(rows: Rows, fields: Sequence[str]) -> Doubles:
    wage = rows.array([("kind", ("private", "public")), ("field", fields), ("tier", TIERS)], missing=np.nan)
    return np.where(np.isnan(wage), wage[:1], wage)


def _shape_of_unemployment(idle: Rows) -> Doubles:
    shape = np.full((len(RESIDENCES), len(BANDS)), np.nan)
    for i in range(len(idle.rows)):
        if idle.text(i, "age") != "all":
            shape[idle.place(i, "residence", RESIDENCES), idle.place(i, "age", BANDS)] = idle.number(i, "value")
    if np.isnan(shape).any():
        home, band = np.argwhere(np.isnan(shape))[0]
        message = _("{file}: there is no row for {home} of age {age}")
        raise PopulationError(message.format(file=idle.name, home=RESIDENCES[home], age=BANDS[band]))
    return shape


def _training(files: _Files, fields: Sequence[str]) -> dict[str, Callable[[], Any]]:
    measures, level = ("measure", TRAINED_MEASURES), ("level", LEVELS)
    of_staff = [("member", STAFF_OF), ("measure", tuple(STAFF_MEASURES))]
    members = {"residence": RESIDENCES, "ethnicity": MINORITY, "age": BANDS, "sector": ("agriculture",)}
    paper = [("member", ("short_course",))]
    return {
        "level": lambda: _levels(files("training")),
        "paper": lambda: float(files("training").array(paper, where={"measure": "paper"})[0]),
        "trained": lambda: {
            name: files("training").array([("member", one), measures], where={"group": name})
            for name, one in members.items()
        },
        "staff": lambda: files("training").array(
            of_staff, where={"group": "public_staff"}, missing=np.nan, optional=True
        ),
        "level_schooling": lambda: files("level_affinity").array(
            [level, ("member", SCHOOLINGS)], where={"group": "schooling"}
        ),
        "level_age": lambda: files("level_affinity").array(
            [level, ("member", LEVEL_AGES)], where={"group": "age"}, missing=1.0
        ),
        "skill_field": lambda: files("skill_field").array([("level", WORK_LEVELS[1:]), ("field", fields)]),
    }


def _levels(rows: Rows) -> Doubles:
    share = np.zeros(N_LEVELS)
    for i in rows.where(group="all", member="all"):
        share[rows.place(i, "measure", LEVELS)] = rows.number(i, "value")
    if abs(share.sum() - 1.0) > 0.001:
        message = _("{file}: the shares of the levels (group all) sum to {given:g}; they should sum to 1")
        raise PopulationError(message.format(file=rows.name, given=share.sum()))
    return share


def _traits(files: _Files) -> dict[str, Callable[[], Any]]:
    return {
        "digital": lambda: _digital(files("digital_skills")),
        "digital_share": lambda: files("digital_skills").scalars("group", where={"group": "all"})["all"],
        "poor_share": lambda: files("poverty").scalars("group", where={"group": "all"})["all"],
        "poor_odds": lambda: _odds_of_poverty(files("poverty")),
    }


def _digital(skills: Rows) -> dict[str, Doubles]:
    groups = {"age": BANDS, "residence": RESIDENCES, "ethnicity": MINORITY, "level": LEVELS, "schooling": SCHOOLINGS}
    digital = {
        name: skills.array([("member", members)], where={"group": name}, missing=np.nan, signed=True)
        for name, members in groups.items()
    }
    digital["level"][-1] = digital["level"][-2]
    return {name: np.nan_to_num(values) for name, values in digital.items()}


def _odds_of_poverty(poor: Rows) -> Doubles:
    homes = poor.array([("member", RESIDENCES)], where={"group": "residence"}, missing=0.0, signed=True)
    circles = poor.array([("member", CIRCLES)], where={"group": "ethnicity"}, missing=0.0, signed=True)
    return homes[:, None] + circles[None, :]
