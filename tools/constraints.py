"""Keep the versions that labsim is tested with, and the oldest that pyproject.toml allows.

python tools/constraints.py renew      to test what was released since: write both files anew with the newest releases
python tools/constraints.py update     after changing pyproject.toml: write both files anew, moving little
python tools/constraints.py wheels     say for which Python and system a pinned release cannot be installed as a wheel
python tools/constraints.py check      say where the files do not agree with pyproject.toml; exit code 1 if anything is
python tools/constraints.py installed  say what is installed here in another release than the one pinned

The first three ask the package index, by uv (`pip install uv`), which resolves for every Python and system at once:
constraints.txt is one file, and a line that holds for some only ends in a marker. constraints-oldest.txt has each
dependency of pyproject.toml at its lower bound exactly, and what these need in its newest release.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
TESTED, OLDEST = "constraints.txt", "constraints-oldest.txt"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
OLDEST_PYTHON = PYTHONS[0]
# as uv calls them, with what markers call them; Numba makes no wheels for Macs with Intel's processors any more
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
}
HEADERS = {
    TESTED: "# Versions that labsim is tested with, for Python {pythons} on Linux, Windows and macOS (Apple silicon).\n"
    "# Made by `python tools/constraints.py renew`; not edited by hand.\n",
    OLDEST: "# The oldest versions that pyproject.toml allows, and what they need, for Python {oldest}.\n"
    "# Made by `python tools/constraints.py renew`; not edited by hand.\n",
}
_LINE = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[0-9][A-Za-z0-9.!+]*)(?: ; (?P<marker>[^#@]+))?")
# what makes and installs packages is no dependency of labsim
_NOT_PINNED = frozenset({"labsim", "pip", "setuptools", "uv", "wheel"})


@dataclass(frozen=True)
class Pin:
    """Hold one line: a name, its version, and for whom the line holds."""

    name: str
    version: Version
    marker: Marker | None

    def holds(self, python: str, system: str) -> bool:
        """Say whether the line holds for a Python (as `3.12`) on a system of SYSTEMS."""
        described = {
            "python_version": python,
            "python_full_version": f"{python}.9",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }
        return self.marker is None or self.marker.evaluate(SYSTEMS[system] | described)


def direct(root: Path) -> dict[str, Requirement]:
    """Return what pyproject.toml asks for, in any extra, by name."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [project["dependencies"], *project["optional-dependencies"].values()]
    found = [Requirement(words) for part in asked for words in part]
    return {canonicalize_name(one.name): one for one in found if one.name != "labsim"}


def lower_bound(asked: Requirement) -> Version | None:
    """Return the oldest version that a requirement allows; None where it says none."""
    bounds = [Version(one.version) for one in asked.specifier if one.operator in (">=", "==")]
    return max(bounds) if bounds else None


def pins(path: Path) -> list[Pin]:
    """Read a file of constraints; raises ValueError for a line that is no `name==version`, with a marker or without."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line and not line.startswith("#"):
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"{path.name}:{number}: {line!r} is no `name==version`")
            marker = Marker(match["marker"]) if match["marker"] else None
            found.append(Pin(canonicalize_name(match["name"]), Version(match["version"]), marker))
    return found


def check(root: Path) -> list[str]:
    """List where the two files do not agree with pyproject.toml."""
    try:
        tested, oldest = pins(root / TESTED), pins(root / OLDEST)
        asked = direct(root)
    except (ValueError, InvalidRequirement) as error:
        return [str(error)]
    found = list(_pythons_claimed(root))
    for name, requirement in asked.items():
        found += _not_tested(name, requirement, tested)
        bound = lower_bound(requirement)
        if bound is None:
            found.append(f"pyproject.toml: {requirement} has no lower bound")
            continue
        for system in SYSTEMS:
            given = [one.version for one in oldest if one.name == name and one.holds(OLDEST_PYTHON, system)]
            if given != [bound]:
                found.append(f"{OLDEST}: {name} is {_listed(given)} on {system}; pyproject.toml says {bound}")
    return [f"{line}; run: python tools/constraints.py update" for line in found]


def _pythons_claimed(root: Path) -> Iterator[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = [one.rpartition(" ")[2] for one in project["classifiers"] if re.search(r":: 3\.\d+$", one)]
    if tuple(said) != PYTHONS:
        yield f"pyproject.toml claims Python {', '.join(said)}; tools/constraints.py resolves for {', '.join(PYTHONS)}"


def _not_tested(name: str, requirement: Requirement, tested: list[Pin]) -> Iterator[str]:
    for python in PYTHONS:
        for system in SYSTEMS:
            given = [one.version for one in tested if one.name == name and one.holds(python, system)]
            if len(given) != 1:
                yield f"{TESTED}: {name} is {_listed(given)} for Python {python} on {system}"
            elif not requirement.specifier.contains(given[0], prereleases=True):
                yield f"{TESTED}: {name} is {given[0]}; pyproject.toml says {requirement}"


def _listed(versions: Iterable[Version]) -> str:
    return " and ".join(map(str, versions)) or "missing"


def installed(root: Path) -> list[str]:
    """List what is installed beside this Python in another release than the one pinned, and what is not pinned."""
    here = default_environment()
    wanted = {one.name: one.version for one in pins(root / TESTED) if one.marker is None or one.marker.evaluate(here)}
    found = {}
    for one in distributions():
        name = canonicalize_name(one.metadata["Name"])
        if name not in _NOT_PINNED and wanted.get(name) != Version(one.version):
            pinned = f"pinned {wanted[name]}" if name in wanted else "not pinned"
            found[name] = f"{name} {one.version} ({pinned})"
    return [found[name] for name in sorted(found)]


def renew(root: Path, *, upgrade: bool) -> None:
    """Write both files anew; with `upgrade` to the newest releases, else keeping what still fits."""
    pythons = f"{PYTHONS[0]} to {PYTHONS[-1]}"
    for name, resolution in ((TESTED, "highest"), (OLDEST, "lowest-direct")):
        path = root / name
        resolved = _resolve(
            root,
            ["--universal", "--python-version", OLDEST_PYTHON, "--resolution", resolution],
            ["--output-file", str(path), *(["--upgrade"] if upgrade else [])],
        )
        if resolved:
            sys.exit(resolved)
        header = HEADERS[name].format(pythons=pythons, oldest=OLDEST_PYTHON)
        path.write_text(header + path.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")


def wheels(root: Path) -> Iterator[str]:
    """Yield for each Python and system whether all that is pinned can be installed without a compiler."""
    for python in PYTHONS:
        for system in SYSTEMS:
            where = ["--python-version", python, "--python-platform", system, "--only-binary", ":all:"]
            why = _resolve(root, where, ["--constraints", str(root / TESTED)])
            yield f"Python {python} on {system}: {why or 'ok'}"


def _resolve(root: Path, how: list[str], files: list[str]) -> str:
    """Resolve all that pyproject.toml asks for; return why it cannot be done, or nothing."""
    # no options of the machine: neither its index nor its links belong in a file for everybody
    quiet = ["--quiet", "--no-header", "--no-annotate", "--all-extras"]
    command = [sys.executable, "-m", "uv", "pip", "compile", *quiet, *how, *files, str(root / "pyproject.toml")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.stderr.strip() or f"exit status {done.returncode}" if done.returncode else ""


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("renew", "update", "wheels", "check", "installed"))
    command = parser.parse_args().command
    if command in ("renew", "update"):
        renew(ROOT, upgrade=command == "renew")
    found: Iterable[str] = wheels(ROOT) if command == "wheels" else ()
    if command == "installed":
        found = installed(ROOT)
    elif command != "wheels":
        found = check(ROOT)
    wrong = False
    for line in found:
        print(line, flush=True)
        wrong = wrong or not line.endswith(": ok")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
