"""Ways in which people and programs spoil a file: each takes sound content and returns spoilt content, by a seed.

What is spoilt stays text that a person could have saved: a letter too few, a wrong unit, a table from Excel, half a
file. Free words (titles, notes, sources) are left alone: whatever stands there is right.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import yaml

__all__ = ["BYTES", "FREE_WORDS", "of_json", "of_table", "of_yaml"]

FREE_WORDS = frozenset({
    "en", "vi", "title", "question", "note", "source", "url", "wording", "reading", "label", "facts", "name", "band",
    "ambiguous", "concept", "kind", "circle", "quality", "lat", "lon", "grade", "low", "high", "network",
})  # fmt: skip
Path_ = tuple[Any, ...]
Mutation = Callable[[random.Random, bytes], bytes | None]


# --- any file -------------------------------------------------------------------------------------------------------


def truncated(rng: random.Random, content: bytes) -> bytes | None:
    """Cut a file in the middle of a line."""
    lines = content.splitlines(keepends=True)
    if len(lines) < 3:
        return content[: len(content) // 2]
    line = rng.randrange(1, len(lines))
    kept = lines[line][: max(1, len(lines[line]) // 3)].rstrip()
    return b"".join(lines[:line]) + kept if kept else None


def with_mark(_rng: random.Random, content: bytes) -> bytes:
    """Write a mark of UTF-8 before the text, as Excel does."""
    return b"\xef\xbb\xbf" + content


def as_utf16(_rng: random.Random, content: bytes) -> bytes:
    """Save as UTF-16 with a mark, as Excel's Unicode text."""
    return content.decode("utf-8").encode("utf-16")


def as_utf16_without_mark(_rng: random.Random, content: bytes) -> bytes:
    """Save as UTF-16 without a mark."""
    return content.decode("utf-8").encode("utf-16-le")


def as_windows(_rng: random.Random, content: bytes) -> bytes:
    """Save Vietnamese text in a code page of Windows."""
    return (
        ("# Tỉnh\n".encode("cp1258", "replace"))
        + content.decode("utf-8").encode("cp1258", "replace")
        + b"\n# \xf0\xd2\n"
    )


def with_odd_byte(rng: random.Random, content: bytes) -> bytes:
    """Put a byte into a file that no text has."""
    at = rng.randrange(len(content))
    return content[:at] + rng.choice([b"\xff", b"\x00", b"\xc3\x28"]) + content[at:]


def empty(_rng: random.Random, _content: bytes) -> bytes:
    """Leave nothing."""
    return b""


def windows_lines(_rng: random.Random, content: bytes) -> bytes:
    """End lines as Windows does."""
    return content.replace(b"\n", b"\r\n")


def foreign(rng: random.Random, _content: bytes) -> bytes:
    """Put something else in the place of the file."""
    return rng.choice([
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00!\x00", b"%PDF-1.7\n%\xe2\xe3", b"<!DOCTYPE html><html></html>\n",
        b"just some words\n", b"[1, 2, 3]\n", b"a,b,c\n1,2,3\n", b'{"a": 1}\n', b"key: value\nother: 5\n",
        b"\x89PNG\r\n\x1a\n",
    ])  # fmt: skip


def nested(rng: random.Random, _content: bytes) -> bytes:
    """Nest brackets deeper than any reader follows."""
    mark = rng.choice([(b"[", b"]"), (b'{"a":', b"}")])
    depth = rng.choice([300, 900, 5000, 100_000])
    return b'{"title": ' + mark[0] * depth + b"1" + mark[1] * depth + b"}"


BYTES: dict[str, Mutation] = {
    "truncated": truncated, "mark of UTF-8": with_mark, "UTF-16": as_utf16,
    "UTF-16 without mark": as_utf16_without_mark,
    "code page of Windows": as_windows, "odd byte": with_odd_byte, "empty": empty, "lines of Windows": windows_lines,
    "foreign file": foreign, "deep nesting": nested,
}  # fmt: skip


# --- values in YAML and JSON ----------------------------------------------------------------------------------------


def leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield every single value with its path, free words left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if str(key) not in FREE_WORDS:
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    else:
        yield path, value


def keys(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield the path of every key, free words left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if str(key) not in FREE_WORDS:
                yield (*path, key)
                yield from keys(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from keys(inner, (*path, place))


def typo(rng: random.Random, word: str) -> str:
    """Return a word with a letter gone, doubled, changed or swapped with the next."""
    if len(word) < 3:
        return word + "x"
    at = rng.randrange(1, len(word) - 1)
    spoilt = rng.choice([
        word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + "x" + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ])  # fmt: skip
    return spoilt if spoilt != word else word + "x"


def _inside(data: Any, path: Path_) -> Any:
    for part in path:
        data = data[part]
    return data


def _set(data: Any, path: Path_, value: Any) -> Any:
    data = copy.deepcopy(data)
    _inside(data, path[:-1])[path[-1]] = value
    return data


def _rename(data: Any, path: Path_, name: Any) -> Any:
    data = copy.deepcopy(data)
    owner = _inside(data, path[:-1])
    items = [(name if key == path[-1] else key, value) for key, value in owner.items()]
    owner.clear()
    owner.update(items)
    return data


def typo_in_key(rng: random.Random, data: Any) -> Any:
    """Misspell a key."""
    found = [path for path in keys(data) if isinstance(path[-1], str)]
    path = rng.choice(found) if found else None
    return _rename(data, path, typo(rng, path[-1])) if path else None


def typo_in_name(rng: random.Random, data: Any) -> Any:
    """Misspell a name that stands for something."""
    found = [
        (path, value) for path, value in leaves(data) if isinstance(value, str) and value.replace("_", "").isalpha()
    ]
    path, value = rng.choice(found) if found else ((), "")
    return _set(data, path, typo(rng, value)) if path else None


def other_type(rng: random.Random, data: Any) -> Any:
    """Put a value of another type in the place of one."""
    found = [(path, value) for path, value in leaves(data) if path and not isinstance(path[-1], int)]
    path, value = rng.choice(found) if found else ((), None)
    if not path:
        return None
    kinds = [["a list"], {"a": "group"}, "some words", True, 12.5]
    return _set(data, path, rng.choice([one for one in kinds if type(one) is not type(value)]))


def null(rng: random.Random, data: Any) -> Any:
    """Leave a number out."""
    found = [path for path, value in leaves(data) if _is_number(value)]
    return _set(data, rng.choice(found), None) if found else None


def not_finite(rng: random.Random, data: Any) -> Any:
    """Write what is no number in the place of one."""
    found = [path for path, value in leaves(data) if _is_number(value)]
    words = [".nan", "nan", ".inf", "1e999", "#REF!", "n/a", "-", "1..5", "12O"]
    return _set(data, rng.choice(found), rng.choice(words)) if found else None


def times_a_thousand(rng: random.Random, data: Any) -> Any:
    """Write thousands or millions for units, or a share as per cent."""
    found = [(path, value) for path, value in leaves(data) if _is_number(value) and value and not _is_year(path, value)]
    path, value = rng.choice(found) if found else ((), 0)
    return _set(data, path, value * rng.choice([1000, 1_000_000, 1_000_000_000])) if path else None


def negative(rng: random.Random, data: Any) -> Any:
    """Write a count below zero."""
    found = [
        (path, value) for path, value in leaves(data) if isinstance(value, int) and _is_number(value) and value > 0
    ]
    path, value = rng.choice(found) if found else ((), 0)
    return _set(data, path, -value) if path else None


def year_25(rng: random.Random, data: Any) -> Any:
    """Write a year in two digits, or one of another age."""
    found = [(path, value) for path, value in leaves(data) if _is_year(path, value)]
    years = [path for path in keys(data) if isinstance(path[-1], int)]
    odd = rng.choice([25, 20, 202, 20255, 1066])
    if years and (not found or rng.random() < 0.5):
        return _rename(data, rng.choice(years), odd)
    return _set(data, rng.choice(found)[0], odd) if found else None


def gone(rng: random.Random, data: Any) -> Any:
    """Leave out a key."""
    found = [path for path in keys(data) if len(path) > 1]
    if not found:
        return None
    path = rng.choice(found)
    data = copy.deepcopy(data)
    del _inside(data, path[:-1])[path[-1]]
    return data


def other_unit(rng: random.Random, data: Any) -> Any:
    """Give another unit."""
    found = [(path, value) for path, value in leaves(data) if path and path[-1] == "unit"]
    path, value = rng.choice(found) if found else ((), "")
    if not path:
        return None
    others = [one for one in ("persons", "%", "VND", "posts", "km", "thousand persons") if one != value]
    return _set(data, path, rng.choice(others))


def dotted(rng: random.Random, data: Any) -> Any:
    """Write a count with a dot for thousands."""
    found = [
        (path, value)
        for path, value in leaves(data)
        if _is_number(value) and value >= 1000 and not _is_year(path, value)
    ]
    path, value = rng.choice(found) if found else ((), 0)
    return _set(data, path, f"{value:,.0f}".replace(",", rng.choice([".", ","]))) if path else None


_VALUES: dict[str, Callable[[random.Random, Any], Any]] = {
    "typo in a key": typo_in_key, "typo in a name": typo_in_name, "another type": other_type, "null": null,
    "nan, inf, words": not_finite, "times a thousand": times_a_thousand, "negative": negative, "year 25": year_25,
    "wrong unit": other_unit, "dots in counts": dotted,
}  # fmt: skip


def of_yaml() -> dict[str, Mutation]:
    """Return what can be done to a YAML file."""
    spoilt = {name: _in_yaml(change) for name, change in _VALUES.items()}
    return BYTES | spoilt | {"doubled key": doubled_line, "huge field": huge_value}


def of_json() -> dict[str, Mutation]:
    """Return what can be done to a JSON file."""
    names = ("typo in a key", "another type", "null", "nan, inf, words", "negative")
    spoilt = {name: _in_json(_VALUES[name]) for name in names} | {"key gone": _in_json(gone)}
    fit = {name: one for name, one in BYTES.items() if name not in ("code page of Windows",)}
    return fit | spoilt


def doubled_line(rng: random.Random, content: bytes) -> bytes | None:
    """Write a line of a YAML file twice."""
    lines = content.decode("utf-8").splitlines()
    found = [place for place, line in enumerate(lines) if ":" in line and not line.lstrip().startswith(("#", "-"))]
    if not found:
        return None
    place = rng.choice(found)
    return "\n".join([*lines[: place + 1], lines[place], *lines[place + 1 :]]).encode("utf-8") + b"\n"


def huge_value(rng: random.Random, content: bytes) -> bytes | None:
    """Write a value of 200 kB."""

    def change(_rng: random.Random, data: Any) -> Any:
        found = [path for path, _value in leaves(data) if path]
        return _set(data, _rng.choice(found), _rng.choice(["9" * 200_000, "x" * 200_000])) if found else None

    return _in_yaml(change)(rng, content)


def _in_yaml(change: Callable[[random.Random, Any], Any]) -> Mutation:
    def mutation(rng: random.Random, content: bytes) -> bytes | None:
        data = yaml.load(content, Loader=_Loader)
        spoilt = change(rng, data)
        if spoilt is None:
            return None
        text = yaml.dump(spoilt, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=200)
        return text.encode("utf-8")

    return mutation


def _in_json(change: Callable[[random.Random, Any], Any]) -> Mutation:
    def mutation(rng: random.Random, content: bytes) -> bytes | None:
        spoilt = change(rng, json.loads(content))
        return None if spoilt is None else json.dumps(spoilt, ensure_ascii=False).encode("utf-8")

    return mutation


def usual(suffix: str, content: bytes) -> bytes:
    """Return content as mutations write it, so that spoilt lines can be told from others."""
    if suffix == ".yaml":
        data = yaml.load(content, Loader=_Loader)
        return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=200).encode("utf-8")
    return json.dumps(json.loads(content), ensure_ascii=False).encode("utf-8") if suffix == ".json" else content


class _Loader(yaml.SafeLoader):
    """Read numbers and words; months and dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith((":timestamp", ":bool"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}  # fmt: skip


class _Dumper(yaml.SafeDumper):
    """Write without anchors; text that looks like a number where it was spoilt is written bare, as people type it."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _bare(dumper: yaml.SafeDumper, text: str) -> Any:
    bare = text[:1].isdigit() or text in (".nan", "nan", ".inf", "n/a")
    plain = bare and len(text) < 40 and not any(mark in text for mark in ":#{}[]&*!|>'\"%@`")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if not plain else "")


_Dumper.add_representer(str, _bare)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_year(path: Path_, value: Any) -> bool:
    return (
        bool(path)
        and str(path[-1]) in ("year", "cumulate_from", "until", "start", "since", "as_of")
        and _is_number(value)
    )


# --- tables ---------------------------------------------------------------------------------------------------------


def of_table(values: tuple[str, ...]) -> dict[str, Mutation]:
    """Return what can be done to a table whose columns of numbers are `values`."""

    def cell(change: Callable[[random.Random, str], str | None]) -> Mutation:
        return lambda rng, content: _in_cell(rng, content, values, change)

    return BYTES | {
        "typo in a column": _typo_in_column, "typo in a name": lambda rng, content: _typo_in_cell(rng, content, values),
        "words for a number": cell(lambda rng, _text: rng.choice(["abc", "n/a", "#REF!", "...", "12O"])),
        "nan, inf": cell(lambda rng, _text: rng.choice(["nan", "inf", "-inf", "NaN", "1e999"])),
        "no number": cell(lambda _rng, _text: ""),
        "negative": cell(lambda _rng, text: f"-{text}" if text.strip("0.") else None),
        "times a thousand": cell(_times),
        "dots in counts": cell(lambda rng, text: _dotted_text(rng, text)),
        "doubled row": _doubled_row, "row gone": _row_gone,
        "semicolons": lambda _rng, content: _separated(content, ";"),
        "tabs": lambda _rng, content: _separated(content, "\t"),
        "title above": lambda _rng, content: b"Table 1\n" + content,
        "huge field": cell(lambda rng, _text: rng.choice(["9" * 200_000, "x" * 200_000])),
        "cell too many": lambda rng, content: _ragged(rng, content, 1),
        "cell gone": lambda rng, content: _ragged(rng, content, -1),
        "swapped columns": _swapped, "wrong unit": _other_unit, "open quote": _open_quote, "column gone": _column_gone,
    }  # fmt: skip


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"))))


def _written(rows: list[list[str]], separator: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode("utf-8")


def _in_cell(
    rng: random.Random, content: bytes, values: tuple[str, ...], change: Callable[[random.Random, str], str | None]
) -> bytes | None:
    rows = _rows(content)
    columns = [place for place, name in enumerate(rows[0]) if name in values]
    if not columns or len(rows) < 2:
        return None
    row, column = rng.randrange(1, len(rows)), rng.choice(columns)
    if not rows[row][column]:
        return None
    spoilt = change(rng, rows[row][column])
    if spoilt is None or spoilt == rows[row][column]:
        return None
    rows[row][column] = spoilt
    return _written(rows)


def _times(rng: random.Random, text: str) -> str | None:
    return f"{float(text) * rng.choice([1e3, 1e6, 1e9]):.10g}" if float(text) else None


def _dotted_text(rng: random.Random, text: str) -> str | None:
    value = float(text)
    return f"{value:,.0f}".replace(",", rng.choice([".", ","])) if value >= 1000 and value.is_integer() else None


def _typo_in_column(rng: random.Random, content: bytes) -> bytes | None:
    rows = _rows(content)
    found = [place for place, name in enumerate(rows[0]) if name not in FREE_WORDS]
    place = rng.choice(found)
    rows[0][place] = typo(rng, rows[0][place])
    return _written(rows)


def _column_gone(rng: random.Random, content: bytes) -> bytes | None:
    rows = _rows(content)
    found = [place for place, name in enumerate(rows[0]) if name not in FREE_WORDS]
    place = rng.choice(found)
    return _written([[cell for at, cell in enumerate(row) if at != place] for row in rows])


def _typo_in_cell(rng: random.Random, content: bytes, values: tuple[str, ...]) -> bytes | None:
    rows = _rows(content)
    free = FREE_WORDS | {*values, "unit", "year", "month", "draw", "weight"}
    columns = [place for place, name in enumerate(rows[0]) if name not in free]
    if not columns or len(rows) < 2:
        return None
    row, column = rng.randrange(1, len(rows)), rng.choice(columns)
    if not rows[row][column].strip() or rows[row][column].replace(".", "").isdigit():
        return None
    rows[row][column] = typo(rng, rows[row][column])
    return _written(rows)


def _doubled_row(rng: random.Random, content: bytes) -> bytes | None:
    rows = _rows(content)
    row = rng.randrange(1, len(rows))
    return _written([*rows[: row + 1], rows[row], *rows[row + 1 :]])


def _row_gone(rng: random.Random, content: bytes) -> bytes | None:
    rows = _rows(content)
    row = rng.randrange(1, len(rows))
    return _written([*rows[:row], *rows[row + 1 :]])


def _separated(content: bytes, separator: str) -> bytes:
    return _written(_rows(content), separator)


def _ragged(rng: random.Random, content: bytes, by: int) -> bytes | None:
    rows = _rows(content)
    row = rng.randrange(1, len(rows))
    rows[row] = [*rows[row], "1"] if by > 0 else rows[row][:-1] if rows[row][-1] else rows[row][:-2]
    return _written(rows)


def _swapped(rng: random.Random, content: bytes) -> bytes | None:
    rows = _rows(content)
    found = [place for place, name in enumerate(rows[0]) if name not in FREE_WORDS]
    if len(found) < 2:
        return None
    one, other = rng.sample(found, 2)
    rows[0][one], rows[0][other] = rows[0][other], rows[0][one]
    return _written(rows)


def _other_unit(rng: random.Random, content: bytes) -> bytes | None:
    rows = _rows(content)
    if "unit" not in rows[0]:
        return None
    row, place = rng.randrange(1, len(rows)), rows[0].index("unit")
    others = [one for one in ("persons", "%", "VND", "thousand persons", "million VND") if one != rows[row][place]]
    rows[row][place] = rng.choice(others)
    return _written(rows)


def _open_quote(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    row = rng.randrange(1, len(lines))
    return b"".join([*lines[:row], b'"' + lines[row], *lines[row + 1 :]])
