"""Verdicts in words: what each is called, and what it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from labsim.report.numbers import percent, scale_name
from labsim.targets import wilson
from labsim.text import _
from labsim.verdicts import (
    ABSENT,
    LIKELY,
    NONE,
    OPEN,
    ORDER,
    TOO_FEW,
    UNLIKELY,
    UNSAID,
    Verdict,
    verdict,
    verdict_rules,
)

__all__ = [
    "SIGNS", "TONES", "meaning_of", "missing_of", "otherwise_met", "verdict_of", "why_none", "word_of", "words_of",
]  # fmt: skip

SIGNS: dict[Verdict, str] = {
    LIKELY: "\N{CHECK MARK}", OPEN: "?", UNLIKELY: "\N{MULTIPLICATION SIGN}", UNSAID: "~", TOO_FEW: "\N{MIDDLE DOT}",
    ABSENT: "\N{EN DASH}",
}  # fmt: skip
# How a verdict is coloured.
TONES: dict[Verdict, str] = {
    LIKELY: "likely", OPEN: "open", UNLIKELY: "unlikely", UNSAID: "unsaid", TOO_FEW: "few", ABSENT: "absent",
}  # fmt: skip


def verdict_of(row: Mapping[Any, Any]) -> Verdict:
    """Return the verdict of a row of a scorecard; folders of earlier versions keep the chance alone."""
    said = row.get("verdict", NONE)
    if said in ORDER:
        return next(one for one in ORDER if one == said)
    first = verdict(row["chance"], row["chance_low"], row["chance_high"])
    if row["otherwise_chance"] != row["otherwise_chance"]:
        return first
    n = int(row["n_replicates"])
    second = verdict(row["otherwise_chance"], *wilson(int(row["otherwise_n_met"]), n))
    return first if first == second else UNSAID


def word_of(said: Verdict) -> str:
    """Return a verdict in the language in use."""
    return words_of().get(said, "")


def words_of() -> dict[Verdict, str]:
    """Return every verdict in the language in use, in their order."""
    return {
        LIKELY: _("likely met"), OPEN: _("still open"), UNLIKELY: _("unlikely to be met"),
        UNSAID: _("depends on the reading"), TOO_FEW: _("too few to tell at this scale"),
        ABSENT: _("not in this scenario"),
    }  # fmt: skip


def why_none(said: Verdict, telling_scale: float) -> str:
    """Say why there is no verdict and what would give one; "" for all others."""
    if said == ABSENT:
        return _("not in this scenario")
    if said != TOO_FEW:
        return ""
    if not math.isfinite(telling_scale):
        return _("too few to tell at this scale")
    return _("too few to tell at this scale; {scale} would tell").format(scale=scale_name(telling_scale))


def missing_of(row: Mapping[Any, Any]) -> float:
    """Return the persons missing for a target, mean over the replicates that miss it; not a number if not known."""
    if "shortfall_where_missed" in row:
        return float(row["shortfall_where_missed"])
    missed = int(row["n_replicates"]) - int(row["n_met"])  # folders of earlier versions
    return float(row["shortfall_persons"]) * int(row["n_replicates"]) / max(1, missed)


def otherwise_met(row: Mapping[Any, Any]) -> str:
    """Return in how many replicates the other reading of a target is met, "-" where nothing is concluded."""
    if row["otherwise_chance"] != row["otherwise_chance"]:
        return "-"
    return _("{met} of {n}").format(met=int(row["otherwise_n_met"]), n=int(row["n_replicates"]))


def meaning_of(said: Verdict) -> str:
    """Say what a verdict stands for."""
    rules = verdict_rules()
    likely, unlikely, even = (percent(one) for one in (rules.likely, rules.unlikely, rules.even))
    return {
        LIKELY: _("at least {likely} of the replicates meet it, and the interval of the chance lies above {even}"),
        OPEN: _("between the two, or too few replicates to tell"),
        UNLIKELY: _("at most {unlikely} of the replicates meet it, and the interval of the chance lies below {even}"),
        UNSAID: _("the wording is unclear, and its readings lead to different answers or are not both known"),
        TOO_FEW: _("it speaks of fewer than {agents} simulated people at this scale, so that luck alone may decide"),
        ABSENT: _("only a policy can bring it about, and no such policy is in force in these years"),
    }[said].format(likely=likely, unlikely=unlikely, even=even, agents=int(rules.fewest_agents))  # fmt: skip
