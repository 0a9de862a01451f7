"""Take down every indicator of a month: for the province and by residence monthly, by the other groups every
December; flows by group, changes of income and fields of work where they are asked for.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from labsim.groups import GROUPINGS, PEOPLE_OF, RESIDENCES, GroupCounter, labels_of
from labsim.indicators import (
    BY_GROUP,
    COUNTED,
    FLOW,
    FLOWS,
    INCOME_CHANGES,
    MARKET,
    OF_FIELDS,
    count,
    gini,
    shares,
    sums_of,
    working_age,
)
from labsim.ledger import PRIVATE_PAYERS
from labsim.processes.counting import PAY_BIN
from labsim.processes.fields import doings_by_field, market_by_field, people_by_field
from labsim.processes.in_service import count_degrees
from labsim.world import NEW_GROUPS, Activity, World

NONE_YET = float("nan")  # a stock that is counted in December only
# The axis of each grouping in the table of people.
_AXES = {"district": 0, "sex": 2, "age": 3, "ethnicity": 4}


@dataclass
class Recorder:
    """The series of one run; `monthly()` returns them as one tidy frame.

    `by` names the groupings by which flows, people of working age and changes of income are recorded too; of fields of
    work also people in work and without, seekers, vacancies and applications every month.
    """

    by: Sequence[str] = ()
    _months: list[str] = field(default_factory=list)
    _rows: list[tuple[int, str, str, str, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._groups = GroupCounter(self.by) if self.by else None

    def take(self, world: World) -> None:
        """Record the month that has just been counted."""
        year, month = world.calendar
        self._months.append(f"{year}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}")
        at = len(self._months) - 1
        pay, sums = world.counts["pay_by_residence"] / world.scale, sums_of(world.counts["by_residence"]) / world.scale
        sums = np.concatenate([sums, sums.sum(axis=1, keepdims=True)], axis=1)
        values = shares(sums, np.concatenate([pay, pay.sum(axis=0, keepdims=True)]))
        self._add(at, "residence", RESIDENCES, values[:, :-1])
        self._add(at, "", ("all",), values[:, -1:])
        if month == 12:
            for grouping in ("district", "sex", "age", "ethnicity"):
                people, pay, labels = _reduced(world, grouping)
                self._add(at, grouping, labels, count(people, pay, world.scale))
        self._rows.append((at, "", "all", "flows", self._flows(world)))
        if self._groups is not None:
            self._take_groups(world, at, self._groups)

    def _take_groups(self, world: World, at: int, groups: GroupCounter) -> None:
        """Record the groupings asked for: flows of the month; in December people of working age and incomes."""
        if world.month > 0:
            for grouping in groups.groupings:
                self._add(at, grouping, labels_of(world, grouping), groups.flows(world, grouping), "grouped flows")
        if "field" in groups.groupings:
            self._take_fields(world, at)
        if world.calendar[1] != 12:
            return
        changes = groups.changes(world)
        of_residence = world.counts["by_residence"]
        stocks = working_age(of_residence).sum(axis=1, keepdims=True) / world.scale
        self._add(at, "", ("all",), stocks, "working age")
        for grouping in groups.groupings:
            if grouping != "field":
                people = of_residence if grouping == "residence" else _reduced(world, grouping)[0]
                stocks = working_age(people) / world.scale
                self._add(at, grouping, labels_of(world, grouping), stocks, "working age")
        for grouping, values in (changes or {}).items():
            labels = labels_of(world, grouping) if grouping else ("all",)
            self._add(at, grouping, labels, values, "income")

    def _take_fields(self, world: World, at: int) -> None:
        """Record the people and the market of each field; in December everything that is counted of people."""
        self._add(at, "field", world.fields, market_by_field(world) / world.scale, "market")
        if world.calendar[1] == 12:
            people, pay = people_by_field(world)
            self._add(at, "field", world.fields, count(people, pay / world.scale, world.scale))
            self._add(at, "field", world.fields, working_age(people) / world.scale, "working age")
        else:
            self._add(at, "field", world.fields, _of_doings(doings_by_field(world) / world.scale), "fields")

    def _add(
        self, at: int, grouping: str, labels: tuple[str, ...], values: np.ndarray, block: str = "counted"
    ) -> None:
        for g, label in enumerate(labels):
            self._rows.append((at, grouping, label, block, values[:, g]))

    def _flows(self, world: World) -> np.ndarray:
        counts, scale, december = dict(world.ledger.counts), world.scale, world.calendar[1] == 12
        values = count_degrees(world) | _of_enterprises(world) if december else {}
        values["vacancies"] = float(world.enterprises.vacancies.sum()) / scale
        if world.month == 0:
            return np.array([values.get(flow.source or "", NONE_YET) for flow in FLOWS])
        values |= {name: number / scale for name, number in counts.items()}
        values["spending"] = float(world.ledger.paid_in(world.month, without=PRIVATE_PAYERS))
        values["income_gini"] = gini(world.counts["pay_bins"], PAY_BIN) if december else NONE_YET
        values.update(_of_services(world), **_of_graduates(world), **_of_seats(world))
        return np.array([values.get(flow.source or "", 0.0 if flow.kind == FLOW else NONE_YET) for flow in FLOWS])

    def monthly(self) -> pd.DataFrame:
        """Return the series: month (its end), indicator, district, sex, age, ethnicity, residence, field, value.

        Words are categories in alphabetical order, so that hundreds of runs are joined without comparing texts.
        """
        blocks = {
            "counted": [indicator.name for indicator in COUNTED],
            "flows": [indicator.name for indicator in FLOWS],
            "grouped flows": list(PEOPLE_OF),
            "working age": [indicator.name for indicator in BY_GROUP],
            "income": [indicator.name for indicator in INCOME_CHANGES],
            "fields": list(OF_FIELDS),
            "market": list(MARKET),
        }
        used = {block for *_, block, _ in self._rows}
        known = sorted({name for block in used for name in blocks[block]})
        place = {name: code for code, name in enumerate(known)}
        codes_of = {block: np.array([place[name] for name in blocks[block]], dtype=np.int16) for block in used}
        lengths = [len(values) for *_, values in self._rows]
        months = np.array(self._months, dtype="datetime64[s]")
        codes = np.concatenate([codes_of[block] for _, _, _, block, _ in self._rows])
        frame: dict[str, object] = {
            "month": np.repeat(months[[at for at, *_ in self._rows]], lengths),
            "indicator": pd.Categorical.from_codes(codes, pd.Index(known)),
        }
        for grouping in GROUPINGS:
            labels = [label if g == grouping else "all" for _, g, label, *_ in self._rows]
            words = sorted(set(labels))
            code_of = {word: code for code, word in enumerate(words)}
            of_row = np.array([code_of[label] for label in labels], dtype=np.int16)
            frame[grouping] = pd.Categorical.from_codes(np.repeat(of_row, lengths), pd.Index(words))
        frame["value"] = np.concatenate([values for *_, values in self._rows]).astype(np.float64)
        table = pd.DataFrame(frame)
        return table[table["value"].notna()].reset_index(drop=True)


def _of_doings(people: np.ndarray) -> np.ndarray:
    """Return the indicators of `OF_FIELDS` from people by field and activity, shape `(4, n_fields)`."""
    employed, unemployed = people[:, : Activity.UNEMPLOYED].sum(axis=1), people[:, Activity.UNEMPLOYED]
    force = employed + unemployed
    rate = np.divide(100.0 * unemployed, force, out=np.full_like(force, np.nan), where=force > 0)
    return np.stack([force, employed, unemployed, rate])


def _of_services(world: World) -> dict[str, float]:
    """Return the shares of people reached and placed since January; not a number where nobody is in the base."""
    reached, served, introduced, placed = (float(n) for n in world.counts.get("services", (0, 0, 0, 0)))
    return {
        "reached_by_services": 100.0 * reached / max(1.0, float(world.counts["labour_force"].sum())),
        "placement_share_of_introduced": _percent(placed, introduced),
        "placement_share_of_counselled": _percent(placed, reached),
        "placement_share_of_counselled_or_introduced": _percent(placed, served),
    }


def _of_graduates(world: World) -> dict[str, float]:
    """Return how many graduates are followed, and their shares in work and in work off the farm."""
    base, work, off_farm = (float(n) for n in world.counts["graduates"])
    return {
        "graduates_followed": base / world.scale,
        "graduate_employment_share": _percent(work, base),
        "graduate_employment_share_off_farm": _percent(off_farm, base),
    }


def _of_seats(world: World) -> dict[str, float]:
    """Return the share of seats that lie where skilled vacancies are: what both divisions by field have in common.

    100 less half the sum of the differences between the shares of fields in seats and in vacancies that ask for skill;
    seats count by the people they can train in a year.
    """
    p, skilled = world.programmes, world.market.vacancies.sum(axis=0)[:, 1:].sum(axis=1)
    seats = np.bincount(p.field, p.seats * 12.0 / np.maximum(1, p.length), world.n_fields)
    if not skilled.any() or not seats.any():
        return {}
    return {"seats_where_vacancies_are": 100.0 * float(np.minimum(seats / seats.sum(), skilled / skilled.sum()).sum())}


def _of_enterprises(world: World) -> dict[str, float]:
    """Return how many people registered enterprises employ and their mean pay: companies, those of parks included.

    Their number is no such sum: at scale, large employers stand for parts of real ones.
    """
    w, names = world.workers, world.employer_groups
    registered = np.array([*(name.startswith("company_") for name in names), False])  # no group, -1, is the last
    if not registered[: len(names) - len(NEW_GROUPS)].any():
        return {}
    employees = np.flatnonzero(w.activity == Activity.EMPLOYEE)
    employees = employees[registered[world.enterprises.group[w.employer[employees]]]]
    pay = float(w.wage[employees].mean(dtype=np.float64)) if employees.size else NONE_YET
    return {"enterprise_employees": employees.size / world.scale, "enterprise_wage": pay}


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole > 0.0 else float("nan")


def _reduced(world: World, grouping: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Add the people and their pay up by one grouping, in simulated persons and real VND a month."""
    counts = world.counts
    axis, labels = _AXES[grouping], labels_of(world, grouping)
    drop = tuple(a for a in (0, 1, 2) if a != axis)
    people = counts["cells"][:, :, :, :, :, :-1].sum(axis=drop, dtype=np.float64)
    pay = np.moveaxis(counts["pay"], axis, 0).sum(axis=(1, 2, 3, 4)) / world.scale
    # indicators tell ages and minorities apart: a grouping by them puts the others to zero
    if axis == 3:
        people = np.einsum("ga,ae...->gae...", np.eye(len(labels)), people)
    elif axis == 4:
        people = np.einsum("ge,ae...->gae...", np.eye(len(labels)), people)
    people = np.stack([people[:, :, 0], people[:, :, 1:].sum(axis=2)], axis=2)
    return people, pay, labels
