"""Follow one person through a run, alone or under two policies side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labsim.config import Config
from labsim.errors import RunError
from labsim.levers import LEVERS
from labsim.life.record import Difference, Event, Life, Paired
from labsim.life.terms import scale_name
from labsim.life.watch import Watch
from labsim.plain_values import plain_arguments
from labsim.text import _
from labsim.text_files import read_table
from labsim.world import Activity, Level, Schooling, Sex

__all__ = ["follow", "follow_under", "life_of", "names_of"]


@plain_arguments
def follow(config: Config | str | Path, person: int, seed: int | None = None) -> Life:
    """Simulate a configuration (or a province by its name) and return the life of the person in one row.

    The run is that of `labsim.LabourModel(config, seed)`, month for month and bit for bit, with the configuration's own
    parameters; `seed` is the configuration's if it is not given. Who is in a row depends on scale and seed. Raises
    RunError if there is no such row.
    """
    from labsim.config import load

    config = load(config) if isinstance(config, str | Path) else config
    return life_of(_watch(config, person, seed).run())


@plain_arguments
def follow_under(config: Config, other: Config, person: int, seed: int | None = None) -> Paired:
    """Return the life of the same person with the same luck under two configurations.

    Both must start from the same people: the same province, scale, start and seed. Raises RunError if they do not.
    """
    here, there = _watch(config, person, seed), _watch(other, person, seed)
    if life_of(here).who != life_of(there).who or len(here.simulation.workers) != len(there.simulation.workers):
        message = _("the two scenarios do not start from the same people: province, scale and start must be the same")
        raise RunError(message)
    return _paired(here.run(), there.run())


def _watch(config: Config, person: int, seed: int | None) -> Watch:
    try:
        return Watch(config, [person], seed)
    except IndexError as error:
        message = _("there is no person {person} in {province} at scale {scale}; allowed 0 to {last}")
        said = message.format(
            person=person, province=config.province.name, scale=scale_name(config.scale), last=error.args[0] - 1
        )
        raise RunError(said) from error


def life_of(watch: Watch, at: int = 0) -> Life:
    """Return the life of one of the people watched, by its place among them."""
    config = watch.simulation.config
    return Life(
        person=int(watch.people[at]),
        province=config.province.name.model_dump(),
        scenario=config.scenario,
        title=config.title.model_dump(),
        scale=config.scale,
        seed=watch.simulation.seed_of_run,
        start=config.period.start,
        who=_who(watch, at),
        series={name: tuple(values) for name, values in watch.series[at].items()},
        events=tuple(watch.events[at]),
        names=names_of(config),
    )


def _who(watch: Watch, at: int) -> dict[str, Any]:
    """Return what does not change of a person, and what the person was at month 0."""
    world, person = watch.simulation.world, int(watch.people[at])
    w, first = world.workers, {name: int(values[at]) for name, values in watch.states[0].items()}
    return {
        "age": int(-w.birth_month[person]) // 12,
        "sex": Sex(int(w.sex[person])).name.lower(),
        "ethnicity": world.ethnic_groups[int(w.ethnicity[person])],
        "district": world.places.names[int(w.district[person])],
        "urban": bool(w.urban[person]),
        "poor": bool(w.poor[person]),
        "schooling": Schooling(int(w.schooling[person])).name.lower(),
        "level": Level(first["level"]).name.lower(),
        "field": world.fields[first["field"]],
        "work_field": world.fields[first["work_field"]] if first["work_field"] >= 0 else "",
        "activity": Activity(first["activity"]).name.lower(),
        "own_use": bool(w.own_use[person]),
    }


def names_of(config: Config) -> dict[str, dict[str, dict[str, str]]]:
    """Return the names, in both languages, of the ids of a province; a reference world has none."""
    province = config.province
    groups = [group for members in province.groups.values() for group in members]
    named = {
        "field": {one.id: one.names.model_dump() for one in province.fields},
        "institution": {str(row): one.names.model_dump() for row, one in enumerate(province.institutions)},
        "ethnicity": {one.id: one.names.model_dump() for one in groups},
        "district": {},
    }
    path = province.folder / "districts.csv" if province.folder is not None else None
    if path is not None and path.is_file():
        rows = read_table(path, needed=("id", "en", "vi")).dicts()
        named["district"] = {row["id"]: {"en": row["en"], "vi": row["vi"]} for row in rows}
    return named


def _paired(here: Watch, there: Watch) -> Paired:
    life, other = life_of(here), life_of(there)
    last = min(life.n_months, other.n_months)
    numbers = [
        month for month in range(last + 1)
        if any(life.series[name][month] != other.series[name][month] for name in life.series)
    ]  # fmt: skip
    differences = tuple(
        Difference(month, life.in_month(month), other.in_month(month))
        for month in range(last + 1)
        if _happenings(life.in_month(month)) != _happenings(other.in_month(month))
    )
    first = differences[0].month if differences else None
    levers = _levers_apart(here, there, first) if first is not None else ()
    return Paired(life, other, numbers[0] if numbers else None, first, differences, levers)


def _happenings(events: tuple[Event, ...]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return what happened in a month, without the reasons, whose numbers differ a little for everyone."""
    return [(one.process, one.kind, dict(one.changes)) for one in events if not one.minor]


def _levers_apart(here: Watch, there: Watch, month: int) -> tuple[tuple[str, float, float, str], ...]:
    """Return the levers that differ in a month where the person could be reached: sums over rows, means of factors."""
    found: list[tuple[str, float, float, str]] = []
    w, person = here.simulation.workers, int(here.people[0])
    for name in sorted({*here.levers[month], *there.levers[month]}):
        kind = LEVERS[name]
        home = int(w.district[person])
        values = [_at_person(one.levers[month].get(name), kind, home, person) for one in (here, there)]
        if values[0] != values[1]:
            found.append((name, values[0], values[1], kind.unit))
    return tuple(found)


def _at_person(values: np.ndarray | None, kind: Any, district: int, person: int) -> float:
    if values is None:
        return float(kind.neutral)
    if kind.over == "districts":
        return float(values[district])
    if kind.over == "workers":
        return float(values[person if values.size > 1 else 0])
    return float(values.sum() if kind.rule == "add" and kind.unit.endswith("per year") else values.mean())


