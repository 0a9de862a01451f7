"""The world: workers, enterprises, institutions, programmes, places, levers and the ledger, as columns.

State and its meaning stand side by side. Money is in VND, time in months; month 0 is the state at the end of the
starting month.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from labsim.applications import Applications
from labsim.columns import Column, Table
from labsim.compiled import kernel
from labsim.ledger import Ledger
from labsim.levers import Levers
from labsim.wires import Events

Bytes = NDArray[np.uint8]
Shorts = NDArray[np.int16]
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

N_TIERS = 3
NOBODY = -1
NO_TIER = 255
NOT_FOUNDED = 32767
# Public bodies whose staff are officials and public employees, by the sorts of employers that they are.
PUBLIC_BODIES = {
    "officials": ("province_bodies", "district_bodies"),
    "public_employees": ("schools", "hospitals", "public_services"),
    "communes": ("communes",),
}
NEW_GROUPS = ("company_park", "cooperative_new")  # sorts of employers that only policies found, after the province's
EARLIEST = -32768  # the least month that a birth can have
NEVER = -10_000  # the month of what has not happened; months since then do not overflow


class Activity(IntEnum):
    """What a person does this month. The first six, and children, are inside the province."""

    FARMING = 0
    HOUSEHOLD_BUSINESS = 1
    EMPLOYEE = 2
    UNEMPLOYED = 3
    IN_TRAINING = 4
    OUT_OF_LABOUR_FORCE = 5
    AWAY_IN_VIET_NAM = 6
    ABROAD = 7
    CHILD = 8
    OUTSIDE = 9
    LEFT = 10


N_ACTIVITIES = len(Activity)


class Sex(IntEnum):
    """Sex as the census records it."""

    MALE = 0
    FEMALE = 1


class Schooling(IntEnum):
    """Highest general schooling completed; what a child will complete, for those still at school."""

    BELOW_PRIMARY = 0
    PRIMARY = 1
    LOWER_SECONDARY = 2
    UPPER_SECONDARY = 3


class Level(IntEnum):
    """Highest vocational or professional training."""

    NONE = 0
    SHORT_COURSE = 1
    ELEMENTARY = 2
    INTERMEDIATE = 3
    COLLEGE = 4
    UNIVERSITY = 5
    POSTGRADUATE = 6


N_LEVELS = len(Level)


class Certificate(IntEnum):
    """The paper that training gave: the province counts both kinds, the statistics office only the second."""

    NO_PAPER = 0
    UNDER_THREE_MONTHS = 1
    THREE_MONTHS_OR_MORE = 2


class Tier(IntEnum):
    """Skill tier of a post."""

    UNSKILLED = 0
    SKILLED = 1
    PROFESSIONAL = 2


class Kind(IntEnum):
    """Kind of employer."""

    PRIVATE = 0
    COOPERATIVE = 1
    PUBLIC = 2


class Sector(IntEnum):
    """Sector of the economy."""

    AGRICULTURE = 0
    INDUSTRY = 1
    SERVICES = 2


class Channel(IntEnum):
    """How employment services reach a person."""

    FAIR = 0
    COUNSELLING = 1
    PORTAL = 2


# The tier that a training level qualifies for.
TIER_OF_LEVEL: Bytes = np.array([0, 0, 1, 1, 1, 2, 2], dtype=np.uint8)


class Workers(Table):
    """One row a person who is, or may ever be, 15 or older in the province, shape `(n_workers,)`."""

    birth_month: Annotated[Shorts, Column(np.int16, "month of birth, counted from month 0", unit="month")]
    sex: Annotated[Bytes, Column(np.uint8, "sex", codes=Sex)]
    ethnicity: Annotated[Bytes, Column(np.uint8, "ethnic group, by its place in the profile's list (0 = Kinh)")]
    district: Annotated[Bytes, Column(np.uint8, "district of residence, by its place in the profile's list")]
    urban: Annotated[Bytes, Column(np.uint8, "1 where the residence is urban")]
    poor: Annotated[Bytes, Column(np.uint8, "1 where the household is on the list of poor households")]
    schooling: Annotated[Bytes, Column(np.uint8, "highest general schooling", codes=Schooling)]
    level: Annotated[Bytes, Column(np.uint8, "highest training", codes=Level)]
    certificate: Annotated[Bytes, Column(np.uint8, "paper held", codes=Certificate)]
    vocational: Annotated[Bytes, Column(np.uint8, "1 if some of the training was a vocational course")]
    field: Annotated[Shorts, Column(np.int16, "field of skill, by its place in the profile's list")]
    skill: Annotated[Floats, Column(np.float32, "skill in that field", unit="share of full mastery")]
    digital: Annotated[Bytes, Column(np.uint8, "1 with basic digital skills")]
    activity: Annotated[Bytes, Column(np.uint8, "what the person does", codes=Activity, initial=Activity.OUTSIDE)]
    spell: Annotated[Shorts, Column(np.int16, "months in the present activity (0 = entered this month)", unit="months")]
    employer: Annotated[Ints, Column(np.int32, "row of the employer, -1 without one", initial=NOBODY)]
    tier: Annotated[Bytes, Column(np.uint8, "skill tier of the post held", initial=NO_TIER)]
    work_field: Annotated[Shorts, Column(np.int16, "field of the present work, -1 without work", initial=-1)]
    wage: Annotated[Floats, Column(np.float32, "income from work, the last one when out of work", unit="VND per month")]
    savings: Annotated[Floats, Column(np.float32, "savings less debt", unit="VND")]
    programme: Annotated[Shorts, Column(np.int16, "row of the programme attended, -1 for none", initial=-1)]
    months_left: Annotated[Shorts, Column(np.int16, "months left of the programme or of the contract abroad")]
    destination: Annotated[Bytes, Column(np.uint8, "country of the contract abroad, by its place in the list")]
    school: Annotated[Shorts, Column(np.int16, "row of the institution of the last training, -1 for none", initial=-1)]
    graduated: Annotated[
        Shorts, Column(np.int16, "month of completing a course of three months or more", unit="month", initial=NEVER)
    ]
    advised: Annotated[
        Shorts, Column(np.int16, "month last reached by employment services", unit="month", initial=NEVER)
    ]
    channel: Annotated[Bytes, Column(np.uint8, "how employment services reached the person", codes=Channel)]
    digital_course: Annotated[
        Bytes, Column(np.uint8, "months left of a course in digital skills, 0 outside one", unit="months")
    ]
    degree: Annotated[Bytes, Column(np.uint8, "level studied for in service, 0 without such study", codes=Level)]
    degree_left: Annotated[Bytes, Column(np.uint8, "months left of study in service", unit="months")]
    backed_until: Annotated[Shorts, Column(np.int16, "month until which the business is supported", unit="month")]
    own_use: Annotated[
        Bytes, Column(np.uint8, "1 for whom farming is mainly for own use (a lasting trait, used while farming)")
    ]
    pace: Annotated[
        Bytes, Column(np.uint8, "lasting trait, 0 to 255: how soon slack months leave too few hours", unit="1/256")
    ]


class Enterprises(Table):
    """One row an employer that is, or may ever be, in the province, shape `(n_enterprises,)`."""

    district: Annotated[Bytes, Column(np.uint8, "district")]
    field: Annotated[Shorts, Column(np.int16, "field of its work, by its place in the profile's list")]
    kind: Annotated[Bytes, Column(np.uint8, "kind of employer", codes=Kind)]
    group: Annotated[Shorts, Column(np.int16, "sort of employer, by its place in the world's list", initial=-1)]
    active: Annotated[Bytes, Column(np.uint8, "1 while in operation")]
    founded: Annotated[
        Shorts, Column(np.int16, "month in which it opened; 32767 = not yet founded", unit="month", initial=NOT_FOUNDED)
    ]
    owner: Annotated[Ints, Column(np.int32, "row of the owner among the workers, -1 if none", initial=NOBODY)]
    weight: Annotated[
        Doubles, Column(np.float64, "target headcount at month 0 relative to today's trend", unit="persons")
    ]
    luck: Annotated[Doubles, Column(np.float64, "cumulated idiosyncratic growth (Gibrat)", unit="factor", initial=1.0)]
    partner: Annotated[Shorts, Column(np.int16, "row of the partner training institution, -1 if none", initial=-1)]
    tier_share: Annotated[Doubles, Column(np.float64, "share of its posts by tier", width="tiers")]
    target: Annotated[Doubles, Column(np.float64, "target headcount by tier", unit="persons", width="tiers")]
    headcount: Annotated[Ints, Column(np.int32, "employees by tier", unit="persons", width="tiers")]
    vacancies: Annotated[Ints, Column(np.int32, "open vacancies by tier", unit="posts", width="tiers")]
    opened: Annotated[
        Ints, Column(np.int32, "vacancies opened this month, filled from the next", unit="posts", width="tiers")
    ]
    wage_offer: Annotated[Floats, Column(np.float32, "wage offered by tier", unit="VND per month", width="tiers")]


if TYPE_CHECKING:
    WorkerArrays = Workers
else:
    WorkerArrays = namedtuple("WorkerArrays", list(Workers.columns()))
if TYPE_CHECKING:
    EnterpriseArrays = Enterprises
else:
    EnterpriseArrays = namedtuple("EnterpriseArrays", list(Enterprises.columns()))


class Institutions(Table):
    """One row a training institution, shape `(n_institutions,)`."""

    district: Annotated[Bytes, Column(np.uint8, "district")]
    quality: Annotated[Floats, Column(np.float32, "quality of teaching", unit="share")]


class Programmes(Table):
    """One row a programme of an institution, shape `(n_programmes,)`."""

    institution: Annotated[Shorts, Column(np.int16, "row of the institution")]
    district: Annotated[Bytes, Column(np.uint8, "district in which it is taught")]
    field: Annotated[Shorts, Column(np.int16, "field taught")]
    level: Annotated[Bytes, Column(np.uint8, "level that it leads to", codes=Level)]
    length: Annotated[Shorts, Column(np.int16, "length", unit="months")]
    full_time: Annotated[Bytes, Column(np.uint8, "1 if attended full-time")]
    schooling: Annotated[Bytes, Column(np.uint8, "least schooling to enter", codes=Schooling)]
    intake_month: Annotated[Bytes, Column(np.uint8, "calendar month of intake, 0 for any")]
    fee: Annotated[Doubles, Column(np.float64, "fee of the whole course", unit="VND")]
    quality: Annotated[Floats, Column(np.float32, "quality", unit="share")]
    base_seats: Annotated[
        Doubles, Column(np.float64, "seats of its own, taught at one time, before any policy", unit="seats")
    ]
    seats: Annotated[Ints, Column(np.int32, "seats this month, taught at one time", unit="seats")]
    taken: Annotated[Ints, Column(np.int32, "seats taken", unit="persons")]


if TYPE_CHECKING:
    ProgrammeArrays = Programmes
else:
    ProgrammeArrays = namedtuple("ProgrammeArrays", list(Programmes.columns()))


@dataclass
class Places:
    """The districts: how far apart, how exposed, how rich; arrays of shape `(n_districts,)` or `(n_districts,
    n_districts)`.
    """

    names: tuple[str, ...]
    distance: Doubles  # km by road
    hazard_rate: Doubles  # (n_hazards, n_districts): events a year
    farm_people: Doubles  # farmers at month 0: what the family land feeds
    farm_income: Doubles  # VND per month and farmer this month
    farm_hours: Doubles  # share of full hours this month, 1 = full
    climate_factor: Doubles  # farm income this month relative to a year without hazards
    hit_months: Doubles  # months since the last hazard struck, large if never
    business_people: Doubles  # (n_districts, n_fields): household businesses at month 0, what the market carries
    business_income: Doubles  # (n_districts, n_fields): VND per month
    minimum_wage: Doubles  # VND per month this month

    def __len__(self) -> int:
        return len(self.names)


@dataclass
class Market:
    """What a searcher sees this month: sums over vacancies by district, field and tier."""

    vacancies: Doubles  # (n_districts, n_fields, n_tiers)
    offer: Doubles  # (n_districts, n_fields, n_tiers): mean wage offered, VND per month
    tightness: Doubles  # (n_fields, n_tiers): vacancies unfilled of those open, smoothed


@kernel
def _order_by_birth(birth: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Write the rows in the order of births, those of one month in the order of rows; return where each month begins,
    shape `(65537,)`.
    """
    first = np.zeros(65537, dtype=np.int64)
    for i in range(birth.shape[0]):
        first[int(birth[i]) - EARLIEST + 1] += 1
    first = np.cumsum(first)
    place = first.copy()
    for i in range(birth.shape[0]):
        month = int(birth[i]) - EARLIEST
        order[place[month]] = i
        place[month] += 1
    return first


@dataclass
class World:
    """Everything that changes in a run; processes read and write it, policies write only its levers."""

    scale: float
    start_year: int
    start_month: int
    workers: Workers
    enterprises: Enterprises
    institutions: Institutions
    programmes: Programmes
    places: Places
    fields: tuple[str, ...]
    ethnic_groups: tuple[str, ...]
    sector_of_field: Bytes
    accessibility: Doubles  # (n_fields, n_fields): how open a field is to people of another
    levers: Levers
    ledger: Ledger
    market: Market
    employer_groups: tuple[str, ...] = ()  # sorts of employers, as `enterprises.group` counts them
    month: int = 0
    applications: Applications | None = None  # of this month, where anybody could search
    demand_index: Doubles = field(default_factory=lambda: np.ones(0))  # (n_fields,): labour demand relative to month 0
    tables: dict[str, Doubles] = field(
        default_factory=dict
    )  # rates of the province by name, e.g. "mortality" (2, n_ages) per year
    counts: dict[str, Any] = field(default_factory=dict)  # the people counted at the end of last month

    def __post_init__(self) -> None:
        # where the district or residence of people, in the order of rows, changes: within, loops have constants in
        # place of tables
        home = self.workers.district.astype(np.int16) * 2 + self.workers.urban
        changes = np.flatnonzero(np.diff(home)) + 1
        self.runs: NDArray[np.int64] = np.concatenate([[0], changes, [len(self.workers)]]).astype(np.int64)
        # rows by birth, and where each month begins
        self._by_birth: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None
        self._by_district: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None
        self.events = Events(self.levers.sizes)  # what happens this month, for later processes, policies, the recorder
        self.people = WorkerArrays(*(getattr(self.workers, name) for name in Workers.columns()))
        self.employers = EnterpriseArrays(*(getattr(self.enterprises, name) for name in Enterprises.columns()))
        self.courses = ProgrammeArrays(*(getattr(self.programmes, name) for name in Programmes.columns()))

    def born_in(self, month: int) -> NDArray[np.int32]:
        """Return the people born in a month, in the order of rows; births never change."""
        if self._by_birth is None:
            order = np.empty(len(self.workers), dtype=np.int32)
            self._by_birth = order, _order_by_birth(self.workers.birth_month, order)
        rows, first = self._by_birth
        return rows[first[month - EARLIEST] : first[month - EARLIEST + 1]]

    def by_district(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return all rows in the order of their districts, and where each district begins, shape `(n_districts + 1,)`;
        homes never change.
        """
        if self._by_district is None:
            home = self.workers.district
            first = np.zeros(len(self.places) + 1, dtype=np.int64)
            np.cumsum(np.bincount(home, minlength=len(self.places)), out=first[1:])
            self._by_district = np.argsort(home, kind="stable").astype(np.int32), first
        return self._by_district

    @property
    def n_fields(self) -> int:
        """Return the number of fields."""
        return len(self.fields)

    @property
    def n_groups(self) -> int:
        """Return the number of ethnic groups."""
        return len(self.ethnic_groups)

    @property
    def calendar(self) -> tuple[int, int]:
        """Return (year, month 1-12) of the month now simulated."""
        months = self.start_year * 12 + self.start_month - 1 + self.month
        return months // 12, months % 12 + 1

    def at_scale(self, persons: float) -> float:
        """Return how many rows stand for a number of real persons."""
        return persons * self.scale
