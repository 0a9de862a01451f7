"""Find what a configuration says that has no effect in its run, or cannot be together: before anything is simulated.

Only what is certain is noted. What a policy's amounts need to do anything is declared beside them, in its class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from labsim.config_base import ConfigBase, defaults_of
from labsim.notes import STOPS, Note
from labsim.policies.base import Policy
from labsim.policies.climate_retraining import ClimateRetraining
from labsim.policies.vocational_training import VocationalTraining
from labsim.profile import Period
from labsim.quantity import Yearly, amount_in, names_in, quantity_facts
from labsim.row_notes import notes_on_rows
from labsim.schedule import MONTH, of_month
from labsim.yaml_source import parse_value

__all__ = ["months_of", "notes_of", "spans_above_zero", "whole_run"]

Month = tuple[int, int]
_CHANGE = re.compile(r"^(?P<path>[^:]+): (?P<old>.*?) -> (?P<new>.*?)(?: \[[^\]]*\])?$", re.DOTALL)
_WEIGHTS = ("weight", "switch")
_NEXT_TO_NOTHING = 100_000.0  # VND: a budget meant in millions or billions
_PEOPLE = ("persons per year", "cooperatives per year")  # of which one is one simulated unit at scale


@dataclass(frozen=True)
class _Named:
    """A policy under its name, with the months of the run in which it is in force."""

    name: str
    policy: Policy
    months: tuple[Month, ...]
    period: Period

    def at(self, key: str = "") -> str:
        return f"policies.{self.name}.{key}" if key else f"policies.{self.name}"

    @property
    def in_force(self) -> list[list[str]]:
        return [[_text(self.months[0]), _text(self.months[-1])]]


def notes_of(config: ConfigBase) -> list[Note]:
    """Return what a configuration says without effect in its run; an empty list where everything acts."""
    found: list[Note] = []
    if config.period.n_months == 0:
        return [Note("no_month", "period.until", {"until": config.period.until})]
    found += _notes_of_policies(config)
    found += notes_on_rows(config, {name: months_of(config, policy) for name, policy in config.policies.items()})
    told = {note.where for note in found}
    found += [note for note in _notes_of_changes(config) if not told & set(_above(note.where))]
    return list({(note.code, note.where): note for note in found}.values())


def stops_of(config: ConfigBase) -> list[Note]:
    """Return what is known to stop the run of a configuration in one of its months."""
    return [note for note in _notes_of_policies(config) if note.code in STOPS]


def _notes_of_policies(config: ConfigBase) -> Iterator[Note]:
    for name, policy in sorted(config.policies.items()):
        if isinstance(policy, Policy):
            yield from _notes_of_policy(config, _Named(name, policy, months_of(config, policy), config.period))


def months_of(config: ConfigBase, policy: Any) -> tuple[Month, ...]:
    """Return the calendar months of the run in which a policy is in force, its budget aside."""
    period = config.period
    run = (period.year_and_month(month) for month in range(1, period.n_months + 1))
    return tuple((year, month) for year, month in run if policy.in_window(year, month))


def whole_run(period: Period) -> list[list[str]]:
    """Return the span of months that a run simulates."""
    return [[_text(period.year_and_month(1)), period.until]]


def spans_above_zero(yearly: Mapping[int, float]) -> list[list[str | None]]:
    """Return the spans of years in which an amount is above zero; the last may be open."""
    spans: list[list[str | None]] = []
    years = sorted(yearly)
    for year, following in zip(years, [*years[1:], None], strict=True):
        if yearly[year] <= 0.0:
            continue
        last = None if following is None else str(following - 1)
        if spans and spans[-1][1] == str(year - 1):
            spans[-1][1] = last
        else:
            spans.append([str(year), last])
    return spans


def _text(month: Month) -> str:
    return f"{month[0]:04d}-{month[1]:02d}"


def _above(path: str) -> Iterator[str]:
    """Yield a path and those above it."""
    parts = path.split(".")
    yield from (".".join(parts[:length]) for length in range(len(parts), 0, -1))


def _notes_of_policy(config: ConfigBase, one: _Named) -> Iterator[Note]:
    policy, period = one.policy, one.period
    if not one.months:
        if policy.start is not None and policy.start > period.until:
            yield Note("starts_later", one.at(), {"start": policy.start, "until": period.until})
        else:
            first = _text(period.year_and_month(1))
            yield Note("stopped_before", one.at(), {"stop": policy.stop or "", "first": first})
        return
    stopping = list(_notes_on_budget(one))
    yield from stopping
    if any(note.code == "no_money" for note in stopping):
        return
    if _waits_for_nothing(config, policy):
        yield Note("no_hazard", one.at())
        return
    yield from _notes_on_processes(config, one)
    dead = {dose for dose in _doses(policy) if _is_nil(config, one, dose)}
    yield from _notes_on_amounts(config, one, dead)
    yield from _notes_on_shares(config, one, dead)
    if "seats_per_year" in policy.doses() and "seats_per_year" not in dead:
        yield from _notes_on_teaching(config, one)
    yield from _notes_on_scale(config, one)


def _notes_on_budget(one: _Named) -> Iterator[Note]:
    budget = one.policy.budget
    if budget is None:
        return
    most = max(one.policy.ceiling(year) for year, _month in one.months)
    if most == 0.0:
        yield Note("no_money", one.at("budget"))
    elif most < _NEXT_TO_NOTHING:
        yield Note("tiny_budget", one.at("budget"), {"budget": most})
    elif budget and one.months[-1][0] < min(budget):
        yield Note("budget_outside", one.at("budget"), {"years": [[str(min(budget)), None]], "in_force": one.in_force})


def _waits_for_nothing(config: ConfigBase, policy: Policy) -> bool:
    """Say whether a policy is for districts that a hazard hit, in a run in which none strikes."""
    if not isinstance(policy, ClimateRetraining) or policy.at_risk > 0.0:
        return False
    climate = getattr(config, "climate", None)
    is_off = all(process.section != "climate" for process in of_month(config.switched_off))
    return is_off or (climate is not None and climate.frequency == 0.0)


def _notes_on_processes(config: ConfigBase, one: _Named) -> Iterator[Note]:
    """Tell of levers that no process reads any more, where some process did before one was switched off."""
    mine = set(type(one.policy).levers_named())
    running = {process.name for process in of_month(config.switched_off)}
    readers = {lever: {p.name for p in MONTH if f"levers.{lever}" in p.reads} for lever in mine}
    unread = sorted(lever for lever, names in readers.items() if names and not names & running)
    if not unread:
        return
    off = ", ".join(sorted({name for lever in unread for name in readers[lever]}))
    if all(lever in unread or not names for lever, names in readers.items()):
        yield Note("process_off", one.at(), {"processes": off})
    else:
        yield Note("process_off_in_part", one.at(), {"levers": ", ".join(unread), "processes": off})


def _doses(policy: Policy) -> tuple[str, ...]:
    """Return the amounts of a policy: those by the year, and others through which a parameter is said to act."""
    others = [dose for doses in policy.acts_through.values() for dose in doses]
    return tuple(dict.fromkeys([*policy.doses(), *others]))


def _is_nil(config: ConfigBase, one: _Named, dose: str) -> bool:
    """Say whether an amount does nothing while the policy is in force: it is nothing, or what it needs is."""
    value = getattr(one.policy, dose)
    if _is_yearly(one.policy, dose):
        nothing = not any(amount_in(value, year) > 0.0 for year, _month in one.months)
    else:
        nothing = not _is_there(config, one.policy, dose)
    return nothing or not _has_means(config, one.policy, dose)


def _has_means(config: ConfigBase, policy: Policy, dose: str) -> bool:
    groups = policy.needs.get(dose, ())
    return not groups or any(all(_is_there(config, policy, name) for name in group) for group in groups)


def _is_there(config: ConfigBase, policy: Policy, name: str) -> bool:
    """Say whether a parameter has anything but its neutral value: 0, or 1 of a factor."""
    if "." in name:  # of a process
        section, _dot, key = name.partition(".")
        return bool(getattr(getattr(config, section, None), key, 1.0) != 0.0)
    value, neutral = getattr(policy, name), _neutral(policy, name)
    if isinstance(value, Mapping):
        return any(number != neutral for number in value.values())
    return bool(value != neutral)


def _neutral(policy: Policy, name: str) -> float:
    return 1.0 if _unit(policy, name) == "factor" else 0.0


def _unit(policy: Policy, name: str) -> str:
    return str((quantity_facts(type(policy).model_fields[name]) or {}).get("unit", ""))


def _is_yearly(policy: Policy, name: str) -> bool:
    return bool(type(policy).model_fields[name].annotation == Yearly)


def _notes_on_amounts(config: ConfigBase, one: _Named, dead: set[str]) -> Iterator[Note]:
    """Tell of amounts that do nothing, and of what was given beside them."""
    policy = one.policy
    defaults = defaults_of(type(policy))
    given = {name for name in type(policy).model_fields if _plain(getattr(policy, name)) != defaults.get(name)}
    outside = []
    for dose in policy.doses():
        spans = spans_above_zero(getattr(policy, dose))
        if not any(amount_in(getattr(policy, dose), year) > 0.0 for year, _month in one.months) and spans:
            outside.append(dose)
            yield Note("amount_outside", one.at(dose), {"years": spans, "in_force": one.in_force})
        elif dose in dead & given and not _has_means(config, policy, dose):
            needs = " / ".join(" + ".join(group) for group in policy.needs[dose])
            yield Note("no_means", one.at(dose), {"needs": needs})
            outside.append(dose)
    doses = _doses(policy)
    own_file = config.origins[one.name].file is not None if one.name in config.origins else False
    if not doses or own_file:
        return
    if dead == set(doses):
        if not outside:
            code = "no_amount" if policy.doses() else "same_demand"
            yield Note(code, one.at(), {"amounts": ", ".join(doses)} if policy.doses() else {})
        return
    for name, through in policy.acts_through.items():
        if name in given and set(through) <= dead:
            yield Note("without_amount", one.at(name), {"amounts": ", ".join(through)})


def _notes_on_shares(config: ConfigBase, one: _Named, dead: set[str]) -> Iterator[Note]:
    """Tell of weights and shares of which none is above zero, while there is something to hand out."""
    policy = one.policy
    for name, field in type(policy).model_fields.items():
        value, unit = getattr(policy, name), _unit(policy, name)
        through = policy.acts_through.get(name, policy.doses())
        alive = [dose for dose in through if dose not in dead]
        if not isinstance(value, Mapping | tuple) or not alive or _is_yearly(policy, name):
            continue
        is_nothing = not any(number > 0.0 for number in _counting(config, field, value))
        defaults = defaults_of(type(policy))[name]
        if not is_nothing or (not value and not defaults):
            continue
        if unit in _WEIGHTS:
            if value or name not in ("fields", "districts", "cooperative_fields"):  # none of these means all
                yield Note("zero_weights", one.at(name), {"amounts": ", ".join(alive)})
        elif unit.startswith("share of "):
            code = "zero_shares" if defaults else "nothing_kept"
            yield Note(code, one.at(name), {"amounts": ", ".join(alive)} if defaults else {})


def _notes_on_teaching(config: ConfigBase, one: _Named) -> Iterator[Note]:
    """Tell of seats at levels that nobody teaches in the fields and districts named; see `seats_by_programme`."""
    policy, schools = one.policy, config.province.institutions
    if not isinstance(policy, VocationalTraining | ClimateRetraining) or not schools:
        return
    districts = getattr(policy, "districts", {})
    taught = [(of.level, of.field, school.district) for school in schools for of in school.programmes]
    fields = policy.fields
    in_fields = [row for row in taught if not fields or fields.get(row[1], 0.0) > 0.0]
    here = {row[0] for row in in_fields if not districts or districts.get(str(row[2]), 0.0) > 0.0}
    anywhere = {row[0] for row in in_fields}
    wanted = [level for level, share in policy.level_mix.items() if share > 0.0]
    untaught = [level for level in wanted if level not in anywhere]
    if isinstance(policy, ClimateRetraining):
        if wanted and len(untaught) == len(wanted):
            yield Note("not_taught_skipped", one.at("level_mix"))
    elif wanted and (untaught or not here & set(wanted)):
        yield Note("not_taught", one.at("level_mix"), {"level": (untaught or wanted)[0]})


def _counting(config: ConfigBase, field: Any, value: Mapping[str, float] | tuple[float, ...]) -> Iterable[float]:
    """Return the weights that count: of fields and districts, those that this world has."""
    if not isinstance(value, Mapping):
        return value
    what = names_in(field)
    known = config.names_of(what) if isinstance(what, str) and what else tuple(value)
    return [number for name, number in value.items() if name in known] if known else value.values()


def _notes_on_scale(config: ConfigBase, one: _Named) -> Iterator[Note]:
    """Tell of amounts that are less than one simulated unit in the whole run."""
    for dose in one.policy.doses():
        if _unit(one.policy, dose) not in _PEOPLE:
            continue
        yearly = getattr(one.policy, dose)
        agents = config.scale * sum(amount_in(yearly, year) for year, _month in one.months) / 12.0
        if 0.0 < agents < 1.0:
            values = {"one_in": round(1.0 / config.scale), "agents": round(agents, 2)}
            yield Note("below_one", one.at(dose), values)


def _notes_of_changes(config: ConfigBase) -> Iterator[Note]:
    """Tell of changes that a scenario or setting made outside the run, or to a process that is switched off."""
    period = config.period
    years = range(period.year_and_month(1)[0], period.year_and_month(period.n_months)[0] + 1)
    running = {process.section for process in of_month(config.switched_off)}
    sections = {process.section for process in MONTH} - running
    for line in config.changes:
        found = _CHANGE.match(line)
        if found is None:
            continue
        path = found["path"]
        if path.split(".")[0] in sections:
            yield Note("section_off", path, {"section": path.split(".")[0]})
            continue
        old, new = _series(found["old"]), _series(found["new"])
        if old is None or new is None or any(amount_in(old, y) != amount_in(new, y) for y in years):
            continue
        spans = _spans_of_difference(old, new)
        if spans:
            yield Note("changed_outside", path, {"years": spans, "run": whole_run(period)})


def _spans_of_difference(old: Mapping[int, float], new: Mapping[int, float]) -> list[list[str | None]]:
    years = sorted(old.keys() | new.keys())
    return spans_above_zero({year: float(amount_in(old, year) != amount_in(new, year)) for year in years})


@lru_cache(maxsize=4096)  # the points of a study repeat most of their changes
def _series(text: str) -> dict[int, float] | None:
    """Read yearly amounts as the log of changes writes them, or None for anything else."""
    if not text.startswith("{"):
        return None
    try:
        found = parse_value(text)
        return {int(year): float(amount) for year, amount in found.items()} if isinstance(found, dict) else None
    except (ValueError, TypeError):
        return None


def _plain(value: Any) -> Any:
    """Return a value as the defaults of its class are kept."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
