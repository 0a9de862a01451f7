"""Check a file or folder of any kind: all that a run does with it before month 0, with every fault told at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from labsim.config import changes_of, load
from labsim.config_files import ProvinceNeeded, known_names
from labsim.config_notes import notes_of
from labsim.errors import ConfigError, LabsimError, Problem
from labsim.experiment.before import gathered, problems_in, problems_of_draws, problems_of_files
from labsim.experiment.observed_series import listed_by, read_figures
from labsim.experiment.posterior import SHIPPED, beside_margins, drawn_from, read_posterior, stale
from labsim.gate.kinds import Found, Kind, recognised
from labsim.notes import STOPS
from labsim.target_file import load_targets, unlikely
from labsim.text import _, n_
from labsim.text_files import read_text
from labsim.yaml_source import read_yaml, shown_path

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = ["Checked", "check_path"]

_SMALLEST = 0.001  # of the scales that there are: a world that shows whether the margins fit together
_SEED = 1
_MANY_RUNS = 100_000  # of one study: more is likelier a slip than a plan


@dataclass
class Checked:
    """What a check found: the kind, every problem, what will have no effect, and lines that say what is there.

    `notes` are pairs of a place and a message; a file with notes alone is still taken by every command.
    """

    kind: Kind
    shown: str
    problems: list[Problem] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    summary: str = ""
    in_every_province: bool = False


def check_path(path: str | Path, *, allow_code: bool = True) -> Checked:
    """Check a file or folder. Raises ConfigError for what is nothing that labsim reads."""
    found = recognised(Path(path))
    checked = Checked(found.kind, shown_path(found.given))
    _CHECKS[found.kind](found, checked, allow_code)
    if _ends_within_a_line(found.path):
        checked.notes.append((shown_path(found.path), _("the last line has no end; is the file whole?")))
    checked.problems = list(dict.fromkeys(checked.problems))
    checked.notes = list(dict.fromkeys(checked.notes))
    return checked


def _ends_within_a_line(path: Path) -> bool:
    """Say whether the last line of a file that people write has no end, as that of half a file."""
    if path.suffix.lower() not in (".yaml", ".yml", ".csv", ".tsv", ".txt"):
        return False
    try:
        text = read_text(path)
    except (ConfigError, OSError):
        return False  # told where it is read
    return bool(text) and not text.endswith("\n")


def _scenario(found: Found, checked: Checked, allow_code: bool) -> None:
    """Load a configuration alone, or with every province if it fits them all, and read what a run of it reads."""
    try:
        config = load(found.path, allow_code=allow_code)
    except ProvinceNeeded as error:
        _in_every_province(found, checked, allow_code, error)
        return
    except ConfigError as error:
        checked.problems = error.problems
        return
    _before_month_0(config, checked)
    if found.kind is Kind.SCENARIO:
        checked.lines = list(changes_of(found.path, allow_code=allow_code))
    if found.kind is Kind.PROFILE and config.province.kind == "province":
        districts, fields = (len(config.names_of(what)) for what in ("districts", "fields"))
        checked.summary = _("{districts} districts, {fields} fields, margins, targets, figures and draws").format(
            districts=districts, fields=fields
        )


def _in_every_province(found: Found, checked: Checked, allow_code: bool, needed: ProvinceNeeded) -> None:
    provinces = [name for name in known_names() if "/" not in name]
    if not provinces:
        checked.problems = needed.problems
    told: dict[str, tuple[str, ...]] = {}
    for name in provinces:
        try:
            config = load(name, scenario=found.path, allow_code=allow_code)
        except ConfigError as error:
            checked.problems += error.problems
            continue
        _before_month_0(config, checked)
        told[name] = changes_of(name, scenario=found.path, allow_code=allow_code)
    checked.in_every_province = True
    if len(set(told.values())) == 1:
        checked.lines = list(next(iter(told.values())))
    else:
        checked.lines = [f"{name}: {line}" for name, lines in told.items() for line in lines]


def _before_month_0(config: Config, checked: Checked) -> None:
    """Gather what a run of a configuration would refuse before its first month."""
    checked.problems += problems_of_files(config)
    checked.problems += problems_of_draws(config, SHIPPED)
    checked.problems += gathered(lambda: build_world(config))
    checked.notes += [(note.where, note.message) for note in notes_of(config) if note.code not in STOPS]
    targets = beside_margins(config, "targets.yaml")
    if targets is not None and not checked.problems:
        shown = shown_path(targets)
        checked.notes += [(shown, message) for message in unlikely(load_targets(targets, config), config)]


def build_world(config: Config) -> None:
    """Build the smallest world of a configuration, as a run does at month 0; raises what is wrong with the margins."""
    from labsim.simulation import Simulation

    people = config.reference.people if config.province.kind == "reference" else 0
    scale = min(config.scale, max(_SMALLEST, 1000 / people if people else 0.0))
    Simulation(config.model_copy(update={"scale": scale}), _SEED)


def _targets(found: Found, checked: Checked, allow_code: bool) -> None:
    def read(config: Config | None) -> int:
        return len(load_targets(found.path, config))

    _against_a_world(found, checked, allow_code, read)
    n = 0
    if not checked.problems:
        stated = load_targets(found.path)
        n, beside = len(stated), _province_beside(found.path, allow_code)
        checked.notes += [(checked.shown, message) for message in unlikely(stated, beside)]
        if not stated:
            checked.notes.append((checked.shown, _("there are no targets, so that a run has nothing to score")))
    checked.summary = n_("{n} target", "{n} targets", n).format(n=n)


def _figures(found: Found, checked: Checked, allow_code: bool) -> None:
    counts: list[int] = []
    passed_over: dict[str, str] = {}

    def read(config: Config | None) -> None:
        figures = read_figures(found.path, config or load("son_la"), leave_unknown=True, passed_over=passed_over)
        counts.append(len(figures))

    _against_a_world(found, checked, allow_code, read)
    n = counts[-1] if counts else 0
    if not n and not checked.problems:
        checked.notes.append((checked.shown, _("there is no figure that labsim can compare")))
    shipped = [load(name) for name in known_names() if "/" not in name] if passed_over else []
    listed = {name for config in shipped for name in listed_by(config)}  # known to have no counterpart in the model
    for name in sorted(passed_over.keys() - listed):
        why = passed_over[name]
        checked.notes.append((checked.shown, _("{name} is passed over: {why}").format(name=repr(name), why=why)))
    checked.summary = n_("{n} figure", "{n} figures", n).format(n=n)


def _against_a_world(
    found: Found, checked: Checked, allow_code: bool, read: Callable[[Config | None], object]
) -> None:
    """Read a file with the names of the province beside it, or else of the one that it fits best."""
    beside = _province_beside(found.path, allow_code)
    if beside is not None:
        checked.problems += gathered(lambda: read(beside))
        return
    best: list[Problem] | None = None
    fits = ""
    for name in [one for one in known_names() if "/" not in one]:
        problems = gathered(lambda name=name: read(load(name)))  # type: ignore[misc]
        if best is None or len(problems) < len(best):
            best, fits = problems, name
    if best is None:
        checked.problems += gathered(lambda: read(None))
        return
    checked.problems += best
    if not best:
        message = _("no profile lies beside it; names are those of {name}").format(name=fits)
        checked.notes.append((checked.shown, message))


def _province_beside(path: Path, allow_code: bool) -> Config | None:
    """Return the province in whose folder, or whose folder of margins, a file lies; None where there is none."""
    for folder in (path.resolve().parent, path.resolve().parent.parent):
        if (folder / "profile.yaml").is_file():
            try:
                return load(folder / "profile.yaml", allow_code=allow_code)
            except LabsimError:
                return None  # what is wrong with the profile is told when it is checked itself
    return None


def _posterior(found: Found, checked: Checked, allow_code: bool) -> None:
    """Read draws and hold them to the ranges of the province that they were made for."""
    path = found.path.with_suffix(".csv")
    try:
        posterior = read_posterior(path)
        beside = _province_beside(path, allow_code)
        name = posterior.about.get("province", "son_la")
        config = beside if beside is not None else load(str(name), allow_code=allow_code)
    except LabsimError as error:
        checked.problems += problems_in(error)
        return
    checked.problems += gathered(lambda: drawn_from(config, posterior))
    old = stale(posterior, config)
    if old:
        message = _("made with another {what}; a run says so and takes them").format(what=", ".join(old))
        checked.notes.append((checked.shown, message))
    words = _("{n} draws of {parameters} parameters")
    checked.summary = words.format(n=len(posterior.draws), parameters=len(posterior.names))


def _margin(found: Found, checked: Checked, allow_code: bool) -> None:
    """Read a margin as its province reads it, with all others."""
    folder = found.path.resolve().parent
    owner = _profile_of(folder)
    if owner is None:
        message = _("a margin is read with its province, but no profile.yaml lies beside or above it")
        checked.problems.append(Problem(checked.shown, None, None, "", message))
        return
    try:
        config = load(owner, allow_code=allow_code)
    except ConfigError as error:
        checked.problems += error.problems
        return
    name = f"{folder.name}/{found.path.name}"
    problems = gathered(lambda: build_world(config))
    # those of this file first; a run refuses the others too
    checked.problems += sorted(problems, key=lambda one: found.given.is_file() and name not in (one.file or ""))


def _profile_of(folder: Path) -> Path | None:
    """Return the file of the province, or of the scenario of it, that names a folder of margins."""
    for place in (folder.parent, folder):
        profile = place / "profile.yaml"
        if not profile.is_file():
            continue
        if folder.name == "margins" or place == folder:
            return profile
        named = [one for one in sorted(place.glob("*.yaml")) if one != profile and _names(one, folder.name)]
        return named[0] if named else profile
    return None


def _names(file: Path, folder: str) -> bool:
    try:
        return read_yaml(file).data.get("folder") == folder
    except ConfigError:
        return False


def _study(found: Found, checked: Checked, allow_code: bool) -> None:
    from labsim.experiment.study import plan_of, read_study

    try:
        study = read_study(found.path)
        plan = plan_of(study.changed(replicates=1), allow_code=allow_code)  # a million replicates take no million runs
    except LabsimError as error:
        checked.problems += problems_in(error)
        return
    for config in {point.config.province.id: point.config for point in plan.points}.values():
        _before_month_0(config, checked)
    runs = len(plan.runs) * study.replicates
    checked.summary = _("{points} points, {runs} runs").format(points=len(plan.points), runs=runs)
    if runs > _MANY_RUNS:
        checked.notes.append((checked.shown, checked.summary))


def _results(found: Found, checked: Checked, _allow_code: bool) -> None:
    from labsim.results import open_results

    folder = found.path.parent
    checked.problems += gathered(lambda: open_results(folder))


def _runs(found: Found, checked: Checked, _allow_code: bool) -> None:
    from labsim.experiment.about import config_data
    from labsim.experiment.opened import open_study

    def read() -> None:
        study = open_study(found.path.parent)
        for point in study.about["points"]:  # opening looks at those of small studies only
            config_data(study.about, point["number"])
        runs = study.runs
        done = int((runs["status"] == "ok").sum())
        checked.summary = _("{done} of {total} runs are there").format(done=done, total=len(runs))
        checked.notes += [(checked.shown, note) for note in study.notes()]

    checked.problems += gathered(read)


_CHECKS: dict[Kind, Callable[[Found, Checked, bool], None]] = {
    Kind.PROFILE: _scenario, Kind.SCENARIO: _scenario, Kind.REFERENCE: _scenario, Kind.TARGETS: _targets,
    Kind.FIGURES: _figures, Kind.POSTERIOR: _posterior, Kind.MARGIN: _margin, Kind.STUDY: _study,
    Kind.RESULTS: _results, Kind.RUNS: _runs,
}  # fmt: skip
