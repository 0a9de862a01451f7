"""Observed figures as series: files that a user may write, read with every fault named, and what a series is.

A file needs the columns indicator, year and value; all others of `configs/<province>/observed.csv` have defaults.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labsim.config import Config
from labsim.errors import ConfigError, Problem
from labsim.experiment.counted import DERIVED
from labsim.experiment.posterior import beside_margins
from labsim.members import members_of
from labsim.number_text import range_of, read_boolean, read_number, read_whole
from labsim.quantity import allowed_range, within
from labsim.results import IndicatorInfo
from labsim.target_file import most_persons, people_of
from labsim.targets import indicators_known
from labsim.text import _, did_you_mean, nearly
from labsim.text_files import Table, read_table

__all__ = ["COLUMNS", "STATUSES", "Figure", "Series", "figures_of", "infos", "listed_by", "read_figures"]

GROUPS = ("district", "sex", "age", "ethnicity", "residence")
COLUMNS = (
    "indicator", "concept", "year", "month", "status", "value", "unit", "low", "high", "band", "source", "url", "grade",
    "plan_following", *GROUPS, "note",
)  # fmt: skip
OBSERVED, HISTORY = "observed.csv", "observed_history.csv"
_FACTORS = {("%", "share"): 0.01, ("share", "%"): 100.0}  # from the unit of a figure to that of the indicator
NEEDED = ("indicator", "year", "value")
STATUSES = ("observed", "derived", "partial", "unclear", "plan")
CONCEPTS = ("administrative", "survey", "census", "model")
DEVIATIONS_IN_BAND = 3.92  # a band is read as 95 %: so many standard deviations wide

Series = tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One observed figure of an indicator at the end of a month, or over a year where it is a flow.

    `error` is its standard deviation about the truth, in `unit`: the width of its band over 3.92, 0 without a band.
    `status` is observed, derived (from other figures), partial (it counts a part of the people meant), unclear (whom it
    counts is not known) or plan.
    """

    indicator: str
    concept: str
    groups: tuple[str, ...]
    year: int
    month: int
    value: float
    low: float
    high: float
    unit: str
    status: str
    plan_following: bool
    grade: str
    source: str
    note: str

    @property
    def error(self) -> float:
        """Return the standard deviation of the figure about the truth."""
        return (self.high - self.low) / DEVIATIONS_IN_BAND

    @property
    def series(self) -> Series:
        """Return what the figures of one series share: indicator and groups, and the concept but for a census."""
        # a census and the yearly estimates between two of them count the same people
        concept = "survey" if self.concept == "census" else self.concept
        return (self.indicator, concept, *self.groups)


def infos() -> dict[str, IndicatorInfo]:
    """Return what can be compared: every indicator, and what is derived from them."""
    return indicators_known() | DERIVED


def figures_of(config: Config, name: str) -> list[Figure]:
    """Return the figures of a file beside the margins of a province that labsim can compare; none without the file."""
    path = beside_margins(config, name)
    return read_figures(path, config, leave_unknown=True) if path is not None else []


def read_figures(
    path: Path, config: Config, *, leave_unknown: bool = False, passed_over: dict[str, str] | None = None
) -> list[Figure]:
    """Read a file of observed figures. Raises ConfigError with every problem as file:line:column.

    With `leave_unknown` figures of indicators that the model does not have are passed over. Without it only those are
    that the province's own files list too, as the observed.csv of a run does; `passed_over` then takes their names, and
    why.
    """
    try:
        table = read_table(path, needed=NEEDED)
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), None, None, "", _("there is no such file or folder"))]) from None
    problems = _problems_of_header(table)
    if problems:
        raise ConfigError(problems)
    reading = _Reading(table, config, set() if leave_unknown else listed_by(config))
    found = [reading.figure(at, leave_unknown) for at in range(len(table.rows))]
    if passed_over is not None:
        passed_over.update(dict.fromkeys(reading.passed_over, _("the model has no such indicator")))
    figures = [one for one in found if one is not None]
    if reading.problems:
        raise ConfigError(reading.problems)
    return figures


def listed_by(config: Config) -> set[str]:
    """Return every indicator that the observed figures of a province name, also those that the model does not have."""
    files = (beside_margins(config, name) for name in (OBSERVED, HISTORY))
    tables = [read_table(file, needed=NEEDED) for file in files if file is not None]
    return {name for table in tables if "indicator" in table.places for name in table.cells("indicator")}


def _problems_of_header(table: Table) -> list[Problem]:
    message = _("this column is missing; needed are {names}").format(names=", ".join(NEEDED))
    problems = [table.problem(-1, name, message) for name in NEEDED if name not in table.places]
    for name in table.header:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS)
            problems.append(table.problem(-1, name, _("no such column; {hint}").format(hint=hint)))
    return problems


class _Reading:
    """Read the rows of one file and gather what is wrong with them; the column of a problem is that of its cell."""

    def __init__(self, table: Table, config: Config, listed: set[str]) -> None:
        self.table, self.listed, self.known = table, listed, infos()
        self.members = members_of(config)
        self.passed_over: list[str] = []
        self.people = people_of(config)
        self.problems: list[Problem] = []
        self._seen: dict[tuple[object, ...], int] = {}

    def figure(self, line: int, leave_unknown: bool) -> Figure | None:
        """Return the figure of a row, or None where something is wrong or it is passed over."""
        cells = dict(zip(self.table.header, self.table.rows[line], strict=True))
        given = cells["indicator"]
        info = self.known.get(given)
        # what is written nearly as an indicator was meant to be it, in the province's own files too
        is_slip = info is None and given not in self.listed and nearly(given, self.known) is not None
        if info is None and not is_slip and (leave_unknown or given in self.listed):
            self.passed_over.append(given)
            return None
        before = len(self.problems)
        if info is None:
            message = _("no indicator {name!r}; {hint}").format(name=given, hint=did_you_mean(given, tuple(self.known)))
            self._wrong(line, "indicator", message)
            return None
        found = self._read(line, cells, info)
        if len(self.problems) > before:
            return None
        key = (found.series, found.year, found.month, found.status)
        if key in self._seen:
            first = self.table.lines[self._seen[key]]
            self._wrong(line, "year", _("the same figure stands in line {line}").format(line=first))
        self._seen.setdefault(key, line)
        return found

    def _read(self, line: int, cells: Mapping[str, str], info: IndicatorInfo) -> Figure:
        unit = cells.get("unit") or info.unit
        value = self._number(line, cells, "value", math.nan, unit)
        if bool(cells.get("low")) != bool(cells.get("high")):
            missing = "low" if cells.get("high") else "high"
            self._wrong(line, missing, _("low and high are given together or not at all"))
        low = self._number(line, cells, "low", value, unit)
        high = self._number(line, cells, "high", value, unit)
        if not low <= value <= high and not any(map(math.isnan, (low, value, high))):
            self._wrong(line, "low", _("low, value and high stand in no order"))
        factor = _FACTORS.get((unit, info.unit), 1.0)
        if unit != info.unit and factor == 1.0 and not (info.unit == "%" and unit.startswith("% of ")):
            self._wrong(line, "unit", _("given {given!r}; allowed {allowed}").format(given=unit, allowed=info.unit))
        groups = tuple(self._one_of(line, cells, name, ("all", *self.members[name]), "all") for name in GROUPS)
        return Figure(
            indicator=info.name, concept=self._one_of(line, cells, "concept", CONCEPTS, info.concept), groups=groups,
            year=self._whole(line, cells, "year", 1900, 2100, 0), month=self._whole(line, cells, "month", 1, 12, 12),
            value=value * factor, low=low * factor, high=high * factor, unit=info.unit,
            status=self._one_of(line, cells, "status", STATUSES, "observed"),
            plan_following=self._boolean(line, cells, "plan_following"),
            grade=self._one_of(line, cells, "grade", ("A", "B", "C", "D"), "D"), source=cells.get("source", ""),
            note=cells.get("note", ""),
        )  # fmt: skip

    def _number(self, line: int, cells: Mapping[str, str], name: str, default: float, unit: str) -> float:
        text = cells.get(name, "")
        if not text and name not in NEEDED:
            return default
        try:
            value = read_number(text, unit, decimal=self.table.decimal)
        except ValueError as error:
            self._wrong(line, name, str(error))
            return math.nan
        # a change may be negative, and more than the whole
        least, most = (None, None) if cells["indicator"].endswith("_change") else range_of(unit)
        if unit == "persons":
            most = most_persons(self.people)
        if not within(value, least, most):
            allowed = allowed_range(least, most, unit)
            self._wrong(line, name, _("given {given}; allowed {allowed}").format(given=text, allowed=allowed))
        return value

    def _boolean(self, line: int, cells: Mapping[str, str], name: str) -> bool:
        text = cells.get(name, "")
        try:
            return read_boolean(text) if text else False
        except ValueError as error:
            self._wrong(line, name, str(error))
        return False

    def _whole(self, line: int, cells: Mapping[str, str], name: str, low: int, high: int, default: int) -> int:
        text = cells.get(name, "")
        if not text and name not in NEEDED:
            return default
        try:
            return read_whole(text, low, high)
        except ValueError as error:
            self._wrong(line, name, str(error))
        return default

    def _one_of(self, line: int, cells: Mapping[str, str], name: str, allowed: Sequence[str], default: str) -> str:
        text = cells.get(name) or default
        if text not in allowed:
            hint = did_you_mean(text, allowed)
            options = _("allowed: {options}").format(options=", ".join(allowed))
            words = [_("given {given!r}").format(given=text), hint, options]
            self._wrong(line, name, "; ".join(dict.fromkeys(filter(None, words))))
        return text

    def _wrong(self, line: int, name: str, message: str) -> None:
        self.problems.append(self.table.problem(line, name, message))
