"""Compile kernels once per machine and find them again.

Every kernel of labsim is declared with `kernel`: a numba function, single-threaded, without the GIL, cached on disk.
Numba notices an edit to the file of a kernel but not to a function that the kernel calls in another file, and then
serves the stale machine code silently; so the cache folder is named after a hash of all kernel sources.
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

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILATION_ON = not bool(numba_config.DISABLE_JIT)


def _kernel_sources() -> list[Path]:
    package = Path(__file__).parent
    return [
        *(package / name for name in ("compiled.py", "draws.py", "world.py")),
        *sorted((package / "processes").glob("*.py")),
    ]


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

    The setting of the folder is put back at once, so that numba functions of a user's own are cached where they
    always were.
    """
    folder = cache_folder()
    before = numba_config.CACHE_DIR
    try:
        numba_config.CACHE_DIR = str(folder) if folder is not None else before
        compiled: Function = numba.njit(cache=folder is not None, nogil=True, error_model="numpy")(function)
    finally:
        numba_config.CACHE_DIR = before
    return compiled


def inline(function: Function) -> Function:
    """Compile a small function of numbers that kernels call; LLVM copies it into them."""
    compiled: Function = numba.njit(nogil=True)(function)
    return compiled


def spliced(function: Function) -> Function:
    """Compile a small function that receives whole tables; numba splices it in, since passing dozens of arrays costs
    more than it does.
    """
    compiled: Function = numba.njit(inline="always", nogil=True)(function)
    return compiled
