"""The versions that labsim is tested with, and the oldest that it allows, agree with pyproject.toml."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("constraints", ROOT / "tools" / "constraints.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["constraints"] = module
    spec.loader.exec_module(module)
    return module


constraints = _tool()


@pytest.fixture
def copy(tmp_path) -> Path:
    for name in ("pyproject.toml", constraints.TESTED, constraints.OLDEST):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_both_files_agree_with_the_project() -> None:
    assert constraints.check(ROOT) == []


def test_a_raised_lower_bound_is_missed(copy) -> None:
    change(copy / "pyproject.toml", '"click>=8.2"', '"click>=8.3"')
    found = constraints.check(copy)
    assert found and all("click is 8.2" in line and "pyproject.toml says 8.3" in line for line in found)


def test_a_new_dependency_is_missed_in_both(copy) -> None:
    change(copy / "pyproject.toml", '"click>=8.2"', '"click>=8.2", "tomlkit>=0.13"')
    found = constraints.check(copy)
    assert any(line.startswith("constraints.txt: tomlkit is missing for Python 3.14 on windows") for line in found)
    assert any(line.startswith("constraints-oldest.txt: tomlkit is missing on linux") for line in found)


@pytest.mark.parametrize(
    "line",
    [
        "click @ https://files.example/click.whl",
        "--index-url " + "https:" + "//index.example",
        "click==8.2 --hash=sha256:00",
        "https://files.example/click.whl",
        "click>=8",
    ],
)
def test_addresses_hashes_and_ranges_are_refused(copy, line: str) -> None:
    path = copy / constraints.TESTED
    path.write_text(f"{line}\n", encoding="utf-8")
    assert constraints.check(copy)[0].startswith("constraints.txt:1: ")


def test_a_marker_holds_for_some_only(copy) -> None:
    path = copy / constraints.TESTED
    path.write_text("a==1 ; python_full_version < '3.12'\nb==2 ; sys_platform == 'win32'\n", encoding="utf-8")
    first, second = constraints.pins(path)
    assert [first.holds(python, "linux") for python in constraints.PYTHONS] == [True, False, False, False]
    assert [second.holds("3.13", system) for system in constraints.SYSTEMS] == [False, True, False]
