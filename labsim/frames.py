"""Tables of files as data frames: through the one reader of text, and with numbers by the one rule for them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pandas as pd

from labsim.errors import ConfigError
from labsim.number_text import read_boolean, read_number
from labsim.spreadsheet_cells import text_of_cell
from labsim.text_files import Table, decoded, read_table

__all__ = ["read_frame", "read_typed", "typed_frame"]

_BOOL = "bool"


def read_frame(
    path: Path,
    *,
    numbers: Collection[str],
    words: Collection[str] = (),
    unit_of: Callable[[Mapping[str, str]], str] = lambda _row: "",
) -> pd.DataFrame:
    """Return a table that people may have edited, its columns of the types that their cells suggest.

    `numbers` are read as people write them, each in the unit that `unit_of` says of its row; `words` stay text. Raises
    ConfigError with every fault by file, line and column, FileNotFoundError where there is no file.
    """
    table = read_table(path, needed=tuple(numbers))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(_plain_rows(table, numbers, unit_of))
    text.seek(0)
    return pd.read_csv(text, dtype=dict.fromkeys(words, "str"))


def read_typed(path: Path, types: Mapping[str, str]) -> pd.DataFrame:
    """Return a table that labsim wrote, with columns of given types ("words": text), bit for bit as it was.

    Raises ConfigError for a file that is no text, ValueError or KeyError for other cells or columns.
    """
    data = path.read_bytes()
    return typed_frame(decoded(data, str(path)), types, is_marked=data.startswith(codecs.BOM_UTF8))


def typed_frame(text: str, types: Mapping[str, str], *, is_marked: bool = False) -> pd.DataFrame:
    """Return the table of a text as `read_typed` does; text that `is_marked` was written for spreadsheets."""
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)[list(types)]
    for name, kind in types.items():
        if kind == _BOOL:
            frame[name] = [read_boolean(cell) for cell in frame[name]]
        elif kind == "words":
            frame[name] = [text_of_cell(cell) for cell in frame[name]] if is_marked else frame[name]
        else:
            frame[name] = frame[name].mask(frame[name] == "")
    # from words, since a quicker reader may lose the last bit of a number
    return frame.astype({name: kind for name, kind in types.items() if kind not in (_BOOL, "words")})


def _plain_rows(
    table: Table, numbers: Collection[str], unit_of: Callable[[Mapping[str, str]], str]
) -> list[list[str]]:
    """Return the rows with numbers as Python writes them; those that are plain stay as they stand."""
    problems, rows = [], []
    places = [(table.places[name], name) for name in numbers if name in table.places]
    for at, row in enumerate(table.rows):
        cells = list(row)
        unit = unit_of(dict(zip(table.header, row, strict=True)))
        for place, name in places:
            if not cells[place]:
                continue
            try:
                value = read_number(cells[place], unit, decimal=table.decimal)
            except ValueError as error:
                problems.append(table.problem(at, name, str(error)))
                continue
            if not cells[place].replace(".", "", 1).removeprefix("-").isdigit():
                cells[place] = repr(value)
        rows.append(cells)
    if problems:
        raise ConfigError(problems)
    return rows
