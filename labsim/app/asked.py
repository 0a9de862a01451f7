"""What a workshop may ask about: doses of policies and uncertain assumptions, each with its range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from labsim.app.drafts import Bases
from labsim.app.levers import Lever, levers_of, shown_unit
from labsim.config import Config
from labsim.errors import LabsimError
from labsim.evidence.possible import possible_range
from labsim.evidence.shares_file import kept_worth
from labsim.quantity import within
from labsim.report.assumption_words import assumption_label
from labsim.text import _

__all__ = ["asked_of", "doses_of", "finite", "number_for", "present_of", "views_of"]


def doses_of(config: Config, since: int) -> dict[str, Lever]:
    """Return every lever that says how much of a policy there is, by path; policies in force first."""
    return {lever.path: lever for policy in levers_of(config, since) for lever in policy.doses}


def views_of(config: Config) -> dict[str, Lever]:
    """Return the assumptions that the province's answers rest on most, as levers; {} where nobody has worked them out.

    Ranges are those that evidence leaves, as `labsim evidence` keeps them, as far as people would call them possible.
    """
    try:
        table = kept_worth(config.province.id)
    except LabsimError:
        return {}
    found = {}
    for row in table.to_dict("records"):
        path = str(row["parameter"])
        now = present_of(config, path)
        if now is None:
            continue
        unit = str(row["unit"])
        low, high = possible_range(path, unit, float(row["low"]), float(row["high"]))
        found[path] = Lever(
            path, "", assumption_label(path), str(row["source"]), unit, shown_unit(unit), min(low, now), max(high, now),
            now, max(high, now), "number", False, str(row["grade"]), str(row["source"]),
        )  # fmt: skip
    return found


def present_of(config: Config, path: str) -> float | None:
    """Return the number that a configuration has at a path, or None where it is no plain number."""
    value: object = config
    for part in path.split("."):
        value = getattr(value, part, None)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def asked_of(bases: Bases, base: str, since: int, paths: Sequence[str]) -> dict[str, Lever]:
    """Return the levers and assumptions that some paths name, by path; {} where the base is not on offer."""
    if base not in bases:
        return {}
    config = bases[base].config
    every: Mapping[str, Lever] = doses_of(config, since) | views_of(config)
    return {path: every[path] for path in paths if path in every}


def number_for(lever: Lever, given: Any) -> float:
    """Return a value that a browser or a file gives a lever. Raises ValueError for what is no number of its range."""
    value = finite(given)
    if value is None or not within(value, lever.low, lever.high):
        is_short = value is not None and abs(value * lever.factor) < _PRINTED
        shown = _("no number") if value is None else lever.words(value) if is_short else f"{value * lever.factor:g}"
        message = _("{lever}: given {given}; allowed {range} {unit}")
        raise ValueError(
            message.format(lever=lever.label, given=shown, range=lever.range_words(), unit=lever.shown_unit)
        )
    return value


_PRINTED = 1e12  # beyond it a number is written with its power of ten


def finite(given: Any) -> float | None:
    """Return a number as it is, or None for whatever is no finite number."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        value = float(given)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
