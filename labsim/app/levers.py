"""The levers of a scenario's policies: what people may move, with its unit, range, present value and source.

They are read off the declarations, so a policy of a user's own shows up like any other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from babel.numbers import format_decimal

from labsim.app.names import parameter_label, policy_label, unit_label
from labsim.config import Config
from labsim.policies import BUILT_IN
from labsim.policies.base import Policy
from labsim.quantity import Yearly, allowed_range, amount_in, describe
from labsim.report.numbers import number
from labsim.text import _, current_language

__all__ = ["Lever", "PolicyLevers", "levers_of", "shown_unit", "slider_top"]

Kind = Literal["yearly", "number"]
_TIMES = 3.0  # a slider reaches so many times what is there; the field beside it takes the whole declared range
_PART = 0.05  # of the declared range, where nothing is there yet


@dataclass(frozen=True)
class Lever:
    """One number of a policy that can be moved.

    `path` is where a scenario file holds it; `now` is what the base has (of a yearly amount: in the year asked for);
    `low` and `high` are the declared range in `unit`, None where open; `top` is where a slider ends. `is_dose` says
    that it is how much of the policy there is; `is_money` that it is a price or an amount paid.
    """

    path: str
    policy: str
    label: str
    help: str
    unit: str
    shown_unit: str
    low: float | None
    high: float | None
    now: float | None
    top: float
    kind: Kind
    whole: bool
    grade: str
    source: str

    @property
    def is_dose(self) -> bool:
        """Say whether the lever is how much of the policy there is."""
        return self.kind == "yearly" and not self.path.endswith(".budget")

    @property
    def is_money(self) -> bool:
        """Say whether the lever is an amount of money."""
        return self.unit.startswith("VND")

    @property
    def is_share(self) -> bool:
        """Say whether the lever is a share, shown in per cent."""
        return self.unit.startswith("share")

    @property
    def factor(self) -> float:
        """Return by what a value is multiplied to be shown: shares in per cent, money in millions of VND."""
        return 100.0 if self.is_share else 1e-6 if self.is_money else 1.0

    def words(self, value: float) -> str:
        """Write a value as it is shown, small numbers with three digits that count."""
        shown = value * self.factor
        if shown != 0 and abs(shown) < 1:
            return format_decimal(float(f"{shown:.3g}"), "0.######", locale=current_language())
        return number(shown, "")

    def range_words(self) -> str:
        """Write the range as it is shown, with numbers as the language in use writes them."""
        if self.low is None or self.high is None:
            low, high = (None if end is None else end * self.factor for end in (self.low, self.high))
            return allowed_range(low, high, "").removesuffix(" []")
        return _("{low} to {high}").format(low=self.words(self.low), high=self.words(self.high))

    def given(self, value: float, since: int) -> Any:
        """Return what a scenario file holds for a value; a yearly amount holds from the year `since` on."""
        number: float | int = round(value) if self.whole or (value == round(value) and abs(value) >= 1) else value
        return {since: number} if self.kind == "yearly" else number


@dataclass(frozen=True)
class PolicyLevers:
    """A policy with its levers; `is_on` says whether the configuration has it."""

    name: str
    label: str
    what: str
    is_on: bool
    levers: tuple[Lever, ...]

    @property
    def doses(self) -> tuple[Lever, ...]:
        """Return how much of the policy there is."""
        return tuple(one for one in self.levers if one.is_dose)

    @property
    def details(self) -> tuple[Lever, ...]:
        """Return prices, amounts paid and other settings."""
        return tuple(one for one in self.levers if not one.is_dose)


def levers_of(config: Config, year: int) -> list[PolicyLevers]:
    """Return the levers of every policy of a configuration, then those of built-in policies that it does not have."""
    found = [_of(name, type(policy), policy, year) for name, policy in config.policies.items()]
    missing = sorted(
        (name for name in BUILT_IN if name not in config.policies), key=lambda one: not BUILT_IN[one].pays()
    )
    return found + [_of(name, BUILT_IN[name], None, year) for name in missing]


def slider_top(now: float | None, low: float | None, high: float | None) -> float:
    """Return where a slider ends: a round number some way above what is there, within the declared range."""
    if high is not None and high <= 1.0:
        return high
    reach = _TIMES * now if now else _PART * high if high is not None else 10.0
    top = _rounded_up(max(reach, (low or 0.0) + 1e-9))
    return min(top, high) if high is not None else top


def _of(name: str, kind: type[Policy], policy: Policy | None, year: int) -> PolicyLevers:
    levers = []
    for info in describe(kind):
        field = kind.model_fields.get(info.path)
        if field is None or (info.path == "budget" and not kind.pays()):
            continue
        value = getattr(policy, info.path) if policy is not None else info.default
        is_yearly = field.annotation in (Yearly, Yearly | None)
        if not is_yearly and field.annotation not in (int, float):
            continue  # mixes and weights are written in files
        now = (amount_in(value, year) if value else None) if is_yearly else float(value)
        if is_yearly and now is None and info.path != "budget":
            now = 0.0
        levers.append(Lever(
            path=f"policies.{name}.{info.path}", policy=name, label=parameter_label(kind, info.path), help=info.help,
            unit=info.unit, shown_unit=shown_unit(info.unit), low=info.low, high=info.high, now=now,
            top=slider_top(now, info.low, info.high), kind="yearly" if is_yearly else "number",
            whole=field.annotation is int, grade=info.grade, source=info.source,
        ))  # fmt: skip
    what = (kind.__doc__ or "").strip().splitlines()[0] if kind.__doc__ else ""
    return PolicyLevers(name, policy_label(name, kind), what, policy is not None, tuple(levers))


def shown_unit(unit: str) -> str:
    """Return the unit in which a value is shown: per cent for a share, millions for money."""
    words = unit_label(unit)
    if unit.startswith("share"):
        return f"% {words}".removesuffix(" share") if unit != "share" else "%"
    return words.replace("VND", _("million VND"), 1) if unit.startswith("VND") else words


def _rounded_up(value: float) -> float:
    """Return the next number whose first digit is 1, 2 or 5 and whose others are zero."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * (1 - 1e-12))
