"""What every policy is: declared amounts with dates, a budget, a rule that writes levers, and what it pays.

A policy writes levers and nothing else. In a file of their own a researcher writes a class like `VocationalTraining`
and names it in a scenario as `my_policies.py:MyPolicy`; start, stop, budget and payment are inherited.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import field_validator, model_validator

from labsim.errors import PolicyError
from labsim.ledger import POLICY_BANK, STATE_BUDGET, TRAINEES, Payment
from labsim.levers import LEVERS, LeversOfPolicy, lever_named
from labsim.payments import checked_persons, checked_rows_paid, checked_sum, require_words
from labsim.quantity import Parameters, Yearly, amount_in, quantity
from labsim.text import _
from labsim.world import World

__all__ = ["POLICY_BANK", "STATE_BUDGET", "TRAINEES", "Account", "Outcome", "Policy", "require_whole"]

_INHERITED = ("in_window", "ceiling", "within_budget", "money_left", "outcomes", "pays", "levers_named", "doses")
_DATE = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class Outcome:
    """What a policy is there for, so that its cost can be told for one unit of it.

    `counts` names what happened in the month: an event, shape `(n,)` over what `lever` ranges over (or the rows of
    people, for a lever over workers), of which the policy has its share of the lever; or, without a lever, a flow of
    the whole province, such as `jobs_created`. Of several levers, an event has a row for each. What ends later than it
    begins is an event by how many months ago it began, and counted by the shares that held then; so is "completed".
    `unit` says what one is: "person sent abroad". `purposes` are how the purposes begin for which the ledger
    paid towards it; none stands for all that the policy spent. With `counts` empty the outcome is the persons for whom
    the ledger paid for these purposes.
    """

    counts: str
    unit: str
    lever: str | tuple[str, ...] | None = None
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """The purse of one policy in the ledger; `_enter` is given where the world is only to be read."""

    world: World
    policy: str
    _enter: Callable[[Payment, int], None] | None = field(default=None, repr=False)

    def pay(self, purpose: str, recipient: str, persons: float, each: float, payer: str = STATE_BUDGET) -> None:
        """Pay an amount in VND for each of a number of real persons; raises PolicyError as `pay_sum` does."""
        persons, each = checked_persons(purpose, persons), checked_sum(purpose, "each", each)
        self.pay_sum(purpose, recipient, persons, persons * each, payer)

    def pay_sum(self, purpose: str, recipient: str, persons: float, total: float, payer: str = STATE_BUDGET) -> None:
        """Pay a sum in VND for a number of real persons.

        Raises PolicyError for persons or money that are negative, not finite or no number, and for words that are no
        text.
        """
        require_words(purpose, recipient, payer)
        persons, total = checked_persons(purpose, persons), checked_sum(purpose, "total", total)
        world = self.world
        payment = Payment(world.month, self.policy, purpose, payer, recipient, persons, round(total))
        enter = world.ledger.pay if self._enter is None else self._enter
        enter(payment, world.calendar[0])

    def pay_share(self, lever: str, rows: np.ndarray, purpose: str, recipient: str, payer: str = STATE_BUDGET) -> None:
        """Pay this policy's share of an amount in VND per person that stands on a lever and was handed out.

        `rows` are the people who got it, counted by row of what the lever ranges over, shape `(n,)`.
        """
        lever_named(lever)
        rows = checked_rows_paid(purpose, rows, self.world.levers.size(lever))
        mine = rows * self.share(lever) / self.world.scale
        self.pay_sum(purpose, recipient, float(mine.sum()), float((mine * self.world.levers[lever]).sum()), payer)

    def share(self, lever: str) -> np.ndarray:
        """Return this policy's share of a lever, shape `(n,)`; raises PolicyError for a lever that does not exist."""
        lever_named(lever)
        shares = self.world.levers.shares(lever)
        mine = shares.get(self.policy)
        return mine if mine is not None else np.zeros(self.world.levers.size(lever))


def require_whole(shares: Mapping[str, float]) -> Mapping[str, float]:
    """Return shares that sum to 1; raises ValueError if they do not."""
    total = sum(shares.values())
    if shares and abs(total - 1.0) > 0.005:
        given = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        message = _("given shares that sum to {total:.3g} ({given}); allowed 1")
        raise ValueError(message.format(total=total, given=given))
    return shares


class Policy(Parameters):
    """A policy with a window of time and a yearly budget; it writes levers in `adjust` and pays in `settle`."""

    start: str | None = None
    stop: str | None = None
    budget: Yearly | None = quantity(
        None,
        unit="VND per year",
        low=0,
        high=1e14,
        grade="D",
        year=2021,
        source="the scenario's author; none = no ceiling, nor before the first year given",
        help="public money for a year, no more is offered than is left; once spent, the policy pauses until January",
    )

    outcome: ClassVar[Outcome | tuple[Outcome, ...]] = ()
    # the amounts through which a parameter acts, so that it has no effect without them; who is not named: all of them
    acts_through: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    # what an amount does nothing without: of several groups of parameters, one whole group that is not neutral
    needs: ClassVar[Mapping[str, tuple[tuple[str, ...], ...]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        for name in _INHERITED:
            if name in vars(cls):
                message = _("{policy}.{name}: is inherited, not written anew; a policy writes adjust and settle")
                raise TypeError(message.format(policy=cls.__name__, name=name))
        for one in cls.outcomes():
            if not isinstance(one, Outcome):
                message = _("{name}.outcome: given {given!r}; allowed an Outcome, or a tuple of them")
                raise PolicyError(message.format(name=cls.__name__, given=one))
            for lever in (one.lever,) if isinstance(one.lever, str) else one.lever or ():
                lever_named(lever)

    @field_validator("start", "stop")
    @classmethod
    def _is_month(cls, value: str | None) -> str | None:
        if value is not None and not _DATE.match(value):
            raise ValueError(_('given {value!r}; allowed a month such as "2026-01"').format(value=value))
        return value

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.start is not None and self.stop is not None and self.stop < self.start:
            message = _("given start {start} and stop {stop}; allowed a stop not before the start")
            raise ValueError(message.format(start=self.start, stop=self.stop))
        return self

    def in_window(self, year: int, month: int) -> bool:
        """Say whether the policy runs in a calendar month: from `start` to `stop`, both included."""
        now = f"{year:04d}-{month:02d}"
        return (self.start is None or self.start <= now) and (self.stop is None or now <= self.stop)

    def ceiling(self, year: int) -> float:
        """Return the public money there is in a year, in VND; infinite without a budget, and before its first year."""
        return math.inf if not self.budget or year < min(self.budget) else amount_in(self.budget, year)

    def within_budget(self, spent: int, year: int) -> bool:
        """Say whether money is left this year, given what was spent in it, in VND."""
        return spent < self.ceiling(year)

    def money_left(self, world: World, name: str) -> float:
        """Return what is left this year of the budget of this policy, named `name`, in VND; see `ceiling`."""
        year = world.calendar[0]
        spent = world.ledger.spent.get((name, year), 0)
        return self.ceiling(year) - spent

    @classmethod
    def outcomes(cls) -> tuple[Outcome, ...]:
        """Return what this kind of policy is there for; most have one outcome."""
        return cls.outcome if isinstance(cls.outcome, tuple) else (cls.outcome,)

    @classmethod
    def pays(cls) -> bool:
        """Say whether this kind of policy spends money of its own, so that a budget means something."""
        return cls.settle is not Policy.settle

    @classmethod
    def levers_named(cls) -> tuple[str, ...]:
        """Return the levers that the description of this policy says it writes, in the order of `LEVERS`."""
        words = set(re.findall(r"\w+", cls.__doc__ or ""))
        return tuple(name for name in LEVERS if name in words)

    @classmethod
    def doses(cls) -> tuple[str, ...]:
        """Return the parameters that are given year by year, the budget aside: how much of the policy there is."""
        fields = cls.model_fields.items()
        return tuple(name for name, field in fields if field.annotation == Yearly and name != "budget")

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Write this month's amounts on the levers, no more than `money_left` pays for."""

    def settle(self, world: World, account: Account) -> None:
        """Pay for what happened this month."""
