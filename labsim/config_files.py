"""Find profiles, scenarios and reference worlds by name or path, and the files a scenario extends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labsim.errors import ConfigError, Problem
from labsim.text import _, did_you_mean, nearest
from labsim.text_files import is_yaml_file
from labsim.yaml_source import Source, read_yaml, shown_path

__all__ = ["FileSet", "ProvinceNeeded", "collect_files", "find_configs", "known_names"]

BASELINE = "baseline"
_NO_SCENARIO = {"profile", "targets"}


class ProvinceNeeded(ConfigError):
    """Report that a scenario fits every province, so that one must be named beside it."""


@dataclass
class FileSet:
    """List the files of a configuration from the bottom up, and for each the files it builds on.

    ``sources[0]`` is the profile or reference world and ``world`` its id; ``scenario`` joins the names of
    the scenario files; files are named as shown to the user.
    """

    world: str
    scenario: str = BASELINE
    sources: list[Source] = field(default_factory=list)
    ancestors: dict[str, set[str]] = field(default_factory=dict)


def find_configs() -> tuple[Path, ...]:
    """Return the folders searched for configurations, first found first.

    ``./configs`` comes first, so a user's own files win; then the files shipped with labsim, inside the package or in
    the source tree around it.
    """
    package = Path(__file__).resolve().parent
    found: list[Path] = []
    for folder in (Path.cwd() / "configs", package / "configs", package.parent / "configs"):
        if folder.is_dir() and folder.resolve() not in found:
            found.append(folder.resolve())
    return tuple(found)


def known_names(roots: Sequence[Path] | None = None) -> list[str]:
    """List what can be loaded by name: provinces, their scenarios, and reference worlds."""
    names: set[str] = set()
    for root in find_configs() if roots is None else roots:
        for file in root.glob("*/*.yaml"):
            folder = file.parent.name
            if file.name == "profile.yaml":
                names.add(folder)
            elif folder != "scenarios" and (folder == "reference" or _describes_scenario(file)):
                names.add(f"{folder}/{file.stem}")
    return sorted(names)


def collect_files(
    name_or_path: str | Path, scenarios: Sequence[str | Path], roots: Sequence[Path] | None = None
) -> FileSet:
    """Find every file that ``load(name_or_path, scenario=scenarios)`` reads, in the order in which they are laid.

    Raises ConfigError for an unknown name (with the nearest), a missing base, or a circle of ``extends``.
    """
    finder = _Finder(find_configs() if roots is None else roots)
    world, first = finder.world_and_scenario(name_or_path)
    chosen: list[Path] = [] if first is None else [first]
    default = [str(one) for one in scenarios] == [BASELINE]
    if not (default and (first is not None or finder.scenario_or_none(BASELINE, world) is None)):
        for one in scenarios:
            found = finder.scenario(one, world)
            if found in chosen and not default:
                raise ConfigError([Problem(None, None, None, str(one), _("this scenario is given twice"))])
            chosen.append(found)
    files = FileSet(finder.world_id(world), "+".join(one.stem for one in chosen) or BASELINE)
    for chain in [finder.chain(one, world) for one in chosen] or [[world]]:
        for position, path in enumerate(chain):
            source = finder.read(path)
            if source.file not in files.ancestors:
                files.sources.append(source)
                files.ancestors[source.file] = {finder.read(below).file for below in chain[:position]}
    return files


class _Finder:
    """Search the roots, reading each file once."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = roots
        self._read: dict[Path, Source] = {}

    def read(self, path: Path) -> Source:
        path = path.resolve()
        if path not in self._read:
            self._read[path] = _require_scenario(read_yaml(path))
        return self._read[path]

    def world_and_scenario(self, name: str | Path) -> tuple[Path, Path | None]:
        """Return the profile or reference world that a name or path means, and the scenario if it names one."""
        if isinstance(name, Path) or is_yaml_file(name):
            path = Path(name).resolve()
            if not path.is_file():
                message = _("{name} is a folder; give a file") if path.is_dir() else _("no file {name}")
                raise _unknown(message.format(name=shown_path(path)), [])
            return self._world_of_file(path)
        for root in self.roots:
            if (root / name / "profile.yaml").is_file():
                return root / name / "profile.yaml", None
            if (root / f"{name}.yaml").is_file():
                return self._world_of_file(root / f"{name}.yaml")
        folder, _slash, scenario = name.partition("/")
        for root in self.roots:
            if scenario and (root / folder / "profile.yaml").is_file():
                world = root / folder / "profile.yaml"
                # a province without baseline.yaml has its profile as the baseline
                found = self.scenario_or_none(scenario, world) if scenario == BASELINE else None
                return world, found if scenario == BASELINE else self.scenario(scenario, world)
        known = known_names(self.roots)
        word = name if nearest(name, known) else folder
        raise _unknown(_("no province or reference world {name!r}").format(name=name), known, word)

    def scenario(self, name: str | Path, world: Path) -> Path:
        """Return the file of a scenario of a province; raises ConfigError with the nearest name."""
        found = self.scenario_or_none(name, world)
        if found is not None:
            return found
        names = {file.stem for folder in self._scenario_folders(world) for file in folder.glob("*.yaml")}
        names -= _NO_SCENARIO
        message = _("no scenario {name!r} for {world}").format(name=str(name), world=self.world_id(world))
        raise _unknown(message, sorted(names), str(name))

    def scenario_or_none(self, name: str | Path, world: Path) -> Path | None:
        if isinstance(name, Path) or is_yaml_file(name):
            return Path(name).resolve() if Path(name).is_file() else None
        own, _slash, rest = name.partition("/")
        if rest and own in (self.world_id(world), "scenarios"):
            name = rest
        for folder in self._scenario_folders(world):
            if (folder / f"{name}.yaml").is_file() and name not in _NO_SCENARIO:
                return folder / f"{name}.yaml"
        return None

    def chain(self, path: Path, world: Path, above: tuple[Path, ...] = ()) -> list[Path]:
        """Return the files from the world up to ``path``, following ``extends``."""
        path = path.resolve()
        if path == world.resolve():
            return [path]
        source = self.read(path)
        if path in above:
            circle = " -> ".join(self.read(one).file for one in (*above[above.index(path) :], path))
            raise self._refuse(source, _("a circle of scenarios: {circle}").format(circle=circle))
        base = self._base(source, path, world)
        if base.resolve() == path and source.data.get("extends") in (self.world_id(world), None):
            base = world  # the baseline of a province differs from its profile
        return [*self.chain(base, world, (*above, path)), path]

    def world_id(self, world: Path) -> str:
        return world.parent.name if world.name == "profile.yaml" else f"{world.parent.name}/{world.stem}"

    def _base(self, source: Source, path: Path, world: Path) -> Path:
        extends = source.data.get("extends")
        if extends is None:
            return self.scenario_or_none(BASELINE, world) or world
        if not isinstance(extends, str):
            message = _("given {given!r}; allowed the name of one scenario, such as son_la/baseline")
            raise self._refuse(source, message.format(given=extends))
        if is_yaml_file(extends):
            base = (path.parent / extends).resolve()
            if not base.is_file():
                raise self._refuse(source, _("no file {name}").format(name=shown_path(base)))
            return base
        if extends == BASELINE:
            return self.scenario_or_none(BASELINE, world) or world
        try:
            if "/" not in extends and not any((root / extends / "profile.yaml").is_file() for root in self.roots):
                return self.scenario(extends, world)
            other, scenario = self.world_and_scenario(extends)
        except ConfigError as error:
            raise self._refuse(source, error.problems[0].message) from error
        if other.resolve() != world.resolve():
            message = _("extends {extends}, but {world} is asked for; `extends: baseline` fits every province")
            raise self._refuse(source, message.format(extends=extends, world=self.world_id(world)))
        return scenario or self.scenario_or_none(BASELINE, world) or world

    def _world_of_file(self, path: Path, above: tuple[Path, ...] = ()) -> tuple[Path, Path | None]:
        if path.name == "profile.yaml":
            return path, None
        source = self.read(path)
        extends = source.data.get("extends")
        profile = path.parent / "profile.yaml"
        if isinstance(extends, str) and any((root / extends / "profile.yaml").is_file() for root in self.roots):
            return self.world_and_scenario(extends)[0], path
        if isinstance(extends, str) and "/" in extends and not is_yaml_file(extends):
            try:
                return self.world_and_scenario(extends)[0], path
            except ConfigError as error:
                raise self._refuse(source, error.problems[0].message) from error
        if profile.is_file():
            return profile, path
        if extends is None and "name" in source.data:
            return path, None
        if isinstance(extends, str) and is_yaml_file(extends):
            base = (path.parent / extends).resolve()
            if base in above:
                circle = " -> ".join(self.read(one).file for one in (*above[above.index(base) :], path, base))
                raise self._refuse(source, _("a circle of scenarios: {circle}").format(circle=circle))
            if base.is_file():
                return self._world_of_file(base, (*above, path.resolve()))[0], path
            raise self._refuse(source, _("no file {name}").format(name=shown_path(base)))
        message = _("which province? write `extends: son_la/baseline`, or name the province beside the scenario")
        raise ProvinceNeeded(self._refuse(source, message).problems)

    def _scenario_folders(self, world: Path) -> Iterable[Path]:
        return [world.parent, *(root / "scenarios" for root in self.roots)]

    def _refuse(self, source: Source, message: str) -> ConfigError:
        place = source.places.get(("extends",))
        if place is None:
            return ConfigError([Problem(source.file, 1, 1, "extends", message)])
        return ConfigError([Problem(*place, "extends", message)])


def _require_scenario(source: Source) -> Source:
    """Refuse targets and studies in one line: as a scenario, every key of theirs would be unknown."""
    for key, kind, message in (
        ("targets", list, _("these are targets; a scenario or a profile is needed")),
        ("vary", dict, _("this is a study; a scenario or a profile is needed")),
    ):
        if isinstance(source.data.get(key), kind):
            raise ConfigError([Problem(*source.places[key,], key, message)])
    return source


def _describes_scenario(file: Path) -> bool:
    return file.stem not in _NO_SCENARIO and (file.parent / "profile.yaml").is_file()


def _unknown(message: str, options: Sequence[str], word: str = "") -> ConfigError:
    hint = did_you_mean(word, options)
    return ConfigError([Problem(None, None, None, "", f"{message}; {hint}" if hint else message)])
