"""Vary parameters and yearly amounts of a configuration: find them by path, know their ranges, set them quickly.

A path is what `--set` takes: ``matching.selectivity``, ``vocational_training.seats_per_year``, or one entry of a group
of numbers such as ``vocational_training.level_mix.elementary``. A number given to a yearly amount holds from a year on;
what the scenario has before that year stays.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydantic

from labsim.config import Config, load
from labsim.errors import ConfigError, Problem
from labsim.experiment.parameters import evidence_in_use
from labsim.overlay import is_series
from labsim.quantity import Yearly, allowed_range, amount_in, describe, within
from labsim.text import _, did_you_mean, nearest
from labsim.validation import as_given, problems_of

__all__ = ["Factor", "Varied", "can_be_varied", "full_path", "put", "range_message", "unknown_parameter"]


@dataclass(frozen=True)
class Factor:
    """Describe something that a study varies: `path` in full, its present value, and what is declared about it.

    `low` and `high` [in `unit`; None where open] are the declared range; `whole` says that only whole numbers count;
    `yearly` that it is an amount by the year, and `since` from which year on a number given to it holds.
    """

    path: str
    value: Any
    unit: str
    low: float | None
    high: float | None
    grade: str
    help: str
    whole: bool
    yearly: bool
    since: int | None = None

    @property
    def name(self) -> str:
        """Return the path as a user writes it, without ``policies.``."""
        return self.path.removeprefix("policies.")

    @property
    def number(self) -> float:
        """Return the present value as one number: a yearly amount by what holds in its last year."""
        return float(self.value[max(self.value)]) if self.yearly and self.value else float(self.value or 0.0)

    def set_to(self, given: Any) -> Any:
        """Return the value to put into a configuration for a number, or for a whole group of numbers as it stands."""
        if isinstance(given, dict | list | tuple | str | bool) or given is None:
            return given
        number = round(float(given)) if self.whole else float(given)
        if not self.yearly:
            return number
        before = {year: amount for year, amount in (self.value or {}).items() if year < (self.since or 0)}
        return before | {self.since: number}

    def times(self, factor: float) -> Any:
        """Return the present value times a factor; a yearly amount year by year, from `since` on."""
        if not self.yearly:
            return self.set_to(float(self.value) * factor)
        given, first = dict(self.value or {}), self.since or 0
        if given and first > min(given):
            given[first] = amount_in(given, first)
        return {year: given[year] * factor if year >= first else given[year] for year in sorted(given)}


class Varied:
    """A province and scenario of which some parameters can be set again and again.

    Policies that are named in a path and not part of the scenario are switched on. `settings` hold throughout; `since`
    is the first year in which a number given to a yearly amount holds (default: the first year of the amount).
    Raises ConfigError for a name that does not exist, with the nearest.
    """

    def __init__(
        self,
        province: str,
        *,
        scenario: str | Sequence[str] = "baseline",
        paths: Sequence[str] = (),
        settings: Mapping[str, Any] | Sequence[str] = (),
        since: int | Mapping[str, int] | None = None,
        allow_code: bool = True,
    ) -> None:
        base = load(province, scenario=scenario, settings=settings, allow_code=allow_code)
        in_full = [full_path(base, path) for path in paths]
        off = sorted({path.split(".")[1] for path in in_full if path.startswith("policies.")} - set(base.policies))
        if off:
            on: dict[str, Any] = {f"policies.{name}": {} for name in off if name in type(base).built_in_policies}
            given = dict(settings) if isinstance(settings, Mapping) else list(settings)
            both = given | on if isinstance(given, dict) else [*given, *(f"{path}={{}}" for path in on)]
            base = load(province, scenario=scenario, settings=both, allow_code=allow_code)
        self.base: Config = base
        years = {full_path(base, path): year for path, year in since.items()} if isinstance(since, Mapping) else {}
        default = since if isinstance(since, int) else None
        known = can_be_varied(base) if in_full else {}
        self.factors = [_factor(base, known, path, years.get(path, default)) for path in in_full]
        self._by_name = {name: factor for factor in self.factors for name in (factor.path, factor.name)}
        self._data = base.to_dict()

    def factor(self, path: str) -> Factor:
        """Return one of the factors by its path, in full or as a user writes it."""
        return self._by_name[path]

    def at(self, values: Mapping[str, Any]) -> Config:
        """Return the configuration with some factors set; raises ConfigError for values out of range."""
        data = copy.deepcopy(self._data)
        words = []
        for path, given in values.items():
            factor = self.factor(path)
            new = factor.set_to(given)
            put(data, factor.path.split("."), new)
            words.append(f"{factor.path}: {as_given(factor.value)} -> {as_given(new)} [{factor.unit}]")
        data["changes"] = [*data["changes"], *words]
        try:
            return type(self.base).from_dict(data)
        except pydantic.ValidationError as error:
            raise ConfigError(self._problems(error, values)) from error

    def _problems(self, error: pydantic.ValidationError, values: Mapping[str, Any]) -> list[Problem]:
        """Say what is wrong with values in the words of the parameter's declaration."""
        found = []
        for path, given in values.items():
            factor = self.factor(path)
            amounts = given.values() if isinstance(given, dict) else [given]
            for amount in amounts:
                if isinstance(amount, int | float) and not within(amount, factor.low, factor.high):
                    found.append(Problem(None, None, None, factor.name, range_message(factor, amount)))
        return found or problems_of(error, type(self.base), self._data, {})


def range_message(factor: Factor, given: float) -> str:
    """Say that a number lies outside the declared range of a factor."""
    message = _("given {given}; allowed {allowed}")
    return message.format(given=f"{given:g}", allowed=allowed_range(factor.low, factor.high, factor.unit))


def full_path(config: Config, path: str) -> str:
    """Return a path with ``policies.`` in front where it names a parameter of a policy."""
    first = path.partition(".")[0]
    named = first in config.policies or first in type(config).built_in_policies
    return f"policies.{path}" if named and first not in type(config).sections() else path


def can_be_varied(config: Config) -> dict[str, Factor]:
    """Return every number in use that can be varied, by its path, single entries of groups included."""
    found: dict[str, Factor] = {}
    for one in evidence_in_use(config):
        yearly = _is_yearly(config, one.path)
        for suffix, value in [("", one.value)] if yearly else _parts(one.value):
            path = f"{one.path}{suffix}"
            found[path] = Factor(
                path, value, one.unit, one.low, one.high, one.grade, one.help,
                whole=_is_whole(config, one.path), yearly=yearly,
            )  # fmt: skip
    return found


def _factor(config: Config, known: Mapping[str, Factor], path: str, since: int | None) -> Factor:
    if path not in known:
        raise ConfigError(
            [Problem(None, None, None, path.removeprefix("policies."), unknown_parameter(config, path, known))]
        )
    factor = known[path]
    if not factor.yearly:
        return factor
    first = min(factor.value) if factor.value else config.period.year_and_month(1)[0]
    return Factor(**{**vars(factor), "since": first if since is None else since})


def unknown_parameter(config: Config, path: str, known: Mapping[str, Factor]) -> str:
    """Say that no parameter has a name, with the nearest of those that may be varied."""
    names = [one.removeprefix("policies.") for one in known]
    for name, policy in type(config).built_in_policies.items():
        names += [f"{name}.{info.path}" for info in describe(policy)]
    word = path.removeprefix("policies.")
    hint = did_you_mean(word, sorted(set(names))) if nearest(word, names) else _("`labsim params` lists them")
    return _("no parameter of this name that is in use; {hint}").format(hint=hint)


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Return a number, or the numbers of a group, with what stands behind the path; nothing for all else."""
    inside = [(f".{key}", one) for key, one in value.items()] if isinstance(value, dict) else [("", value)]
    return [(suffix, one) for suffix, one in inside if isinstance(one, int | float) and not isinstance(one, bool)]


def _field(config: Config, path: str) -> Any:
    owner: Any = config
    parts = path.split(".")
    for part in parts[:-1]:
        owner = owner[part] if isinstance(owner, Mapping) else getattr(owner, part)
    return type(owner).model_fields[parts[-1]]


def _is_whole(config: Config, path: str) -> bool:
    return bool(_field(config, path).annotation is int)


def _is_yearly(config: Config, path: str) -> bool:
    return bool(_field(config, path).annotation in (Yearly, Yearly | None))


def put(data: Any, parts: Sequence[str], value: Any) -> None:
    """Set one key of a configuration's plain values, in place."""
    for part in parts[:-1]:
        data = data[part]
    data[parts[-1]] = {str(year): amount for year, amount in value.items()} if is_series(value) else value
