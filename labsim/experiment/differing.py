"""Say from which month on two configurations differ, and whether that lies within their run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labsim.notes import Note
from labsim.policies import BUILT_IN
from labsim.profile import Period
from labsim.quantity import amount_in

__all__ = ["SAME", "note_on_difference"]

SAME = ("differs_later", "differs_nowhere")  # codes of notes on two scenarios that are the same within the run

_WORDS = ("scenario", "title", "question", "replicates", "changes", "given", "by", "province", "origins")
_WINDOW = ("start", "stop")
_LAST_YEAR = 2100


def note_on_difference(
    base: Mapping[str, Any], other: Mapping[str, Any], *, base_name: str, name: str
) -> Note | None:
    """Return a note where two configurations, as plain values, do not differ within their run; None where they do."""
    if base["period"] != other["period"] or base["province"] != other["province"]:
        return None
    keys = (base.keys() | other.keys()) - {*_WORDS, "policies"}
    pairs = [pair for key in sorted(keys) for pair in _differing(base.get(key), other.get(key))]
    if any(_series(one) is None or _series(two) is None for one, two in pairs):
        return None
    period = Period.model_validate(base["period"])
    since = _first_difference(base, other, [(_series(one), _series(two)) for one, two in pairs], period)
    if since is None:
        return Note("differs_nowhere", name, {"base": base_name})
    if since <= period.until:
        return None
    return Note("differs_later", name, {"base": base_name, "since": since, "until": period.until})


def _differing(one: Any, two: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of values that differ; amounts by the year are one value."""
    if one == two:
        return
    both = isinstance(one, Mapping) and isinstance(two, Mapping)
    if not both or _series(one) is not None or _series(two) is not None:
        yield one, two
        return
    for key in one.keys() | two.keys():
        yield from _differing(one.get(key), two.get(key))


def _series(value: Any) -> dict[int, float] | None:
    """Return amounts by the year, or None for anything else."""
    if not isinstance(value, Mapping) or not value:
        return None
    if not all(len(str(key)) == 4 and str(key).isdecimal() for key in value):
        return None
    return {int(key): float(amount) for key, amount in value.items()}


def _first_difference(
    base: Mapping[str, Any], other: Mapping[str, Any], pairs: list[tuple[Any, Any]], period: Period
) -> str | None:
    """Return the first month from the run's first on in which amounts or policies differ, or None if none does."""
    first_year, first_month = period.year_and_month(1)
    for year in range(first_year, _LAST_YEAR + 1):
        yearly = any(amount_in(one, year) != amount_in(two, year) for one, two in pairs)
        for month in range(first_month if year == first_year else 1, 13):
            text = f"{year:04d}-{month:02d}"
            if yearly or _in_force(base, text) != _in_force(other, text):
                return text
    return None


def _in_force(config: Mapping[str, Any], month: str) -> dict[str, Any]:
    """Return what each policy that acts in a month does in it, by name."""
    found = {}
    for name, values in config["policies"].items():
        if (values["start"] or month) <= month <= (values["stop"] or month):
            acts = _acting(values, config["origins"][name], int(month[:4]))
            if acts is not None:
                found[name] = acts
    return found


def _acting(values: Mapping[str, Any], origin: Mapping[str, Any], year: int) -> dict[str, Any] | None:
    """Return the values of a policy in a year, or None where all of its amounts are 0."""
    kind = BUILT_IN.get(str(origin["use"]))
    doses = kind.doses() if kind is not None else ()
    now: dict[str, Any] = {"use": origin["use"], "code": origin.get("code")}
    for key, value in values.items():
        # what begins later may also count months from there, as a path of demand does
        if key in _WINDOW and doses:
            continue
        series = _series(value)
        if key == "budget":
            now[key] = amount_in(series, year) if series and year >= min(series) else None
        else:
            now[key] = value if series is None else amount_in(series, year)
    return None if doses and not any(now[dose] for dose in doses) else now
