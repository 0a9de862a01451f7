"""What a study is: a question, the worlds it starts from, what it varies, and the runs that follow from it.

A study is written as `study.yaml` or made in Python; `plan_of` turns it into points (a configuration each) and runs
(a point and a replicate each). Every point has the same seeds, so that two points differ by what was changed alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pydantic

from labsim.config import Config, load
from labsim.errors import ConfigError, Problem
from labsim.experiment.designs import Axis, DesignName, points_of
from labsim.experiment.run import code_hash, replicate_seed
from labsim.experiment.store import run_id
from labsim.experiment.variation import Factor, Varied, range_message
from labsim.overlay import SETTING
from labsim.profile import Names
from labsim.quantity import within
from labsim.text import _
from labsim.validation import problems_of, read_strictly
from labsim.yaml_source import Source, find_place, read_yaml

__all__ = ["Plan", "Point", "Run", "Study", "Vary", "WorldGiven", "plan_of", "plan_of_configs", "read_study"]


class _Data(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Number = int | float


class Vary(_Data):
    """Say over which values one parameter or policy amount goes; without any, over its whole declared range.

    `values` are levels as they stand; `times` are factors on the present value; `range` is [low, high], in the
    parameter's unit, of which a factorial design takes `levels` evenly spaced ones. `logarithmic` spaces by ratio.
    `since` is the first year in which a number given to a yearly amount holds.
    """

    values: tuple[Any, ...] = ()
    times: tuple[Number, ...] = ()
    range: tuple[Number, Number] | None = None
    levels: Annotated[int, pydantic.Field(ge=2, le=1000)] = 3
    logarithmic: bool = False
    since: Annotated[int, pydantic.Field(ge=1900, le=2200)] | None = None

    @pydantic.model_validator(mode="after")
    def _one_of(self) -> Vary:
        if sum((bool(self.values), bool(self.times), self.range is not None)) > 1:
            raise ValueError(_("given more than one of values, times and range; allowed one"))
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError(_("range: given {range}; allowed two numbers, the lower first").format(range=self.range))
        return self


class ListedPoint(_Data):
    """Name one point of a list: a scenario and what is set on top of it."""

    name: str = ""
    province: str | None = None
    scenario: str | None = None
    settings: dict[str, Any] = {}


class Study(_Data):
    """Describe a study as `study.yaml` says it; see the fields.

    `province` or `provinces` and `scenarios` (each of them is visited at every point), `settings` that hold throughout,
    `design` with `vary` and `points` (the number of points of a Latin hypercube or Sobol' sequence) or `listed`;
    `replicates`, `seed`, `scale`, `until` and `by` as for a run.
    """

    name: str = ""
    title: Names = Names(en="", vi="")
    question: Names = Names(en="", vi="")
    province: str = "son_la"
    provinces: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ("baseline",)
    settings: dict[str, Any] = {}
    design: DesignName = "factorial"
    points: Annotated[int, pydantic.Field(ge=1, le=1_000_000)] = 64
    vary: dict[str, Vary | None] = {}
    listed: tuple[ListedPoint, ...] = ()
    replicates: Annotated[int, pydantic.Field(ge=1, le=1_000_000)] = 10
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**63)] = 1
    scale: Annotated[float, pydantic.Field(gt=0, le=1)] | None = None
    until: str | int | None = None
    by: tuple[str, ...] = ()
    _source: Source | None = pydantic.PrivateAttr(default=None)

    @property
    def worlds(self) -> tuple[str, ...]:
        """Return the provinces or reference worlds that are visited."""
        return self.provinces or (self.province,)

    def with_replicates(self, replicates: int) -> Study:
        """Return the study with another number of replicates."""
        return self.model_copy(update={"replicates": replicates})

    def common_settings(self) -> dict[str, Any]:
        """Return what holds at every point, in the form that `load` takes."""
        own: dict[str, Any] = {"seed": self.seed, **self.settings}
        for name, value in (("scale", self.scale), ("period.until", self.until), ("by", list(self.by) or None)):
            if value is not None:
                own[name] = value
        return own


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
    """All points and runs of a study, and the code they belong to; equal configurations share their runs."""

    study: Study
    points: tuple[Point, ...]
    runs: tuple[Run, ...]
    factors: tuple[Factor, ...]
    code: str


@dataclass(frozen=True)
class WorldGiven:
    """A configuration that a study from Python visits as it stands, under a name of its own."""

    name: str
    config: Config
    values: Mapping[str, Any] = field(default_factory=dict)


def read_study(path: str | Path) -> Study:
    """Read a `study.yaml`, or the one in a folder. Raises ConfigError with every problem of the file."""
    file = Path(path) / "study.yaml" if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise ConfigError([Problem(str(path), None, None, "", _("no such study; give a study.yaml or its folder"))])
    source = read_yaml(file)
    data = dict(source.data)
    for name in ("title", "question"):
        if isinstance(data.get(name), str):
            data[name] = {"en": data[name], "vi": data[name]}
    try:
        study: Study = read_strictly(Study, data)
    except pydantic.ValidationError as error:
        raise ConfigError(problems_of(error, Study, data, source.places)) from error
    _require_sense(study, source)
    scenarios = tuple(_beside(file, name) for name in study.scenarios)
    listed = tuple(
        one.model_copy(update={"scenario": _beside(file, one.scenario)}) if one.scenario else one
        for one in study.listed
    )
    name = study.name or (file.resolve().parent.name if file.stem == "study" else file.stem)
    study = study.model_copy(update={"name": name, "scenarios": scenarios, "listed": listed})
    study._source = source
    return study


def plan_of(study: Study, *, allow_code: bool = True) -> Plan:
    """Resolve every point and run of a study. Raises ConfigError for names, values and ranges that do not exist."""
    try:
        return _planned(study, allow_code)
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
            if short == name or short.startswith(f"{name}."):
                return Problem(*find_place(source.places, (key, name)), f"{key}.{problem.path}", problem.message)
    known = source.places.get((problem.path.split(".")[0],))
    return Problem(*known, problem.path, problem.message) if known is not None else problem


def _planned(study: Study, allow_code: bool) -> Plan:
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
    return Plan(study, tuple(points), _runs(points, study), tuple(factors.values()), code_hash())


def plan_of_configs(worlds: Sequence[WorldGiven], study: Study) -> Plan:
    """Return the plan of configurations that stand as they are; the study gives the number of replicates."""
    points = [
        Point(number, one.name, one.config.province.id, one.config.scenario, dict(one.values), one.config)
        for number, one in enumerate(worlds)
    ]
    return Plan(study, tuple(points), _runs(points, study), (), code_hash())


def _runs(points: Sequence[Point], study: Study) -> tuple[Run, ...]:
    code = code_hash()
    runs = []
    for point in points:
        hashed = point.config.hash
        for replicate in range(1, study.replicates + 1):
            seed = replicate_seed(point.config.seed, replicate)
            runs.append(Run(run_id(hashed, seed, code), point.number, replicate, seed))
    return tuple(runs)


def _varied(study: Study, world: str, scenario: str, allow_code: bool) -> Varied:
    since = {path: vary.since for path, vary in study.vary.items() if vary is not None and vary.since is not None}
    names = scenario.split("+") if not scenario.endswith((".yaml", ".yml")) else [scenario]
    return Varied(
        world, scenario=names, paths=list(study.vary), settings=study.common_settings(), since=since,
        allow_code=allow_code,
    )  # fmt: skip


def _designed(study: Study, varied: Varied) -> list[tuple[str, dict[str, Any]]]:
    """Return a name and the values of every point, in the order of the design."""
    given = [study.vary[path] or Vary() for path in study.vary]
    axes = [_axis(factor, vary, study.design) for factor, vary in zip(varied.factors, given, strict=True)]
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
    if vary.values or vary.times:
        listed = vary.values or tuple(factor.times(float(one)) for one in vary.times)
        if design != "factorial":
            message = _("values and times are for a factorial design; for {design} give a range")
            raise _refused(factor, message.format(design=design))
        labels = tuple(f"x{one:g}" for one in vary.times) or tuple(_label(one) for one in vary.values)
        return Axis(factor.name, levels=listed, labels=labels)
    low, high = vary.range or (factor.low, factor.high)
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        raise _refused(factor, _("its declared range is open; give a range: [low, high]"))
    for bound in (low, high):
        if not within(bound, factor.low, factor.high):
            raise _refused(factor, range_message(factor, bound))
    if vary.logarithmic and low <= 0:
        raise _refused(factor, _("given a logarithmic range from {low}; allowed a range above 0").format(low=low))
    axis = Axis(factor.name, float(low), float(high), logarithmic=vary.logarithmic, whole=factor.whole)
    if design != "factorial":
        return axis
    smooth = Axis(factor.name, float(low), float(high), logarithmic=vary.logarithmic)
    levels = [smooth.at(step / (vary.levels - 1)) for step in range(vary.levels)]
    return Axis(factor.name, levels=tuple(dict.fromkeys(round(one) if factor.whole else one for one in levels)))


def _label(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_label(one)}" for key, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _refused(factor: Factor, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, factor.name, message)])


def _listed(study: Study, world: str, first: int, allow_code: bool) -> list[Point]:
    points = []
    for at, one in enumerate(study.listed):
        if one.province is not None and len(study.worlds) == 1:
            world = one.province
        scenario = one.scenario or study.scenarios[0]
        config = load(
            world, scenario=scenario, settings={**study.common_settings(), **one.settings}, allow_code=allow_code
        )
        name = one.name or Path(scenario).stem + (f" {at + 1}" if one.settings else "")
        name = f"{world}: {name}" if len(study.worlds) > 1 else name
        points.append(Point(first + at, name, world, scenario, dict(one.settings), config))
    return points


def _beside(file: Path, name: str) -> str:
    """Return a scenario file named in a study as seen from the study's folder; other names as they are."""
    if not name.endswith((".yaml", ".yml")):
        return name
    return str((file.parent / name).resolve())


def _require_sense(study: Study, source: Source) -> None:
    """Refuse what would be ignored: a list without `design: listed`, or things to vary with it."""
    problems = []
    for key, is_used in (("listed", study.design == "listed"), ("vary", study.design != "listed")):
        if getattr(study, key) and not is_used:
            message = _("is not used by `design: {design}`").format(design=study.design)
            problems.append(Problem(*source.places[key,], key, message))
    for key, is_used in (("points", study.design in ("latin_hypercube", "sobol")),):
        if key in study.model_fields_set and not is_used:
            message = _("is not used by `design: {design}`").format(design=study.design)
            problems.append(Problem(*source.places[key,], key, message))
    if study.design == "listed" and not study.listed:
        problems.append(Problem(source.file, 1, 1, "listed", _("this key is required")))
    if study.provinces and "province" in study.model_fields_set:
        problems.append(Problem(*source.places["province",], "province", _("give province or provinces, not both")))
    if problems:
        raise ConfigError(problems)
