"""Tables for spreadsheets: CSV that opens with its letters whole, and a workbook with a sheet for each table.

No text is taken for a formula: in CSV `labsim.spreadsheet_cells` marks it with an apostrophe, in a workbook it is a
cell of text. Numbers stay numbers.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from labsim.errors import ResultsError
from labsim.spreadsheet_cells import cell_text
from labsim.text import _

__all__ = ["WORKBOOK", "csv_bytes", "require_workbooks", "workbook_bytes"]

WORKBOOK = "tables.xlsx"
_MOST_ROWS, _MOST_LETTERS, _WIDEST = 1_048_575, 32_767, 40
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BY_ROW = ("value", "low", "high", "target", "base_value", "difference", "count")
_UNITS = {
    "VND": (
        "amount", "amount_low", "amount_high", "budget", "spent", "left", "private", "cost", "unit_cost",
        "unit_cost_low", "unit_cost_high", "base_spent", "cost_difference", "cost_low", "cost_high", "cost_per_unit",
        "cost_per_unit_low", "cost_per_unit_high",
    ),
    "persons": (
        "persons", "shortfall_persons", "base_shortfall_persons", "shortfall_difference", "shortfall_low",
        "shortfall_high", "shortfall_where_missed", "expected", "got", "largest", "mean",
    ),
    "share": ("chance", "chance_low", "chance_high", "base_chance", "base_chance_low", "base_chance_high"),
    "months": ("months_in_force", "months_paused"),
    "replicates": (
        "n", "n_met", "n_replicates", "n_better", "n_worse", "n_equal", "otherwise_n_met", "base_n_met",
    ),
}  # fmt: skip
_UNIT_OF = {column: unit for unit, columns in _UNITS.items() for column in columns}


def csv_bytes(frame: pd.DataFrame, *, for_spreadsheets: bool = False) -> bytes:
    """Return a table as CSV; for spreadsheets it begins with the mark of UTF-8, and no text of it is a formula."""
    if not len(frame.columns):
        return b""
    if not for_spreadsheets:
        return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")
    words = {
        name: [cell_text(one) if isinstance(one, str) else one for one in frame[name]]
        for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])
    }  # fmt: skip
    return frame.assign(**words).to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def require_workbooks() -> None:
    """Raise ResultsError with the command that installs what writes workbooks, if it is not there."""
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        message = _('workbooks need a further package: pip install "labsim[xlsx]"')
        raise ResultsError(message) from error


def workbook_bytes(tables: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> bytes:
    """Return a workbook: first a sheet of notes with what is known of the run and the units, then one for each table.

    A table with more rows than a sheet holds is left out, and the notes say so. Raises ResultsError without the package
    that writes workbooks.
    """
    require_workbooks()
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    _fill(book.create_sheet("notes"), _notes(tables, about))
    for name, frame in tables.items():
        if len(frame.columns) and len(frame) <= _MOST_ROWS:
            if "year" in frame:  # words where some rows are of all years
                frame = frame.assign(year=[_year(one) for one in frame["year"]])
            rows = ([str(column) for column in frame.columns], *frame.itertuples(index=False, name=None))
            _fill(book.create_sheet(name[:31]), iter(rows), is_table=True)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _notes(tables: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for key, value in about.items():
        if isinstance(value, str | int | float):
            yield key, value
    yield ()
    yield _("sheet"), _("column"), _("unit")
    for name, frame in tables.items():
        if len(frame) > _MOST_ROWS:
            yield name, "", _("left out: more rows than a sheet holds; they are in {file}").format(file=f"{name}.csv")
            continue
        for column in map(str, frame.columns):
            unit = _("in each row's column unit") if "unit" in frame and column in _BY_ROW else _UNIT_OF.get(column)
            if unit:
                yield name, column, unit


def _fill(sheet: Any, rows: Iterator[Any], *, is_table: bool = False) -> None:
    """Write rows into a sheet; the first row of a table stays in view and its columns are as wide as their names."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    bold = Font(bold=True)
    for place, row in enumerate(rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, _plain(value))
            if isinstance(cell.value, str):
                cell.data_type = "s"  # text, also where it begins with an equals sign
            if is_table and place == 0:
                cell.font = bold
            cells.append(cell)
        if is_table and place == 0:
            sheet.freeze_panes = "A2"
            for at, name in enumerate(row, start=1):
                sheet.column_dimensions[get_column_letter(at)].width = min(_WIDEST, len(str(name)) + 4)
        sheet.append(cells)


def _year(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{4}", value) else value


def _plain(value: Any) -> Any:
    """Return a value as a cell takes it: text without what XML forbids, numbers, truth, or nothing."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return _NOT_IN_XML.sub("", value)[:_MOST_LETTERS]
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, bool | int | float) else str(value)
