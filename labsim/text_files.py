"""Open every text file that labsim reads: text, tables of cells and JSON, with each fault named by file and line.

Files come from Excel, from Windows and from statistics offices. What they can mean in one way only is read: UTF-8 with
or without a mark at its start, UTF-16 with one, line ends of any kind, letters composed or not, commas, semicolons or
tabs between cells, a title above the header, empty columns and rows after the last. Anything else is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from labsim.errors import ConfigError, Problem
from labsim.spreadsheet_cells import text_of_cell
from labsim.text import _

__all__ = [
    "MOST_BYTES",
    "Table",
    "composed",
    "decoded",
    "is_yaml_file",
    "json_object",
    "json_object_of",
    "read_json",
    "read_table",
    "read_text",
    "table_of",
]

MOST_BYTES = 64 * 2**20
MOST_CHARACTERS_IN_A_CELL = 131_072
_SEPARATORS = ",;\t|"
_LINES_LOOKED_AT = 12  # for the header: a title, a date and an empty line may stand above it
_UTF32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECIMAL_COMMA = re.compile(r"[-+]?(?:0,\d+|\d+,\d{1,2}|\d+,\d{4,}|\d{1,3}(?:\.\d{3})+,\d+)(?:[eE][-+]?\d+|\s*%)?")
_DECIMAL_POINT = re.compile(r"[-+]?(?:0\.\d+|\d+\.\d{1,2}|\d+\.\d{4,}|\d{1,3}(?:,\d{3})+\.\d+)(?:[eE][-+]?\d+|\s*%)?")
# letters of Windows-1258 that Western text hardly has: ă đ ơ ư ₫, and the accents that follow a vowel
_VIETNAMESE_BYTES = re.compile(rb"[\xc3\xd0\xd5\xdd\xe3\xf0\xf5\xfd\xfe]|[A-Za-z\xc0-\xff][\xcc\xd2\xde\xec\xf2]")


def read_text(path: Path, *, shown: str = "", most: int = MOST_BYTES) -> str:
    r"""Return the text of a file, its letters composed and its lines ended by \n; raises ConfigError in one line.

    `shown` is the file as messages name it. Raises FileNotFoundError where there is none.
    """
    name = shown or str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle; ValueError: NUL in a name
        if not isinstance(error, ValueError) and path.is_dir():  # which Windows calls a lack of permission
            raise _refused(name, _("this is a folder; a file is needed")) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(name, _("cannot be read ({reason})").format(reason=reason)) from error
    if len(data) > most:
        message = _("larger than {size} MB, the most that is read")
        raise _refused(name, message.format(size=f"{most / 2**20:g}"))
    return decoded(data, name)


def decoded(data: bytes, shown: str) -> str:
    r"""Return the text of a file's bytes, composed and with lines ended by \n; raises ConfigError in one line."""
    if data.startswith(_UTF32_MARKS):
        raise _refused(shown, _("this is UTF-32 text; save it as UTF-8"))
    if data.startswith(_UTF16_MARKS):
        text = _utf16(data, shown)
    else:
        data = data.removeprefix(codecs.BOM_UTF8)
        if b"\0" in data:
            raise _with_nul(data, shown)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _foreign(data, error.start, shown) from None
    if text.isascii():
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return composed(text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", ""))


def composed(text: str) -> str:
    """Return text with every letter and its accents as one character, as labsim compares it."""
    return unicodedata.normalize("NFC", text)


def is_yaml_file(name: str) -> bool:
    """Tell whether a text names a file rather than a scenario or province; .YAML is as good as .yaml."""
    return name.lower().endswith((".yaml", ".yml"))


def read_json(path: Path, *, shown: str = "", most: int = MOST_BYTES) -> Any:
    """Return what a JSON file holds; raises ConfigError in one line, FileNotFoundError where there is no file."""
    return _json(read_text(path, shown=shown, most=most), shown or str(path))


def json_object(path: Path, *, shown: str = "", most: int = MOST_BYTES) -> dict[str, Any]:
    """Return the object that a JSON file holds; raises ConfigError in one line, also for a list or a bare value."""
    return _object(read_json(path, shown=shown, most=most), shown or str(path))


def json_object_of(data: bytes, shown: str) -> dict[str, Any]:
    """Return the object that the bytes of a JSON file hold, as `json_object` does."""
    return _object(_json(decoded(data, shown), shown), shown)


def _object(found: Any, shown: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _refused(shown, _('must hold one JSON object, {{"key": value, ...}}').format(), 1)
    return found


@dataclass(frozen=True)
class Table:
    """Hold the cells of a file: names of columns, rows of as many cells, and the line in which each row ends.

    Names and cells are stripped. `separator` is the mark between cells.
    """

    shown: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    header_line: int = 1
    separator: str = ","

    @cached_property
    def places(self) -> dict[str, int]:
        """Return the place of every column by its name."""
        return {name: place for place, name in enumerate(self.header)}

    @cached_property
    def decimal(self) -> str:
        """Return the decimal mark of the numbers: a comma where some cell says so and none has a decimal point."""
        cells = [cell for row in self.rows for cell in row]
        comma = any("," in cell and _DECIMAL_COMMA.fullmatch(cell) for cell in cells)
        return "," if comma and not any("." in cell and _DECIMAL_POINT.fullmatch(cell) for cell in cells) else "."

    def dicts(self) -> list[dict[str, str]]:
        """Return the rows as dictionaries of cells by the name of their column."""
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]

    def cells(self, name: str) -> list[str]:
        """Return the cells of a column; raises KeyError for one that is not there."""
        place = self.places[name]
        return [row[place] for row in self.rows]

    def problem(self, row: int, column: str, message: str) -> Problem:
        """Return what is wrong with a cell: in row 0, 1, ... (-1: the header), with the column counted from 1."""
        line = self.header_line if row < 0 else self.lines[row]
        place = self.places[column] + 1 if column in self.places else None
        return Problem(self.shown, line, place, column, message)


def read_table(path: Path, *, shown: str = "", needed: Sequence[str] = (), most: int = MOST_BYTES) -> Table:
    """Return the cells of a file of rows; raises ConfigError with every fault, FileNotFoundError where there is none.

    The names of columns that are `needed` tell the header from a title above it and the separator from other marks.
    """
    return table_of(read_text(path, shown=shown, most=most), shown or str(path), needed=needed)


def table_of(text: str, shown: str, *, needed: Sequence[str] = ()) -> Table:
    """Return the cells of a text as `read_table` does."""
    at, separator = _header_of(text.split("\n", _LINES_LOOKED_AT), needed, shown)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    done = 0  # lines of the rows read so far
    rows: list[tuple[int, list[str]]] = []
    header: list[str] | None = None
    try:
        for row in islice(reader, at, None):
            done = reader.line_num
            if header is None:
                header, header_line = list(map(_name, row)), done
            elif any(row):
                rows.append((done, row))
    except csv.Error:
        message = _(
            "cannot be told into cells: a quote is not closed or stands within a cell, or a cell has more than {most}"
            " characters"
        )
        raise _refused(shown, message.format(most=MOST_CHARACTERS_IN_A_CELL), done + 1) from None
    if not header or not any(header):
        raise _refused(shown, _("the file is empty; its first line must name the columns"), 1)
    width = len(header)
    while width and not header[width - 1]:
        width -= 1
    problems = list(_faults_of_header(header[:width], header_line, shown))
    lines, cells = [], []
    clean = _cell if "'" in text else str.strip
    for line, row in rows:
        stripped = tuple(map(clean, row))
        if len(stripped) != width:
            stripped = _fitted(stripped, width)
            if len(stripped) != width:
                problems.append(Problem(shown, line, None, "", _ragged(len(stripped), width, separator)))
                continue
        if any(stripped):
            lines.append(line)
            cells.append(stripped)
    if problems:
        raise ConfigError(problems)
    return Table(shown, tuple(header[:width]), tuple(cells), tuple(lines), header_line, separator)


def _header_of(lines: Sequence[str], needed: Sequence[str], shown: str) -> tuple[int, str]:
    """Return in which line the header stands, from 0, and the mark between its cells."""
    first = next((place for place, line in enumerate(lines) if line.strip(" \t;,\xa0")), 0)
    asked = re.fullmatch(r'"?sep=([,;|\t])"?[,;\s]*', lines[first], re.IGNORECASE)
    if asked:  # a line that Excel understands and does not show
        first = min(first + 1, len(lines) - 1)
        return first, asked[1]
    best, names = (first, ""), 0
    for place, line in islice(enumerate(lines), first, _LINES_LOOKED_AT):
        for separator in _SEPARATORS:
            found = len({_name(cell) for cell in _split(line, separator)}.intersection(needed))
            if found > names and (found == len(needed) or place == first):
                best, names = (place, separator), found
        if names == len(needed) > 0:
            break
    place, separator = best
    if not names:
        place = first = _after_titles(lines, first)
    if place > first:
        _require_titles(lines[first:place], first, shown)
    if not separator or names < 2:
        separator = _commonest_separator(lines[place])
    return place, separator


def _after_titles(lines: Sequence[str], first: int) -> int:
    """Return the first line that is no title: a line of one cell, above one of several, names no columns."""
    filled = [place for place, line in enumerate(lines[:_LINES_LOOKED_AT]) if place >= first and line.strip()]
    for place in filled:
        if len(_split(lines[place], _commonest_separator(lines[place]))) > 1:
            return place
    return first


def _require_titles(lines: Sequence[str], first: int, shown: str) -> None:
    """Refuse lines above a header that are more than titles: what looks like a row must not be passed over."""
    for place, line in enumerate(lines, start=first + 1):
        for separator in _SEPARATORS:
            if sum(bool(_cell(cell)) for cell in _split(line, separator)) > 1 and line.count(separator) > 1:
                message = _("this line stands above the names of the columns; the first line must hold the names")
                raise _refused(shown, message, place)


def _commonest_separator(line: str) -> str:
    return max(_SEPARATORS, key=lambda separator: len(_split(line, separator)))  # a comma where there is a tie


def _split(line: str, separator: str) -> list[str]:
    if separator not in line:
        return [line]
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line]


def _faults_of_header(header: Sequence[str], line: int, shown: str) -> Iterator[Problem]:
    for place, name in enumerate(header):
        if not name:
            yield Problem(shown, line, place + 1, "", _("this column has no name"))
        elif name in header[:place]:
            yield Problem(shown, line, place + 1, name, _("this column is given twice"))


def _fitted(row: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Return a row without the empty cells that stand after the last column."""
    end = len(row)
    while end > width and not row[end - 1]:
        end -= 1
    return row[:end]


def _ragged(n: int, width: int, separator: str) -> str:
    mark = {"\t": _("a tab")}.get(separator, f'"{separator}"')
    if n > width:
        message = _("{n} cells, but {width} columns; a cell with {mark} in it must stand in quotes")
        return message.format(n=n, width=width, mark=mark)
    return _("{n} cells, but {width} columns (cells are separated by {mark})").format(n=n, width=width, mark=mark)


def _name(cell: str) -> str:
    return " ".join(cell.split()) if cell else cell


def _cell(cell: str) -> str:
    return text_of_cell(cell.strip())


def _json(text: str, shown: str) -> Any:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError([Problem(shown, error.lineno, error.colno, "", _("this is not JSON"))]) from None
    except RecursionError:
        raise _refused(shown, _("nested too deeply")) from None
    except ValueError:  # a whole number of thousands of digits
        raise _refused(shown, _("this is not JSON")) from None
    return found if "\\u" not in text else _composed_within(found)


def _composed_within(value: Any) -> Any:
    """Compose the text in a value: an accent may be written as an escape of its own."""
    if isinstance(value, str):
        return composed(value)
    if isinstance(value, list):
        return [_composed_within(one) for one in value]
    return {composed(key): _composed_within(one) for key, one in value.items()} if isinstance(value, dict) else value


def _utf16(data: bytes, shown: str) -> str:
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        before = data[2 : error.start - error.start % 2].decode("utf-16-le", "replace")
        message = _("this is UTF-16 text with a fault at byte {at}; save it as UTF-8")
        raise _refused(shown, message.format(at=error.start + 1), before.count("\n") + 1) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise _refused(shown, _("there is a NUL character, so this is not text"), line)
    return text


def _with_nul(data: bytes, shown: str) -> ConfigError:
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) / 8 and min(even, odd) * 8 < max(even, odd):
        return _refused(shown, _("this looks like UTF-16 text without a mark at its start; save it as UTF-8"))
    at = data.index(b"\0")
    line, byte = _line_and_byte(data, at)
    return _refused(shown, _("byte {byte} is NUL, so this is not text").format(byte=byte), line)


def _foreign(data: bytes, at: int, shown: str) -> ConfigError:
    """Return the refusal of bytes that are not UTF-8: where the first stands, and what they look like."""
    line, byte = _line_and_byte(data, at)
    message = _("byte {byte} ({value}) is not UTF-8; the text looks like {encoding}; save it as UTF-8")
    return _refused(shown, message.format(byte=byte, value=f"0x{data[at]:02x}", encoding=_looks_like(data)), line)


def _looks_like(data: bytes) -> str:
    high = [one for one in data if one >= 0x80]
    if len(high) * 2 > len(data):
        return _("no text")
    vietnamese = sum(len(found) for found in _VIETNAMESE_BYTES.findall(data))
    if vietnamese * 5 > len(high):
        return "Windows-1258 (cp1258)"
    return "Windows-1252 (cp1252)" if any(one < 0xA0 for one in high) else "Latin-1 (cp1252)"


def _line_and_byte(data: bytes, at: int) -> tuple[int, int]:
    """Return the line and the byte within it, both from 1, of a place in a file."""
    before = data[:at].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1, len(before) - before.rfind(b"\n")


def _refused(shown: str, message: str, line: int | None = None) -> ConfigError:
    return ConfigError([Problem(shown, line, None, "", message)])
