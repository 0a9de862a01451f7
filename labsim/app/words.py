"""Values, goals, chances and changes in words, as pages and minutes write them."""

from __future__ import annotations

import math

from labsim.app.answers import Score, Verdict
from labsim.experiment.paired import Difference
from labsim.report.chances import why_none
from labsim.report.numbers import number, percent_range, unit_name, with_unit
from labsim.report.target_words import short_words
from labsim.targets import Target
from labsim.text import _

__all__ = [
    "chance_with_interval", "chance_words", "change_words", "goal_words", "missing_words", "money_words", "signed",
    "value_words",
]  # fmt: skip


def value_words(value: float, unit: str) -> str:
    """Write a value with its unit."""
    if unit.startswith("VND") and abs(value) >= 1e5:
        return f"{number(value / 1e6, 'million')} {unit_name(unit).replace('VND', _('million VND'), 1)}"
    if unit in ("%", "share"):
        return with_unit(value, unit)
    return f"{number(value, unit)} {unit_name(unit)}"


def goal_words(target: Target) -> str:
    """Write what a target asks for and when."""
    value = value_words(target.value, target.unit)
    words = _("at least {value}") if target.direction == "at_least" else _("at most {value}")
    when = str(target.year) if target.cumulate_from is None else f"{target.cumulate_from}-{target.year}"
    return f"{words.format(value=value)}, {when}"


def chance_words(score: Score) -> str:
    """Write in how many replicates a target was met, or why that tells nothing."""
    if score.nothing:
        return why_none(score.nothing, score.telling_scale)
    return _("met in {n} of {total} replicates").format(n=score.n_met, total=score.values.size)


def chance_with_interval(score: Score) -> str:
    """Write in how many replicates a target was met with the interval of the chance, or why that tells nothing."""
    if score.nothing:
        return why_none(score.nothing, score.telling_scale)
    return _("{n} of {total} replicates (chance {interval})").format(
        n=score.n_met, total=score.values.size, interval=percent_range(score.chance_low, score.chance_high)
    )


def missing_words(score: Score) -> str:
    """Write how many persons are missing, and in which replicates; "-" where none is, or nobody knows."""
    return short_words(score.persons, score.n_met, score.values.size) or "-"


def change_words(verdict: Verdict) -> str:
    """Write how much a target moves against the baseline, with its interval."""
    unit = verdict.target.unit
    factor, name = (1e-6, _("million VND")) if unit.startswith("VND") else (1.0, _("points") if unit == "%" else "")
    gap, kind = verdict.gap, "" if unit == "persons" else unit
    if gap.n > 1 and gap.mean == 0 and gap.low == 0 == gap.high:
        return _("unchanged")
    middle = f"{signed(gap.mean * factor, kind or 'persons')} {name}".strip()
    if not math.isfinite(gap.low):
        return _("{change} in the first replicate").format(change=middle) if gap.n == 1 else middle
    interval = _("95 %: {low} to {high}").format(
        low=signed(gap.low * factor, kind or "persons"), high=signed(gap.high * factor, kind or "persons")
    )
    return f"{middle} ({interval})"


def money_words(gap: Difference) -> str:
    """Write extra public money in billions of VND with its interval."""
    middle = f"{signed(gap.mean / 1e9, '')} {_('billion VND')}"
    if not math.isfinite(gap.low) or gap.low == gap.high:
        return middle
    low, high = signed(gap.low / 1e9, ""), signed(gap.high / 1e9, "")
    interval = _("95 %: {low} to {high}").format(low=low, high=high)
    return f"{middle} ({interval})"


def signed(value: float, unit: str) -> str:
    """Write a number with its sign; zero has none."""
    unit = "" if unit.startswith("VND") else unit
    text = number(value, unit)
    return f"+{text}" if (value > 0 and not text.startswith(("0", "-"))) or (value > 0 and value >= 0.005) else text
