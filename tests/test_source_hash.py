"""A hash of code moves with what the code does, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labsim.compiled import COMPILATION_ON, kernels_in
from labsim.source_hash import Sources, hash_of_files

MAIN = '''"""A module."""
from package.compiled import kernel
from package.other import half
from package.kinds import Kind
from package import odds

N = 3
TABLE = [0, 1]
TABLE[N - 3] = 2


@kernel
def first(x: int, kind: Kind) -> int:
    """Say what it does."""
    return half(x) + N + TABLE[0]  # why


@kernel
def second(x):
    return x + odds.chance(x) + len(_("some words"))


def neither(x):
    return 2 * x
'''
OTHER = "def half(x):\n    return x // deeper(x)\n\n\ndef deeper(x):\n    return 2\n"
KINDS = "class Kind:\n    a: int\n    b: int\n"
ODDS = "def chance(x):\n    return 0.5\n"


def write(folder: Path, changes: dict[str, tuple[str, str]]) -> Path:
    files = {"main": MAIN, "other": OTHER, "kinds": KINDS, "odds": ODDS, "compiled": "def kernel(f):\n    return f\n"}
    for name, text in files.items():
        old, new = changes.get(name, ("", ""))
        assert old in text
        path = folder / f"{name}.py"
        path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
        os.utime(path, ns=(1, hash(str(sorted(changes.items()))) % 10**15))
    return folder


def hashes(folder: Path) -> dict[str, str]:
    sources = Sources(folder, "package", without=frozenset({"package.compiled"}))
    return {name: sources.hash_of("package.main", name) for name in ("first", "second")}


@pytest.mark.parametrize(
    ("file", "old", "new", "moved"),
    [
        ("main", "# why", "# for another reason", ""),
        ("main", "Say what it does.", "Say it in other words.", ""),
        ("main", '"""A module."""', "", ""),
        ("main", ") -> int:", ") -> float:", ""),
        ("main", "x + odds", "(x\n            + odds", None),
        ("main", "some words", "other words", ""),
        ("main", "return 2 * x", "return 3 * x", ""),
        ("main", "N = 3", "N = 4", "first"),
        ("main", "TABLE[N - 3] = 2", "TABLE[N - 3] = 5", "first"),
        ("main", "half(x) + N", "half(x) - N", "first"),
        ("main", "x + odds", "x - odds", "second"),
        ("other", "return 2", "return 3", "first"),
        ("odds", "0.5", "0.25", "second"),
        ("kinds", "a: int\n    b: int", "b: int\n    a: int", "first"),
        ("compiled", "return f", "return g", ""),
    ],
)
def test_what_moves_the_hash_of_a_kernel(tmp_path: Path, file: str, old: str, new: str, moved: str | None) -> None:
    if moved is None:
        old, new, moved = "x + odds.chance(x) + len", "(\n        x + odds.chance(x)\n    ) + len", ""
    before = hashes(write(tmp_path, {}))
    after = hashes(write(tmp_path, {file: (old, new)}))
    assert [name for name in before if before[name] != after[name]] == ([moved] if moved else [])


@pytest.mark.parametrize(("old", "new", "moves"), [("Say what", "Say how", False), ("2 * x", "2 + x", True)])
def test_what_moves_the_hash_of_a_module(tmp_path: Path, old: str, new: str, moves: bool) -> None:
    before = hash_of_files(tmp_path, [write(tmp_path, {}) / "main.py"])
    after = hash_of_files(tmp_path, [write(tmp_path, {"main": (old, new)}) / "main.py"])
    assert (before != after) == moves


def test_columns_of_a_class_are_no_mere_hints(tmp_path: Path) -> None:
    path = tmp_path / "kinds.py"
    found = set()
    for column in ("np.int16", "np.int32"):
        path.write_text(f"class Table:\n    birth: Annotated[Shorts, Column({column})]\n", encoding="utf-8")
        os.utime(path, ns=(1, len(found) + 1))
        found.add(hash_of_files(tmp_path, [path]))
    assert len(found) == 2


@pytest.mark.skipif(not COMPILATION_ON, reason="nothing is compiled")
def test_every_kernel_is_kept_under_what_it_does() -> None:
    from labsim.processes import search

    kernels = kernels_in(Path(search.__file__))
    assert "_who_searches" in kernels
    stamps = {getattr(search, name)._cache._impl.locator.get_source_stamp() for name in kernels}
    assert len(stamps) == len(kernels)
