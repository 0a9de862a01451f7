"""Reading the margins of a province from the CSV files of its folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labsim.errors import PopulationError
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
from labsim.population.tables import Rows
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


def _read(profile: Profile, folder: Path) -> Margins:
    fields = tuple(one.id for one in profile.fields)
    peoples = tuple(one.id for one in profile.groups.get("ethnicity", ()))
    if not fields or not peoples or peoples[0] != "kinh":
        raise PopulationError(
            _("profile {id}: fields and groups.ethnicity (kinh first) are needed").format(id=profile.id)
        )
    places = Rows(folder / "districts.csv")
    n = range(len(places.rows))
    districts = tuple(places.text(i, "id") for i in n)
    if not districts or len(set(districts)) != len(districts):
        raise PopulationError(_("{file}: one row for each district is needed").format(file=places.name))
    district_axis = ("district", districts)
    wages_floor = Rows(folder / "minimum_wage.csv")
    regions = [wages_floor.text(i, "region") for i in range(len(wages_floor.rows))]
    floor = wages_floor.array([("region", regions)])
    region = [places.place(i, "minimum_wage_region", regions) for i in n]
    location = Rows(folder / "employer_location.csv").array([district_axis, ("field", fields)], missing=1.0)
    scalars = Rows(folder / "start.csv").scalars("quantity")
    outsiders = Rows(folder / "outsiders.csv")
    population, urban = (_column(places, name, "persons") for name in ("population", "urban_population"))
    require_towns_within(places, population, urban)
    margins = Margins(
        districts=districts, fields=fields, peoples=peoples,
        circle=np.array([CIRCLES.index(one) for one in _circles(profile)]),
        population=population, urban_population=urban,
        hazard_rate=np.array([_column(places, hazard) for hazard in HAZARDS]),
        farm_factor=_column(places, "farm_income_factor"), wage_region=_column(places, "minimum_wage_region"),
        distance=_distance(Rows(folder / "roads.csv"), districts), minimum_wage=floor[region], location=location,
        accessibility=_accessibility(Rows(folder / "accessibility.csv"), fields),
        employers=_employers(Rows(folder / "enterprises.csv"), fields),
        mortality=_by_single_age(Rows(folder / "mortality_age_sex.csv")),
        start=scalars, outsiders={one: outsiders.scalars("quantity", where={"people": one}) for one in OUTSIDERS},
        **_census(folder, districts, peoples), **_work(folder, fields), **_training(folder, fields),
        **_traits(folder, districts),
    )  # fmt: skip
    compare_totals(margins, places)
    return margins


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


def _column(rows: Rows, name: str, unit: str | None = None) -> Doubles:
    return np.array([rows.number(i, name, unit=unit) for i in range(len(rows.rows))])


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
    share = np.array([_column(rows, tier, "share") for tier in TIERS]).T
    for i in n:
        if abs(share[i].sum() - 1.0) > 0.001:
            message = _("given {given:g} in all; the shares of the three tiers sum to 1").format(given=share[i].sum())
            raise rows.problem(i, TIERS[0], message)
    return EmployerGroups(
        ids=tuple(rows.text(i, "id") for i in n), field=np.array([rows.place(i, "field", fields) for i in n]),
        kind=np.array([rows.place(i, "kind", KINDS) for i in n]), number=_column(rows, "number", "employers"),
        mean=_column(rows, "mean_headcount", "persons"),
        spread=_column(rows, "log_spread"), most=_column(rows, "max_headcount", "persons"),
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


def _census(folder: Path, districts: Sequence[str], peoples: Sequence[str]) -> dict[str, Any]:
    contrasts = Rows(folder / "contrasts.csv")
    homes, age, sex, people = ("residence", RESIDENCES), ("age", AGES), ("sex", SEXES), ("ethnicity", peoples)
    taught = Rows(folder / "schooling_age_sex.csv")
    schooling = taught.array([("age", AGES[1:]), sex, ("schooling", SCHOOLINGS)])
    _require_shares(taught, schooling)
    schooling = np.concatenate([schooling[:1], schooling])  # the youngest will do as well as those of 5-9
    return {
        "age_sex": Rows(folder / "population_age_sex.csv").array([age, sex]),
        "district_age": Rows(folder / "district_age.csv").array([("district", districts), homes, age]),
        "people_residence": Rows(folder / "ethnicity_residence.csv").array([people, homes]),
        "people_district": Rows(folder / "ethnicity_district.csv").array([("district", districts), people]),
        "schooling": schooling / schooling.sum(axis=2, keepdims=True),
        "schooling_odds": _odds(contrasts, "schooling", peoples),
        "participation": Rows(folder / "participation_age_sex.csv").array([("age", ADULT_AGES), sex]),
        "participation_odds": _odds(contrasts, "participation", peoples),
    }


def _require_shares(rows: Rows, schooling: Doubles) -> None:
    """Refuse shares of schooling that do not sum to 1 in each group of age and sex; they are scaled to it later."""
    sums = schooling.sum(axis=2)
    for age, sex in np.argwhere(np.abs(sums - 1.0) > 0.01):
        message = _("{age}, {sex}: the shares sum to {given:g}; they should sum to 1")
        words = message.format(age=AGES[1 + age], sex=SEXES[sex], given=sums[age, sex])
        raise rows.problem(rows.where(age=AGES[1 + age], sex=SEXES[sex])[0], "value", words)


def _work(folder: Path, fields: Sequence[str]) -> dict[str, Any]:
    idle = Rows(folder / "unemployment.csv")
    sector = Rows(folder / "sector_residence.csv")
    trade = Rows(folder / "businesses.csv")
    affinity = Rows(folder / "affinity.csv")
    homes, works = ("residence", RESIDENCES), ("work", WORKS)
    field = [("field", fields)]
    wage = Rows(folder / "wages.csv").array([("kind", ("private", "public")), *field, ("tier", TIERS)], missing=np.nan)
    return {
        "unemployment": idle.array([homes], where={"age": "all"}),
        "unemployment_shape": _shape_of_unemployment(idle),
        "agriculture": float(sector.array([("sector", ("agriculture",))], where={"residence": "all"})[0]),
        "urban_agriculture": float(sector.array([("sector", ("agriculture",))], where={"residence": "urban"})[0]),
        "business_share": trade.array(field, where={"quantity": "share"}, missing=0.0),
        "business_urban": trade.array(field, where={"quantity": "urban_share"}, missing=0.0),
        "business_income": trade.array(field, where={"quantity": "income"}, missing=0.0),
        "work_level": affinity.array([works, ("member", WORK_LEVELS)], where={"group": "level"}),
        "work_circle": affinity.array([works, ("member", CIRCLES)], where={"group": "ethnicity"}),
        "work_age": affinity.array([works, ("member", WORK_BANDS)], where={"group": "age"}),
        "work_urban": affinity.array([works], where={"group": "residence"}),
        "men_in_field": affinity.array([("work", fields)], where={"group": "sex"}),
        "wage": np.where(np.isnan(wage), wage[:1], wage),
    }


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


def _training(folder: Path, fields: Sequence[str]) -> dict[str, Any]:
    rows = Rows(folder / "training.csv")
    seeds = Rows(folder / "level_affinity.csv")
    measures = ("measure", TRAINED_MEASURES)
    members = {"residence": RESIDENCES, "ethnicity": MINORITY, "age": BANDS, "sector": ("agriculture",)}
    level_axis = ("level", LEVELS)
    return {
        "level": _levels(rows),
        "paper": float(rows.array([("member", ("short_course",))], where={"measure": "paper"})[0]),
        "trained": {
            name: rows.array([("member", one), measures], where={"group": name}) for name, one in members.items()
        },
        "staff": rows.array(
            [("member", STAFF_OF), ("measure", tuple(STAFF_MEASURES))], where={"group": "public_staff"}, missing=np.nan
        ),
        "level_schooling": seeds.array([level_axis, ("member", SCHOOLINGS)], where={"group": "schooling"}),
        "level_age": seeds.array([level_axis, ("member", LEVEL_AGES)], where={"group": "age"}, missing=1.0),
        "skill_field": Rows(folder / "skill_field.csv").array([("level", WORK_LEVELS[1:]), ("field", fields)]),
    }


def _levels(rows: Rows) -> Doubles:
    share = np.zeros(N_LEVELS)
    for i in rows.where(group="all", member="all"):
        share[rows.place(i, "measure", LEVELS)] = rows.number(i, "value")
    if abs(share.sum() - 1.0) > 0.001:
        message = _("{file}: the shares of the levels (group all) sum to {given:g}; they should sum to 1")
        raise PopulationError(message.format(file=rows.name, given=share.sum()))
    return share


def _traits(folder: Path, districts: Sequence[str]) -> dict[str, Any]:
    skills, poor = Rows(folder / "digital_skills.csv"), Rows(folder / "poverty.csv")
    groups = {"age": BANDS, "residence": RESIDENCES, "ethnicity": MINORITY, "level": LEVELS, "schooling": SCHOOLINGS}
    digital = {
        name: skills.array([("member", members)], where={"group": name}, missing=np.nan, signed=True)
        for name, members in groups.items()
    }
    digital["level"][-1] = digital["level"][-2]
    homes = poor.array([("member", RESIDENCES)], where={"group": "residence"}, missing=0.0, signed=True)
    circles = poor.array([("member", CIRCLES)], where={"group": "ethnicity"}, missing=0.0, signed=True)
    return {
        "digital": {name: np.nan_to_num(values) for name, values in digital.items()},
        "digital_share": skills.scalars("group", where={"group": "all"})["all"],
        "poor": poor.array([("member", districts)], where={"group": "district"}),
        "poor_share": poor.scalars("group", where={"group": "all"})["all"],
        "poor_odds": homes[:, None] + circles[None, :],
    }
