"""Reading the margins of a province: CSV files into arrays, with every fault named by file and line."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labsim.errors import ConfigError, PopulationError, Problem
from labsim.text import _

Doubles = NDArray[np.float64]
Axis = tuple[str, Sequence[str]]


class Named(dict[str, float]):
    """Numbers of a margin file by name; asking for one that is not there raises PopulationError, naming the file."""

    def __init__(self, file: str, numbers: Mapping[str, float]) -> None:
        super().__init__(numbers)
        self.file = file

    def __missing__(self, name: str) -> float:
        raise PopulationError(_("{file}: there is no row for {name!r}").format(file=self.file, name=name))


class Rows:
    """The rows of one margin file, and what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"margins/{path.name}"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                self.columns = list(reader.fieldnames or ())
                self.rows = list(reader)
        except OSError as error:
            raise PopulationError(
                _("{file}: this margin is missing ({reason})").format(file=path, reason=error.strerror)
            ) from None

    def number(self, position: int, column: str, *, signed: bool = False) -> float:
        """Return a number of a row; raises ConfigError if it is no number, or negative where it may not be."""
        text = self.text(position, column)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or (value < 0 and not signed):
            allowed = _("a number") if signed else _("a number, 0 or more")
            raise self.problem(
                position, column, _("given {given!r}; allowed {allowed}").format(given=text, allowed=allowed)
            )
        return value

    def text(self, position: int, column: str) -> str:
        """Return the text of a row in a column; raises ConfigError if there is no such column."""
        if column not in self.columns:
            known = ", ".join(self.columns)
            raise self.problem(-1, column, _("there is no such column; there are {known}").format(known=known))
        return (self.rows[position][column] or "").strip()

    def place(self, position: int, column: str, members: Sequence[str]) -> int:
        """Return the place of a row's member in a list; raises ConfigError for one that is not in it."""
        text = self.text(position, column)
        if text not in members:
            message = _("given {given!r}; allowed {allowed}").format(given=text, allowed=", ".join(members))
            raise self.problem(position, column, message)
        return list(members).index(text)

    def problem(self, position: int, column: str, message: str) -> ConfigError:
        """Return the error that says what is wrong in a row (-1: in the header)."""
        return ConfigError([Problem(self.name, position + 2, None, column, message)])

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
        numbers = {self.text(i, column): self.number(i, "value") for i in self.where(**(where or {}))}
        return Named(self.name, numbers)
