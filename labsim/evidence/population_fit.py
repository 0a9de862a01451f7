"""The people of month 0 against every margin they were made from, at one row a person."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from labsim.config import load
from labsim.evidence.check import SIGMAS, Comparison, Line
from labsim.population import populate
from labsim.population.misfit import MarginFit
from labsim.text import mark

__all__ = ["LINES"]

GROUP = "population_fit"
RAKING = 0.002  # to which margins are raked, and whole rows rounded
_ABSOLUTE_MEAN = math.sqrt(2.0 / math.pi)  # of a normal number with variance 1


def fits(province: str, scale: float = 1.0, seed: int = 1) -> list[MarginFit]:
    """Return the fit of a province's starting population to each of its margins."""
    return populate(load(province, settings={"scale": scale}), seed)[1].fits


def mean_tolerance(fit: MarginFit) -> float:
    """Return how far the cells of a margin may lie from it on average, as a share.

    With Poisson counts the mean absolute deviation of n cells is at most sqrt(2 / pi) sqrt(n / total) (Cauchy-Schwarz)
    and has a variance of (1 - 2 / pi) / total at most.
    """
    expected = _ABSOLUTE_MEAN * math.sqrt(fit.cells / fit.expected)
    return RAKING + expected + SIGMAS * math.sqrt((1.0 - 2.0 / math.pi) / fit.expected)


def total_tolerance(fit: MarginFit) -> float:
    """Return how far the sum of a margin may lie from it, in rows: Poisson, and two rows of rounding."""
    return SIGMAS * math.sqrt(fit.expected) + 2.0


def cells(province: str, scale: float = 1.0) -> Iterator[Comparison]:
    """Compare the mean absolute deviation of the cells of each margin with none, in per cent."""
    for fit in fits(province, scale):
        yield Comparison(0.0, 100.0 * fit.mean, 100.0 * mean_tolerance(fit), fit.margin, n=fit.cells)


def totals(province: str, scale: float = 1.0) -> Iterator[Comparison]:
    """Compare the sum of each margin."""
    for fit in fits(province, scale):
        yield Comparison(fit.expected, fit.got, total_tolerance(fit), fit.margin)


_CELLS = {
    "son_la": mark("Son La: cells of a margin, mean deviation"),
    "lao_cai": mark("Lao Cai: cells of a margin, mean deviation"),
    "bac_kan": mark("Bac Kan: cells of a margin, mean deviation"),
}
_TOTALS = {
    "son_la": mark("Son La: sum of a margin"),
    "lao_cai": mark("Lao Cai: sum of a margin"),
    "bac_kan": mark("Bac Kan: sum of a margin"),
}

LINES = (
    *(Line(f"{province}_cells", GROUP, name, "%",
           mark("People at the start are spread over ages, districts, schooling, work and employers as the census and "
                "surveys say, margin by margin. It says nothing about what the margins themselves are worth."),
           mark("what Poisson counts leave on average, four standard errors, and 0.2 % of raking"),
           partial(cells, province))
      for province, name in _CELLS.items()),
    *(Line(f"{province}_totals", GROUP, name, mark("persons"),
           mark("Each margin has as many people (or posts) as it should have in all."),
           mark("four standard deviations of a Poisson count, and two rows"), partial(totals, province))
      for province, name in _TOTALS.items()),
)  # fmt: skip
