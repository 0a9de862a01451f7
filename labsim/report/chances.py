"""Words for chances, declared once: which targets are called likely met, open or unlikely."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from labsim.quantity import Parameters, quantity
from labsim.targets import wilson
from labsim.text import _

__all__ = [
    "LIKELY", "OPEN", "ORDER", "UNLIKELY", "UNSAID", "ChanceWords", "Verdict", "chance_words", "meaning_of", "verdict",
    "verdict_of", "word_of",
]  # fmt: skip

Verdict = Literal["likely", "open", "unlikely", "unsaid"]
LIKELY: Verdict = "likely"
OPEN: Verdict = "open"
UNLIKELY: Verdict = "unlikely"
UNSAID: Verdict = "unsaid"
ORDER: tuple[Verdict, ...] = (LIKELY, OPEN, UNLIKELY, UNSAID)
_SOURCE = "Mastrandrea et al. 2010, guidance note of the IPCC on uncertainties: likely 66-100 %, unlikely 0-33 %"


class ChanceWords(Parameters):
    """Hold from which chance on a target is called likely or unlikely, and how sure of the chance that takes."""

    likely: float = quantity(
        0.66, unit="chance", low=0.5, high=1, grade="C", year=2010, source=_SOURCE,
        help="a target that at least so many of the replicates meet is called likely met",
    )  # fmt: skip
    unlikely: float = quantity(
        0.33, unit="chance", low=0, high=0.5, grade="C", year=2010, source=_SOURCE,
        help="a target that at most so many of the replicates meet is called unlikely to be met",
    )  # fmt: skip
    even: float = quantity(
        0.5, unit="chance", low=0, high=1, grade="D",
        source="assumed: few replicates may say nothing, so the whole 95 % interval lies on one side of an even chance",
        help="the interval of the chance must lie above it for likely and below it for unlikely",
    )  # fmt: skip


@cache
def chance_words() -> ChanceWords:
    """Return the thresholds in use."""
    return ChanceWords()


def verdict(chance: float, low: float, high: float) -> Verdict:
    """Return the word for a chance with its 95 % interval; nothing is said where it is not known."""
    words = chance_words()
    if chance != chance:
        return UNSAID
    if chance >= words.likely and low > words.even:
        return LIKELY
    if chance <= words.unlikely and high < words.even:
        return UNLIKELY
    return OPEN


def verdict_of(row: Mapping[Any, Any]) -> Verdict:
    """Return the verdict of a row of a scorecard; readings of an unclear wording that disagree leave it unsaid."""
    first = verdict(row["chance"], row["chance_low"], row["chance_high"])
    if row["otherwise_chance"] != row["otherwise_chance"]:
        return first
    n = int(row["n_replicates"])
    second = verdict(row["otherwise_chance"], *wilson(int(row["otherwise_n_met"]), n))
    return first if first == second else UNSAID


def word_of(said: Verdict) -> str:
    """Return a verdict in the language in use."""
    return {
        LIKELY: _("likely met"), OPEN: _("still open"), UNLIKELY: _("unlikely to be met"),
        UNSAID: _("depends on the reading"),
    }[said]  # fmt: skip


def meaning_of(said: Verdict) -> str:
    """Say what a verdict stands for."""
    words = chance_words()
    likely, unlikely, even = (f"{100 * one:.0f}%" for one in (words.likely, words.unlikely, words.even))
    return {
        LIKELY: _("at least {likely} of the replicates meet it, and the interval of the chance lies above {even}"),
        OPEN: _("between the two, or too few replicates to tell"),
        UNLIKELY: _("at most {unlikely} of the replicates meet it, and the interval of the chance lies below {even}"),
        UNSAID: _("the wording is unclear, and its readings lead to different answers or are not both known"),
    }[said].format(likely=likely, unlikely=unlikely, even=even)  # fmt: skip
