"""One line of the scoreboard: what was expected, what came out, how far apart they may lie, and what that means."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from labsim.errors import RunError
from labsim.experiment.executor import stop_requested
from labsim.text import _

__all__ = ["LEVEL", "SIGMAS", "Check", "Comparison", "Line", "closest", "count_of", "heed_stop"]

SIGMAS = 4.0  # a right engine fails one comparison in 16,000; seeds are fixed, so that what passes passes for ever
LEVEL = 6e-5  # two-sided chance beyond four standard deviations
_KEPT = 80  # comparisons that a check keeps one by one

Side = Literal["equal", "at least", "at most"]


@dataclass(frozen=True)
class Comparison:
    """Hold one expected and one obtained value, with the tolerance [same unit] between them; `where` says which it is.

    `side` tells whether the obtained value may lie on one side of the expected one as far as it likes. `n` is the
    number of comparisons of which this is the one closest to failing.
    """

    expected: float
    obtained: float
    tolerance: float
    where: str = ""
    side: Side = "equal"
    n: int = 1

    @property
    def strain(self) -> float:
        """Return the gap in tolerances: 1 is the edge, and below 0 lies what is better than had to be.

        Infinite on the wrong side without tolerance, or where nothing was obtained.
        """
        gap = self.obtained - self.expected
        gap = {"equal": abs(gap), "at most": gap, "at least": -gap}[self.side]
        if gap == 0.0:
            return 0.0
        if not math.isfinite(gap) or not self.tolerance >= 0.0:
            return math.inf
        return gap / self.tolerance if self.tolerance > 0.0 else math.copysign(math.inf, gap)

    @property
    def passed(self) -> bool:
        """Say whether the gap is within the tolerance."""
        return self.strain <= 1.0


@dataclass(frozen=True)
class Check:
    """Hold one line of the scoreboard: the comparison closest to failing, of `n`, all of which pass if `passed`.

    `name`, `unit`, `what_it_means` and `rule` (where the tolerance comes from) are English and known to the catalogue;
    `where` is in the language in use. `error` says why nothing was obtained. `comparisons` holds all if they are
    few.
    """

    id: str
    group: str
    name: str
    unit: str
    expected: float
    obtained: float
    tolerance: float
    side: Side
    passed: bool
    where: str
    n: int
    what_it_means: str
    rule: str
    error: str = ""
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True)
class Line:
    """Declare a line: its words, and the function that makes its comparisons.

    A line that starts processes of its own has `own_processes`: it is not itself run in one of several.
    """

    id: str
    group: str
    name: str
    unit: str
    what_it_means: str
    rule: str
    compare: Callable[[], Iterable[Comparison]]
    own_processes: bool = False

    def check(self) -> Check:
        """Make the comparisons; whatever goes wrong in them fails the line and is told in it."""
        try:
            found = tuple(self.compare())
            if not found:
                return self._check(None, (), _("nothing was compared"))
        except Exception as error:
            return self._check(None, (), f"{type(error).__name__}: {error}")
        return self._check(max(found, key=lambda one: one.strain), found, "")

    def _check(self, worst: Comparison | None, found: tuple[Comparison, ...], error: str) -> Check:
        shown = worst or Comparison(math.nan, math.nan, 0.0)
        return Check(
            id=self.id,
            group=self.group,
            name=self.name,
            unit=self.unit,
            expected=shown.expected,
            obtained=shown.obtained,
            tolerance=shown.tolerance,
            side=shown.side,
            passed=shown.passed,
            where=shown.where,
            n=sum(one.n for one in found),
            what_it_means=self.what_it_means,
            rule=self.rule,
            error=error,
            comparisons=found if len(found) <= _KEPT else (),
        )


def closest(
    expected: ArrayLike, obtained: ArrayLike, tolerance: ArrayLike, where: Callable[..., str] = lambda *_place: ""
) -> Comparison:
    """Return the comparison closest to failing among arrays that broadcast; `where` gets the place of it."""
    e, o, t = np.broadcast_arrays(*(np.asarray(one, dtype=np.float64) for one in (expected, obtained, tolerance)))
    gap = np.abs(o - e)
    with np.errstate(divide="ignore", invalid="ignore"):
        strain = np.where(gap == 0.0, 0.0, np.where(np.isfinite(gap) & (t > 0.0), gap / t, np.inf))
    place = np.unravel_index(int(strain.argmax()), strain.shape)
    words = where(*(int(index) for index in place))
    return Comparison(float(e[place]), float(o[place]), float(t[place]), words, n=int(strain.size))


def count_of(problems: Iterable[str], n: int = 1, where: str = "") -> Comparison:
    """Return the comparison of a number of problems with none at all; the first of them is told."""
    found = list(problems)
    said = ": ".join(part for part in (where, found[0] if found else "") if part)
    return Comparison(0.0, float(len(found)), 0.0, said, n=n)


def heed_stop() -> None:
    """Raise RunError if the scoreboard was interrupted; a line of many runs asks before each."""
    if stop_requested():
        raise RunError(_("interrupted"))
