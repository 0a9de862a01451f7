"""Read numbers as people write them, by one rule everywhere; what may be two numbers is refused with both spellings.

Plain digits with a decimal point or comma (1234.5, 6,25), underscores or spaces between groups (1_000, 1 000), and
groups of three with a mark when there can be no doubt (1.234.567, 1,234.5). One group of three after one mark
(25.000; 28,500) may be thousands or a fraction: of persons, posts, money and other things that are counted it is
refused whatever its mark; elsewhere the decimal mark in use settles it, and the other mark is refused.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, Self

from labsim.text import _

__all__ = [
    "BOOLEANS",
    "Written",
    "as_written",
    "is_counted",
    "is_share",
    "range_of",
    "read_boolean",
    "read_number",
    "read_whole",
    "settled",
    "typed_number",
]

BOOLEANS = {"true": True, "false": False}
_LONGEST = 400  # characters of a number
_PLAIN = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_SIMPLE = re.compile(r"-?(?:[0-9]{1,15}|0\.[0-9]{1,17}|[0-9]{1,15}\.[0-9]{1,2})", re.ASCII)
_UNDERSCORED = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)+(?:\.[0-9]*)?", re.ASCII)
_ONE_GROUP = re.compile(r"[-+]?(?P<before>[1-9][0-9]{0,2})(?P<mark>[.,])(?P<after>[0-9]{3})")
_GROUPED = {
    mark: re.compile(rf"[-+]?[1-9][0-9]{{0,2}}(?:\{mark}[0-9]{{3}})+(?:\{other}[0-9]*)?")
    for mark, other in ((",", "."), (".", ","))
}
_SPACED = re.compile(r"[-+]?[1-9][0-9]{0,2}(?:[ '][0-9]{3})+(?:[.,][0-9]*)?")
_LIKE_A_NUMBER = re.compile(r"\s*[-+\u2212]?[0-9\uff10-\uff19]+[0-9\uff10-\uff19\s.,_'%\u2019\uff0c\uff0e\uff05]*\Z")
_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)} | {
    ord(wide): plain for wide, plain in zip("．，－＋％＿", ".,-+%_", strict=True)
}
_SAME = str.maketrans(_WIDE | dict.fromkeys((0x2212, 0x2010, 0x2011), "-") | dict.fromkeys((0x2019, 0x02BC), "'"))
_SPACES = re.compile(r"[\s\u2007\u2009\u202f\u00a0]+")
# what is counted in whole: the first word of a unit such as "persons per year"
_COUNTED = frozenset((
    "persons", "people", "seats", "posts", "employers", "vacancies", "cooperatives", "places", "workers", "trainees",
    "households", "enterprises", "students", "trips", "courses", "applications", "contracts", "loans", "jobs",
    "teachers",
))  # fmt: skip
_MONEY = re.compile(r"(?:(?:thousand|million|billion) )?VND\b")


def read_number(text: str, unit: str = "", *, decimal: str = ".") -> float:
    """Return the number that a text says; raises ValueError for a text that is none or may be two.

    `unit` is that of the quantity: a percent sign belongs to % only, and counts and money are read with more care.
    `decimal` is the decimal mark of the file where that is known.
    """
    if _SIMPLE.fullmatch(text):  # most numbers; the rest is for what people type
        return float(text)
    words = _SPACES.sub(" ", text.translate(_SAME)).strip() if not text.isascii() else text.strip()
    if words.endswith("%"):
        words = _without_percent(words, unit)
    if not words or len(words) > _LONGEST:
        raise _none(text)
    plain = _plain(words, unit, decimal)
    if plain is None:
        raise _none(text)
    value = float(plain)
    if not math.isfinite(value):
        raise ValueError(_("given {given!r}; allowed a finite number").format(given=_short(text)))
    return value


def read_whole(text: str, low: int, high: int, unit: str = "") -> int:
    """Return the whole number of a range that a text says; raises ValueError for any other text."""
    refusal = _("given {given!r}; allowed {low} to {high}").format(given=_short(text), low=low, high=high)
    try:
        value = read_number(text, unit)
    except ValueError as error:
        if _ONE_GROUP.fullmatch(text.strip()) and is_counted(unit):
            raise
        raise ValueError(refusal) from error
    if not value.is_integer() or not low <= value <= high:
        raise ValueError(refusal)
    return int(value)


def read_boolean(text: str) -> bool:
    """Return true or false, also as a spreadsheet writes them (TRUE, FALSE); raises ValueError for any other text."""
    value = BOOLEANS.get(text.strip().lower())
    if value is None:
        raise ValueError(_("given {given!r}; allowed {allowed}").format(given=_short(text), allowed="true, false"))
    return value


class Written(float):
    """A number of a file with one group of three digits after its point: 25.000 may be 25 or 25,000 seats.

    Calculates as the fraction that YAML and JSON say it is, and remembers how it is written.
    """

    text: str

    def __new__(cls, text: str | float) -> Self:
        """Keep the spelling beside the number."""
        made = super().__new__(cls, text)
        made.text = str(text)
        return made


def as_written(text: str) -> float:
    """Return the number that digits with a point say, with its spelling where that may mean another number."""
    return Written(text) if _ONE_GROUP.fullmatch(text) else float(text.replace("_", ""))


def typed_number(text: str) -> float:
    """Return the number that a text says before its unit is known; `settled` looks at its spelling once it is.

    Raises ValueError for a text that is none.
    """
    return Written(text.strip()) if _ONE_GROUP.fullmatch(text.strip()) and "," not in text else read_number(text)


def settled(value: Any, unit: str) -> Any:
    """Return a value of a file as the number that its spelling says, in the unit of what it is for.

    A text that YAML takes for words but people for a number (6,25 or 2.500.000) becomes that number; lists and groups
    are settled member by member; what is no number stays as it is. Raises ValueError for a spelling in doubt.
    """
    if isinstance(value, Written):
        found = _ONE_GROUP.fullmatch(value.text)
        if found is not None and is_counted(unit):
            raise _doubtful(value.text, found, unit)
        return float(value)
    if isinstance(value, list):
        return [settled(one, unit) for one in value]
    if isinstance(value, dict):
        return {key: settled(one, unit) for key, one in value.items()}
    if not isinstance(value, str) or not _LIKE_A_NUMBER.match(value) or _PLAIN.fullmatch(value):
        return value  # digits in quotes stay text
    number = read_number(value, unit)
    return int(number) if number.is_integer() else number


def is_counted(unit: str) -> bool:
    """Say whether a unit counts things or money, so that 25.000 of it is in doubt."""
    return unit.partition(" ")[0] in _COUNTED or _MONEY.match(unit) is not None


def is_share(unit: str) -> bool:
    """Say whether a unit is a share of a whole, from 0 to 1 or from 0 to 100 %."""
    return unit in ("share", "%", "chance") or unit.startswith(("share of ", "% of "))


@lru_cache(maxsize=256)
def range_of(unit: str) -> tuple[float | None, float | None]:
    """Return the least and the greatest value that a unit allows; None where there is no bound."""
    if is_share(unit):
        return 0.0, 100.0 if unit.startswith("%") else 1.0
    if unit in ("year", "calendar year"):
        return 1900.0, 2200.0
    if unit in ("years of age", "age"):
        return 0.0, 130.0
    if is_counted(unit) or unit.partition(" ")[0] in ("km", "months", "years", "days"):
        return 0.0, None
    return None, None


def _plain(words: str, unit: str, decimal: str) -> str | None:
    """Return a number as Python writes it, or None for a text that is none."""
    one_group = _ONE_GROUP.fullmatch(words)
    if one_group is not None:
        if is_counted(unit) or one_group["mark"] != decimal:
            raise _doubtful(words, one_group, unit, decimal)
        return words.replace(",", ".")
    if _PLAIN.fullmatch(words):
        return words
    if _UNDERSCORED.fullmatch(words):
        return words.replace("_", "")
    if _SPACED.fullmatch(words):
        return re.sub("[ ']", "", words).replace(",", ".")
    for mark, grouped in _GROUPED.items():
        if grouped.fullmatch(words):
            return words.replace(mark, "").replace(",", ".")
    if words.count(",") == 1 and _PLAIN.fullmatch(words.replace(",", ".")) and "." not in words:
        return words.replace(",", ".")
    return None


def _without_percent(words: str, unit: str) -> str:
    if unit and not unit.startswith("%"):
        message = _("given {given!r}; the unit is {unit}, without a percent sign")
        if is_share(unit):
            message = _("given {given!r}; the unit is {unit}, from 0 to 1: a percent sign does not belong to it")
        raise ValueError(message.format(given=_short(words), unit=unit))
    return words[:-1].rstrip()


def _doubtful(text: str, found: re.Match[str], unit: str, decimal: str = ".") -> ValueError:
    """Return the refusal of one group of three digits, with the spellings of both numbers that it may be."""
    sign = "-" if found.group().startswith("-") else ""
    before, after = found["before"], found["after"]
    thousands = f"{sign}{before}{after} " + _("or") + f" {sign}{before}_{after}"
    fraction = sign + f"{before}{decimal}{after}".rstrip("0").rstrip(decimal)
    if is_share(unit):
        message = _("given {given} [{unit}]; it may be thousands or a fraction: write {fraction}")
        return ValueError(message.format(given=_short(text), unit=unit, fraction=fraction))
    if is_counted(unit) and not after.endswith("0"):
        message = _("given {given} [{unit}]; it may be thousands or a fraction: write {thousands}")
        return ValueError(message.format(given=_short(text), unit=unit, thousands=thousands))
    message = _("given {given}; it may be thousands or a fraction: write {thousands}, or {fraction} if that is meant")
    return ValueError(message.format(given=_short(text), thousands=thousands, fraction=fraction))


def _none(text: str) -> ValueError:
    return ValueError(_("given {given!r}; allowed a number").format(given=_short(text)))


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 40 else text[:37] + "..."
