"""The books balance in every month of every configuration, and the test keeps its own count of them.

People and money are integers, so every check is exact. Savings are no account of the books: they are a float that each
person carries, fed by a share of income and drawn on by fees, costs abroad and hard times, with no counterpart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from labsim.config import Config, known_names, load
from labsim.indicators import INDICATORS
from labsim.ledger import PRIVATE_PAYERS
from labsim.model import LabourModel
from labsim.profile import GROUPINGS
from labsim.quantity import amount_in
from labsim.schedule import SWITCHABLE
from labsim.world import N_ACTIVITIES, Activity

MONTHS = 40
WORLDS = [
    pytest.param(name, marks=pytest.mark.tiny) if name.startswith("reference/") else name
    for name in known_names()
    if "/" in name
]
IN_WORK = (Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE)
LASTING = ("birth_month", "sex", "ethnicity", "district", "urban", "poor", "schooling", "own_use", "pace")


def small(name: str) -> Config:
    if name.startswith("reference/"):
        return load(name, settings=["reference.people=400", "by=[]"])
    return load(name, settings=["scale=0.01"])


@dataclass
class Month:
    workers: dict[str, np.ndarray]
    enterprises: dict[str, np.ndarray]
    programmes: dict[str, np.ndarray]
    flows: np.ndarray
    counts: dict[str, int]
    problems: list[str]


@dataclass
class History:
    model: LabourModel
    months: list[Month] = field(default_factory=list)

    def __iter__(self):
        return iter(self.months)

    def pairs(self):
        return zip(self.months[:-1], self.months[1:], strict=True)


@pytest.fixture(scope="module", params=WORLDS)
def history(request, tables_of: Callable[..., Any]) -> History:
    """Run a configuration for some years and keep a copy of every month."""
    model = LabourModel(small(request.param), seed=11)
    history = History(model)
    for month in range(MONTHS + 1):
        if month:
            model.step()
        world = model.world
        tables = tables_of(world)
        history.months.append(
            Month(
                workers=tables["workers"],
                enterprises=tables["enterprises"],
                programmes=tables["programmes"],
                flows=world.ledger.flows.copy(),
                counts=dict(world.ledger.counts),
                problems=model.imbalance(),
            )
        )
    return history


def stocks(month: Month) -> np.ndarray:
    return np.bincount(month.workers["activity"], minlength=N_ACTIVITIES)


def test_the_model_itself_finds_no_imbalance(history):
    assert [(at, month.problems) for at, month in enumerate(history) if month.problems] == []


def test_every_stock_changes_by_its_recorded_flows(history):
    for before, after in history.pairs():
        np.testing.assert_array_equal(stocks(after), stocks(before) + after.flows.sum(axis=0) - after.flows.sum(axis=1))


RECORDED = {
    "farmers": Activity.FARMING,
    "household_businesses": Activity.HOUSEHOLD_BUSINESS,
    "employees": Activity.EMPLOYEE,
    "unemployed": Activity.UNEMPLOYED,
    "in_training": Activity.IN_TRAINING,
    "out_of_labour_force": Activity.OUT_OF_LABOUR_FORCE,
    "away_in_viet_nam": Activity.AWAY_IN_VIET_NAM,
    "abroad": Activity.ABROAD,
}


def test_the_recorded_series_are_the_people_themselves(history, series):
    frame, scale = series(history.model), history.model.world.scale
    people = np.array([stocks(month) for month in history])
    for indicator, activity in RECORDED.items():
        np.testing.assert_array_equal(frame[indicator].to_numpy(), people[:, activity] / scale, err_msg=indicator)


def test_what_was_counted_is_what_flowed(history):
    """Counts and flows are kept apart by the processes, and tell the same story."""
    for month in history.months[1:]:
        flows, counts = month.flows, month.counts

        def n(name, counts=counts):
            return counts.get(name, 0)

        into = flows.sum(axis=0)
        assert n("deaths") + n("settled_elsewhere") == into[Activity.LEFT]
        assert n("reached_fifteen") == flows[Activity.CHILD].sum()
        assert n("sent_abroad") == into[Activity.ABROAD]
        assert n("returned_from_abroad") == flows[Activity.ABROAD, : Activity.AWAY_IN_VIET_NAM].sum()
        assert n("left_for_other_provinces") == into[Activity.AWAY_IN_VIET_NAM]
        assert n("moved_in") + n("talent_came") >= flows[Activity.OUTSIDE].sum() >= n("moved_in")
        assert n("hires") + n("talent_came") == into[Activity.EMPLOYEE]
        assert n("businesses_opened") == into[Activity.HOUSEHOLD_BUSINESS]
        assert n("job_changes") == flows[Activity.EMPLOYEE, Activity.EMPLOYEE]


def test_people_trained_add_up_by_residence_and_by_level(history):
    """Both divisions are counted from the people and the courses themselves."""
    parts = (("rural", "urban"), ("below_intermediate", "highly_skilled"))
    for month in history:
        trained = month.counts.get("people_trained", 0)
        for names in parts:
            assert sum(month.counts.get(f"people_trained_{name}", 0) for name in names) == trained


def test_headcounts_are_the_employees_by_tier(history):
    for month in history:
        w, headcount = month.workers, month.enterprises["headcount"]
        at_work = w["activity"] == Activity.EMPLOYEE
        post = w["employer"][at_work].astype(np.int64) * headcount.shape[1] + w["tier"][at_work]
        np.testing.assert_array_equal(np.bincount(post, minlength=headcount.size), headcount.ravel())


def test_headcounts_and_vacancies_are_never_negative(history):
    for month in history:
        for name in ("headcount", "vacancies", "opened"):
            assert month.enterprises[name].min(initial=0) >= 0, name


def test_a_closed_employer_seeks_nobody_and_hires_nobody(history):
    """A closed employer dismisses its people in the month after, and has no vacancy from the day it closes."""
    for before, after in history.pairs():
        closed = (before.enterprises["active"] == 0) & (after.enterprises["active"] == 0)
        assert after.enterprises["headcount"][closed].sum() == 0
        assert after.enterprises["vacancies"][after.enterprises["active"] == 0].sum() == 0


def test_seats_taken_are_the_trainees_and_fit_the_seats(history):
    for at, month in enumerate(history):
        p, programme = month.programmes, month.workers["programme"]
        trainees = np.bincount(programme[programme >= 0], minlength=len(p["taken"]))
        np.testing.assert_array_equal(trainees, p["taken"])
        assert (p["base_seats"] >= 0).all()
        if at > 0:
            assert (p["taken"] <= p["seats"]).all()


def test_what_a_person_holds_fits_what_the_person_does(history):
    for month in history:
        w, e, p = month.workers, month.enterprises, month.programmes
        activity = w["activity"]
        employed = activity == Activity.EMPLOYEE
        np.testing.assert_array_equal(w["employer"] >= 0, employed)
        np.testing.assert_array_equal(w["tier"] != 255, employed)
        np.testing.assert_array_equal(w["work_field"][employed], e["field"][w["employer"][employed]])
        assert (w["work_field"][np.isin(activity, IN_WORK)] >= 0).all()
        idle = ~np.isin(activity, (*IN_WORK, Activity.FARMING))
        assert (w["work_field"][idle] == -1).all()
        gone = activity >= Activity.OUT_OF_LABOUR_FORCE
        assert (w["programme"][gone] == -1).all()
        full_time = np.zeros(len(activity), dtype=bool)
        enrolled = w["programme"] >= 0
        full_time[enrolled] = p["full_time"][w["programme"][enrolled]] == 1
        np.testing.assert_array_equal(full_time, activity == Activity.IN_TRAINING)
        assert (w["months_left"][enrolled] >= 1).all()
        bound = enrolled | (activity == Activity.ABROAD)
        assert (w["months_left"][~bound] == 0).all()
        assert (w["spell"] >= 0).all()
        for name in ("wage", "skill", "savings"):
            assert np.isfinite(w[name]).all(), name
        assert ((w["skill"] >= 0) & (w["skill"] <= 1)).all()
        assert (w["wage"] >= 0).all()


def test_nobody_vanishes_returns_from_the_dead_or_changes_a_birthday(history):
    for at, (before, after) in enumerate(history.pairs(), start=1):
        was, now = before.workers["activity"], after.workers["activity"]
        assert len(was) == len(now)
        assert (now[was == Activity.LEFT] == Activity.LEFT).all()
        assert (was[now == Activity.CHILD] == Activity.CHILD).all()
        assert (was[now == Activity.OUTSIDE] == Activity.OUTSIDE).all()
        age = at - after.workers["birth_month"].astype(int)
        np.testing.assert_array_equal((was == Activity.CHILD) & (now != Activity.CHILD), (was == 8) & (age >= 180))
        for name in LASTING:
            np.testing.assert_array_equal(before.workers[name], after.workers[name], err_msg=name)
        for name in ("level", "certificate", "vocational"):
            assert (after.workers[name] >= before.workers[name]).all(), name


def test_money_paid_is_money_received_in_whole_dong(history, series):
    model = history.model
    payments = model.world.ledger.payments
    assert all(type(payment.amount) is int and payment.amount > 0 for payment in payments)
    balances: dict[str, int] = {}
    by_month = np.zeros(MONTHS + 1)
    spent: dict[tuple[str, int], int] = {}
    for payment in payments:
        balances[payment.payer] = balances.get(payment.payer, 0) - payment.amount
        balances[payment.recipient] = balances.get(payment.recipient, 0) + payment.amount
        if payment.payer in PRIVATE_PAYERS:
            continue  # what trainees pay themselves is entered, but spends no public money
        by_month[payment.month] += payment.amount
        year, _ = model.config.period.year_and_month(payment.month)
        spent[payment.policy, year] = spent.get((payment.policy, year), 0) + payment.amount
    assert sum(balances.values()) == 0
    assert balances == model.world.ledger.balances()
    assert spent == model.world.ledger.spent
    assert set(dict(spent)) <= {(policy, year) for policy in model.config.policies for year in range(2020, 2130)}
    np.testing.assert_array_equal(series(model)["spending"].to_numpy()[1:], by_month[1:])


def test_son_la_shows_all_that_the_books_hold(history):
    """The checks above would hold in a world where nothing happens: in Son La everything does."""
    if history.model.config.province.kind == "reference" or history.model.config.switched_off:
        return
    flows = sum(month.flows for month in history.months[1:])
    for now in (*range(Activity.AWAY_IN_VIET_NAM + 1), Activity.ABROAD, Activity.OUTSIDE):
        assert flows[now].sum() > 0, Activity(now)
    assert sum(month.counts.get("firms_closed", 0) for month in history) > 0
    assert any(payment.amount for payment in history.model.world.ledger.payments)


@pytest.mark.parametrize("name", SWITCHABLE)
def test_every_process_and_section_can_be_switched_off(son_la, name):
    model = LabourModel(son_la(f"switched_off=[{name}]", scale=0.003), seed=5)
    for _ in range(3):
        model.step()
        assert model.imbalance() == []


BASE = load("son_la", settings=["scale=0.003", "period.until=2023-12"])
RANGES = {
    one.path: one
    for one in BASE.evidence()
    if not one.path.startswith("reference.") and one.low is not None and one.high is not None
}


WHOLE = (".destination_mix", ".level_mix")  # shares that must sum to 1: the end of their range is one option alone


def at_end(path: str, high: bool) -> Any:
    """Return the value of a parameter in which every number stands at one end of its declared range."""
    one = RANGES[path]
    end = one.high if high else one.low
    if one.value is None:
        return {2021: end}
    if path.endswith(WHOLE):
        chosen = list(one.value)[-1 if high else 0]
        return {option: float(option == chosen) for option in one.value}
    if isinstance(one.value, dict):
        return dict.fromkeys(one.value, end)
    if isinstance(one.value, tuple):
        return [int(end) if isinstance(number, int) else end for number in one.value]
    return int(end) if isinstance(one.value, int) else end


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=30, database=None, phases=[Phase.generate])
@given(st.dictionaries(st.sampled_from(sorted(RANGES)), st.booleans(), min_size=3, max_size=5))
def test_books_balance_at_the_ends_of_every_range(ends):
    given_ends = {path: at_end(path, high) for path, high in ends.items()}
    config = load("son_la", settings={"scale": 0.003, "period.until": "2023-12", **given_ends})
    model = LabourModel(config, seed=3)
    for _ in range(6):
        model.step()
        assert model.imbalance() == []
    frame = model.recorder.monthly()
    assert np.isfinite(frame["value"]).all()
    whole = (frame[list(GROUPINGS)] == "all").all(axis=1)
    wide = frame[whole].pivot(index="month", columns="indicator", values="value")
    for name, indicator in INDICATORS.items():
        if indicator.base is not None and {name, indicator.base} <= set(wide):
            somebody = (wide[indicator.base] > 0) & wide[name].notna()  # some are counted from the first month on
            assert wide.loc[somebody, name].between(0, 100).all(), name
    for name in ("wage", "savings", "skill"):
        assert np.isfinite(getattr(model.workers, name)).all(), name


ZEROS = (
    "migration.cost_of_leaving",
    "own_account.start_capital",
    "search.under_qualified",
    "search.over_qualified",
    "earnings.saving_rate",
)


@pytest.mark.parametrize("path", ZEROS)
def test_a_zero_that_the_range_allows_is_no_division_by_zero(son_la, path):
    """Everyone starts without savings, so that means / (means + cost) is 0 / 0 where the cost is zero."""
    model = LabourModel(son_la(f"{path}=0", scale=0.003), seed=1)
    model.workers.savings[:] = 0.0
    for _ in range(4):
        model.step()
        assert model.imbalance() == []


def test_the_ends_of_ranges_reach_the_run():
    path = "policies.vocational_training.seats_per_year"
    config = load("son_la", settings={"scale": 0.003, path: at_end(path, high=True)})
    assert amount_in(config.policies["vocational_training"].seats_per_year, 2021) == RANGES[path].high
