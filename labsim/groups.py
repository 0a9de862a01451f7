"""Who is trained, hired and sent away, and whose income rises or falls, by group: only in runs that ask for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labsim.processes.counting import AGE_BANDS
from labsim.processes.fields import fields_of
from labsim.processes.incomes import (
    BIN,
    HIGHEST,
    N_BINS,
    NOT_COUNTED,
    count_places,
    read_places,
    write_changes,
    write_incomes,
)
from labsim.profile import GROUPINGS
from labsim.world import Sex, World

__all__ = ["GROUPINGS", "PEOPLE_OF", "RESIDENCES", "GroupCounter", "labels_of"]

RESIDENCES = ("rural", "urban")
BLOCK = 65_536  # people looked at together: a country's incomes are kept once, and not copied
# Flows that are counted by group, with the event that holds the rows of the people concerned.
PEOPLE_OF = {
    "people_trained": "graduates",
    "hires": "hired",
    "sent_abroad": "sent_people",
    "talent_came": "talent_people",
}  # fmt: skip

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
        w, bands = world.workers, world.counts["bands"]
        if self._income is None:
            self._income = np.empty(len(w), dtype=np.float32)
            write_incomes(w.activity, w.wage, self._income)
            return None
        sizes = {grouping: len(labels_of(world, grouping)) for grouping in self.groupings}
        counted = {"": 1} | {grouping: n for grouping, n in sizes.items() if n > 1}
        people = {grouping: np.zeros((4, n * (NOT_COUNTED + 1)), dtype=np.int32) for grouping, n in counted.items()}
        now, places = np.empty(BLOCK, dtype=np.float32), np.empty(BLOCK, dtype=np.uint16)
        everyone = np.zeros(BLOCK, dtype=np.uint8)
        for first in range(0, len(w), BLOCK):
            here = slice(first, min(first + BLOCK, len(w)))
            then, n = self._income[here], here.stop - first
            write_incomes(w.activity[here], w.wage[here], now[:n])
            write_changes(then, now[:n], bands[here], places[:n])
            then[:] = now[:n]
            for grouping in counted:
                code = _codes(world, grouping, here) if grouping else everyone[:n]
                count_places(places[:n], code, people[grouping])
        found = {grouping: _distribution(*read_places(people[grouping])) for grouping in counted}
        return {grouping: found.get(grouping, found[""]) for grouping in ("", *sizes)}  # one group is that of all


def _fields_in(world: World, flow: str, people: np.ndarray) -> np.ndarray:
    """Return the field in which each person counts in a flow, shape `(n_people,)`; see `Indicator.by_field`."""
    if flow == "hires":  # some of the hired have left again since
        fields: np.ndarray = world.enterprises.field[world.events["hired_by"]]
        return fields
    if flow == "people_trained":
        learned: np.ndarray = world.workers.field[people]
        return learned
    return fields_of(world, people)


def _codes(world: World, grouping: str, people: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Return the group of each of some people, by default of all, shape `(n_people,)`."""
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


def _distribution(far: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Return the shares with a gain and a loss and the median change in per cent, shape `(3, n_groups)`; see
    `GroupCounter.changes`.
    """
    people = bins.sum(axis=1)
    values = np.full((3, len(people)), np.nan)
    for g in np.flatnonzero(people):
        values[:2, g] = 100.0 * far[g] / people[g]
        values[2, g] = 100.0 * _median(bins[g])
    return values


def _median(bins: np.ndarray) -> float:
    """Return the median of changes counted in bins, read off the straight line through the bin that holds it."""
    half, below = bins.sum() / 2.0, np.cumsum(bins)
    at = int(np.searchsorted(below, half))
    if at in (0, N_BINS - 1):
        return -1.0 if at == 0 else HIGHEST
    return float(-1.0 + BIN * (at - 1 + (half - below[at - 1]) / bins[at]))
