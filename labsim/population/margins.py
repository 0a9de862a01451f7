"""The margins of a province as arrays: who lives where, what they learnt, who works at what, who employs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labsim.world import PUBLIC_BODIES, Kind, Level, Schooling, Tier

Doubles = NDArray[np.float64]

AGES = ("0-4", "5-9", "10-14", *(f"{a}-{a + 4}" for a in range(15, 80, 5)), "80+")
FIRST_ADULT = AGES.index("15-19")
ADULT_AGES = AGES[FIRST_ADULT:]
BANDS = ("15-24", "25-34", "35-44", "45-54", "55+")
WORK_BANDS = ("15-24", "25-34", "35-44", "45-54", "55-59", "60+")
BAND_OF_AGE = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 4, 4])
WORK_BAND_OF_AGE = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 5, 5, 5])
SEXES = ("male", "female")
RESIDENCES = ("rural", "urban")
SCHOOLINGS = tuple(one.name.lower() for one in Schooling)
LEVELS = tuple(one.name.lower() for one in Level)
TIERS = tuple(one.name.lower() for one in Tier)
KINDS = tuple(one.name.lower() for one in Kind)
HAZARDS = ("drought", "frost", "flood", "landslide")
DESTINATIONS = ("japan", "taiwan", "korea", "other")
CIRCLES = ("kinh", "valley", "highland")  # peoples with similar work and schooling; the profile says who is in which
MINORITY = ("kinh", "minority")
WORK_LEVELS = LEVELS[:-1]  # university and postgraduate count as one
TRAINED_MEASURES = ("trained", "three_months_or_more")
WORKS = (
    "farming", "business", "unskilled", "skilled", "professional", "public_unskilled", "public_skilled",
    "public_professional", "unemployed",
)  # fmt: skip
# Whose employers are: private and cooperative, the bodies whose staff are counted, other public (police and army).
OWNERS = ("private", *PUBLIC_BODIES, "other_public")
STAFF_OF = ("all", *PUBLIC_BODIES)
STAFF_MEASURES = {"intermediate_or_more": Level.INTERMEDIATE, "university_or_more": Level.UNIVERSITY}
LEVEL_AGES = ("15-19", "20-24", "25-34", "35-54", "55+")
OUTSIDERS = ("away", "abroad", "outside")
OUTSIDER_FACTS = (
    "number", "urban", "kinh", "male", "age_low", "age_high", "wage", "poor", "digital", "contract_months", *LEVELS,
    *SCHOOLINGS, *DESTINATIONS,
)  # fmt: skip
START_FACTS = (
    "farm_income", "vacancy_share", "high_tech_farmers", "commuting_reach", "wage_spread", "savings_months",
    "savings_spread", "students_staying", "students_enrolled", "skill_from_work", "dormant_employers",
    "young_field_open", "idle_income", "minority_vocational", "minority_vocational_young", "student_reach",
    "skill_by_age", "skill_spread", "age_private", "age_public", *(f"skill_{name}" for name in LEVELS),
    "spell_farming", "spell_business", "spell_employee", "spell_public", "spell_unemployed", "spell_out", "spell_away",
)  # fmt: skip
_AGE_MIDDLES = np.array([2.5 + 5 * i for i in range(len(AGES))])


@dataclass(frozen=True, eq=False)
class EmployerGroups:
    """Employers of one sort each (company_tourism, schools, ...), arrays of shape `(n_groups,)`."""

    ids: tuple[str, ...]
    field: NDArray[np.int64]
    kind: NDArray[np.int64]
    number: Doubles
    mean: Doubles
    spread: Doubles
    most: Doubles
    tier_share: Doubles  # (n_groups, n_tiers)
    urban_pull: Doubles

    @property
    def owner(self) -> NDArray[np.int64]:
        """Return the place of each group in OWNERS, shape `(n_groups,)`."""
        of_body = {name: body for body, names in PUBLIC_BODIES.items() for name in names}
        names = (
            of_body.get(name, "other_public") if kind == Kind.PUBLIC else "private"
            for name, kind in zip(self.ids, self.kind, strict=True)
        )  # fmt: skip
        return np.array([OWNERS.index(name) for name in names], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Margins:
    """All margins of a province, in the order of its profile; shares and counts are of real persons."""

    districts: tuple[str, ...]
    fields: tuple[str, ...]
    peoples: tuple[str, ...]
    circle: NDArray[np.int64]  # of each ethnic group
    population: Doubles  # (n_districts,) census 2019
    urban_population: Doubles
    hazard_rate: Doubles  # (n_hazards, n_districts)
    farm_factor: Doubles
    wage_region: Doubles
    distance: Doubles  # (n_districts, n_districts) km
    age_sex: Doubles  # (ages, sexes)
    district_age: Doubles  # (districts, residences, ages)
    people_residence: Doubles  # (peoples, residences)
    people_district: Doubles  # (districts, peoples) shares
    schooling: Doubles  # (ages, sexes, schoolings) shares
    schooling_odds: Doubles  # (residences, peoples)
    participation: Doubles  # (adult ages, sexes)
    participation_odds: Doubles  # (residences, peoples)
    unemployment: Doubles  # (residences,)
    unemployment_shape: Doubles  # (residences, bands)
    agriculture: float
    urban_agriculture: float
    business_share: Doubles  # (fields,)
    business_urban: Doubles
    business_income: Doubles
    employers: EmployerGroups
    location: Doubles  # (districts, fields) factor
    level: Doubles  # (levels,) share of the labour force
    paper: float
    trained: dict[str, Doubles]  # group -> (members, 2)
    staff: Doubles  # (STAFF_OF, STAFF_MEASURES) share of the staff of public bodies, NaN where no source says
    level_schooling: Doubles  # (levels, schoolings)
    level_age: Doubles  # (levels, level ages)
    work_level: Doubles  # (works, work levels)
    work_circle: Doubles  # (works, circles)
    work_age: Doubles  # (works, work bands)
    work_urban: Doubles  # (works,)
    men_in_field: Doubles  # (fields,)
    skill_field: Doubles  # (levels 1.., fields)
    wage: Doubles  # (public, fields, tiers)
    minimum_wage: Doubles  # (districts,)
    mortality: Doubles  # (sexes, single ages)
    digital: dict[str, Doubles]
    digital_share: float
    poor: Doubles  # (districts,)
    poor_share: float
    poor_odds: Doubles  # (residences, circles)
    accessibility: Doubles
    outsiders: dict[str, dict[str, float]]
    start: dict[str, float]


def single_ages(by_age: Doubles, n_ages: int = 101) -> Doubles:
    """Return values by single year of age from 15 on, run straight between the middles of adult age groups; 0 below 15.

    `by_age` has shape `(adult ages, sexes)`, the result `(sexes, n_ages)`.
    """
    years = np.arange(n_ages) + 0.5
    values = np.array([np.interp(years, _AGE_MIDDLES[FIRST_ADULT:], by_age[:, sex]) for sex in range(by_age.shape[1])])
    values[:, :15] = 0.0
    return values
