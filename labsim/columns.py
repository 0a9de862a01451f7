"""Tables of typed columns in which row == id for ever, and a `Row` through which one person reads as an agent.

A table's class declares its columns as annotations; state, type, unit and meaning stand side by side:

    class Workers(Table):
        wage: Annotated[Floats, Column(np.float32, "income from work", unit="VND per month")]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Column:
    """What one column holds."""

    dtype: Any
    meaning: str
    unit: str = ""
    codes: type[IntEnum] | None = None
    width: str = ""  # the name of a second dimension, e.g. "tiers"
    initial: float = 0


class Row:
    """One row of a table, read as an agent: `row.wage`, `row.activity`."""

    __slots__ = ("_table", "id")

    def __init__(self, table: Table, row: int) -> None:
        self._table = table
        self.id = row

    def __getattr__(self, name: str) -> Any:
        column = self._table.columns().get(name)
        if column is None:
            raise AttributeError(f"{type(self._table).__name__} have no column {name!r}")
        value = getattr(self._table, name)[self.id]
        if column.codes is not None:
            return column.codes(int(value))
        return value.copy() if column.width else value.item()

    def __dir__(self) -> list[str]:
        return ["id", *self._table.columns()]

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in self._table.columns())
        shown = (f"{name}={value.name.lower() if isinstance(value, IntEnum) else value}" for name, value in values)
        return f"<{type(self._table).__name__} {self.id}: {', '.join(shown)}>"


class Selection:
    """Some rows of a table, read column by column: `workers.where(mask).wage.mean()`."""

    __slots__ = ("_table", "ids")

    def __init__(self, table: Table, ids: Array) -> None:
        self._table = table
        self.ids = ids

    def __getattr__(self, name: str) -> Array:
        if name not in self._table.columns():
            raise AttributeError(f"{type(self._table).__name__} have no column {name!r}")
        values: Array = getattr(self._table, name)[self.ids]
        return values

    def __len__(self) -> int:
        return int(self.ids.size)

    def __iter__(self) -> Iterator[Row]:
        return (Row(self._table, int(i)) for i in self.ids)


def _side_by_side(arrays: Sequence[tuple[tuple[int, ...], Any]]) -> list[Array]:
    """Return uninitialised arrays of these shapes and types in one piece of memory.

    A system that has large pages gives them to large pieces only; the columns of one person, far apart in memory, are
    then found a little faster.
    """
    sizes = [int(np.prod(shape)) * np.dtype(dtype).itemsize for shape, dtype in arrays]
    starts = np.cumsum([0] + [-(-size // 64) * 64 for size in sizes])
    memory = np.empty(int(starts[-1]), dtype=np.uint8)
    return [
        memory[start : start + size].view(dtype).reshape(shape)
        for (shape, dtype), start, size in zip(arrays, starts[:-1].tolist(), sizes, strict=True)
    ]


class Table:
    """Columns of equal length; rows are never removed, moved or compacted."""

    def __init__(self, n_rows: int, widths: dict[str, int] | None = None) -> None:
        self.n_rows = n_rows
        columns = self.columns()
        arrays = [
            ((n_rows, (widths or {})[column.width]) if column.width else (n_rows,), column.dtype)
            for column in columns.values()
        ]
        for (name, column), values in zip(columns.items(), _side_by_side(arrays), strict=True):
            values[...] = column.initial
            setattr(self, name, values)

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """Return the declared columns by name, in order."""
        if "_columns" not in cls.__dict__:
            found: dict[str, Column] = {}
            for name, hint in get_type_hints(cls, include_extras=True).items():
                if get_origin(hint) is Annotated:
                    for mark in get_args(hint)[1:]:
                        if isinstance(mark, Column):
                            found[name] = mark
            cls._columns = found  # type: ignore[attr-defined]
        return cls._columns  # type: ignore[attr-defined,no-any-return]

    def __len__(self) -> int:
        return self.n_rows

    def __getitem__(self, row: int) -> Row:
        if not isinstance(row, int | np.integer) or not 0 <= row < self.n_rows:
            raise IndexError(f"{type(self).__name__}: row {row}; there are rows 0 to {self.n_rows - 1}")
        return Row(self, int(row))

    def __iter__(self) -> Iterator[Row]:
        return (Row(self, i) for i in range(self.n_rows))

    def where(self, mask: Array) -> Selection:
        """Return the rows at which a boolean mask of shape `(n_rows,)` holds."""
        return Selection(self, np.flatnonzero(mask))
