"""Take down every indicator of a month: for the province and by residence monthly, by the other groups every
December.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from labsim.indicators import COUNTED, FLOW, FLOWS, count, gini, shares, sums_of
from labsim.processes.counting import AGE_BANDS, PAY_BIN
from labsim.processes.in_service import count_degrees
from labsim.world import Sex, World

RESIDENCES = ("rural", "urban")
NONE_YET = float("nan")  # a stock that is counted in December only
GROUPINGS = ("district", "sex", "age", "ethnicity", "residence")
# The axis of each grouping in the table of people.
_AXES = {"district": 0, "sex": 2, "age": 3, "ethnicity": 4}


@dataclass
class Recorder:
    """The series of one run; `monthly()` returns them as one tidy frame."""

    _months: list[str] = field(default_factory=list)
    _rows: list[tuple[int, str, str, str, np.ndarray]] = field(default_factory=list)
    jobs_by_month: list[float] = field(default_factory=list)

    def take(self, world: World) -> None:
        """Record the month that has just been counted."""
        year, month = world.calendar
        self._months.append(f"{year}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}")
        at = len(self._months) - 1
        people, pay = world.counts["by_residence"] / world.scale, world.counts["pay_by_residence"] / world.scale
        sums = sums_of(people)
        self._add(at, "residence", RESIDENCES, shares(sums, pay))
        self._add(at, "", ("all",), shares(sums.sum(axis=1, keepdims=True), pay.sum(axis=0, keepdims=True)))
        if month == 12:
            for grouping in ("district", "sex", "age", "ethnicity"):
                people, pay, labels = _reduced(world, grouping)
                self._add(at, grouping, labels, count(people, pay))
        self._rows.append((at, "", "all", "flows", self._flows(world)))

    def _add(self, at: int, grouping: str, labels: tuple[str, ...], values: np.ndarray) -> None:
        for g, label in enumerate(labels):
            self._rows.append((at, grouping, label, "counted", values[:, g]))

    def _flows(self, world: World) -> np.ndarray:
        counts, scale, december = dict(world.ledger.counts), world.scale, world.calendar[1] == 12
        values = count_degrees(world) if december else {}
        if world.month == 0:
            return np.array([values.get(flow.source or "", NONE_YET) for flow in FLOWS])
        values |= {name: number / scale for name, number in counts.items()}
        values["vacancies"] = float(world.enterprises.vacancies.sum()) / scale
        values["spending"] = float(sum(p.amount for p in world.ledger.payments if p.month == world.month))
        values["income_gini"] = gini(world.counts["pay_bins"], PAY_BIN) if december else NONE_YET
        return np.array([values.get(flow.source or "", 0.0 if flow.kind == FLOW else NONE_YET) for flow in FLOWS])

    def monthly(self) -> pd.DataFrame:
        """Return the series: month (its end), indicator, district, sex, age, ethnicity, residence, value.

        Words are categories in alphabetical order, so that hundreds of runs are joined without comparing texts.
        """
        known = sorted(indicator.name for indicator in (*COUNTED, *FLOWS))
        place = {name: code for code, name in enumerate(known)}
        codes_of = {
            "counted": np.array([place[indicator.name] for indicator in COUNTED], dtype=np.int16),
            "flows": np.array([place[indicator.name] for indicator in FLOWS], dtype=np.int16),
        }
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


def _reduced(world: World, grouping: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Add the people and their pay up by one grouping, in real persons and VND."""
    counts, scale = world.counts, world.scale
    axis = _AXES[grouping]
    labels = {
        "district": world.places.names,
        "sex": tuple(s.name.lower() for s in Sex),
        "age": AGE_BANDS,
        "ethnicity": world.ethnic_groups,
    }[grouping]
    drop = tuple(a for a in (0, 1, 2) if a != axis)
    people = counts["cells"][:, :, :, :, :, :-1].sum(axis=drop, dtype=np.float64) / scale
    pay = np.moveaxis(counts["pay"], axis, 0).sum(axis=(1, 2, 3, 4)) / scale
    # indicators tell ages and minorities apart: a grouping by them puts the others to zero
    if axis == 3:
        people = np.einsum("ga,ae...->gae...", np.eye(len(labels)), people)
    elif axis == 4:
        people = np.einsum("ge,ae...->gae...", np.eye(len(labels)), people)
    people = np.stack([people[:, :, 0], people[:, :, 1:].sum(axis=2)], axis=2)
    return people, pay, labels
