"""Every indicator once: name, unit, concept, which way is better, formula.

Two statistical systems never mix. *Administrative* is the province's own count: trained includes uncertified short
courses, the labour
force includes farmers for own use. *Survey* is the statistics office's: a certificate of three months or more, and
from 2021 farmers for own use are outside the labour force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labsim.text import mark

Values = NDArray[np.float64]

ADMINISTRATIVE, SURVEY, MODEL = "administrative", "survey", "model"
STOCK, FLOW = "stock", "flow"

FARMING = slice(0, 4)
OWN_USE = slice(0, 2)
BUSINESS = slice(4, 7)
EMPLOYEES = slice(7, 10)
WORKING = slice(0, 10)
UNEMPLOYED = 10
LABOUR_FORCE = slice(0, 11)
N_AGES = 5
YOUNG = slice(0, 2)
WORKING_AGE = slice(0, 4)
FROM_18_TO_35 = slice(1, 3)


@dataclass(frozen=True)
class Counted:
    """People counted in one month for some groups, in real persons.

    `people` has shape `(n_groups, n_ages, n_ethnic, n_statuses, n_training, 2)`, `pay` `(n_groups, 3)`: VND a month
    summed over farmers, household businesses and employees.
    """

    people: Values
    pay: Values

    def at(
        self,
        status: slice | int,
        training: slice | int = slice(None),
        age: slice = slice(None),
        ethnic: slice = slice(None),
    ) -> Values:
        """Return the persons with a status, training, age and ethnic group, shape `(n_groups,)`."""
        part = self.people[:, age, ethnic]
        status_ = slice(status, status + 1) if isinstance(status, int) else status
        training_ = slice(training, training + 1) if isinstance(training, int) else training
        return part[:, :, :, status_, training_].sum(axis=(1, 2, 3, 4, 5))


Formula = Callable[[Counted], Values]


@dataclass(frozen=True)
class Indicator:
    """What one indicator is.

    `kind` is stock (December stands for a year) or flow (months add up); `base` is the indicator that counts the
    persons a share refers to.
    """

    name: str
    label: str
    unit: str
    concept: str
    better: str | None
    kind: str
    base: str | None
    formula: Formula | None = None
    source: str | None = None  # of a flow: the ledger's count


def share(part: Values, whole: Values) -> Values:
    """Return a percentage, not a number where nobody is counted."""
    result: Values = np.divide(100.0 * part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return result


TRAINED, PAPER, CERTIFIED, VOCATIONAL = slice(1, 6), slice(3, 6), slice(4, 6), slice(2, 5)
MINORITY = slice(1, None)


def _ratio(part: Callable[[Counted], Values], whole: Callable[[Counted], Values]) -> Formula:
    return lambda c: share(part(c), whole(c))


def _labour_force(c: Counted) -> Values:
    return c.at(LABOUR_FORCE)


def _survey_force(c: Counted) -> Values:
    return c.at(LABOUR_FORCE) - c.at(OWN_USE)


def _working(c: Counted) -> Values:
    return c.at(WORKING)


def _stock(
    name: str, label: str, formula: Formula, concept: str = ADMINISTRATIVE, better: str | None = None
) -> Indicator:
    return Indicator(name, label, "persons", concept, better, STOCK, None, formula)


def _share(
    name: str,
    label: str,
    part: Formula,
    whole: Formula,
    base: str,
    concept: str = ADMINISTRATIVE,
    better: str | None = None,
    unit: str = "%",
) -> Indicator:
    return Indicator(name, label, unit, concept, better, STOCK, base, _ratio(part, whole))


def _flow(name: str, label: str, source: str, better: str | None = None, concept: str = ADMINISTRATIVE) -> Indicator:
    return Indicator(name, label, "persons", concept, better, FLOW, None, None, source)


def _mean_pay(c: Counted) -> Values:
    workers = _working(c)
    result: Values = np.divide(c.pay.sum(axis=1), workers, out=np.full_like(workers, np.nan), where=workers > 0)
    return result


def _mean_wage(c: Counted) -> Values:
    workers = c.at(EMPLOYEES)
    result: Values = np.divide(c.pay[:, 2], workers, out=np.full_like(workers, np.nan), where=workers > 0)
    return result


def _mean_farm_income(c: Counted) -> Values:
    workers = c.at(FARMING)
    result: Values = np.divide(c.pay[:, 0], workers, out=np.full_like(workers, np.nan), where=workers > 0)
    return result


_ALL = (
    _stock("population_15_plus", mark("people of 15 and older in the province"), lambda c: c.at(slice(0, 13))),
    _stock("labour_force", mark("labour force, farmers for own use included"), _labour_force),
    _stock("labour_force_survey", mark("labour force, farmers for own use left out"), _survey_force, SURVEY),
    _stock("employed", mark("people in work"), _working, better="up"),
    _stock("farmers", mark("people working in farming on their own account"), lambda c: c.at(FARMING)),
    _stock("household_businesses", mark("owners of non-farm household businesses"), lambda c: c.at(BUSINESS)),
    _stock("employees", mark("employees"), lambda c: c.at(EMPLOYEES), better="up"),
    _stock("unemployed", mark("unemployed"), lambda c: c.at(UNEMPLOYED), better="down"),
    _stock("in_training", mark("in full-time training"), lambda c: c.at(11)),
    _stock("out_of_labour_force", mark("out of the labour force"), lambda c: c.at(12)),
    _stock("away_in_viet_nam", mark("working in another province"), lambda c: c.at(13)),
    _stock("abroad", mark("working abroad under contract"), lambda c: c.at(14)),
    _stock("agricultural_workers", mark("people working in agriculture"), lambda c: c.at(FARMING) + c.at(4) + c.at(7)),
    _stock(
        "minority_working_age",
        mark("ethnic minority people of working age"),
        lambda c: c.at(slice(0, 13), ethnic=MINORITY, age=WORKING_AGE),
    ),
    _stock(
        "minority_trained",
        mark("ethnic minority people of working age with vocational training"),
        lambda c: c.at(slice(0, 13), VOCATIONAL, WORKING_AGE, MINORITY),
    ),
    _share(
        "agricultural_share",
        mark("agricultural labour in all labour"),
        lambda c: c.at(FARMING) + c.at(4) + c.at(7),
        _working,
        "employed",
        better="down",
    ),
    _share(
        "industry_share", mark("labour in industry and construction"), lambda c: c.at(5) + c.at(8), _working, "employed"
    ),
    _share("services_share", mark("labour in services"), lambda c: c.at(6) + c.at(9), _working, "employed"),
    _share(
        "own_account_share", mark("own-account work in all work"), lambda c: c.at(slice(0, 7)), _working, "employed"
    ),
    _share(
        "trained_share",
        mark("trained labour, with or without certificate"),
        lambda c: c.at(LABOUR_FORCE, TRAINED),
        _labour_force,
        "labour_force",
        better="up",
    ),
    _share(
        "certified_share",
        mark("labour with a degree or certificate of any length"),
        lambda c: c.at(LABOUR_FORCE, PAPER),
        _labour_force,
        "labour_force",
        better="up",
    ),
    _share(
        "certified_share_survey",
        mark("people in work with a certificate of three months or more"),
        lambda c: c.at(WORKING, CERTIFIED),
        _working,
        "employed",
        SURVEY,
        "up",
    ),
    _share(
        "trained_share_agriculture",
        mark("trained people among agricultural labour"),
        lambda c: c.at(FARMING, TRAINED) + c.at(4, TRAINED) + c.at(7, TRAINED),
        lambda c: c.at(FARMING) + c.at(4) + c.at(7),
        "agricultural_workers",
        better="up",
    ),
    _share(
        "minority_vocational_share",
        mark("vocationally trained people among ethnic minority people of working age"),
        lambda c: c.at(slice(0, 13), VOCATIONAL, WORKING_AGE, MINORITY),
        lambda c: c.at(slice(0, 13), ethnic=MINORITY, age=WORKING_AGE),
        "minority_working_age",
        better="up",
    ),
    _share(
        "minority_trained_young_share",
        mark("people of 18 to 35 among vocationally trained ethnic minority people of working age"),
        lambda c: c.at(slice(0, 13), VOCATIONAL, FROM_18_TO_35, MINORITY),
        lambda c: c.at(slice(0, 13), VOCATIONAL, WORKING_AGE, MINORITY),
        "minority_trained",
        better="up",
    ),
    _share(
        "unemployment_rate",
        mark("unemployed in the labour force, farmers for own use included"),
        lambda c: c.at(UNEMPLOYED),
        _labour_force,
        "labour_force",
        better="down",
    ),
    _share(
        "unemployment_rate_survey",
        mark("unemployed in the labour force, farmers for own use left out"),
        lambda c: c.at(UNEMPLOYED),
        _survey_force,
        "labour_force_survey",
        SURVEY,
        "down",
    ),
    _share(
        "youth_unemployment_rate",
        mark("unemployed in the labour force of 15 to 24"),
        lambda c: c.at(UNEMPLOYED, age=YOUNG),
        lambda c: c.at(LABOUR_FORCE, age=YOUNG),
        "labour_force",
        better="down",
    ),
    _share(
        "underemployment_rate",
        mark("people in work with too few hours who want more"),
        lambda c: c.at(1) + c.at(3),
        _working,
        "employed",
        SURVEY,
        "down",
    ),
    Indicator(
        "digital_share",
        mark("labour with basic digital skills"),
        "%",
        ADMINISTRATIVE,
        "up",
        STOCK,
        "labour_force",
        lambda c: share(c.people[:, :, :, LABOUR_FORCE, :, 1].sum(axis=(1, 2, 3, 4)), _labour_force(c)),
    ),
    Indicator("mean_income", mark("mean income from work"), "VND per month", MODEL, "up", STOCK, None, _mean_pay),
    Indicator("mean_wage", mark("mean wage of employees"), "VND per month", MODEL, "up", STOCK, None, _mean_wage),
    Indicator(
        "mean_farm_income",
        mark("mean income from farming"),
        "VND per month",
        MODEL,
        "up",
        STOCK,
        None,
        _mean_farm_income,
    ),
    _flow("people_trained", mark("people who completed training"), "people_trained", "up"),
    _flow("training_enrolled", mark("people admitted to training"), "training_enrolled"),
    _flow("training_applicants", mark("people who applied for training"), "training_applicants", concept=MODEL),
    _flow("training_dropped_out", mark("people who dropped out of training"), "training_dropped_out", "down", MODEL),
    _flow("jobs_created", mark("jobs created, as the province counts them"), "jobs_created", "up"),
    _flow("jobs_gross", mark("all new jobs: hires, businesses opened, departures to work elsewhere"), "jobs_gross", "up", MODEL),
    _flow("sent_abroad", mark("people sent abroad under contract"), "sent_abroad", "up"),
    _flow("returned_from_abroad", mark("people back from abroad"), "returned_from_abroad"),
    _flow("left_for_other_provinces", mark("people who left to work in other provinces"), "left_for_other_provinces"),
    _flow("returned_from_other_provinces", mark("people back from other provinces"), "returned_from_other_provinces"),
    _flow("moved_in", mark("people who moved in"), "moved_in"),
    _flow("talent_came", mark("degree holders attracted to reserved posts"), "talent_came", "up"),
    _flow("hires", mark("hires"), "hires", None, MODEL),
    _flow("job_changes", mark("hires of people who had another job"), "job_changes", None, MODEL),
    _flow("separations", mark("separations"), "separations", None, MODEL),
    _flow("vacancies_opened", mark("vacancies opened"), "vacancies_opened", None, MODEL),
    _flow("businesses_opened", mark("household businesses opened"), "businesses_opened", None, MODEL),
    _flow("businesses_closed", mark("household businesses closed"), "businesses_closed", None, MODEL),
    _flow("firms_opened", mark("employers founded"), "firms_opened", None, MODEL),
    _flow("firms_closed", mark("employers closed"), "firms_closed", None, MODEL),
    _flow("reached_fifteen", mark("people who reached fifteen"), "reached_fifteen", None, MODEL),
    _flow("deaths", mark("deaths of people of 15 and older"), "deaths", None, MODEL),
    Indicator("vacancies", mark("open vacancies"), "posts", MODEL, None, STOCK, None, None, "vacancies"),
    Indicator(
        "spending", mark("money spent under the policies"), "VND", ADMINISTRATIVE, "down", FLOW, None, None, "spending"
    ),
    Indicator(
        "income_gini",
        mark("Gini coefficient of income from work"),
        "0 to 100",
        MODEL,
        "down",
        STOCK,
        None,
        None,
        "income_gini",
    ),
)

INDICATORS: dict[str, Indicator] = {indicator.name: indicator for indicator in _ALL}
COUNTED: tuple[Indicator, ...] = tuple(indicator for indicator in _ALL if indicator.formula is not None)
FLOWS: tuple[Indicator, ...] = tuple(indicator for indicator in _ALL if indicator.source is not None)


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
