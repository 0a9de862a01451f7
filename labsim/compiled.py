"""Compile kernels once per machine and find them again.

Every kernel of labsim is declared with `kernel`: a numba function, single-threaded, without the GIL, cached on disk.
Numba notices an edit to the file of a kernel but not to a function that the kernel calls in another file, and then
serves the stale machine code silently; so the cache folder is named after a hash of all kernel sources. In it a
kernel is found by what it is and not by where its file lies: installed anew, or in a copy, nothing is compiled twice.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import config as numba_config
from numba.core.caching import CacheImpl, UserProvidedCacheLocator

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILATION_ON = not bool(numba_config.DISABLE_JIT)
_PACKAGE = Path(__file__).resolve().parent


class _OwnFolder(UserProvidedCacheLocator):  # type: ignore[misc]
    """Where numba finds the machine code of labsim's kernels: a place without the path or the date of their files."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return where a function is kept, or None, which leaves a kernel of somebody else to numba."""
        return super().from_function(py_func, py_file) if Path(py_file).resolve() in _kernel_sources() else None

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Return the name of the package that holds the file."""
        return Path(py_file).parent.name

    def get_source_stamp(self) -> str:
        """Return nothing more: the folder is named after the content of every source."""
        return ""


@cache
def _kernel_sources() -> tuple[Path, ...]:
    return (
        *(_PACKAGE / name for name in ("compiled.py", "draws.py", "rows.py", "world.py")),
        *sorted((_PACKAGE / "processes").glob("*.py")),
    )


def sources_hash() -> str:
    """Return a short hash of every file that holds kernels, of numba's version and of Python's."""
    digest = hashlib.sha256()
    digest.update(f"{numba.__version__} {sys.version_info[:2]}".encode())
    for path in _kernel_sources():
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


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
    """Return the folder of this version's compiled kernels, or None where no such folder can be written."""
    try:
        folder = _user_cache() / f"kernels-{sources_hash()}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError):
        return None
    return folder


def is_cold() -> bool:
    """Say whether the kernels still have to be compiled on this machine."""
    folder = cache_folder()
    return COMPILATION_ON and (folder is None or not (folder / "warm").exists())


def mark_warm() -> None:
    """Note that every kernel of this version has been compiled and stored."""
    folder = cache_folder()
    if folder is not None and COMPILATION_ON:
        (folder / "warm").touch()


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
