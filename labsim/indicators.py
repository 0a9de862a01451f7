"""Every indicator once: name, unit, concept, which way is better, what it counts.

Two statistical systems never mix. *Administrative* is the province's own count: trained includes uncertified short
courses, the labour force includes farmers for own use. *Survey* is the statistics office's: a certificate of three
months or more, and from 2021 farmers for own use are outside the labour force.

What an indicator counts is declared as terms: a status, a training, an age, an ethnic group, digital skills. A share
has terms above and below; the sums of all terms of all indicators are taken in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labsim.processes.counting import add_ranges
from labsim.text import mark

Values = NDArray[np.float64]

ADMINISTRATIVE, SURVEY, MODEL = "administrative", "survey", "model"
STOCK, FLOW = "stock", "flow"
N_AGES, N_STATUSES, N_TRAINING = 5, 15, 6
FARMING_PAY, BUSINESS_PAY, EMPLOYEE_PAY = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
ANY = slice(None)
# Without these levers employment services reach nobody, and loans of a policy reach no business.
SERVICES_REACH = ("fair_reach", "counselling_reach", "portal_reach")
# Whose field counts where fields of work are told apart.
OF_PERSON = mark("field of the work of those in work, of the skill of all others")
OF_SEEKER = mark("field of skill, which decides where people may apply")
OF_POST = mark("field of the employer")
OF_COURSE = mark("field learned")


class Term(NamedTuple):
    """People of some statuses, trainings, ages, ethnic groups and digital skills, counted once (sign -1: taken off)."""

    status: slice = ANY
    training: slice = ANY
    age: slice = ANY
    ethnic: slice = ANY
    digital: slice = ANY
    sign: float = 1.0


Terms = tuple[Term, ...]


@dataclass(frozen=True)
class Indicator:
    """What one indicator is.

    `kind` is stock (December stands for a year) or flow (months add up); `base` is the indicator that counts the
    persons a share refers to. A counted indicator has terms `above`, and `below` if it is a share; `pay` picks the
    pay that is summed above instead; a flow names the count of the ledger in `source`. `by_field` says whose field
    counts where fields of work are told apart. `levers` are those without which it stays at nothing: only a policy
    brings it about. `averaged_over` is the indicator that counts the persons of a mean.
    """

    name: str
    label: str
    unit: str
    concept: str
    better: str | None
    kind: str
    base: str | None
    above: Terms = ()
    below: Terms = ()
    pay: tuple[float, float, float] | None = None
    source: str | None = None
    by_field: str = ""
    levers: tuple[str, ...] = ()
    averaged_over: str | None = None


def _status(first: int, last: int | None = None) -> slice:
    return slice(first, (first if last is None else last) + 1)


FARMING, OWN_USE, BUSINESS, EMPLOYEES = _status(0, 3), _status(0, 1), _status(4, 6), _status(7, 9)
WORKING, UNEMPLOYED, LABOUR_FORCE, HERE = _status(0, 9), _status(10), _status(0, 10), _status(0, 12)
TRAINED, PAPER, CERTIFIED, VOCATIONAL = slice(1, 6), slice(3, 6), slice(4, 6), slice(2, 5)
YOUNG, WORKING_AGE, FROM_18_TO_35 = slice(0, 2), slice(0, 4), slice(1, 3)
MINORITY, DIGITAL = slice(1, None), slice(1, 2)

IN_FORCE: Terms = (Term(LABOUR_FORCE),)
IN_SURVEY_FORCE: Terms = (Term(LABOUR_FORCE), Term(OWN_USE, sign=-1.0))
AT_WORK: Terms = (Term(WORKING),)
MINORITY_OF_AGE: Terms = (Term(HERE, age=WORKING_AGE, ethnic=MINORITY),)
MINORITY_VOCATIONAL: Terms = (Term(HERE, VOCATIONAL, WORKING_AGE, MINORITY),)


def _any_of(*statuses: slice, training: slice = ANY) -> Terms:
    return tuple(Term(status, training) for status in statuses)


def _stock(name: str, label: str, above: Terms, concept: str = ADMINISTRATIVE, better: str | None = None) -> Indicator:
    return Indicator(name, label, "persons", concept, better, STOCK, None, above, by_field=OF_PERSON)


def _share(
    name: str,
    label: str,
    above: Terms,
    below: Terms,
    base: str,
    better: str | None = None,
    concept: str = ADMINISTRATIVE,
) -> Indicator:
    return Indicator(name, label, "%", concept, better, STOCK, base, above, below, by_field=OF_PERSON)


def _pay(name: str, label: str, pay: tuple[float, float, float], below: Terms, averaged_over: str) -> Indicator:
    return Indicator(
        name, label, "VND per month", MODEL, "up", STOCK, None, (), below, pay, by_field=OF_PERSON,
        averaged_over=averaged_over,
    )  # fmt: skip


def _flow(
    name: str,
    label: str,
    better: str | None = None,
    concept: str = ADMINISTRATIVE,
    unit: str = "persons",
    by_field: str = "",
    levers: tuple[str, ...] = (),
) -> Indicator:
    return Indicator(name, label, unit, concept, better, FLOW, None, source=name, by_field=by_field, levers=levers)


def _state(
    name: str,
    label: str,
    unit: str,
    better: str | None = None,
    base: str | None = None,
    concept: str = MODEL,
    by_field: str = "",
    levers: tuple[str, ...] = (),
    averaged_over: str | None = None,
) -> Indicator:
    return Indicator(
        name, label, unit, concept, better, STOCK, base, source=name, by_field=by_field, levers=levers,
        averaged_over=averaged_over,
    )  # fmt: skip


def _degrees(name: str, label: str, base: str | None = None) -> Indicator:
    """Declare what is counted in public bodies every December, by one pass over their employees."""
    return _state(name, label, "%" if base else "persons", "up" if base else None, base, ADMINISTRATIVE)


AGRICULTURE = (FARMING, _status(4), _status(7))
INDUSTRY = (_status(5), _status(8))
SERVICES = (_status(6), _status(9))
IN_AGRICULTURE = _any_of(*AGRICULTURE)

_ALL = (
    _stock("population_15_plus", mark("people of 15 and older in the province"), (Term(HERE),)),
    _stock("labour_force", mark("labour force, farmers for own use included"), IN_FORCE),
    _stock("labour_force_survey", mark("labour force, farmers for own use left out"), IN_SURVEY_FORCE, SURVEY),
    _stock("employed", mark("people in work"), AT_WORK, better="up"),
    _stock("farmers", mark("people working in farming on their own account"), (Term(FARMING),)),
    _stock("household_businesses", mark("owners of non-farm household businesses"), (Term(BUSINESS),)),
    _stock("employees", mark("employees"), (Term(EMPLOYEES),), better="up"),
    _stock("unemployed", mark("unemployed"), (Term(UNEMPLOYED),), better="down"),
    _stock("in_training", mark("in full-time training"), (Term(_status(11)),)),
    _stock("out_of_labour_force", mark("out of the labour force"), (Term(_status(12)),)),
    _stock("away_in_viet_nam", mark("working in another province"), (Term(_status(13)),)),
    _stock("abroad", mark("working abroad under contract"), (Term(_status(14)),)),
    _stock("agricultural_workers", mark("people working in agriculture"), IN_AGRICULTURE),
    _stock("minority_working_age", mark("ethnic minority people of working age"), MINORITY_OF_AGE),
    _stock(
        "minority_trained", mark("ethnic minority people of working age with vocational training"), MINORITY_VOCATIONAL
    ),
    _share(
        "agricultural_share", mark("agricultural labour in all labour"), IN_AGRICULTURE, AT_WORK, "employed", "down"
    ),
    _share("industry_share", mark("labour in industry and construction"), _any_of(*INDUSTRY), AT_WORK, "employed"),
    _share("services_share", mark("labour in services"), _any_of(*SERVICES), AT_WORK, "employed"),
    _share("own_account_share", mark("own-account work in all work"), _any_of(_status(0, 6)), AT_WORK, "employed"),
    _share(
        "trained_share",
        mark("trained labour, with or without certificate"),
        (Term(LABOUR_FORCE, TRAINED),),
        IN_FORCE,
        "labour_force",
        "up",
    ),
    _share(
        "certified_share",
        mark("labour with a degree or certificate of any length"),
        (Term(LABOUR_FORCE, PAPER),),
        IN_FORCE,
        "labour_force",
        "up",
    ),
    _share(
        "certified_share_survey",
        mark("people in work with a certificate of three months or more"),
        (Term(WORKING, CERTIFIED),),
        AT_WORK,
        "employed",
        "up",
        SURVEY,
    ),
    _share(
        "trained_share_agriculture",
        mark("trained people among agricultural labour"),
        _any_of(*AGRICULTURE, training=TRAINED),
        IN_AGRICULTURE,
        "agricultural_workers",
        "up",
    ),
    _share(
        "minority_vocational_share",
        mark("vocationally trained people among ethnic minority people of working age"),
        MINORITY_VOCATIONAL,
        MINORITY_OF_AGE,
        "minority_working_age",
        "up",
    ),
    _share(
        "minority_trained_young_share",
        mark("people of 18 to 35 among vocationally trained ethnic minority people of working age"),
        (Term(HERE, VOCATIONAL, FROM_18_TO_35, MINORITY),),
        MINORITY_VOCATIONAL,
        "minority_trained",
        "up",
    ),
    _share(
        "unemployment_rate",
        mark("unemployed in the labour force, farmers for own use included"),
        (Term(UNEMPLOYED),),
        IN_FORCE,
        "labour_force",
        "down",
    ),
    _share(
        "unemployment_rate_survey",
        mark("unemployed in the labour force, farmers for own use left out"),
        (Term(UNEMPLOYED),),
        IN_SURVEY_FORCE,
        "labour_force_survey",
        "down",
        SURVEY,
    ),
    _share(
        "youth_unemployment_rate",
        mark("unemployed in the labour force of 15 to 24"),
        (Term(UNEMPLOYED, age=YOUNG),),
        (Term(LABOUR_FORCE, age=YOUNG),),
        "labour_force",
        "down",
    ),
    _share(
        "underemployment_rate",
        mark("people in work with too few hours who want more"),
        _any_of(_status(1), _status(3)),
        AT_WORK,
        "employed",
        "down",
        SURVEY,
    ),
    _share(
        "digital_share",
        mark("labour with basic digital skills"),
        (Term(LABOUR_FORCE, digital=DIGITAL),),
        IN_FORCE,
        "labour_force",
        "up",
    ),
    _pay("mean_income", mark("mean income from work"), (1.0, 1.0, 1.0), AT_WORK, "employed"),
    _pay("mean_wage", mark("mean wage of employees"), EMPLOYEE_PAY, (Term(EMPLOYEES),), "employees"),
    _pay("mean_farm_income", mark("mean income from farming"), FARMING_PAY, (Term(FARMING),), "farmers"),
    _pay(
        "mean_business_income", mark("mean income from a household business"), BUSINESS_PAY, (Term(BUSINESS),),
        "household_businesses",
    ),
    _flow("people_trained", mark("people who completed training"), "up", by_field=OF_COURSE),
    _flow("people_trained_rural", mark("people of the countryside who completed training"), "up"),
    _flow("people_trained_urban", mark("people of towns who completed training"), "up"),
    _flow(
        "people_trained_highly_skilled",
        mark("people who completed training at intermediate level, college, university or above"),
        "up",
    ),
    _flow("people_trained_below_intermediate", mark("people who completed training below intermediate level"), "up"),
    _flow("training_enrolled", mark("people admitted to training")),
    _flow("training_applicants", mark("people who applied for training"), concept=MODEL),
    _flow("training_dropped_out", mark("people who dropped out of training"), "down", MODEL),
    _flow("trained_by_extension", mark("farmers trained by extension classes"), "up"),
    _flow("trained_on_the_job", mark("employees trained on the job"), "up", MODEL),
    _flow("jobs_created", mark("jobs created, as the province counts them"), "up"),
    _flow("jobs_gross", mark("all new jobs: hires, businesses opened, departures to work elsewhere"), "up", MODEL),
    _flow("sent_abroad", mark("people sent abroad under contract"), "up", by_field=OF_PERSON,
          levers=("export_places",)),
    _flow("returned_from_abroad", mark("people back from abroad")),
    _flow("left_for_other_provinces", mark("people who left to work in other provinces")),
    _flow("returned_from_other_provinces", mark("people back from other provinces")),
    _flow("moved_in", mark("people who moved in")),
    _flow("talent_came", mark("degree holders attracted to reserved posts"), "up", by_field=OF_POST,
          levers=("talent_places",)),
    _state("seekers", mark("people who search for work in the month"), "persons", by_field=OF_SEEKER),
    _flow("applications", mark("applications for a vacancy"), None, MODEL, "applications", OF_POST),
    _flow("hires", mark("hires"), concept=MODEL, by_field=OF_POST),
    _flow("job_changes", mark("hires of people who had another job"), concept=MODEL),
    _flow("hired_from_farming", mark("hires of people who farmed on their own account"), concept=MODEL),
    _flow("separations", mark("separations"), concept=MODEL),
    _flow("vacancies_opened", mark("vacancies opened"), concept=MODEL, unit="posts"),
    _flow("businesses_opened", mark("household businesses opened"), concept=MODEL),
    _flow("businesses_closed", mark("household businesses closed"), concept=MODEL),
    _flow("businesses_on_loans", mark("household businesses opened with a loan of a policy"), concept=MODEL,
          levers=("loan_offers",)),
    _flow("firms_opened", mark("employers founded"), concept=MODEL, unit="employers"),
    _flow("firms_closed", mark("employers closed"), concept=MODEL, unit="employers"),
    _flow(
        "employers_without_row", mark("employers that could not be founded because no row was left for them"),
        "down", MODEL, unit="employers",
    ),
    _flow("reached_fifteen", mark("people who reached fifteen"), concept=MODEL),
    _flow("deaths", mark("deaths of people of 15 and older"), concept=MODEL),
    _flow("spending", mark("money spent under the policies"), "down", unit="VND"),
    _state("vacancies", mark("open vacancies"), "posts", by_field=OF_POST),
    _state("enterprise_employees", mark("employees of registered enterprises"), "persons", "up"),
    _state("enterprise_wage", mark("mean pay in registered enterprises"), "VND per month", "up",
           averaged_over="enterprise_employees"),
    _state(
        "seats_where_vacancies_are", mark("seats of training that are in the fields where the vacancies are"), "%", "up"
    ),
    _flow("reached", mark("people reached by employment services"), "up", levers=SERVICES_REACH),
    _flow("introduced", mark("introductions of people to a vacancy by employment services"), levers=SERVICES_REACH),
    _flow("placed", mark("people hired through an introduction"), "up", levers=SERVICES_REACH),
    _flow("hired_by_partners", mark("graduates hired for posts that partners of their school keep"), "up", MODEL,
          levers=("programme_linkage",)),
    _flow("digital_trained", mark("people who completed a course in digital skills"), "up",
          levers=("digital_places",)),
    _state(
        "reached_by_services", mark("people reached by employment services since January, in the labour force"),
        "%", "up", "labour_force", ADMINISTRATIVE, levers=SERVICES_REACH,
    ),
    _state(
        "placement_share_of_introduced", mark("people placed since January among those introduced"),
        "%", "up", None, ADMINISTRATIVE, levers=SERVICES_REACH,
    ),
    _state(
        "placement_share_of_counselled", mark("people placed since January among those reached in any form"),
        "%", "up", None, ADMINISTRATIVE, levers=SERVICES_REACH,
    ),
    _state(
        "placement_share_of_counselled_or_introduced",
        mark("people placed since January among those counselled in person or introduced"),
        "%", "up", None, ADMINISTRATIVE, levers=SERVICES_REACH,
    ),
    _state("graduates_followed", mark("people who completed a course of three months or more 6-12 months ago"),
           "persons"),
    _state("graduate_employment_share", mark("people in work among those who completed a course 6-12 months ago"),
           "%", "up", "graduates_followed"),
    _state(
        "graduate_employment_share_off_farm",
        mark("people in work other than on a farm of their own among those who completed a course 6-12 months ago"),
        "%", "up", "graduates_followed",
    ),
    _degrees("officials", mark("officials of province and district")),
    _degrees("public_employees", mark("public employees: schools, hospitals, public services")),
    _degrees("commune_officials", mark("officials of communes")),
    _degrees("public_staff", mark("officials and public employees")),
    _degrees("public_staff_university", mark("officials and public employees with a university degree")),
    _degrees("public_staff_postgraduate", mark("officials and public employees with a postgraduate degree")),
    _degrees("officials_degree_share", mark("degree holders among officials of province and district"), "officials"),
    _degrees(
        "officials_postgraduate_share", mark("postgraduates among officials of province and district"), "officials"
    ),
    _degrees("public_employees_degree_share", mark("degree holders among public employees"), "public_employees"),
    _degrees(
        "commune_officials_standard_share",
        mark("intermediate level or more among officials of communes"),
        "commune_officials",
    ),
    _degrees("public_staff_degree_share", mark("degree holders among officials and public employees"), "public_staff"),
    _degrees(
        "public_staff_postgraduate_share", mark("postgraduates among officials and public employees"), "public_staff"
    ),
    _flow("degrees_in_service", mark("officials and public employees who finished a degree in service"), "up",
          levers=("degree_places",)),
    _state("income_gini", mark("Gini coefficient of income from work"), "0 to 100", "down"),
)

# Recorded only by the groupings that a run asks for.
OF_AGE = Term(HERE, age=WORKING_AGE)
BY_GROUP = (
    _stock("working_age", mark("people of working age"), (OF_AGE,)),
    _stock("working_age_trained", mark("people of working age, trained"), (OF_AGE._replace(training=TRAINED),)),
    _stock(
        "working_age_certified",
        mark("people of working age with a certificate of three months or more"),
        (OF_AGE._replace(training=CERTIFIED),),
        SURVEY,
    ),
)
# Recorded by field, where these are told apart: the people every month, and the two sides of the market.
OF_FIELDS = ("labour_force", "employed", "unemployed", "unemployment_rate")
MARKET = ("seekers", "vacancies", "applications")
INCOME_CHANGES = tuple(
    Indicator(name, label, "%", MODEL, better, STOCK, None, by_field=OF_PERSON)
    for name, label, better in (
        (
            "income_gain_share",
            mark("people whose monthly income rose by more than 5 % from December to December"),
            "up",
        ),
        (
            "income_loss_share",
            mark("people whose monthly income fell by more than 5 % from December to December"),
            "down",
        ),
        ("income_median_change", mark("median change of a person's monthly income from December to December"), "up"),
    )
)

INDICATORS: dict[str, Indicator] = {one.name: one for one in (*_ALL, *BY_GROUP, *INCOME_CHANGES)}
COUNTED: tuple[Indicator, ...] = tuple(indicator for indicator in _ALL if indicator.source is None)
FLOWS: tuple[Indicator, ...] = tuple(indicator for indicator in _ALL if indicator.source is not None)


@cache
def _sums() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return what `add_ranges` adds up for all terms above, then below: where the ranges of each sum begin, where each
    range begins and ends, and its sign.
    """
    shape = (N_AGES, 2, N_STATUSES, N_TRAINING, 2)
    places = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    first, ranges = [0], []
    for terms in (*(indicator.above for indicator in COUNTED), *(indicator.below for indicator in COUNTED)):
        for term in terms:
            cells = places[term.age, term.ethnic, term.status, term.training, term.digital].ravel()
            for together in np.split(cells, np.flatnonzero(np.diff(cells) > 1) + 1):
                ranges.append((together[0], together[-1] + 1, int(term.sign)))
        first.append(len(ranges))
    begins, ends, signs = np.array(ranges, dtype=np.int64).T.copy()
    return np.array(first, dtype=np.int64), begins, ends, signs


def count(people: Values, pay: Values, scale: float) -> Values:
    """Return every counted indicator, shape `(n_counted, n_groups)`; not a number where a share refers to nobody.

    `people` are simulated persons, shape `(n_groups, n_ages, 2, n_statuses, n_training, 2)` with the minorities second;
    `pay` is real VND a month summed over farmers, household businesses and employees, shape `(n_groups, 3)`.
    """
    return shares(sums_of(people) / scale, pay)


def sums_of(people: Values) -> Values:
    """Return the sums of all terms above, then below, of simulated persons, shape `(2 n_counted, n_groups)`; they add
    up over groups.
    """
    sums: Values = add_ranges(*_sums(), people.reshape(len(people), -1).astype(np.int64))
    return sums


@cache
def _rules() -> tuple[NDArray[np.bool_], NDArray[np.intp], Values]:
    """Return which counted indicators are shares, which are means of pay, and the pay that these sum, `(n, 3)`."""
    of_pay = [row for row, indicator in enumerate(COUNTED) if indicator.pay is not None]
    pays = np.array([COUNTED[row].pay for row in of_pay], dtype=np.float64).reshape(-1, 3)
    return np.array([bool(indicator.below) for indicator in COUNTED]), np.array(of_pay, dtype=np.intp), pays


def shares(sums: Values, pay: Values) -> Values:
    """Return every counted indicator from its sums; see `count`."""
    above, below = sums[: len(COUNTED)], sums[len(COUNTED) :]
    is_share, of_pay, pays = _rules()
    result = np.where(is_share[:, None], np.nan, above)
    np.divide(100.0 * above, below, out=result, where=is_share[:, None] & (below > 0))
    earned = np.full((len(of_pay), above.shape[1]), np.nan)
    np.divide(pays @ pay.T, below[of_pay], out=earned, where=below[of_pay] > 0)
    result[of_pay] = earned
    return result


def working_age(people: Values) -> Values:
    """Return the stocks of `BY_GROUP`, shape `(3, n_groups)`; `people` as in `count`."""
    return np.stack(
        [
            people[:, term.age, term.ethnic, term.status, term.training, term.digital].sum(axis=(1, 2, 3, 4, 5))
            for indicator in BY_GROUP
            for term in indicator.above
        ]
    )


def gini(bins: NDArray[np.int64], width: float) -> float:
    """Return the Gini coefficient of pay counted in equal bins, 0 to 100."""
    total = bins.sum()
    if total == 0:
        return float("nan")
    pay = (np.arange(bins.size) + 0.5) * width
    people = np.cumsum(bins) / total
    income = np.cumsum(bins * pay) / (bins * pay).sum()
    under = np.sum(np.diff(people, prepend=0.0) * (income + np.concatenate([[0.0], income[:-1]])))
    return float(100.0 * (1.0 - under))
