"""Which numbers a study is asked about: targets of a province by their id, or any indicator in a year."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from labsim.config import Config
from labsim.errors import ConfigError, Problem
from labsim.experiment.opened import OpenedStudy, targets_of
from labsim.experiment.run import indicators_known
from labsim.number_text import read_number
from labsim.target_file import people_of, range_of, refused_value
from labsim.targets import Label, Target
from labsim.text import _, did_you_mean

__all__ = ["answers_of", "targets_asked"]

_ASKED = re.compile(
    r"(?P<name>[^@<>=\s]+)\s*(@\s*(?P<year>[0-9]{4}))?\s*((?P<sign>>=|<=)\s*(?P<value>[-+.,0-9eE_]+\s*%?))?"
)

_BETWEEN = re.compile(r",(?![0-9])")  # a comma before a digit is a decimal comma, as in certified_share@2030>=28,5


def targets_asked(config: Config, words: Iterable[str], *, with_limit: bool = False) -> list[Target]:
    """Return the targets that a user names, or all of the province that can be scored within the period.

    A word is the id of a target (``certified_2030``), or an indicator in a year (``unemployed@2025``), in the unit of
    the indicator: in December for a stock, over the year for a flow. `with_limit` asks for a limit too
    (``unemployed@2025<=9000``). Raises ConfigError for a name that does not exist, with the nearest, and for a year
    that the run does not cover.
    """
    known = {target.id: target for target in targets_of(config.province.id) if target.indicator in indicators_known()}
    given = [part.strip() for word in words for part in _BETWEEN.split(word) if part.strip()]
    if not given:
        found = [target for target in known.values() if _covered(config, target)]
        if not found:
            raise _refused("--target", _("no target can be scored within the period; name one as indicator@year"))
        return found
    return list({target.id: target for target in (_asked(config, word, known, with_limit) for word in given)}.values())


def answers_of(study: OpenedStudy, targets: Sequence[Target], column: str = "value") -> dict[str, np.ndarray]:
    """Return what each target came to, shape `(n_points, n_replicates)` by its id; NaN where a run is missing.

    `column` is that of `OpenedStudy.target_values`: "value", or "persons" for those in the base of a share.
    """
    values = study.target_values(targets)
    shape = (len(study.points), int(study.runs["replicate"].max()))
    found = {}
    for target in targets:
        here = values[(values["id"] == target.id) & (values["year"] == target.year)]
        table = np.full(shape, np.nan)
        table[here["point"].to_numpy(int), here["replicate"].to_numpy(int) - 1] = here[column].to_numpy(float)
        found[target.id] = table
    return found


def _asked(config: Config, word: str, known: dict[str, Target], with_limit: bool) -> Target:
    parts = _ASKED.fullmatch(word)
    if parts is None:
        message = _("given {given!r}; allowed the id of a target, or indicator@year")
        raise _refused("--target", message.format(given=word))
    name, year, sign = parts["name"], parts["year"], parts["sign"]
    target = known.get(name) if year is None and sign is None else _indicator(config, word, parts)
    if target is None:
        raise _refused("--target", _("no target {name!r}; {hint}").format(name=name, hint=_hint(name, known)))
    if with_limit and year is not None and sign is None:
        message = _("{word}: says no limit to meet; add >= or <= and a number")
        raise _refused("--target", message.format(word=word))
    if not _covered(config, target):
        message = _("{word}: the run covers {start} to {until}").format(
            word=word, start=config.period.start, until=config.period.until
        )
        raise _refused("--target", message)
    return target


def _indicator(config: Config, word: str, parts: re.Match[str]) -> Target:
    """Return what an indicator in a year is, as a target; without a limit it can be read and not be met."""
    indicators = indicators_known()
    name, year, sign, limit = parts["name"], parts["year"], parts["sign"], parts["value"]
    if name not in indicators:
        hint = did_you_mean(name, indicators)
        raise _refused("--target", _("no indicator {name!r}; {hint}").format(name=name, hint=hint))
    if year is None:
        raise _refused("--target", _("{word}: says no year; allowed indicator@year").format(word=word))
    info = indicators[name]
    try:
        value = read_number(limit, info.unit) if limit is not None else 0.0
    except ValueError as error:
        raise _refused("--target", f"{word}: {error}") from error
    low, high = range_of(info, info.unit, people_of(config))
    if limit is not None and not low <= value <= high:
        raise _refused("--target", f"{word}: {refused_value(value, low, high, info.unit)}")
    up = sign == ">=" if sign else info.better != "down"
    label = Label(en=info.label, vi=info.label)
    return Target(
        id=f"{name}@{year}" if sign is None else f"{name}@{year}{sign}{value:g}", label=label, indicator=name,
        direction="at_least" if up else "at_most", value=value, year=int(year), unit=info.unit, source=word,
    )  # fmt: skip


def _hint(name: str, known: dict[str, Target]) -> str:
    if not known:
        return _("this world has none: name an indicator in a year, as unemployed@2025")
    return did_you_mean(name, known)


def _covered(config: Config, target: Target) -> bool:
    first = target.cumulate_from or target.year
    kind = indicators_known()[target.indicator or ""].kind
    months = [f"{target.year}-12"]
    if kind == "flow" or target.cumulate_from is not None:
        months.append(f"{first}-01")
    return all(0 <= config.period.month_index(month) <= config.period.n_months for month in months)


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])
