"""Targets and their verdicts in words: what is wanted, what was found, what is missing, and how the wording is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from labsim.experiment.opened import targets_of
from labsim.report.chances import TONES, missing_of, otherwise_met, verdict_of, why_none
from labsim.report.numbers import number, percent_range, with_unit
from labsim.results import Results
from labsim.targets import BEYOND, SCORED, Target, said, why_absent
from labsim.text import _, current_language
from labsim.verdicts import ABSENT, Verdict

__all__ = ["Scored", "label_of", "scored_of", "short_words"]

Row = Mapping[Any, Any]


class Scored:
    """One row of a scorecard with its words in the language in use.

    Words of the province's own file are taken where it still states the same target, since a result folder keeps those
    of the language in which it was run.
    """

    def __init__(self, row: Row, stated: Target | None) -> None:
        self.row = row
        self._stated = stated

    @property
    def is_scored(self) -> bool:
        """Say whether the run has a value for the target."""
        return bool(self.row["status"] == SCORED)

    @property
    def label(self) -> str:
        """Return the target's name with its year."""
        return label_of(self.row)

    @property
    def wanted(self) -> str:
        """Return the value wanted, with its direction and unit."""
        return _wanted(self.row["direction"], self.row["target"], self.row["unit"])

    @property
    def found(self) -> str:
        """Return the mean over replicates with its unit."""
        return with_unit(self.row["value"], self.row["unit"])

    @property
    def band(self) -> str:
        """Return the 90 % band over replicates, "" for a single one."""
        low, high = (number(self.row[end], self.row["unit"]) for end in ("low", "high"))
        return "" if "-" in (low, high) else _("{low} to {high}").format(low=low, high=high)

    @property
    def met_in(self) -> str:
        """Return how many replicates meet the target."""
        if not self.has_chance:
            return "-"
        return _("{met} of {n}").format(met=int(self.row["n_met"]), n=int(self.row["n_replicates"]))

    @property
    def chance_interval(self) -> str:
        """Return the 95 % interval of the chance."""
        if not self.has_chance:
            return ""
        return percent_range(self.row["chance_low"], self.row["chance_high"])

    @property
    def has_chance(self) -> bool:
        """Say whether there is a verdict at all."""
        return bool(self.row["chance"] == self.row["chance"])

    @property
    def missing(self) -> float:
        """Return the persons missing, mean over the replicates that miss the target; not a number if not known."""
        return missing_of(self.row)

    @property
    def verdict(self) -> Verdict:
        """Return what is concluded."""
        return verdict_of(self.row)

    @property
    def tone(self) -> str:
        """Return how the verdict is coloured."""
        return TONES[self.verdict]

    @property
    def why_none(self) -> str:
        """Say why nothing is concluded from this run; "" where something is, or the wording is unclear."""
        return why_none(self.verdict, float(self.row.get("telling_scale", math.nan)))

    @property
    def is_missed(self) -> bool:
        """Say whether the mean over replicates lies on the wrong side of the target."""
        value, wanted = self.row["value"], self.row["target"]
        return bool(value < wanted if self.row["direction"] == "at_least" else value > wanted)

    @property
    def short(self) -> str:
        """Say how many persons are missing, and in which replicates; "" where none is."""
        return short_words(self.missing, int(self.row["n_met"]), int(self.row["n_replicates"]))

    @property
    def detail(self) -> str:
        """Say in one line what is wanted, what was found, and how many persons are missing."""
        if self.verdict == ABSENT:  # what was found is nothing that the scenario aimed at
            return _("wanted {wanted}; {why}").format(wanted=self.wanted, why=self.why_none)
        words = _("wanted {wanted}; simulated {found}").format(wanted=self.wanted, found=self.found)
        return "; ".join(part for part in (words, self.why_none or self.short) if part)

    @property
    def note(self) -> str:
        """Return what is to be known of the target, or why it is not scored."""
        if self.row["status"] == BEYOND:
            return _("the run does not cover the years of the target")
        if self._stated is None:
            return str(self.row["note"])
        own = said(self._stated.note)
        if self.verdict == ABSENT:
            return "; ".join(part for part in (own, why_absent(self._stated.indicator or "")) if part)
        return own or ("" if self.is_scored else said(self._stated.reading)) or str(self.row["note"])

    @property
    def readings(self) -> str:
        """Return both readings of an unclear wording; "" for a clear one."""
        if not self.row["otherwise"]:
            return ""
        first, other = str(self.row["reading"]), str(self.row["otherwise"])
        if self._stated is not None and not isinstance(self._stated.ambiguous, bool):
            first, other = said(self._stated.reading), said(self._stated.ambiguous)
        words = _("The wording is unclear. Read as: {reading}. Or else: {other}.")
        return words.format(reading=first.rstrip("."), other=other.rstrip("."))

    @property
    def otherwise(self) -> tuple[str, str, str] | None:
        """Return what the other reading wants, what was found and in how many replicates it is met, where measured."""
        row = self.row
        if row["otherwise_value"] != row["otherwise_value"]:
            return None
        met = otherwise_met(row)
        wanted = _wanted(row["direction"], row["otherwise_target"], row["unit"])
        return wanted, with_unit(row["otherwise_value"], row["unit"]), met


def scored_of(results: Results) -> list[Scored]:
    """Return the rows of a scorecard in its order, with their words."""
    stated = {(one.id, one.year): one for one in targets_of(str(results.manifest.get("province", "")))}
    found = []
    for row in results.scorecard.to_dict("records"):
        target = stated.get((row["id"], int(row["year"])))
        same = target is not None and (target.value, target.unit) == (row["target"], row["unit"])
        found.append(Scored(row, target if same else None))
    return found


def short_words(missing: float, n_met: int, n: int) -> str:
    """Say how many persons are missing on average, and in which replicates; "" where none is, or nobody knows."""
    if not math.isfinite(missing) or missing < 0.5 or n_met >= n:
        return ""
    persons = number(missing, "persons")
    if n_met == 0:
        return _("{persons} persons short").format(persons=persons)
    words = _("in the {missed} of {n} replicates that miss it, {persons} persons short on average")
    return words.format(missed=n - n_met, n=n, persons=persons)


def label_of(row: Row) -> str:
    """Name a target in the language in use, with its year."""
    label = str(row["label_vi"] if current_language() == "vi" and row["label_vi"] else row["label"])
    return label if str(row["year"]) in label else f"{label}, {row['year']}"


def _wanted(direction: str, value: float, unit: str) -> str:
    words = _("at least {value}") if direction == "at_least" else _("at most {value}")
    return words.format(value=with_unit(value, unit))
