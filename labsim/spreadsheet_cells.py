"""Text in the cells of a spreadsheet, so that no title and no name is taken for a formula when the file is opened."""

from __future__ import annotations

import re

__all__ = ["cell_text", "text_of_cell"]

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # also the wide forms, which some programs take alike
_HARMLESS = re.compile(r"-|[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?%?")  # a number with its sign, or a mere dash


def cell_text(text: str) -> str:
    """Return a text as a cell of CSV or of a workbook holds it: an apostrophe before what would be a formula.

    A number with its sign stays as it is. `text_of_cell` gives back what was meant.
    """
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def text_of_cell(cell: str) -> str:
    """Return the text that `cell_text` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
