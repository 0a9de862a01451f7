"""Know a file or folder by what is in it: a scenario, a margin, targets, figures, draws, a study, results ..."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from labsim.config import SECTIONS
from labsim.config_base import ConfigBase
from labsim.errors import ConfigError, Problem
from labsim.experiment.about import STUDY_FORMAT
from labsim.experiment.observed_series import COLUMNS as FIGURE_COLUMNS
from labsim.experiment.observed_series import NEEDED as FIGURES_NEED
from labsim.experiment.posterior import FORMAT as POSTERIOR_FORMAT
from labsim.experiment.study_file import Study
from labsim.policies import BUILT_IN
from labsim.profile import Profile
from labsim.results import FORMAT as RESULTS_FORMAT
from labsim.targets import Target
from labsim.text import _, mark, nearest
from labsim.text_files import Table, json_object, read_table
from labsim.yaml_source import Source, read_yaml, shown_path

__all__ = ["Found", "Kind", "recognised"]


class Kind(Enum):
    """Name what a file or folder is, in the words that users read."""

    PROFILE = mark("profile of a province")
    SCENARIO = mark("scenario")
    REFERENCE = mark("reference world")
    TARGETS = mark("targets")
    STUDY = mark("study")
    FIGURES = mark("observed figures")
    POSTERIOR = mark("draws of parameters (posterior)")
    MARGIN = mark("margin of a province")
    RESULTS = mark("results of a run")
    RUNS = mark("runs of a study")

    @property
    def words(self) -> str:
        """Return the name in the language in use."""
        return _(self.value)


@dataclass(frozen=True)
class Found:
    """Say what a path is, and which file is to be read for it: of a folder the one that says what it is."""

    kind: Kind
    path: Path
    given: Path


_SHARED = {"title", "question", "seed", "scale", "replicates", "by"}
_RUN = set(ConfigBase.model_fields) - {"province", "scenario", "origins", "changes", "given"}
_SIGNATURES: dict[Kind, frozenset[str]] = {
    Kind.TARGETS: frozenset({"targets", "forecasts"}),
    Kind.STUDY: frozenset(set(Study.model_fields) - _SHARED - {"name"}),
    Kind.PROFILE: frozenset(set(Profile.model_fields) - {"id", "files"}),
    Kind.SCENARIO: frozenset({"extends", *_RUN, *SECTIONS, *BUILT_IN} - _SHARED - {"reference"}),
    Kind.REFERENCE: frozenset({"reference"}),
}
_STRUCTURE = frozenset({"fields", "groups", "institutions", "as_of", "folder"})
_FILES_OF_FOLDERS = (
    ("manifest.json", Kind.RESULTS), ("study.json", Kind.RUNS), ("profile.yaml", Kind.PROFILE),
    ("study.yaml", Kind.STUDY), ("districts.csv", Kind.MARGIN),
)  # fmt: skip
_JSON: tuple[tuple[str, Kind, frozenset[str]], ...] = (
    (RESULTS_FORMAT, Kind.RESULTS, frozenset({"files", "config", "scenario", "replicates", "indicators"})),
    (STUDY_FORMAT, Kind.RUNS, frozenset({"study", "points", "runs", "bases"})),
    (POSTERIOR_FORMAT, Kind.POSTERIOR, frozenset({"draws_hash", "parameters", "waves", "effective_sample_size"})),
)
_MARGIN_COLUMNS = frozenset({"value", "unit", "grade", "source"})
_SHOWN = 6


def recognised(path: Path) -> Found:
    """Return what a file or folder is. Raises ConfigError for one that is nothing that labsim reads, or unreadable."""
    try:
        if path.is_dir():
            return _folder(path)
        if not path.is_file():
            raise _refused(path, _("there is no such file or folder"))
        ending = path.suffix.lower()
        if ending == ".json":
            return Found(_kind_of_json(path), path, path)
        if ending in (".csv", ".tsv", ".txt"):
            return Found(_kind_of_table(path), path, path)
        if ending in (".parquet", ".png"):
            return _beside_manifest(path)
        if ending in (".xlsx", ".xls", ".ods"):
            raise _refused(path, _("this is a workbook; save the sheet as CSV in UTF-8"))
        if ending == ".py":
            message = _("this is Python; a policy is checked with the scenario that names it (use: {name}:Class)")
            raise _refused(path, message.format(name=path.name))
        return Found(_kind_of_yaml(path), path, path)
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle; a name with NUL
        reason = getattr(error, "strerror", None) or error
        raise _refused(path, _("cannot be read ({reason})").format(reason=reason)) from error


def _folder(path: Path) -> Found:
    for name, kind in _FILES_OF_FOLDERS:
        if (path / name).is_file():
            return Found(kind, path / name, path)
    names = sorted(one.name for one in path.iterdir() if not one.name.startswith("."))
    if not names:
        raise _unknown(path, _("an empty folder"))
    raise _unknown(path, _("a folder with {names}").format(names=_listed(names)))


def _beside_manifest(path: Path) -> Found:
    manifest = path.parent / "manifest.json"
    if not manifest.is_file():
        raise _refused(path, _("a file of results without the manifest.json that belongs beside it"))
    return Found(Kind.RESULTS, manifest, path)


def _kind_of_yaml(path: Path) -> Kind:
    source = read_yaml(path)
    kind = _by_keys(source)
    if kind is None:
        raise _unknown(path, _("a file with the keys {names}").format(names=_listed(map(str, source.data))))
    return kind


def _by_keys(source: Source) -> Kind | None:
    """Return the kind whose keys a file has most of: whole ones first, then those that were meant."""
    data = source.data
    if data.get("kind") == "reference" or "reference" in data:
        return Kind.REFERENCE
    if any(_is_targets(value) for key, value in data.items() if str(key) not in SECTIONS):
        return Kind.TARGETS
    if not set(map(str, data)) - _SHARED and data:
        return Kind.SCENARIO
    scores = {kind: (_whole(data, keys), _meant(data, keys)) for kind, keys in _SIGNATURES.items()}
    best = max(scores, key=lambda kind: scores[kind])
    if scores[best] == (0, 0):
        return None
    if best == Kind.PROFILE and "extends" in data:  # a start of other margins: a scenario that names another folder
        return Kind.SCENARIO
    return best


def _is_targets(value: Any) -> bool:
    """Say whether a value is a list of which most parts look like a target."""
    needed = {name for name, field in Target.model_fields.items() if field.is_required()}
    parts = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return sum(len(needed.intersection(map(str, one))) >= 3 for one in parts) * 2 > len(parts)


def _whole(data: Mapping[Any, Any], keys: frozenset[str]) -> int:
    return sum(str(key) in keys for key in data)


def _meant(data: Mapping[Any, Any], keys: frozenset[str]) -> int:
    return sum(nearest(str(key), keys) is not None for key in data if str(key) not in _SHARED)


def _kind_of_json(path: Path) -> Kind:
    data = json_object(path, shown=shown_path(path))
    given = str(data.get("format"))
    for form, kind, _keys in _JSON:
        if given.rpartition("-")[0] == form.rpartition("-")[0]:
            return kind
    scores = {kind: len(keys.intersection(data)) for _form, kind, keys in _JSON}
    best = max(scores, key=lambda kind: scores[kind])
    if scores[best] < 2:
        raise _unknown(path, _("JSON with the keys {names}").format(names=_listed(data)))
    return best


def _kind_of_table(path: Path) -> Kind:
    table = read_table(path, shown=shown_path(path), needed=("value", "unit", "year", "grade", "source"))
    kind = _by_columns(table)
    if kind is None:
        if (path.parent / "manifest.json").is_file():
            return Kind.RESULTS
        raise _unknown(path, _("a table with the columns {names}").format(names=_listed(table.header)))
    return kind


def _by_columns(table: Table) -> Kind | None:
    header = set(table.header)
    if {"replicate", "month"} <= header or {"chance", "n_met"} <= header:
        return Kind.RESULTS
    if {"draw", "weight"} & header or (header and all("." in name for name in header)):
        return Kind.POSTERIOR
    if len(_MARGIN_COLUMNS & header) >= 2 and not {"indicator", "concept", "status", "band"} & header:
        return Kind.MARGIN
    if len({"population", "urban_population", "minimum_wage_region"} & header) >= 2:
        return Kind.MARGIN
    known = sum(name in FIGURE_COLUMNS for name in header)
    needed = {nearest(name, FIGURES_NEED) for name in header} - {None}
    return Kind.FIGURES if len(needed) >= 2 and 2 * known >= len(header) - len(needed) else None


def _listed(names: Iterable[str]) -> str:
    several = list(names)
    words = ", ".join(one if len(one) <= 40 else f"{one[:37]}..." for one in several[:_SHOWN])
    return (words + (", ..." if len(several) > _SHOWN else "")) or _("nothing")


def _unknown(path: Path, found: str) -> ConfigError:
    kinds = ", ".join(kind.words for kind in Kind)
    return _refused(path, _("nothing that labsim reads: {found}; it reads: {kinds}").format(found=found, kinds=kinds))


def _refused(path: Path, message: str) -> ConfigError:
    return ConfigError([Problem(shown_path(path), None, None, "", message)])
