"""Compile kernels once per machine and find them again.

Every kernel of labsim is declared with `kernel`: a numba function, single-threaded, without the GIL, cached on disk.
Numba notices an edit to the file of a kernel but not to a function that the kernel calls in another file, and then
serves the stale machine code silently; so each kernel is kept under a hash of what it does, with everything that it
reaches. Installed anew, in a copy, or after an edit elsewhere, nothing is compiled twice; states of the program that
are used in turn keep what each of them compiled.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import config as numba_config
from numba.core.caching import CacheImpl, UserProvidedCacheLocator

from labsim.source_hash import Sources, hash_of_bytes

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILATION_ON = not bool(numba_config.DISABLE_JIT)
_PACKAGE = Path(__file__).resolve().parent
_WITHOUT_KERNELS = ("app", "cli", "evidence", "experiment", "lessons", "life", "report")
_LONG_AGO_S = 60 * 24 * 3600
_HOW = "1"  # to be raised when `kernel` or `inline` below compile in another way


class _OwnFolder(UserProvidedCacheLocator):  # type: ignore[misc]
    """Where numba finds the machine code of labsim's kernels: by what they do, without the path or date of a file."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)
        self._stamp = _stamp_of(py_func.__module__, py_func.__qualname__)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return where a function is kept, or None, which leaves a kernel of somebody else to numba."""
        return super().from_function(py_func, py_file) if _PACKAGE in Path(py_file).resolve().parents else None

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Return the name of the package that holds the file."""
        return Path(py_file).parent.name

    def get_source_stamp(self) -> str:
        """Return the hash of what the kernel does."""
        return self._stamp

    def get_disambiguator(self) -> str:
        """Return what tells kernels of one name apart in the names of files."""
        return self._stamp


def _sources() -> list[Path]:
    """Return the files that kernels may reach: all but those that only show or run."""
    files = (path for path in _PACKAGE.rglob("*.py") if path.relative_to(_PACKAGE).parts[0] not in _WITHOUT_KERNELS)
    return sorted(files, key=lambda path: path.relative_to(_PACKAGE).as_posix())


def _stamp_of(module: str, name: str) -> str:
    """Return a short hash of what a kernel does, remembered on disk for as long as no file changes."""
    known = _stamps()
    place = f"{module}.{name}"
    if place not in known:
        known[place] = _reaching().hash_of(module, name)[:16]
    return known[place]


@cache
def _reaching() -> Sources:
    return Sources(_PACKAGE, _PACKAGE.name, without=frozenset({__name__}))


@cache
def _stamps() -> dict[str, str]:
    """Return the hash of every kernel at the top of a module, by its place."""
    return remembered(f"kernels-{hash_of_bytes(_PACKAGE, _sources())}", _all_stamps)


def _all_stamps() -> dict[str, str]:
    places = [(path, name) for path in _sources() for name in kernels_in(path)]
    modules = {path: ".".join((_PACKAGE.name, *path.relative_to(_PACKAGE).with_suffix("").parts)) for path, _ in places}
    return {f"{modules[path]}.{name}": _reaching().hash_of(modules[path], name)[:16] for path, name in places}


def kernels_in(path: Path) -> list[str]:
    """Return the names of the functions of a file that are declared with `kernel`."""
    if b"@kernel" not in path.read_bytes():
        return []
    functions = [node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in functions if "kernel" in {getattr(one, "id", "") for one in node.decorator_list}]


def sources_hash() -> str:
    """Return a short hash of what all kernels do."""
    told = "\n".join(f"{place} {stamp}" for place, stamp in sorted(_stamps().items()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def remembered(name: str, made: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Return what a function makes, from the user's cache if it was made before; a name stands for one content."""
    file = _user_cache() / "hashes" / f"{name}.json"
    with suppress(OSError, ValueError):
        found: dict[str, str] = json.loads(file.read_bytes())
        return found
    found = made()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}.partial")
        draft.write_text(json.dumps(found), encoding="utf-8")
        draft.replace(file)
    return found


def _user_cache() -> Path:
    """Return the folder where this system keeps a user's caches."""
    chosen = os.environ.get("LABSIM_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "labsim" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "labsim"
    return Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "labsim"


@cache
def cache_folder() -> Path | None:
    """Return the folder of compiled kernels, or None where no such folder can be written."""
    try:
        folder = _user_cache() / f"kernels-{numba.__version__}-py{sys.version_info[0]}{sys.version_info[1]}-{_HOW}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError):
        return None
    return folder


def is_cold() -> bool:
    """Say whether the kernels still have to be compiled on this machine."""
    folder = cache_folder()
    return COMPILATION_ON and (folder is None or not (folder / f"warm-{sources_hash()}").exists())


def mark_warm() -> None:
    """Note that every kernel of this version has been compiled and stored; what has long been of no use goes."""
    folder = cache_folder()
    if folder is not None and COMPILATION_ON:
        _forget_old(folder)
        (folder / f"warm-{sources_hash()}").touch()


def _forget_old(folder: Path) -> None:
    """Remove machine code of other states of the program, made long ago."""
    used = set(_stamps().values())
    for file in folder.glob("*/*.nb[ic]"):
        stamp = file.name.rpartition("-")[2].partition(".")[0]
        with suppress(OSError):  # another process may be faster, or may hold it open
            if stamp not in used and file.stat().st_mtime < time.time() - _LONG_AGO_S:
                file.unlink()


def kernel(function: Function) -> Function:
    """Compile a function with numba, without the GIL, and keep the machine code on disk where possible.

    Where machine code is kept is put back at once, so that numba functions of a user's own are cached where they
    always were.
    """
    folder = cache_folder()
    before = numba_config.CACHE_DIR, CacheImpl._locator_classes
    try:
        if folder is not None:
            numba_config.CACHE_DIR = str(folder)
            CacheImpl._locator_classes = [_OwnFolder, *before[1]]
        compiled: Function = numba.njit(cache=folder is not None, nogil=True, error_model="numpy")(function)
    finally:
        numba_config.CACHE_DIR, CacheImpl._locator_classes = before
    return compiled


def inline(function: Function) -> Function:
    """Compile a small function of numbers that kernels call; LLVM copies it into them."""
    compiled: Function = numba.njit(nogil=True)(function)
    return compiled
