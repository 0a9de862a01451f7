"""Reading the margins of a province: CSV files into arrays, with every fault named by file, line and column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labsim.errors import ConfigError, PopulationError, Problem
from labsim.number_text import range_of, read_number
from labsim.text import _, did_you_mean, nearest
from labsim.text_files import read_table

Doubles = NDArray[np.float64]
Axis = tuple[str, Sequence[str]]
# how the units of margins begin; shares are written as shares, not in per cent
UNITS = (
    "share", "chance", "persons", "employers", "log-odds", "relative odds", "VND", "km", "months", "years", "factor",
    "deaths", "labour force", "standard deviation", "dormant rows",
)  # fmt: skip
# the least and the largest value that a margin in a unit can have, whatever its row says
RANGES = {
    "VND per month": (1e4, 1e9), "km": (0.0, 5_000.0), "log-odds": (-20.0, 20.0), "relative odds": (0.0, 1_000.0),
    "chance": (0.0, 1.0), "years": (0.0, 130.0), "months": (0.0, 1_200.0), "factor": (0.0, 1_000.0),
    "deaths": (0.0, 1.0), "labour force": (0.0, 1.0), "standard deviation": (0.0, 10.0), "dormant rows": (0.0, 100.0),
    "persons": (0.0, 1e8),
}  # fmt: skip
_NEEDED = ("value", "unit", "year", "grade", "source")  # what tells a header from a title above it


class Named(dict[str, float]):
    """Numbers of a margin file by name; asking for one that is not there raises PopulationError, naming the file."""

    def __init__(self, file: str, numbers: Mapping[str, float]) -> None:
        super().__init__(numbers)
        self.file = file

    def __missing__(self, name: str) -> float:
        raise PopulationError(_("{file}: there is no row for {name!r}").format(file=self.file, name=name))


class Rows:
    """The rows of one margin file, and what is wrong with them; raises ConfigError for a file that is no table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"{path.parent.name}/{path.name}"
        try:
            self.table = read_table(path, shown=self.name, needed=_NEEDED)
        except FileNotFoundError as error:
            raise PopulationError(
                _("{file}: this margin is missing ({reason})").format(file=path, reason=error.strerror)
            ) from None
        if not self.table.rows:
            raise ConfigError([Problem(self.name, self.table.header_line, None, "", _("the table has no rows"))])
        self.columns = self.table.header
        self.rows = self.table.rows
        self._unit = self.table.places.get("unit")
        self._asked: set[int] = set()  # rows that somebody asked for
        self._filters: dict[str, set[str]] = {}  # columns by which rows were chosen, and the texts asked for

    def number(self, position: int, column: str, *, signed: bool = False, unit: str | None = None) -> float:
        """Return a number of a row; raises ConfigError if it is no number, or outside what its unit allows.

        `unit` is that of the column, if it is not the one that the row names.
        """
        text = self.text(position, column)
        if unit is None:
            unit = self.rows[position][self._unit] if self._unit is not None else ""
        decimal = self.table.decimal if text[-4:-3] in (",", ".") else "."  # else there is nothing to settle
        try:
            value = read_number(text, unit, decimal=decimal)
        except ValueError as error:
            raise self.problem(position, column, str(error)) from None
        low, high = (None, None) if signed else range_of(unit)
        if (value < 0 and not signed) or (high is not None and value > high):
            allowed = _("a number, 0 or more")
            if high is not None:
                allowed = _("{low:g} to {high:g} [{unit}]").format(low=low or 0, high=high, unit=unit)
            message = _("given {given!r}; allowed {allowed}")
            raise self.problem(position, column, message.format(given=text, allowed=allowed))
        if column == "value":
            self._require_within(position, value, unit, decimal)
        return value

    def _require_within(self, position: int, value: float, unit: str, decimal: str) -> None:
        """Refuse a value outside the range that its own row gives for it, and a unit that no margin is in."""
        if unit and not unit.startswith(UNITS):
            message = _("given {given!r}; allowed {allowed}")
            allowed = ", ".join(UNITS)
            raise self.problem(position, "unit", message.format(given=unit, allowed=allowed))
        least, most = next((ends for start, ends in RANGES.items() if unit.startswith(start)), (-math.inf, math.inf))
        if not least <= value <= most:
            message = _("given {given:,.10g}; allowed {low:,.10g} to {high:,.10g} [{unit}]")
            raise self.problem(position, "value", message.format(given=value, low=least, high=most, unit=unit))
        for name, sign in (("low", -1.0), ("high", 1.0)):
            place = self.table.places.get(name)
            text = self.rows[position][place] if place is not None else ""
            if not text:
                continue
            try:
                end = read_number(text, decimal=decimal)  # often computed: three decimals of a count are no thousands
            except ValueError as error:
                raise self.problem(position, name, str(error)) from None
            if sign * value > sign * end:
                message = _("given {given:,.6g}; the row itself says {name}: {end:,.6g}")
                raise self.problem(position, "value", message.format(given=value, name=name, end=end))

    def text(self, position: int, column: str) -> str:
        """Return the text of a row in a column; raises ConfigError if there is no such column."""
        place = self.table.places.get(column)
        if place is None:
            known = ", ".join(self.columns)
            message = _("there is no such column; there are {known}").format(known=known)
            raise self.problem(-1, column, "; ".join([message, *self._meant(column)]))
        return self.rows[position][place]

    def place(self, position: int, column: str, members: Sequence[str]) -> int:
        """Return the place of a row's member in a list; raises ConfigError for one that is not in it."""
        text = self.text(position, column)
        if text not in members:
            message = _("given {given!r}; allowed {allowed}").format(given=text, allowed=", ".join(members))
            raise self.problem(position, column, message)
        return members.index(text)

    def ages(self, position: int, column: str, n_ages: int) -> tuple[int, int]:
        """Return the first single age of "0", "1-4" or "100+" and the one after the last; raises ConfigError."""
        text = self.text(position, column)
        first, dash, last = text.removesuffix("+").partition("-")
        if first.isdecimal() and (last.isdecimal() or not dash) and not (dash and text.endswith("+")):
            start = int(first)
            stop = int(last) + 1 if dash else n_ages if text.endswith("+") else start + 1
            if start < stop <= n_ages:
                return start, stop
        message = _("given {given!r}; allowed an age such as 7, 5-9 or {last}+, up to {last}")
        raise self.problem(position, column, message.format(given=text, last=n_ages - 1))

    def problem(self, position: int, column: str, message: str) -> ConfigError:
        """Return the error that says what is wrong in a row (-1: in the header)."""
        return ConfigError([self.table.problem(position, column, message)])

    def where(self, **wanted: str) -> list[int]:
        """Return the positions of the rows with these texts."""
        found = [
            i for i in range(len(self.rows)) if all(self.text(i, column) == text for column, text in wanted.items())
        ]
        self._asked.update(found)
        for column, text in wanted.items():
            self._filters.setdefault(column, set()).add(text)
        return found

    def _near(self, wanted: Mapping[str, str]) -> list[Problem]:
        """Return a problem for every row that has all but one of these texts, and one nearly like the last."""
        problems = []
        for i in range(len(self.rows)):
            missed = [column for column, text in wanted.items() if self.text(i, column) != text]
            if len(missed) == 1 and nearest(given := self.text(i, missed[0]), [wanted[missed[0]]]) is not None:
                problems.append(self._slip(i, missed[0], given, wanted[missed[0]]))
        return problems

    def _slip(self, position: int, column: str, given: str, meant: str) -> Problem:
        hint = _('did you mean "{nearest}"?').format(nearest=meant)
        return self.table.problem(position, column, f"{_('given {given!r}').format(given=given)}; {hint}")

    def ignored(self) -> list[Problem]:
        """Return a problem for every row that nothing asked for though its text is nearly one that was asked for."""
        problems = []
        for i in range(len(self.rows)):
            if i in self._asked or not self._filters:
                continue
            unit = self.rows[i][self._unit] if self._unit is not None else ""
            if unit and not unit.startswith(UNITS):
                message = _("given {given!r}; allowed {allowed}").format(given=unit, allowed=", ".join(UNITS))
                problems.append(self.table.problem(i, "unit", message))
                continue
            for column, texts in self._filters.items():
                given = self.text(i, column)
                close = nearest(given, texts) if given not in texts else None
                if close is not None:
                    problems.append(self._slip(i, column, given, close))
                    break
        return problems

    def array(
        self,
        axes: Sequence[Axis],
        *,
        where: Mapping[str, str] | None = None,
        missing: float | None = None,
        signed: bool = False,
        column: str = "value",
        optional: bool = False,
    ) -> Doubles:
        """Return the values over some axes; raises ConfigError for rows given twice, unknown members, missing cells.

        Where single cells may be `missing`, there must be one row at least, unless they are `optional`.
        """
        table = np.full([len(members) for _name, members in axes], np.nan)
        problems: list[Problem] = []
        chosen = self.where(**(where or {}))
        if where and not chosen and not optional:
            if slips := self._near(where):
                raise ConfigError(slips)
            cell = ", ".join(f"{name} {word!r}" for name, word in where.items())
            raise PopulationError(_("{file}: there is no row for {cell}").format(file=self.name, cell=cell))
        for i in chosen:
            try:
                at = tuple(self.place(i, name, members) for name, members in axes)
                if not math.isnan(table[at]):
                    raise self.problem(i, axes[0][0], _("this row is given twice"))
                table[at] = self.number(i, column, signed=signed)
            except ConfigError as error:
                problems += error.problems
                if error.problems[0].line == self.table.header_line:
                    break  # a column is missing: every row would say so
        if problems:
            raise ConfigError(problems)
        if missing is not None:
            table[np.isnan(table)] = missing
        elif np.isnan(table).any():
            at = tuple(int(one) for one in np.argwhere(np.isnan(table))[0])
            cell = ", ".join(f"{name} {members[k]!r}" for (name, members), k in zip(axes, at, strict=True))
            raise PopulationError(_("{file}: there is no row for {cell}").format(file=self.name, cell=cell))
        return table

    def scalars(self, column: str, *, where: Mapping[str, str] | None = None) -> Named:
        """Return numbers by the name in a column."""
        numbers: dict[str, float] = {}
        problems: list[Problem] = []
        for i in self.where(**(where or {})):
            name = self.text(i, column)
            if name in numbers:
                problems += self.problem(i, column, _("this row is given twice")).problems
            try:
                numbers[name] = self.number(i, "value")
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)
        return Named(self.name, numbers)

    def numbers(self, column: str, unit: str | None = None, *, most: float = math.inf) -> Doubles:
        """Return the numbers of a column; raises ConfigError with every one that is none, or more than `most`."""
        found: list[float] = []
        problems: list[Problem] = []
        for i in range(len(self.rows)):
            try:
                found.append(self.number(i, column, unit=unit))
                if found[-1] > most:
                    message = _("given {given:,.10g}; allowed {low:,.10g} to {high:,.10g} [{unit}]")
                    words = message.format(given=found[-1], low=0.0, high=most, unit=unit or column)
                    raise self.problem(i, column, words)
            except ConfigError as error:
                problems += error.problems
                if error.problems[0].line == self.table.header_line:
                    break
        if problems:
            raise ConfigError(problems)
        return np.array(found)

    def require_each_once(self, column: str) -> None:
        """Raise ConfigError for every row that says in a column what an earlier one says."""
        names = [self.text(i, column) for i in range(len(self.rows))]
        problems = [
            self.table.problem(i, column, _("{name} is given twice").format(name=repr(name)))
            for i, name in enumerate(names) if name in names[:i]
        ]  # fmt: skip
        if problems:
            raise ConfigError(problems)

    def _meant(self, column: str) -> list[str]:
        hint = did_you_mean(column, self.columns)
        return [hint] if hint.endswith("?") else []
