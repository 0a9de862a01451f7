"""Which parameters are uncertain, over which range, and how a number between 0 and 1 becomes a value of each.

A plain number goes over its declared range. An amount by the year keeps its course: where its range begins at zero or
above all years are multiplied by one factor, where amounts may be negative one number is added to all years; factor
and addition reach as far as every year stays within the declared range. Entries of a mix that must add up to one
cannot vary alone and are left out, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labsim.config import Config
from labsim.errors import ConfigError, Problem
from labsim.experiment.designs import Axis
from labsim.experiment.parameters import evidence_in_use
from labsim.experiment.variation import Factor, Varied, can_be_varied, full_path, range_message
from labsim.number_text import settled, typed_number
from labsim.quantity import within
from labsim.text import _

__all__ = ["Choice", "Kind", "Uncertain", "kind_of", "read_choices", "uncertain_parameters"]

Kind = Literal["value", "factor", "addition"]


@dataclass(frozen=True)
class Uncertain:
    """Describe an uncertain parameter: `low` to `high` bound its value, or what its yearly amounts are changed by.

    `kind` is "value" (in the parameter's unit), "factor" or "addition" (on all years of a yearly amount).
    """

    factor: Factor
    kind: Kind
    low: float
    high: float
    source: str

    @property
    def name(self) -> str:
        """Return the path as a user writes it."""
        return self.factor.name

    @property
    def grade(self) -> str:
        """Return the grade of evidence of the present value."""
        return self.factor.grade

    @property
    def unit(self) -> str:
        """Return the unit of `low` and `high`."""
        return _("factor on all years") if self.kind == "factor" else self.factor.unit

    @property
    def present(self) -> float:
        """Return where the parameter stands now: its value, a factor of 1, or an addition of 0."""
        return {"value": self.factor.number, "factor": 1.0, "addition": 0.0}[self.kind]

    def at(self, share: float) -> float:
        """Return the value that lies a share (0 to 1) of the way through the range; whole numbers are rounded."""
        return Axis(self.name, self.low, self.high, whole=self.factor.whole and self.kind == "value").at(share)

    def given(self, value: float, factor: Factor | None = None) -> Any:
        """Return what a configuration takes for a value; `factor` is the parameter as another scenario has it.

        Amounts by the year stop at the ends of the declared range, which another scenario's may reach earlier.
        """
        own = factor or self.factor
        if self.kind == "value":
            return own.set_to(value)
        changed = {
            year: amount * value if self.kind == "factor" else amount + value for year, amount in own.value.items()
        }
        low, high = (math.inf * sign if end is None else end for sign, end in ((-1, own.low), (1, own.high)))
        return {year: min(high, max(low, amount)) for year, amount in changed.items()}


@dataclass(frozen=True)
class Choice:
    """Name what to vary: a parameter by its path, or all below a section; `low` and `high` replace its range."""

    path: str
    low: float | None = None
    high: float | None = None


def kind_of(factor: Factor) -> Kind:
    """Return how a parameter varies: by its value, or an amount by the year by what all years are changed by."""
    if not factor.yearly:
        return "value"
    return "factor" if factor.low is not None and factor.low >= 0 else "addition"


def read_choices(words: Iterable[str]) -> list[Choice]:
    """Read ``path``, ``section`` or ``path=low:high``, several separated by commas. Raises ConfigError."""
    found = []
    for word in (part.strip() for text in words for part in text.split(",")):
        path, is_ranged, bounds = word.partition("=")
        if not path.strip():
            continue
        if not is_ranged:
            found.append(Choice(path.strip()))
            continue
        try:
            low, high = (typed_number(bound) for bound in bounds.split(":"))
        except ValueError:
            low = high = math.nan
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            message = _("given {given!r}; allowed path=low:high, the lower number first")
            raise _refused(path, message.format(given=bounds))
        found.append(Choice(path.strip(), low, high))
    return found


def uncertain_parameters(
    province: str,
    *,
    scenario: str | Sequence[str] = "baseline",
    settings: Mapping[str, Any] | Sequence[str] = (),
    choices: Sequence[Choice] = (),
    grades: Sequence[str] = (),
    with_policies: bool = True,
) -> tuple[Varied, list[Uncertain], dict[str, str]]:
    """Return the configuration to vary, its uncertain parameters sorted by path, and why others are left out.

    `choices` (all in use by default) and `grades` pick among the parameters in use; without `with_policies` what
    policies do is no uncertainty. Raises ConfigError for a name that does not exist, with the nearest, for a range
    outside the declared one, and if nothing is left.
    """
    base = Varied(province, scenario=scenario, settings=settings).base
    ranges = _chosen(base, choices, with_policies)
    varied = Varied(province, scenario=scenario, settings=settings, paths=sorted(ranges))
    declared = {one.path: one for one in evidence_in_use(varied.base)}
    found, left_out = [], {}
    for factor in sorted(varied.factors, key=lambda one: one.path):
        if grades and factor.grade not in grades:
            continue
        owner = declared.get(factor.path) or declared[factor.path.rpartition(".")[0]]
        one = _uncertain(factor, ranges[factor.path], owner.source)
        why = one if isinstance(one, str) else _why_not(varied, one, is_entry=factor.path not in declared)
        if why:
            left_out[factor.name] = why
        elif isinstance(one, Uncertain):
            found.append(one)
    named = {full_path(base, choice.path) for choice in choices}
    problems = [
        Problem(None, None, None, name, why) for name, why in left_out.items() if full_path(base, name) in named
    ]
    if problems:
        raise ConfigError(problems)
    if not found:
        raise _refused("--vary", _("no parameter in use of these names and grades can be varied"))
    return varied, found, left_out


def _chosen(base: Config, choices: Sequence[Choice], with_policies: bool) -> dict[str, Choice]:
    """Return the chosen paths in full, each with the choice that named it."""
    known = [path for path in can_be_varied(base) if with_policies or not path.startswith("policies.")]
    if not choices:
        return {path: Choice(path) for path in known}
    found: dict[str, Choice] = {}
    for choice in choices:
        path = full_path(base, choice.path)
        if not with_policies and path.startswith("policies."):
            raise _refused(
                choice.path, _("what a policy does is decided, not uncertain; vary a parameter of the world")
            )
        below = [one for one in known if one.startswith(f"{path}.")]
        if path in known or not below:
            found[path] = choice
        elif choice.low is not None:
            raise _refused(choice.path, _("a range is for one parameter, and this names {n}").format(n=len(below)))
        else:
            found = {one: Choice(one) for one in below} | found
    return found


def _uncertain(factor: Factor, choice: Choice, source: str) -> Uncertain | str:
    """Return a parameter with its range, or why it has none."""
    if not factor.yearly and not isinstance(factor.value, int | float):
        return _("has no number to vary")
    if factor.yearly and not any((factor.value or {}).values()):
        return _("its amounts are zero")
    low, high = factor.low, factor.high
    kind = kind_of(factor)
    if factor.yearly and low is not None and high is not None:
        amounts = [amount for amount in factor.value.values() if amount or kind == "addition"]
        if kind == "factor":
            low, high = max(low / amount for amount in amounts), min(high / amount for amount in amounts)
        else:
            low, high = low - min(amounts), high - max(amounts)
    if choice.low is not None and choice.high is not None:
        try:
            settled([choice.low, choice.high], factor.unit)
        except ValueError as error:
            raise _refused(factor.name, str(error)) from error
        for bound in (choice.low, choice.high):
            if not within(bound, low, high):
                raise _refused(factor.name, range_message(_bounded(factor, kind, low, high), bound))
        low, high = choice.low, choice.high
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return _("its declared range is open; give one as path=low:high")
    return Uncertain(factor, kind, float(low), float(high), source) if low < high else _("its range is a single number")


def _bounded(factor: Factor, kind: Kind, low: float | None, high: float | None) -> Factor:
    unit = _("factor on all years") if kind == "factor" else factor.unit
    return Factor(**{**vars(factor), "low": low, "high": high, "unit": unit})


def _why_not(varied: Varied, one: Uncertain, *, is_entry: bool) -> str:
    """Return why an entry of a group cannot vary alone: the configuration refuses both or one of its ends."""
    try:
        for value in (one.low, one.high) if is_entry else ():
            varied.at({one.factor.path: one.given(value)})
    except ConfigError as error:
        return error.problems[0].message
    return ""


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])
