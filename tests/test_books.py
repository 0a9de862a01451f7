"""The books balance in every month of every configuration; labsim/evidence/books.py keeps its own count of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from labsim.config import known_names, load
from labsim.evidence.books import RULES, History, small, watch
from labsim.indicators import INDICATORS
from labsim.model import LabourModel
from labsim.profile import GROUPINGS
from labsim.quantity import amount_in
from labsim.schedule import SWITCHABLE
from labsim.world import Activity

# One has the people of a whole province: minutes without compilation.
WORLDS = [
    pytest.param(name, marks=() if name == "reference/cohort_component" else pytest.mark.tiny)
    for name in known_names() if name.startswith("reference/")
]  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_every_rule_of_the_books_holds_in_every_reference_world(name):
    """The provinces have lines of the scoreboard; all but one of these run with compilation off, too."""
    history = watch(small(name))
    assert {rule: broken for rule, find in RULES.items() if (broken := list(find(history)))} == {}


@pytest.fixture(scope="module")
def history() -> History:
    return watch(small("son_la/baseline"))


def test_son_la_shows_all_that_the_books_hold(history):
    """The rules would hold in a world where nothing happens: in Son La everything does."""
    flows = sum(month.flows for month in history.months[1:])
    for now in (*range(Activity.AWAY_IN_VIET_NAM + 1), Activity.ABROAD, Activity.OUTSIDE):
        assert flows[now].sum() > 0, Activity(now)
    assert sum(month.counts.get("firms_closed", 0) for month in history.months) > 0
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
