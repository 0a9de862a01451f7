"""The books balance in every month of every configuration, and the rules here keep their own count of them.

People and money are integers, so every rule is exact. Savings are no account of the books: they are a float that each
person carries, fed by a share of income and drawn on by fees, costs abroad and hard times, with no counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.config import Config, known_names, load
from labsim.evidence.check import Comparison, Line, count_of, heed_stop
from labsim.ledger import PRIVATE_PAYERS
from labsim.profile import GROUPINGS
from labsim.simulation import Simulation
from labsim.text import _, mark
from labsim.world import N_ACTIVITIES, Activity, World

__all__ = ["LINES", "RULES", "History", "watch"]

Arrays = dict[str, NDArray[Any]]
Months = Iterator[int]  # in which a rule is broken
GROUP = "books"
MONTHS = 40
IN_WORK = (Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE)
LASTING = ("birth_month", "sex", "ethnicity", "district", "urban", "poor", "schooling", "own_use", "pace")
GROWING = ("level", "certificate", "vocational")
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


@dataclass
class Month:
    """Hold a copy of a month's tables, the flows of people by activity, the counts, and what the model found wrong."""

    workers: Arrays
    enterprises: Arrays
    programmes: Arrays
    flows: NDArray[np.int64]
    counts: dict[str, int]
    problems: list[str]


@dataclass
class History:
    """Hold a simulation and every month of it, the start first."""

    model: Simulation
    months: list[Month] = field(default_factory=list)

    def after_start(self) -> Iterator[tuple[int, Month]]:
        """Return the months simulated, numbered from 1."""
        return enumerate(self.months[1:], start=1)

    def pairs(self) -> Iterator[tuple[int, Month, Month]]:
        """Return each month simulated with the one before."""
        return ((at, before, after) for at, (before, after) in enumerate(pairwise(self.months), start=1))


def tables_of(world: World) -> dict[str, Arrays]:
    """Copy every column of every table of a world, by table and column."""
    tables = {name: getattr(world, name) for name in ("workers", "enterprises", "institutions", "programmes")}
    return {
        name: {column: getattr(table, column).copy() for column in table.columns()} for name, table in tables.items()
    }


def small(name: str) -> Config:
    """Return a small world of a configuration: 400 people, or one in a hundred."""
    if name.startswith("reference/"):
        return load(name, settings=["reference.people=400", "by=[]"])
    return load(name, settings=["scale=0.01"])


def watch(config: Config, months: int = MONTHS, seed: int = 11) -> History:
    """Run a configuration for some months and keep a copy of each."""
    heed_stop()
    model = Simulation(config, seed)
    history = History(model)
    for month in range(months + 1):
        if month:
            model.step()
        tables, ledger = tables_of(model.world), model.world.ledger
        history.months.append(
            Month(
                tables["workers"], tables["enterprises"], tables["programmes"],
                ledger.flows.copy(), dict(ledger.counts), model.imbalance(),
            )
        )  # fmt: skip
    return history


def stocks(month: Month) -> NDArray[np.int64]:
    """Return the people by activity, counted one by one."""
    return np.bincount(month.workers["activity"], minlength=N_ACTIVITIES)


def model_finds_no_imbalance(history: History) -> Months:
    """Ask the model itself."""
    return (at for at, month in enumerate(history.months) if month.problems)


def stocks_change_by_flows(history: History) -> Months:
    """Compare each activity's stock with the one before and the flows recorded."""
    for at, before, after in history.pairs():
        if (stocks(after) != stocks(before) + after.flows.sum(axis=0) - after.flows.sum(axis=1)).any():
            yield at


def series_are_the_people(history: History) -> Months:
    """Compare the recorded series with the people of each month."""
    frame, scale = history.model.recorder.monthly(), history.model.world.scale
    whole = frame[(frame[list(GROUPINGS)] == "all").all(axis=1)]
    wide = whole.pivot(index="month", columns="indicator", values="value")
    people = np.array([stocks(month) for month in history.months])
    for indicator, activity in RECORDED.items():
        yield from np.flatnonzero(wide[indicator].to_numpy() != people[:, activity] / scale).tolist()


def counts_are_flows(history: History) -> Months:
    """Compare counts and flows, which processes keep apart: they tell the same story."""
    for at, month in history.after_start():
        flows = month.flows
        into, outside = flows.sum(axis=0), int(flows[Activity.OUTSIDE].sum())
        counted = {name: month.counts.get(name, 0) for name in _COUNTED}
        pairs = (
            (counted["deaths"] + counted["settled_elsewhere"], into[Activity.LEFT]),
            (counted["reached_fifteen"], flows[Activity.CHILD].sum()),
            (counted["sent_abroad"], into[Activity.ABROAD]),
            (counted["returned_from_abroad"], flows[Activity.ABROAD, : Activity.AWAY_IN_VIET_NAM].sum()),
            (counted["left_for_other_provinces"], into[Activity.AWAY_IN_VIET_NAM]),
            (counted["hires"] + counted["talent_came"], into[Activity.EMPLOYEE]),
            (counted["businesses_opened"], into[Activity.HOUSEHOLD_BUSINESS]),
            (counted["job_changes"], flows[Activity.EMPLOYEE, Activity.EMPLOYEE]),
        )
        came = counted["moved_in"] <= outside <= counted["moved_in"] + counted["talent_came"]
        if not came or any(one != other for one, other in pairs):
            yield at


_COUNTED = (
    "deaths", "settled_elsewhere", "reached_fifteen", "sent_abroad", "returned_from_abroad",
    "left_for_other_provinces", "hires", "talent_came", "businesses_opened", "job_changes", "moved_in",
)  # fmt: skip


def trained_add_up(history: History) -> Months:
    """Compare people trained with their parts by residence and by level, counted from people and courses themselves."""
    for at, month in enumerate(history.months):
        trained = month.counts.get("people_trained", 0)
        for parts in (("rural", "urban"), ("below_intermediate", "highly_skilled")):
            if sum(month.counts.get(f"people_trained_{part}", 0) for part in parts) != trained:
                yield at


def headcounts_are_employees(history: History) -> Months:
    """Compare every employer's headcount with its employees, tier by tier."""
    for at, month in enumerate(history.months):
        w, headcount = month.workers, month.enterprises["headcount"]
        at_work = w["activity"] == Activity.EMPLOYEE
        post = w["employer"][at_work].astype(np.int64) * headcount.shape[1] + w["tier"][at_work]
        if (np.bincount(post, minlength=headcount.size) != headcount.ravel()).any():
            yield at


def nothing_is_negative(history: History) -> Months:
    """Look for negative headcounts, vacancies and openings."""
    for at, month in enumerate(history.months):
        if any(month.enterprises[name].min(initial=0) < 0 for name in ("headcount", "vacancies", "opened")):
            yield at


def closed_employers_rest(history: History) -> Months:
    """Look for people and vacancies of closed employers.

    A closed employer dismisses its people in the month after, and has no vacancy from the day it closes.
    """
    for at, before, after in history.pairs():
        closed = (before.enterprises["active"] == 0) & (after.enterprises["active"] == 0)
        vacant = after.enterprises["vacancies"][after.enterprises["active"] == 0]
        if after.enterprises["headcount"][closed].any() or vacant.any():
            yield at


def seats_are_trainees(history: History) -> Months:
    """Compare seats taken with trainees, and with the seats that there are."""
    for at, month in enumerate(history.months):
        p, programme = month.programmes, month.workers["programme"]
        trainees = np.bincount(programme[programme >= 0], minlength=len(p["taken"]))
        too_many = at > 0 and (p["taken"] > p["seats"]).any()
        if (trainees != p["taken"]).any() or (p["base_seats"] < 0).any() or too_many:
            yield at


def people_hold_what_fits(history: History) -> Months:
    """Compare what a person holds (employer, tier, field of work, course) with what the person does."""
    for at, month in enumerate(history.months):
        if not _fits(month.workers, month.enterprises, month.programmes):
            yield at


def _fits(w: Arrays, e: Arrays, p: Arrays) -> bool:
    activity, employed = w["activity"], w["activity"] == Activity.EMPLOYEE
    enrolled = w["programme"] >= 0
    full_time = np.zeros(len(activity), dtype=bool)
    full_time[enrolled] = p["full_time"][w["programme"][enrolled]] == 1
    bound = enrolled | (activity == Activity.ABROAD)
    idle = ~np.isin(activity, (*IN_WORK, Activity.FARMING))
    gone = activity >= Activity.OUT_OF_LABOUR_FORCE
    field_of_work = w["work_field"]
    kept: Sequence[np.bool_] = (
        ((w["employer"] >= 0) == employed).all(),
        ((w["tier"] != 255) == employed).all(),
        (field_of_work[employed] == e["field"][w["employer"][employed]]).all(),
        (field_of_work[np.isin(activity, IN_WORK)] >= 0).all(),
        (field_of_work[idle] == -1).all(),
        (w["programme"][gone] == -1).all(),
        (full_time == (activity == Activity.IN_TRAINING)).all(),
        (w["months_left"][enrolled] >= 1).all(),
        (w["months_left"][~bound] == 0).all(),
        (w["spell"] >= 0).all(),
        *(np.isfinite(w[name]).all() for name in ("wage", "skill", "savings")),
        ((w["skill"] >= 0) & (w["skill"] <= 1) & (w["wage"] >= 0)).all(),
    )
    return all(kept)


def nobody_vanishes(history: History) -> Months:
    """Look for people who return from the dead, change a birthday, enter at a wrong age or unlearn a level."""
    for at, before, after in history.pairs():
        was, now = before.workers["activity"], after.workers["activity"]
        age = at - after.workers["birth_month"].astype(int)
        came_of_age = (was == Activity.CHILD) & (now != Activity.CHILD)
        kept = (
            len(was) == len(now),
            (now[was == Activity.LEFT] == Activity.LEFT).all(),
            (was[now == Activity.CHILD] == Activity.CHILD).all(),
            (was[now == Activity.OUTSIDE] == Activity.OUTSIDE).all(),
            (came_of_age == ((was == Activity.CHILD) & (age >= 180))).all(),
            *((before.workers[name] == after.workers[name]).all() for name in LASTING),
            *((after.workers[name] >= before.workers[name]).all() for name in GROWING),
        )
        if not all(kept):
            yield at


def money_balances(history: History) -> Months:
    """Compare money paid with money received, in whole VND, and with what the ledger and the series say."""
    model, months = history.model, len(history.months) - 1
    balances: dict[str, int] = {}
    by_month = np.zeros(months + 1)
    spent: dict[tuple[str, int], int] = {}
    for one in model.world.ledger.payments:
        if type(one.amount) is not int or one.amount <= 0:
            yield one.month
        balances[one.payer] = balances.get(one.payer, 0) - one.amount
        balances[one.recipient] = balances.get(one.recipient, 0) + one.amount
        if one.payer in PRIVATE_PAYERS:
            continue  # what trainees pay themselves is entered, but spends no public money
        by_month[one.month] += one.amount
        key = one.policy, model.config.period.year_and_month(one.month)[0]
        spent[key] = spent.get(key, 0) + one.amount
    frame = model.recorder.monthly()
    whole = frame[(frame[list(GROUPINGS)] == "all").all(axis=1) & (frame["indicator"] == "spending")]
    recorded = whole.sort_values("month")["value"].to_numpy()[-months:]
    yield from (np.flatnonzero(recorded != by_month[1:]) + 1).tolist()
    ledger = model.world.ledger
    strangers = {policy for policy, _year in spent} - set(model.config.policies)
    if sum(balances.values()) != 0 or balances != ledger.balances() or spent != ledger.spent or strangers:
        yield months


RULES: dict[str, Callable[[History], Months]] = {
    mark("the model finds no imbalance"): model_finds_no_imbalance,
    mark("stocks change by the flows recorded"): stocks_change_by_flows,
    mark("recorded series are the people"): series_are_the_people,
    mark("what was counted is what flowed"): counts_are_flows,
    mark("people trained add up by residence and level"): trained_add_up,
    mark("headcounts are the employees"): headcounts_are_employees,
    mark("no headcount or vacancy is negative"): nothing_is_negative,
    mark("closed employers seek and hold nobody"): closed_employers_rest,
    mark("seats taken are the trainees"): seats_are_trainees,
    mark("what people hold fits what they do"): people_hold_what_fits,
    mark("nobody vanishes or changes a birthday"): nobody_vanishes,
    mark("money paid is money received"): money_balances,
}


def balance(prefix: str) -> Iterator[Comparison]:
    """Count the months in which a rule is broken, in every configuration whose name begins like this."""
    for name in (name for name in known_names() if name.startswith(f"{prefix}/")):
        history = watch(small(name))
        for rule, months_of in RULES.items():
            broken = sorted({int(month) for month in months_of(history)})
            words = (_("{rule}, month {month}").format(rule=_(rule), month=month) for month in broken)
            yield count_of(words, n=len(history.months), where=name)


_WORLDS = {
    "son_la": mark("Son La, three scenarios"),
    "lao_cai": mark("Lao Cai, three scenarios"),
    "bac_kan": mark("Bac Kan, three scenarios"),
    "reference": mark("every reference world"),
}

LINES = tuple(
    Line(f"books_{prefix}", GROUP, name, mark("months"),
         mark("People, posts, seats and money are counted by hand in each of forty months: nobody appears, vanishes or "
              "is counted twice, and every dong paid is received. Obtained: months in which a rule is broken."),
         mark("none: books balance in whole numbers"), partial(balance, prefix))
    for prefix, name in _WORLDS.items()
)  # fmt: skip
