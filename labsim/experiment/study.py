"""What a study is: a question, the worlds it starts from, what it varies, and the runs that follow from it.

A study is written as `study.yaml` or made in Python; `plan_of` turns it into points (a configuration each) and runs
(a point and a replicate each). Every point has the same seeds, so that two points differ by what was changed alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labsim.config import Config, load
from labsim.errors import ConfigError, Problem
from labsim.experiment.before import problems_of_files
from labsim.experiment.designs import Axis, points_of
from labsim.experiment.posterior import NONE, DrawnFrom, drawn_from, posterior_for
from labsim.experiment.run import code_hash, replicate_seed
from labsim.experiment.store import run_id
from labsim.experiment.study_file import ListedPoint, Study, Vary, flat, read_study
from labsim.experiment.variation import Factor, Varied, range_message
from labsim.number_text import settled
from labsim.overlay import SETTING
from labsim.quantity import within
from labsim.text import _
from labsim.text_files import is_yaml_file
from labsim.yaml_source import find_place

__all__ = [
    "ListedPoint",
    "Plan",
    "Point",
    "Run",
    "Study",
    "Vary",
    "WorldGiven",
    "plan_of",
    "plan_of_configs",
    "read_study",
]

_WORLD_KEYS = ("province", "provinces", "scenarios")


@dataclass(frozen=True)
class Point:
    """One configuration of a study: `name`, where it starts from, and the `values` of what varies there."""

    number: int
    name: str
    province: str
    scenario: str
    values: Mapping[str, Any]
    config: Config = field(repr=False, compare=False)


@dataclass(frozen=True)
class Run:
    """One replicate of one point; `id` is the hash of configuration, seed and code."""

    id: str
    point: int
    replicate: int
    seed: int


@dataclass(frozen=True)
class Plan:
    """All points and runs of a study, and the code they belong to; equal configurations share their runs.

    `drawn` holds, by the number of the point, from what the parameters of its replicates are drawn; `configs` the
    configurations of these runs by point and replicate. Without them every replicate has its point's configuration.
    """

    study: Study
    points: tuple[Point, ...]
    runs: tuple[Run, ...]
    factors: tuple[Factor, ...]
    code: str
    drawn: Mapping[int, DrawnFrom] = field(default_factory=dict, repr=False)
    configs: Mapping[tuple[int, int], Config] = field(default_factory=dict, repr=False)

    def config_of(self, run: Run) -> Config:
        """Return the configuration of a run."""
        return self.configs.get((run.point, run.replicate), self.points[run.point].config)


@dataclass(frozen=True)
class WorldGiven:
    """A configuration that a study from Python visits as it stands, under a name of its own."""

    name: str
    config: Config
    values: Mapping[str, Any] = field(default_factory=dict)


def plan_of(study: Study, *, allow_code: bool = True, posterior: str | Path = NONE) -> Plan:
    """Resolve every point and run of a study, its parameters drawn from a posterior where one is asked for.

    Raises ConfigError for names, values and ranges that do not exist.
    """
    try:
        return _planned(study, allow_code, posterior)
    except ConfigError as error:
        raise ConfigError([_placed(problem, study) for problem in error.problems]) from error


def _placed(problem: Problem, study: Study) -> Problem:
    """Add to a problem where the study's file says what is wrong."""
    source = study._source
    if source is None or problem.file not in (None, SETTING):
        return problem
    short = problem.path.removeprefix("policies.")
    for key in ("vary", "settings"):
        for name in getattr(study, key):
            if (key, str(name)) not in source.places:
                continue  # of the command line
            bare = str(name).removeprefix("policies.")
            if short == bare or short.startswith(f"{bare}."):
                rest = short.removeprefix(bare).strip(".").split(".")
                place = find_place(source.places, (key, str(name), *rest))
                return Problem(*place, f"{key}.{problem.path}", problem.message)
    for key in problem.path.split(".") if problem.path else _WORLD_KEYS:
        named = problem.path or any(f"'{name}'" in problem.message for name in _names_of(study, key))
        if named and (key,) in source.places:
            return Problem(*source.places[key,], problem.path or key, problem.message)
    return problem


def _names_of(study: Study, key: str) -> tuple[str, ...]:
    value = getattr(study, key)
    return (value,) if isinstance(value, str) else tuple(value)


def _planned(study: Study, allow_code: bool, posterior: str | Path) -> Plan:
    points: list[Point] = []
    factors: dict[str, Factor] = {}
    for world in study.worlds:
        if study.design == "listed":
            points += _listed(study, world, len(points), allow_code)
            continue
        for scenario in study.scenarios:
            varied = _varied(study, world, scenario, allow_code)
            factors |= {factor.path: factor for factor in varied.factors}
            where = ([world] if len(study.worlds) > 1 else []) + ([scenario] if len(study.scenarios) > 1 else [])
            for name, values in _designed(study, varied):
                words = [Path(one).stem for one in where] + ([name] if name else [])
                called = " ".join(words) or Path(scenario).stem
                points.append(Point(len(points), called, world, scenario, values, varied.at(values)))
    problems = [one for config in _one_a_province(points) for one in problems_of_files(config)]
    if problems:
        raise ConfigError(problems)
    fixed = [*flat(study.settings), *study.vary]
    drawn = {
        point.number: found
        for point in points
        if (found := drawn_from(point.config, posterior_for(point.config, posterior), fixed)) is not None
    }
    configs = {
        (number, replicate): one.config_of(replicate)
        for number, one in drawn.items()
        for replicate in range(1, study.replicates + 1)
    }
    runs = _runs(points, study, configs)
    return Plan(study, tuple(points), runs, tuple(factors.values()), code_hash(), drawn, configs)


def _one_a_province(points: Sequence[Point]) -> list[Config]:
    """Return a configuration of each province of some points: files beside the margins are read once for each."""
    return list({str(point.config.province.folder): point.config for point in points}.values())


def plan_of_configs(worlds: Sequence[WorldGiven], study: Study) -> Plan:
    """Return the plan of configurations that stand as they are; the study gives the number of replicates."""
    points = [
        Point(number, one.name, one.config.province.id, one.config.scenario, dict(one.values), one.config)
        for number, one in enumerate(worlds)
    ]
    return Plan(study, tuple(points), _runs(points, study, {}), (), code_hash())


def _runs(
    points: Sequence[Point], study: Study, configs: Mapping[tuple[int, int], Config]
) -> tuple[Run, ...]:
    code = code_hash()
    runs = []
    for point in points:
        common = point.config.hash
        for replicate in range(1, study.replicates + 1):
            seed = replicate_seed(point.config.seed, replicate)
            own = configs.get((point.number, replicate))
            runs.append(Run(run_id(own.hash if own else common, seed, code), point.number, replicate, seed))
    return tuple(runs)


def _varied(study: Study, world: str, scenario: str, allow_code: bool) -> Varied:
    since = {path: vary.since for path, vary in study.vary.items() if vary is not None and vary.since is not None}
    return Varied(
        world, scenario=_names_in(scenario), paths=list(study.vary), settings=study.common_settings(), since=since,
        allow_code=allow_code,
    )  # fmt: skip


def _designed(study: Study, varied: Varied) -> list[tuple[str, dict[str, Any]]]:
    """Return a name and the values of every point, in the order of the design."""
    given = [study.vary[path] or Vary() for path in study.vary]
    axes = [_axis(factor, vary, study.design) for factor, vary in zip(varied.factors, given, strict=True)]
    twice = [factor for at, factor in enumerate(varied.factors) if factor in varied.factors[:at]]
    if twice:
        raise _refused(twice[0], _("given twice"))
    rows = points_of(study.design, axes, study.points, study.seed)
    names = [factor.name for factor in varied.factors]
    ends = [name.rpartition(".")[2] for name in names]
    short = [end if ends.count(end) == 1 else name for end, name in zip(ends, names, strict=True)]
    return [
        (
            ", ".join(f"{word} {axis.label(value)}" for word, axis, value in zip(short, axes, row, strict=True)),
            dict(zip(names, row, strict=True)),
        )
        for row in rows
    ]


def _axis(factor: Factor, vary: Vary, design: str) -> Axis:
    """Return the axis of a factor; raises ConfigError where its range is open or not within what is declared."""
    try:
        settled([*vary.values, *(vary.range or ())], factor.unit)
    except ValueError as error:
        raise _refused(factor, str(error)) from error
    if vary.since is not None and not factor.yearly:
        raise _refused(factor, _("since is for yearly amounts; this is one number"))
    if vary.values or vary.times:
        listed = vary.values or tuple(factor.times(float(one)) for one in vary.times)
        if design != "factorial":
            message = _("values and times are for a factorial design; for {design} give a range")
            raise _refused(factor, message.format(design=design))
        if vary.times and not factor.value:
            raise _refused(factor, _("times multiplies the present value, and that is 0 or none; give values"))
        broken = [one for one in vary.values if factor.whole and isinstance(one, float) and one != round(one)]
        if broken:
            raise _refused(factor, _("given {given}; allowed a whole number").format(given=f"{broken[0]:g}"))
        labels = tuple(f"x{one:g}" for one in vary.times) or tuple(_label(one) for one in vary.values)
        return Axis(factor.name, levels=listed, labels=labels)
    low, high = vary.range or (factor.low, factor.high)
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        raise _refused(factor, _("its declared range is open; give a range: [low, high]"))
    for bound in (low, high):
        if not within(bound, factor.low, factor.high):
            raise _refused(factor, range_message(factor, bound))
    if vary.logarithmic and low <= 0:
        message = _("given a logarithmic range from {low}; allowed a range above 0")
        raise _refused(factor, message.format(low=f"{low:g}"))
    if factor.whole and math.ceil(low) > math.floor(high):
        raise _refused(factor, _("no whole number lies in the range given"))
    axis = Axis(factor.name, float(low), float(high), logarithmic=vary.logarithmic, whole=factor.whole)
    if design != "factorial":
        if "levels" in vary.model_fields_set:
            message = _("levels is for a factorial design; {design} has the number of points")
            raise _refused(factor, message.format(design=design))
        return axis
    smooth = Axis(factor.name, float(low), float(high), logarithmic=vary.logarithmic)
    levels = [smooth.at(step / (vary.levels - 1)) for step in range(vary.levels)]
    if factor.whole:
        levels = [min(math.floor(high), max(math.ceil(low), round(one))) for one in levels]
    return Axis(factor.name, levels=tuple(dict.fromkeys(levels)))


def _label(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_label(one)}" for key, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _refused(factor: Factor, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, factor.name, message)])


def _listed(study: Study, world: str, first: int, allow_code: bool) -> list[Point]:
    points = []
    for at, one in enumerate(study.listed):
        start = one.province or world
        scenario = one.scenario or study.scenarios[0]
        settings = flat(one.settings)
        given = {**study.common_settings(), **settings}
        try:
            config = load(start, scenario=_names_in(scenario), settings=given, allow_code=allow_code)
        except ConfigError as error:
            raise ConfigError([_placed_in_list(problem, study, at) for problem in error.problems]) from error
        name = one.name or Path(scenario).stem + (f" {at + 1}" if one.settings else "")
        name = f"{Path(start).stem} {name}" if len(study.worlds) > 1 else name
        points.append(Point(first + at, name, start, scenario, settings, config))
    return points


def _placed_in_list(problem: Problem, study: Study, at: int) -> Problem:
    """Add to a problem of a listed point where the study's file gives that point."""
    if study._source is None or problem.file not in (None, SETTING):
        return problem
    parts = problem.path.split(".")
    own = ("listed", str(at), "settings", *parts)
    known = study._source.places
    whole = ("listed", str(at), "settings", problem.path)
    if whole not in known and own[:4] not in known and study.settings:
        return _placed(problem, study)
    place = known.get(whole) or find_place(known, own)
    return Problem(*place, f"listed.{at}.{problem.path}", problem.message)


def _names_in(scenario: str) -> list[str]:
    """Return the scenarios that a name joins with "+"; a file is one."""
    return [scenario] if is_yaml_file(scenario) else scenario.split("+")
