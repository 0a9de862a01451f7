"""Differences between scenarios in words: numbers, intervals, chances, costs, and what they hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel.numbers import format_decimal

from labsim.experiment.differing import SAME
from labsim.notes import notes_in
from labsim.report.chances import why_none
from labsim.report.console import bands_hold
from labsim.report.numbers import number, percent, percent_range
from labsim.text import _, current_language, mark

if TYPE_CHECKING:
    from labsim.experiment.compare import Comparison

__all__ = [
    "BILLION",
    "MILLION",
    "better_in",
    "cost_of_one",
    "factor_of",
    "interval",
    "measure_name",
    "met_in",
    "moment_name",
    "no_verdict",
    "notes_of",
    "nothing_differs",
    "order_of",
    "same_everywhere",
    "short_by",
    "significant",
    "small",
    "value_of",
    "with_moment",
]

Row = Mapping[Any, Any]
BILLION, MILLION = 1e9, 1e6
_MOST_FACTOR = 10_000.0  # of pairing: more replicates than anybody runs
_MOST_PAIRS = 4  # named one by one; of more, their number is told
_NO_COST = {"no cost": mark("costs\nnothing"), "costs less": mark("costs\nless"), "worse": mark("worse")}


def measure_name(row: Row) -> str:
    """Name a target or indicator in the language in use."""
    if row["measure"] == "indicator":
        return _(str(row["label"]))
    return str(row["label_vi"] if current_language() == "vi" and row["label_vi"] else row["label"])


def moment_name(row: Row) -> str:
    """Say to which year, years or month a number refers, or nothing where the name says it."""
    when = str(row["when"])
    if when in measure_name(row):
        return ""
    first, slash, last = when.partition("/")
    return _("{low} to {high}").format(low=first, high=last) if slash else when


def same_everywhere(frame: pd.DataFrame) -> set[tuple[str, str]]:
    """Return id and moment of what no scenario changes in any replicate."""
    groups: Any = frame.groupby(["id", "when"], sort=False)
    return {(str(key[0]), str(key[1])) for key, rows in groups if (rows["n_equal"] == rows["n"]).all()}


def better_in(row: Row) -> str:
    """Write in how many replicates a scenario does better."""
    if not math.isfinite(row["n_better"]):
        return "-"
    return str(int(row["n_better"]))


def nothing_differs(found: Comparison, scenario: str, province: str) -> str:
    """Say that nothing differs between a scenario and its base, and why where that is known."""
    told = [one for one in found.notes_on(scenario, province) if one["code"] in SAME]
    why = [note.message for note in notes_in(told)]
    return _("Nothing differs: {why}.").format(why=why[0]) if why else _("Nothing differs in any replicate.")


def factor_of(row: Row) -> str:
    """Write the factor of pairing over its interval; of what is above `_MOST_FACTOR` only that it is above."""
    factor, low, high = (row[f"pairing_factor{end}"] for end in ("", "_low", "_high"))
    if not math.isfinite(factor):
        return "-"
    said = significant(factor) if factor <= _MOST_FACTOR else f">{significant(_MOST_FACTOR)}"
    if not math.isfinite(low) or low > _MOST_FACTOR:
        return said
    ends = f"{significant(low, 2)}-{significant(high, 2)}" if high <= _MOST_FACTOR else f">{significant(low, 2)}"
    return f"{said}\n({ends})"


def met_in(row: Row, prefix: str) -> str:
    """Write the chance of a target over its interval; "-" where nothing is concluded."""
    if not math.isfinite(row[f"{prefix}chance"]):
        return "-"
    chance, low, high = (row[f"{prefix}{key}"] for key in ("chance", "chance_low", "chance_high"))
    return f"{percent(chance)} ({percent_range(low, high)})"


def no_verdict(row: Row) -> str:
    """Say why nothing is concluded of a target in the base, here, or both; "" where something is."""
    base, here = (why_none(row[f"{at}verdict"], row[f"{at}telling_scale"]) for at in ("base_", ""))
    if base == here:
        return here
    parts = [_("base: {why}").format(why=base)] if base else []
    return "; ".join([*parts, *([_("here: {why}").format(why=here)] if here else [])])


def short_by(row: Row) -> str:
    """Write the persons missing in the base over those missing here."""
    base, here = row["base_shortfall_persons"], row["shortfall_persons"]
    if not math.isfinite(base) and not math.isfinite(here):
        return "-"
    return f"{number(base, 'persons')}\n{number(here, 'persons')}"


def cost_of_one(row: Row) -> str:
    """Write what a unit gained cost over its interval, or why that is not told."""
    if not math.isfinite(row["cost_per_unit"]):
        why = _NO_COST.get(row["cost_note"])
        return "-" if why is None else _(why)
    value, low, high = (row[key] for key in ("cost_per_unit", "cost_per_unit_low", "cost_per_unit_high"))
    divisor, said = (BILLION, _("{number} bn")) if abs(value) >= BILLION else (MILLION, _("{number} m"))
    amount, least, most = (significant(one / divisor) for one in (value, low, high))
    return f"{said.format(number=amount)}\n({least}-{most})"


def order_of(pairs: tuple[tuple[str, str, str], ...]) -> tuple[str, str]:
    """Write who is clearly better than whom, and the pairs that are not ranked, a line each."""
    below: dict[str, list[str]] = {}
    for one, other, leader in pairs:
        if leader:
            below.setdefault(leader, []).append(other if leader == one else one)
    order = sorted(below, key=lambda name: -len(below[name]))
    ranked = "\n".join(f"{name} > {', '.join(below[name])}" for name in order)
    unclear = [f"{one} / {other}" for one, other, leader in pairs if not leader]
    if len(unclear) > _MOST_PAIRS:
        return ranked, _("{n} other pairs").format(n=len(unclear))
    return ranked, "\n".join(unclear) or "-"


def notes_of(found: Comparison) -> Iterator[str]:
    """Yield what is to be known of every number of a comparison."""
    n = int(found.differences["main"].sum())
    yield _(
        "Same people, same luck: a difference is taken within each replicate; its 95 % interval (Student, over"
        " replicates) is that of the mean over replicates."
    )
    posteriors = found.about["posteriors"]
    for province, posterior in posteriors.items():
        yield from (f"{province}: {line}" if len(posteriors) > 1 else line for line in bands_hold(posterior))
    yield _(
        "*: the interval excludes zero. Each interval stands by itself: of {n} differences of nothing, about {by_luck}"
        " would have a star by luck."
    ).format(n=n, by_luck=max(1, round(0.05 * n)))
    yield _(
        "Better: replicates in which the scenario does better. Factor of pairing: the sum of both variances over that"
        " of the difference (95 % interval: Pitman and Morgan); - where the difference does not vary. Met in: share of"
        " replicates (95 % interval: Wilson)."
    )
    yield _(
        "Ranked: all pairs of a target together at 5 % (Holm); whoever is not ranked may still differ. Short: persons"
        " missing for the target, mean over all replicates, those that meet it among them."
    )
    yield _(
        "VND for one: public money spent more than in the base up to that year, for a person or a percentage point"
        " (or another unit) gained, where the gain is clear (95 % interval: Fieller)."
    )


def interval(low: str, high: str) -> str:
    """Write an interval of differences, whose ends may have a sign."""
    said = _("{low} to {high}").format(low=low, high=high)
    return f"({said})"


def with_moment(row: Row) -> str:
    """Name a target or indicator with the time it refers to."""
    moment = moment_name(row)
    return f"{measure_name(row)} ({moment})" if moment else measure_name(row)


def value_of(value: float, unit: str) -> str:
    """Write a value, large amounts of money in millions."""
    if unit.startswith("VND") and abs(value) >= MILLION and math.isfinite(value):
        return _("{number} m").format(number=significant(value / MILLION))
    return number(value, unit)


def small(value: float, unit: str) -> str:
    """Write a difference: whole persons, other units with three digits that count."""
    return number(value, unit) if unit == "persons" else significant(value)


def significant(value: float, digits: int = 3) -> str:
    """Write a number with some digits that count, whole numbers in full and at most four digits after the point."""
    if not math.isfinite(value):
        return "-"
    decimals = 0 if value == 0 else min(4, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    said = str(format_decimal(value, pattern, locale=current_language()))
    return said if any(digit in said for digit in "123456789") else said.removeprefix("-")
