"""Who is trained, hired and sent away, and whose income rises or falls, by group: only in runs that ask for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labsim.processes.counting import AGE_BANDS
from labsim.processes.fields import fields_of
from labsim.profile import GROUPINGS
from labsim.world import Activity, Sex, World

__all__ = ["GROUPINGS", "PEOPLE_OF", "RESIDENCES", "GroupCounter", "labels_of"]

RESIDENCES = ("rural", "urban")
# Flows that are counted by group, with the event that holds the rows of the people concerned.
PEOPLE_OF = {
    "people_trained": "graduates",
    "hires": "hired",
    "sent_abroad": "sent_people",
    "talent_came": "talent_people",
}  # fmt: skip
OF_WORKING_AGE = len(AGE_BANDS) - 1  # bands below this one
GAIN, LOSS = 0.05, -0.05
# Changes of income by bins: all lost; half a point each from -100 to 300 %; more, or from nothing.
BIN, HIGHEST = 0.005, 3.0
N_BINS = int((HIGHEST + 1.0) / BIN) + 2


def labels_of(world: World, grouping: str) -> tuple[str, ...]:
    """Return the names of the groups of a grouping, in the order of their codes."""
    return {
        "district": world.places.names,
        "sex": tuple(sex.name.lower() for sex in Sex),
        "age": AGE_BANDS,
        "ethnicity": world.ethnic_groups,
        "residence": RESIDENCES,
        "field": world.fields,
    }[grouping]


class GroupCounter:
    """Flows and changes of income of the groupings asked for; remembers everyone's income of the last December."""

    def __init__(self, groupings: Sequence[str]) -> None:
        self.groupings = tuple(groupings)
        self._income: np.ndarray | None = None  # VND per month, minus 1 for who was not in the province

    def flows(self, world: World, grouping: str) -> np.ndarray:
        """Return the flows of the month by group in real persons, shape `(n_flows, n_groups)`."""
        n = len(labels_of(world, grouping))
        values = np.zeros((len(PEOPLE_OF), n))
        for row, (flow, event) in enumerate(PEOPLE_OF.items()):
            people = world.events.get(event)
            if people is not None and len(people):
                code = _fields_in(world, flow, people) if grouping == "field" else _codes(world, grouping, people)
                values[row] = np.bincount(code, minlength=n)
        return values / world.scale

    def changes(self, world: World) -> dict[str, np.ndarray] | None:
        """Return who gained and who lost income since last December, by grouping ("" for all); None the first time.

        Shape `(3, n_groups)`: share with a gain above 5 %, share with a loss of more than 5 %, median change, in per
        cent. Of people of working age who were in the province in both Decembers and earned in one of them. Income is
        that of the month: pay or own-account income of people in work, nothing for all others.
        """
        w = world.workers
        here, earns = w.activity <= Activity.OUT_OF_LABOUR_FORCE, w.activity <= Activity.EMPLOYEE
        then, now = self._income, np.where(here, np.where(earns, w.wage, 0.0), -1.0).astype(np.float32)
        self._income = now
        if then is None:
            return None
        bands = world.counts["bands"]
        rows = np.flatnonzero((then >= 0) & (now >= 0) & (then + now > 0) & (bands < OF_WORKING_AGE))
        before, after = then[rows].astype(np.float64), now[rows].astype(np.float64)
        change = np.divide(after - before, before, out=np.full(len(rows), np.inf), where=before > 0)
        found = {"": _distribution(change, np.zeros(len(rows), dtype=np.int64), 1)}
        for grouping in self.groupings:
            code = _codes(world, grouping, rows).astype(np.int64)
            found[grouping] = _distribution(change, code, len(labels_of(world, grouping)))
        return found


def _fields_in(world: World, flow: str, people: np.ndarray) -> np.ndarray:
    """Return the field in which each person counts in a flow, shape `(n_people,)`; see `Indicator.by_field`."""
    if flow == "hires":  # some of the hired have left again since
        fields: np.ndarray = world.enterprises.field[world.events["hired_by"]]
        return fields
    if flow == "people_trained":
        learned: np.ndarray = world.workers.field[people]
        return learned
    return fields_of(world, people)


def _codes(world: World, grouping: str, people: np.ndarray) -> np.ndarray:
    """Return the group of each of some people, shape `(n_people,)`."""
    w = world.workers
    if grouping == "field":
        return fields_of(world, people)
    columns: dict[str, np.ndarray] = {
        "district": w.district,
        "sex": w.sex,
        "age": world.counts["bands"],
        "ethnicity": w.ethnicity,
        "residence": w.urban,
    }
    codes: np.ndarray = columns[grouping][people]
    return codes


def _distribution(change: np.ndarray, code: np.ndarray, n: int) -> np.ndarray:
    """Return the shares with a gain and a loss and the median change in per cent, shape `(3, n)`; see `changes`."""
    people = np.bincount(code, minlength=n)
    shares = [np.bincount(code[far], minlength=n) for far in (change > GAIN, change < LOSS)]
    inside = np.clip(np.floor((np.minimum(change, HIGHEST) + 1.0) / BIN), 0, N_BINS - 3).astype(np.int64) + 1
    place = np.where(change <= -1.0, 0, np.where(change > HIGHEST, N_BINS - 1, inside))
    bins = np.bincount(code * N_BINS + place, minlength=n * N_BINS).reshape(n, N_BINS)
    values = np.full((3, n), np.nan)
    for g in np.flatnonzero(people):
        values[:2, g] = [100.0 * share[g] / people[g] for share in shares]
        values[2, g] = 100.0 * _median(bins[g])
    return values


def _median(bins: np.ndarray) -> float:
    """Return the median of changes counted in bins, read off the straight line through the bin that holds it."""
    half, below = bins.sum() / 2.0, np.cumsum(bins)
    at = int(np.searchsorted(below, half))
    if at in (0, N_BINS - 1):
        return -1.0 if at == 0 else HIGHEST
    return float(-1.0 + BIN * (at - 1 + (half - below[at - 1]) / bins[at]))
