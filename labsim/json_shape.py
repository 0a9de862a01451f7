"""Hold what a JSON file says to the shape in which labsim writes it, so that no reader meets another one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labsim.text import _, did_you_mean

__all__ = [
    "ANYTHING", "AT_LEAST_ONE", "COUNT", "MONTH", "NUMBER", "OBJECT", "SCALE", "TEXT", "Each", "Group", "Leaf", "OneOf",
    "Row", "require_shape", "wrong_in",
]  # fmt: skip

_MOST_TOLD, _LONGEST_SHOWN = 3, 60


@dataclass(frozen=True)
class Leaf:
    """Say what a single value is: `holds` tells, `words` names it to users."""

    holds: Callable[[Any], bool]
    words: Callable[[], str]


@dataclass(frozen=True)
class Group:
    """Say which keys an object has, each with its shape; other keys are let through, as a newer labsim may add them."""

    needed: Mapping[str, Any]
    optional: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Each:
    """Say what every member of a list, or every value of an object, is; `of_list` tells which of the two."""

    shape: Any
    of_list: bool = True
    at_least: int = 0


@dataclass(frozen=True)
class OneOf:
    """Say that a value is null or has a shape, or is one of several leaves."""

    shapes: tuple[Any, ...]
    or_null: bool = True


@dataclass(frozen=True)
class Row:
    """Say what stands at each place of a list of fixed length."""

    shapes: tuple[Any, ...]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


TEXT = Leaf(lambda value: isinstance(value, str), lambda: _("text"))
NUMBER = Leaf(_is_number, lambda: _("a number"))
COUNT = Leaf(_is_count, lambda: _("a whole number, 0 or more"))
AT_LEAST_ONE = Leaf(lambda value: _is_count(value) and value >= 1, lambda: _("a whole number, 1 or more"))
SCALE = Leaf(lambda value: _is_number(value) and 0 < value <= 1, lambda: _("more than 0, at most 1"))
OBJECT = Leaf(lambda value: isinstance(value, dict), lambda: _("a group of `key: value`"))
ANYTHING = Leaf(lambda _value: True, lambda: "")
MONTH = Leaf(
    lambda value: isinstance(value, str) and len(value) == 7 and value[4] == "-"
    and (value[:4] + value[5:]).isdecimal() and "1000" <= value[:4] <= "2999" and "01" <= value[5:] <= "12",
    lambda: _("a month, such as 2020-12"),
)  # fmt: skip


def require_shape(value: Any, shape: Any) -> None:
    """Raise ValueError naming the first keys that are missing or hold something else than `shape` says."""
    found = []
    for message in wrong_in(value, shape):
        found.append(message)
        if len(found) == _MOST_TOLD:
            break
    if found:
        raise ValueError("; ".join(found))


def wrong_in(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Yield one message for every key that is missing or holds something else than a shape says."""
    if isinstance(shape, OneOf):
        if (shape.or_null and value is None) or any(not any(wrong_in(value, one)) for one in shape.shapes):
            return
        yield from wrong_in(value, shape.shapes[0], path)
    elif isinstance(shape, Leaf):
        if not shape.holds(value):
            yield _told(path, value, shape.words())
    elif isinstance(shape, Row):
        if not isinstance(value, list) or len(value) != len(shape.shapes):
            yield _told(path, value, _("a list of {n}").format(n=len(shape.shapes)))
            return
        for place, (one, inner) in enumerate(zip(value, shape.shapes, strict=True)):
            yield from wrong_in(one, inner, _below(path, place))
    elif isinstance(shape, Each):
        yield from _wrong_in_each(value, shape, path)
    else:
        yield from _wrong_in_group(value, shape, path)


def _wrong_in_each(value: Any, shape: Each, path: str) -> Iterator[str]:
    if not isinstance(value, list if shape.of_list else dict):
        yield _told(path, value, _("a list") if shape.of_list else _("a group of `key: value`"))
        return
    if len(value) < shape.at_least:
        yield _told(path, value, _("at least {count} values").format(count=shape.at_least))
    parts = enumerate(value) if isinstance(value, list) else value.items()
    for place, one in parts:
        yield from wrong_in(one, shape.shape, _below(path, place))


def _wrong_in_group(value: Any, shape: Group, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _told(path, value, _("a group of `key: value`"))
        return
    for key, inner in shape.needed.items():
        if key not in value:
            hint = did_you_mean(key, [one for one in value if one not in shape.needed])
            words = _("the key {name} is missing").format(name=_below(path, key))
            yield f"{words} ({hint})" if hint.endswith("?") else words
        else:
            yield from wrong_in(value[key], inner, _below(path, key))
    for key, inner in (shape.optional or {}).items():
        if key in value:
            yield from wrong_in(value[key], inner, _below(path, key))


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _told(path: str, value: Any, allowed: str) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
    message = _("given {given}; allowed {allowed}").format(given=shown, allowed=allowed)
    return f"{path}: {message}" if path else message
