"""Reading the margins of a province: CSV files into arrays, with every fault named by file, line and column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labsim.errors import ConfigError, PopulationError
from labsim.number_text import range_of, read_number
from labsim.text import _, did_you_mean
from labsim.text_files import read_table

Doubles = NDArray[np.float64]
Axis = tuple[str, Sequence[str]]
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
        self.columns = self.table.header
        self.rows = self.table.rows
        self._unit = self.table.places.get("unit")

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
        return value

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
        return [
            i for i in range(len(self.rows)) if all(self.text(i, column) == text for column, text in wanted.items())
        ]

    def array(
        self,
        axes: Sequence[Axis],
        *,
        where: Mapping[str, str] | None = None,
        missing: float | None = None,
        signed: bool = False,
        column: str = "value",
    ) -> Doubles:
        """Return the values over some axes; raises ConfigError for rows given twice, unknown members, missing cells."""
        table = np.full([len(members) for _name, members in axes], np.nan)
        for i in self.where(**(where or {})):
            at = tuple(self.place(i, name, members) for name, members in axes)
            if not math.isnan(table[at]):
                raise self.problem(i, axes[0][0], _("this row is given twice"))
            table[at] = self.number(i, column, signed=signed)
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
        for i in self.where(**(where or {})):
            name = self.text(i, column)
            if name in numbers:
                raise self.problem(i, column, _("this row is given twice"))
            numbers[name] = self.number(i, "value")
        return Named(self.name, numbers)

    def _meant(self, column: str) -> list[str]:
        hint = did_you_mean(column, self.columns)
        return [hint] if hint.endswith("?") else []
