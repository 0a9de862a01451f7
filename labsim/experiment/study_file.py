"""The file of a study, `study.yaml`: what it may say, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pydantic

from labsim.errors import ConfigError, Problem
from labsim.experiment.designs import DesignName
from labsim.number_text import Written
from labsim.overlay import SETTING, is_series
from labsim.profile import Names
from labsim.text import _
from labsim.text_files import is_yaml_file
from labsim.validation import problems_of, read_strictly
from labsim.yaml_source import Source, parse_value, read_yaml

__all__ = ["ListedPoint", "Study", "Vary", "flat", "read_study"]


class _Data(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Number = int | float


class Vary(_Data):
    """Say over which values one parameter or policy amount goes; without any, over its whole declared range.

    `values` are levels as they stand; `times` are factors on the present value; `range` is [low, high], in the
    parameter's unit, of which a factorial design takes `levels` evenly spaced ones. `logarithmic` spaces by ratio.
    `since` is the first year in which a number given to a yearly amount holds. What would be ignored is refused.
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
            given = ", ".join(f"{one:g}" for one in self.range)
            raise ValueError(_("range: given [{given}]; allowed two numbers, the lower first").format(given=given))
        for name in ("values", "times"):
            given = getattr(self, name)
            if name in self.model_fields_set and not given:
                raise ValueError(_("{name}: given nothing; allowed a list of values").format(name=name))
            twice = [one for at, one in enumerate(given) if one in given[:at]]
            if twice:
                raise ValueError(_("{name} is given twice").format(name=f"{name}: {twice[0]}"))
        unused = [name for name in ("levels", "logarithmic") if name in self.model_fields_set]
        if unused and (self.values or self.times):
            raise ValueError(_("{name} is not used with values or times").format(name=unused[0]))
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

    def changed(self, **given: Any) -> Study:
        """Return the study with other values of some fields; None leaves what stands there."""
        update = {name: value for name, value in given.items() if value is not None}
        study = self.model_copy(update=update)
        if self._source is not None:  # what the file said of these is void
            places = {path: place for path, place in self._source.places.items() if {*path[:1]}.isdisjoint(update)}
            study._source = replace(self._source, places=places)
        return study

    def with_settings(self, settings: Sequence[str]) -> Study:
        """Return the study with further settings, each as ``path=value``. Raises ConfigError for other texts."""
        added: dict[str, Any] = {}
        for setting in settings:
            path, equals, text = setting.partition("=")
            if not path.strip() or not equals:
                message = _("given {given!r}; allowed path=value").format(given=setting)
                raise ConfigError([Problem(SETTING, None, None, "", message)])
            try:
                added[path.strip()] = parse_value(text)
            except ValueError as error:
                raise ConfigError([Problem(SETTING, None, None, path, str(error))]) from error
        study = self.model_copy(update={"settings": {**self.settings, **added}})
        study._source = self._source
        return study

    def common_settings(self) -> dict[str, Any]:
        """Return what holds at every point, in the form that `load` takes."""
        own: dict[str, Any] = {"seed": self.seed, **flat(self.settings)}
        for name, value in (("scale", self.scale), ("period.until", self.until), ("by", list(self.by) or None)):
            if value is not None:
                own[name] = value
        return own


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
    study = _as_spelled(study, data)
    _require_sense(study, source)
    scenarios = tuple(_beside(file, name) for name in study.scenarios)
    listed = tuple(
        one.model_copy(update={key: _beside(file, value) for key, value in _starts_of(one).items()})
        for one in study.listed
    )
    name = study.name or (file.resolve().parent.name if file.stem == "study" else file.stem)
    provinces = tuple(_beside(file, one) for one in study.provinces)
    worlds = {"province": _beside(file, study.province), "provinces": provinces}
    study = study.model_copy(update={"name": name, "scenarios": scenarios, "listed": listed} | worlds)
    study._source = source
    return study


def _as_spelled(study: Study, data: Mapping[str, Any]) -> Study:
    """Return a study whose numbers remember how the file writes them: the unit that they are for settles them later."""
    vary = {}
    for path, one in study.vary.items():
        said = (data.get("vary") or {}).get(path)
        update = {name: _spelled(getattr(one, name), said.get(name)) for name in ("values", "range")} if said else {}
        vary[path] = one.model_copy(update=update) if one is not None else None
    listed = tuple(
        one.model_copy(update={"settings": _spelled(one.settings, said.get("settings"))})
        for one, said in zip(study.listed, data.get("listed") or (), strict=True)
    )
    settings = _spelled(study.settings, data.get("settings"))
    return study.model_copy(update={"vary": vary, "listed": listed, "settings": settings})


def _spelled(value: Any, said: Any) -> Any:
    """Return a value with the numbers of what a file said in the places where the two are of one shape."""
    if isinstance(value, dict) and isinstance(said, dict):
        by_text = {str(key): one for key, one in said.items()}
        return {key: _spelled(one, by_text.get(str(key))) for key, one in value.items()}
    if isinstance(value, list | tuple) and isinstance(said, list) and len(said) == len(value):
        return type(value)(_spelled(one, other) for one, other in zip(value, said, strict=True))
    return said if isinstance(said, Written) else value


def flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return settings by their whole path, below `above`: a group of keys merges key by key, as in a scenario."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        path = f"{above}{key}"
        if isinstance(value, dict) and value and not is_series(_with_years(value)) and "value" not in value:
            found |= flat(value, f"{path}.")
        else:
            found[path] = _with_years(value) if isinstance(value, dict) else value
    return found


def _with_years(value: Mapping[str, Any]) -> dict[Any, Any]:
    return {int(key) if str(key).isdecimal() else key: one for key, one in value.items()}


def _starts_of(point: ListedPoint) -> dict[str, str]:
    return {key: value for key in ("province", "scenario") if (value := getattr(point, key))}


def _beside(file: Path, name: str) -> str:
    """Return a scenario file named in a study as seen from the study's folder; other names as they are."""
    if not is_yaml_file(name):
        return name
    return str((file.parent / name).resolve())


def _require_sense(study: Study, source: Source) -> None:
    """Refuse what would be ignored: a list without `design: listed`, or things to vary with it."""
    problems = []
    for key, is_used in (("listed", study.design == "listed"), ("vary", study.design != "listed")):
        if getattr(study, key) and not is_used:
            message = _("is not used by `design: {design}`").format(design=study.design)
            problems.append(Problem(*source.places[key,], key, message))
    sampled = study.design in ("latin_hypercube", "sobol")
    if "points" in study.model_fields_set and not sampled:
        message = _("is not used by `design: {design}`").format(design=study.design)
        problems.append(Problem(*source.places["points",], "points", message))
    for key in ("scenarios", "provinces"):
        names = getattr(study, key)
        for one in sorted({one for one in names if names.count(one) > 1}):
            message = _("{name} is named twice").format(name=one)
            problems.append(Problem(*source.places[key,], key, message))
    if sampled and not study.vary:
        problems.append(Problem(source.file, 1, 1, "vary", _("this key is required")))
    if study.design == "listed" and len(study.scenarios) > 1:
        message = _("a list of points starts from one scenario, or names its own in each point")
        problems.append(Problem(*source.places["scenarios",], "scenarios", message))
    if study.provinces and any(one.province for one in study.listed):
        problems.append(Problem(*source.places["listed",], "listed", _("give provinces, or a province in each point")))
    if study.design == "listed" and not study.listed:
        problems.append(Problem(source.file, 1, 1, "listed", _("this key is required")))
    if study.provinces and "province" in study.model_fields_set:
        problems.append(Problem(*source.places["province",], "province", _("give province or provinces, not both")))
    if problems:
        raise ConfigError(problems)
