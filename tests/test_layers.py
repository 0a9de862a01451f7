"""Modules import from strictly lower layers, and heavy libraries only where they belong.

The map below is read together with docs/decisions.md. A module of a package is written with dots and without the
leading `labsim.`; `name.*` stands for every module of a package that has no line of its own. Where two modules of one
architectural layer need each other, the layer is cut into steps (1a, 1b, ...): the order is that of the lines.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "labsim"

LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("0", ("errors", "text", "version", "spreadsheet_cells", "interrupts")),
    ("0b", ("plain_values",)),
    ("0a", ("checksums", "yaml_syntax")),
    ("1a", ("compiled", "config_hash", "folders", "json_shape", "number_text", "columns", "ledger")),
    ("1aa", ("text_files", "notes", "writing")),
    ("1ab", ("quantity", "yaml_source")),
    ("1ac", ("lever_kinds", "payments")),
    ("1ad", ("lever_amounts",)),
    ("1ae", ("levers",)),
    ("1b", ("rows", "overlay", "config_files", "profile", "chance")),
    ("1c", ("draws", "validation", "own_code")),
    ("1cc", ("file_shapes",)),
    ("2", ("world",)),
    ("2b", ("read_only",)),
    ("3a", ("processes.base", "processes.admission", "processes.courses", "processes.vacancies", "policies.base")),
    ("3aa", ("processes.drawing", "processes.insight", "processes.loans", "processes.policy_places")),
    ("3b", ("population", "population.*", "processes.*")),
    ("3bb", ("processes.fields", "processes.incomes")),
    ("3c", ("processes", "policies.seats", "policies.markets", "policies.means", "policies.told", "groups")),
    ("4a", ("policies.*", "indicators", "policy_source", "outcomes", "answers")),
    ("4b", ("policies", "schedule", "recorder", "frames", "spreadsheets")),
    ("4c", ("results", "reference_world")),
    ("5a", ("config_base",)),
    ("5aa", ("row_notes",)),
    ("5b", ("config_build", "config_notes", "config_schema")),
    ("5c", ("config", "agents")),
    ("6a", ("simulation",)),
    ("6b", ("model",)),
    ("6c", ("members", "verdicts")),
    ("7", ("experiment.ending",)),
    ("7a", ("targets", "experiment.executor", "experiment.run_notes")),
    ("7aa", ("target_file", "experiment.memory")),
    ("7b", ("experiment.run",)),
    ("8a", ("experiment", "experiment.*")),
    ("8b", ("evidence", "evidence.*")),
    ("8c", ("gate", "gate.*")),
    ("9a", ("report", "report.*")),
    ("9b", ("life", "life.*")),
    ("9c", ("lessons", "lessons.*")),
    ("9d", ("app", "app.*")),
    ("10", ("cli", "cli.*")),
    ("11", ("__main__",)),
)

# Packages that are one layer by themselves: their modules may import each other as long as no cycle arises.
FAMILIES = ("gate", "population", "experiment", "evidence", "report", "life", "lessons", "app", "cli")

# Only these may import the library; a pattern matches as in LAYERS.
HEAVY: dict[str, tuple[str, ...]] = {
    "numba": ("compiled", "draws", "processes.*"),
    "mesa": ("model", "agents", "processes.training"),
    "matplotlib": ("report", "report.*", "life.figures", "lessons.*"),
    "pandas": (
        *("population", "population.*", "recorder", "answers", "frames", "spreadsheets", "results", "config", "model"),
        "targets",
        *("experiment", "experiment.*", "evidence", "evidence.*", "report", "report.*", "app", "app.*", "cli", "cli.*"),
    ),
}

# `import labsim` and `labsim --help` must stay quick: none of these may be loaded by them.
SLOW_TO_IMPORT = ("numba", "pandas", "matplotlib", "mesa", "scipy", "duckdb", "pyarrow", "networkx")


@dataclass(frozen=True)
class Import:
    """One import statement's target as seen from a module."""

    module: str  # the importing module, "" for the package's __init__
    line: int
    target: str  # "labsim.world" or "numba"


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_of(package: Path) -> dict[str, Path]:
    return {module_name(path, package): path for path in sorted(package.rglob("*.py"))}


def imports_of(package: Path, name: str, path: Path) -> Iterator[Import]:
    """Yield every import of a module, also those inside functions and below TYPE_CHECKING."""
    here = ["labsim", *name.split(".")] if name else ["labsim"]
    folder = here if path.name == "__init__.py" else here[:-1]
    known = modules_of(package)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}".removeprefix("labsim.")
                is_module = source.split(".")[0] == "labsim" and inner in known
                yield Import(name, node.lineno, f"labsim.{inner}" if is_module else source)


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def layer_of(name: str) -> int | None:
    """Return the place of a module's layer in LAYERS: its own line first, then the closest pattern of its package."""
    for height, (_, names) in enumerate(LAYERS):
        if name in names:
            return height
    package = name
    while "." in package:
        package = package.rpartition(".")[0]
        for height, (_, names) in enumerate(LAYERS):
            if f"{package}.*" in names:
                return height
    return None


def family_of(name: str) -> str | None:
    top = name.split(".")[0]
    return top if top in FAMILIES else None


def order_violations(package: Path) -> list[str]:
    """Return one line for every module without a layer and every import that does not go strictly down."""
    modules = modules_of(package)
    found = []
    for name, path in modules.items():
        if name == "":
            continue  # the lazy __init__ names everything; that it loads nothing is tested apart
        height = layer_of(name)
        if height is None:
            found.append(f"labsim.{name} has no layer: add it to LAYERS in {Path(__file__).name}")
            continue
        for an_import in imports_of(package, name, path):
            if an_import.target.split(".")[0] != "labsim" or an_import.target == f"labsim.{name}":
                continue
            target = an_import.target.removeprefix("labsim").removeprefix(".")
            where = f"labsim.{name}:{an_import.line} imports {an_import.target}"
            if target == "":
                found.append(f"{where} itself: import from the module that defines the name")
                continue
            below = layer_of(target)
            if below is None:
                if target not in modules:
                    found.append(f"{where}, which does not exist")
                continue  # an existing module without a layer is reported once, by itself
            same_family = family_of(name) is not None and family_of(name) == family_of(target)
            if below >= height and not same_family:
                found.append(f"{where}: layer {LAYERS[height][0]} may not import from layer {LAYERS[below][0]}")
    return list(dict.fromkeys(found))


def family_cycles(package: Path) -> list[str]:
    """Return one line for every cycle of imports inside a family."""
    edges: dict[str, set[str]] = {}
    for name, path in modules_of(package).items():
        if family_of(name) is None:
            continue
        targets = {i.target.removeprefix("labsim.") for i in imports_of(package, name, path)}
        edges[name] = {t for t in targets if family_of(t) == family_of(name) and t != name}
    found = []
    finished: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            found.append("cycle: " + " -> ".join((*trail[trail.index(name) :], name)))
        elif name not in finished:
            for target in sorted(edges.get(name, ())):
                visit(target, (*trail, name))
            finished.add(name)

    for name in sorted(edges):
        visit(name, ())
    return found


def heavy_violations(package: Path) -> list[str]:
    """Return one line for every import of a heavy library where it does not belong."""
    found = []
    for name, path in modules_of(package).items():
        for an_import in imports_of(package, name, path):
            library = an_import.target.split(".")[0]
            if library in HEAVY and not matches(name, HEAVY[library]):
                allowed = ", ".join(HEAVY[library])
                found.append(f"labsim.{name}:{an_import.line} imports {library}, allowed only in {allowed}")
    return list(dict.fromkeys(found))


def report(violations: list[str]) -> str:
    return "\n".join(violations)  # pytest shows the lines of a string in full


def test_imports_go_strictly_down():
    assert report(order_violations(PACKAGE)) == ""


def test_no_cycle_inside_a_package():
    assert report(family_cycles(PACKAGE)) == ""


def test_heavy_libraries_stay_where_they_belong():
    assert report(heavy_violations(PACKAGE)) == ""


def test_every_name_is_on_one_layer_only():
    names = [name for _, line in LAYERS for name in line]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("module", ["labsim", "labsim.cli"])
def test_importing_loads_nothing_slow(module):
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({SLOW_TO_IMPORT!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.fixture
def tree(tmp_path):
    """Write a fake package from {module: source} and return its folder."""

    def write(files: dict[str, str]) -> Path:
        package = tmp_path / "labsim"
        for name, source in {"__init__.py": "", **files}.items():
            path = package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        return package

    return write


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"world.py": "from labsim.model import x", "model.py": ""}, "world:1 imports labsim.model: layer 2 may not"),
        ({"world.py": "from labsim import model", "model.py": ""}, "world:1 imports labsim.model: layer 2 may not"),
        ({"world.py": "from . import model", "model.py": ""}, "world:1 imports labsim.model: layer 2 may not"),
        ({"world.py": "from .model import x", "model.py": ""}, "world:1 imports labsim.model: layer 2 may not"),
        ({"world.py": "def f():\n    import labsim.model", "model.py": ""}, "world:2 imports labsim.model: layer 2"),
        ({"world.py": "if TYPE_CHECKING:\n    import labsim.model", "model.py": ""}, "world:2 imports labsim.model"),
        ({"columns.py": "import labsim.ledger", "ledger.py": ""}, "columns:1 imports labsim.ledger: layer 1a may not"),
        ({"processes/firms.py": "import labsim.processes.matching", "processes/matching.py": ""}, "layer 3b may not"),
        ({"processes/firms.py": "from .matching import x", "processes/matching.py": ""}, "layer 3b may not"),
        ({"policies/base.py": "import labsim.processes.base", "processes/base.py": ""}, "layer 3a may not"),
        ({"processes/firms.py": "import labsim.policies.export", "policies/export.py": ""}, "import from layer 4a"),
        ({"policies/export.py": "import labsim.policies.talent", "policies/talent.py": ""}, "layer 4a may not"),
        ({"mystery.py": ""}, "labsim.mystery has no layer: add it to LAYERS"),
        ({"world.py": "from labsim import load"}, "world:1 imports labsim itself"),
        ({"world.py": "import labsim.gone"}, "labsim.gone, which does not exist"),
    ],
)
def test_a_wrong_import_is_caught(tree, files, message):
    assert message in "\n".join(order_violations(tree(files)))


def test_processes_do_not_import_policies_even_their_base(tree):
    package = tree({"processes/firms.py": "import labsim.policies.base", "policies/base.py": ""})
    assert process_policy_violations(package) == ["labsim.processes.firms:1 imports labsim.policies.base"]


def process_policy_violations(package: Path) -> list[str]:
    return [
        f"labsim.{name}:{an_import.line} imports {an_import.target}"
        for name, path in modules_of(package).items()
        for an_import in imports_of(package, name, path)
        if name.split(".")[0] == "processes" and an_import.target.startswith("labsim.policies")
    ]


def test_no_process_imports_a_policy():
    assert process_policy_violations(PACKAGE) == []


def test_a_right_import_passes(tree):
    package = tree(
        {
            "world.py": "import labsim.columns",
            "columns.py": "import numpy",
            "processes/__init__.py": "from labsim.processes import firms",
            "processes/firms.py": "import numba\nfrom labsim.world import World",
            "population/synthesis.py": "from labsim.population import margins",
            "population/margins.py": "import pandas as pd",
        }
    )
    assert order_violations(package) == []
    assert heavy_violations(package) == []
    assert family_cycles(package) == []


def test_a_cycle_inside_a_package_is_caught(tree):
    package = tree({"report/a.py": "from labsim.report import b", "report/b.py": "def f():\n    from . import a"})
    assert family_cycles(package) == ["cycle: report.a -> report.b -> report.a"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"world.py": "import numba"}, "labsim.world:1 imports numba, allowed only in"),
        ({"policies/export.py": "from pandas import DataFrame"}, "labsim.policies.export:1 imports pandas"),
        ({"results.py": "def f():\n    import matplotlib.pyplot as plt"}, "labsim.results:2 imports matplotlib"),
        ({"processes/firms.py": "import mesa"}, "labsim.processes.firms:1 imports mesa"),
        ({"__init__.py": "import pandas"}, "labsim.:1 imports pandas"),
    ],
)
def test_a_heavy_import_out_of_place_is_caught(tree, files, message):
    assert message in "\n".join(heavy_violations(tree(files)))
