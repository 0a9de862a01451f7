"""Read the file of targets of a province, and refuse what no run could score: names, units and values out of range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import pydantic

from labsim.errors import ConfigError, LabsimError, Problem
from labsim.members import members_of
from labsim.number_text import settled
from labsim.results import IndicatorInfo
from labsim.targets import Target, Words, indicators_known, is_share
from labsim.text import _, did_you_mean
from labsim.validation import as_given, problems_of, read_strictly
from labsim.yaml_source import KeyPath, Place, Source, find_place, read_yaml

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = [
    "Forecast", "load_targets", "most_persons", "people_of", "range_of", "refused_value", "targets_in", "unlikely",
]  # fmt: skip

_TARGETS, _FORECASTS = "targets", "forecasts"
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_PEOPLE_OF_VIET_NAM = 110e6
_TIMES_THE_PEOPLE = 3.0  # no stock of persons grows to more within the years that a run covers
_LONGEST_NAME, _LONGEST_TEXT = 100, 10_000
_UNLIKELY = 0.03  # of all people in one year: more than any yearly flow of persons that a plan has named
_MOST = 1e18
_CHANGES = ("income_median_change",)  # in per cent of what was before: below 0 and above 100 too
_RANGES = {
    "%": (0.0, 100.0), "share": (0.0, 1.0), "0 to 100": (0.0, 100.0), "VND per month": (1e4, 1e10), "VND": (0.0, _MOST),
}  # fmt: skip


class Forecast(pydantic.BaseModel):
    """State a figure that a source expects and nobody promised; it is kept beside the targets and never scored."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str
    indicator: str | None = None
    concept: str = ""
    value: float
    year: int
    unit: str
    source: str
    note: Words = ""
    facts: tuple[str, ...] = ()


def load_targets(path: str | Path, config: Config | None = None) -> list[Target]:
    """Read the targets of a province; with a configuration its districts, fields and groups are looked up too.

    Raises ConfigError with every problem of the file.
    """
    return targets_in(read_yaml(Path(path)), config)


def targets_in(source: Source, config: Config | None = None) -> list[Target]:
    """Return the targets that a file holds. Raises ConfigError with every problem of the file."""
    problems = _problems_of_top(source)
    targets: dict[tuple[str, int], Target] = {}
    for key, model in ((_TARGETS, Target), (_FORECASTS, Forecast)):
        items = source.data.get(key)
        for position, given in enumerate(items if isinstance(items, list) else ()):
            path = (key, str(position))
            item, in_doubt = _settled(given)
            problems += [_at(source, (*path, *inner), message) for inner, message in in_doubt]
            problems += [_at(source, (*path, *inner), message) for inner, message in _wrong_in(item, config)]
            try:
                stated = read_strictly(model, item)
            except pydantic.ValidationError as error:
                problems += problems_of(error, model, item, source.places, path)
                continue
            if not isinstance(stated, Target):
                continue
            problems += [_at(source, (*path, *inner), message) for inner, message in _wrong_other(stated, config)]
            if (stated.id, stated.year) in targets:
                message = _("{id} is given twice for {year}").format(id=stated.id, year=stated.year)
                problems.append(_at(source, path, message))
            targets[stated.id, stated.year] = stated
    if problems:
        raise ConfigError(sorted(problems, key=lambda one: (one.line or 0, one.column or 0)))
    return list(targets.values())


def range_of(info: IndicatorInfo, unit: str, people: float = _PEOPLE_OF_VIET_NAM) -> tuple[float, float]:
    """Return the least and the largest value that an indicator can have in a unit, in one year.

    `people` is how many live in the province; no count of persons is larger by more than the growth of decades.
    """
    if info.name in _CHANGES:
        return -100.0, 1000.0
    if unit == "persons":
        return 0.0, most_persons(people)
    return _RANGES.get(unit, (0.0, 100.0 if unit.startswith("%") else _MOST))


def unlikely(targets: Iterable[Target], config: Config | None) -> list[str]:
    """Return a line for every target that asks for so many persons a year that a slip is likelier than a plan."""
    found = []
    people = people_of(config)
    for target in targets:
        info = indicators_known().get(target.indicator or "")
        if info is None or info.kind != "flow" or info.unit != "persons":
            continue
        years = target.year - target.cumulate_from + 1 if target.cumulate_from is not None else 1
        if target.value > _UNLIKELY * people * years:
            message = _(
                "{id}, {year}: {value:,.0f} persons are {share:.0f} % of all people in each year; is that meant?"
            )
            share = 100.0 * target.value / people / years
            found.append(message.format(id=target.id, year=target.year, value=target.value, share=share))
    return found


def most_persons(people: float) -> float:
    """Return the most persons that a figure can count where so many people live."""
    return people * _TIMES_THE_PEOPLE


def refused_value(value: float, low: float, high: float, unit: str) -> str:
    """Word a value outside its range."""
    allowed = _("{low} to {high} {unit}").format(low=f"{low:,.10g}", high=f"{high:,.10g}", unit=unit)
    return _("given {given}; allowed {allowed}").format(given=f"{value:,.10g}", allowed=allowed)


def _problems_of_top(source: Source) -> list[Problem]:
    """Refuse a file that has no list of targets, or more than it and a list of forecasts."""
    problems = []
    for key, given in source.data.items():
        if key not in (_TARGETS, _FORECASTS):
            hint = did_you_mean(str(key), [_TARGETS, _FORECASTS])
            problems.append(_at(source, (str(key),), f"{_('unknown key')}; {hint}"))
        elif not isinstance(given, list):
            message = _("given {given}; allowed {allowed}").format(given=as_given(given), allowed=_("a list"))
            problems.append(_at(source, (key,), message))
    if _TARGETS not in source.data:
        problems.append(Problem(source.file, 1, 1, _TARGETS, _("this key is required")))
    return problems


def _settled(item: Any) -> tuple[Any, list[tuple[KeyPath, str]]]:
    """Return a target with its values as people write them (28,5), and what is wrong where one is in doubt."""
    wrong: list[tuple[KeyPath, str]] = []
    if not isinstance(item, dict):
        return item, wrong
    unit, found = str(item.get("unit", "")), dict(item)
    other = item.get("otherwise")
    inside = ((("value",), found), (("otherwise", "value"), other if isinstance(other, dict) else {}))
    for path, holder in inside:
        if len(path) > 1 and "value" in holder and holder["value"] is None:  # left out, it is that of the target
            wrong.append((path, _("given {given}; allowed {allowed}").format(given="null", allowed=_("a number"))))
            continue
        try:
            value = settled(holder.get("value"), unit)
        except ValueError as error:
            wrong.append((path, str(error)))
            continue
        if path == ("value",) and "value" in found:
            found["value"] = value
        elif "value" in holder:
            found["otherwise"] = {**holder, "value": value}
    return found, wrong


def _wrong_in(item: Any, config: Config | None) -> Iterator[tuple[KeyPath, str]]:
    """Yield a key of a target and what is wrong with it; what is of another type is left to its schema."""
    if not isinstance(item, dict):
        return
    words = {str(key): value for key, value in item.items() if isinstance(value, str)}
    for key in ("id", "unit", "source"):
        if not words.get(key, " x").strip():
            yield (key,), _("given nothing; allowed text")
    for key, most in (("id", _LONGEST_NAME), ("unit", _LONGEST_NAME), ("source", _LONGEST_TEXT)):
        if len(words.get(key, "")) > most:
            yield (key,), _("at most {count} letters").format(count=most)
    if config is not None:
        for grouping, members in members_of(config).items():
            if (group := words.get(grouping, "all")) not in ("all", *members):
                yield (grouping,), _no(group, ("all", *members))
    known = indicators_known()
    for key in ("indicator", "base"):
        if key in words and words[key] not in known:
            yield (key,), _no_indicator(words[key])
    year, first = item.get("year"), item.get("cumulate_from")
    yield from _wrong_year("year", year, _LAST_YEAR)
    yield from _wrong_year("cumulate_from", first, year if _is_whole(year) else _LAST_YEAR)
    info, value = known.get(words.get("indicator", "")), item.get("value")
    if info is not None and "unit" in words and _is_number(value):
        years = max(1, year - first + 1) if _is_whole(year) and _is_whole(first) else 1
        yield from _wrong_value(info, words["unit"], value, years, config)


def _wrong_other(target: Target, config: Config | None) -> Iterator[tuple[KeyPath, str]]:
    """Yield what is wrong with the other reading of a target."""
    given = target.otherwise
    if given is None:
        return
    if given.indicator is not None and given.indicator not in indicators_known():
        yield ("otherwise", "indicator"), _no_indicator(given.indicator)
    for key, message in _wrong_year("cumulate_from", given.cumulate_from, target.year):
        yield ("otherwise", *key), message
    if given.value is not None and (info := indicators_known().get(given.indicator or target.indicator or "")):
        first = given.cumulate_from or target.cumulate_from or target.year
        for key, message in _wrong_value(info, target.unit, given.value, max(1, target.year - first + 1), config):
            yield ("otherwise", *key), message


def _no_indicator(name: str) -> str:
    return _("no indicator {name!r}; {hint}").format(name=name, hint=did_you_mean(name, indicators_known()))


def _wrong_year(key: str, year: Any, last: int) -> Iterator[tuple[KeyPath, str]]:
    if _is_whole(year) and not _FIRST_YEAR <= year <= last:
        message = _("given {given}; allowed a year from {low} to {high}")
        yield (key,), message.format(given=year, low=_FIRST_YEAR, high=last)


def _wrong_value(
    info: IndicatorInfo, unit: str, value: float, years: int, config: Config | None
) -> Iterator[tuple[KeyPath, str]]:
    """Refuse a unit that the indicator is not measured in, or else a value that it cannot have."""
    if unit != info.unit and not (is_share(info.unit) and is_share(unit)):
        message = _("given {given}; {indicator} is measured in {allowed}")
        allowed = " / ".join(("%", "share") if is_share(info.unit) else (info.unit,))
        yield ("unit",), message.format(given=unit, indicator=info.name, allowed=allowed)
        return
    low, high = range_of(info, unit, people_of(config))
    if not low <= value <= high * years:
        yield ("value",), refused_value(value, low, high * years, unit)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def people_of(config: Config | None) -> float:
    """Return how many people a world has at month 0; all of Viet Nam where that cannot be told."""
    from labsim.population.reading import read_margins

    if config is None:
        return _PEOPLE_OF_VIET_NAM
    if config.province.kind == "reference":
        return float(config.reference.people)
    try:
        return float(read_margins(config.province).age_sex.sum())
    except LabsimError:
        return _PEOPLE_OF_VIET_NAM  # what is wrong with the margins is told where they are read


def _no(name: str, members: tuple[str, ...]) -> str:
    hint = did_you_mean(name, members)
    options = _("allowed: {options}").format(options=", ".join(members))
    return "; ".join(dict.fromkeys((_("given {given!r}").format(given=name), hint, options)))


def _at(source: Source, path: tuple[str, ...], message: str) -> Problem:
    try:
        place = find_place(source.places, path)
    except KeyError:
        place = Place(source.file, 1, 1)
    return Problem(*place, ".".join(path), message)
