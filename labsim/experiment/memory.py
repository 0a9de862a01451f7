"""Memory: what a run needs, what there is, and how many workers of it fit; asked before anything starts."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsim.errors import RunError
from labsim.experiment.executor import usable_cores
from labsim.text import _

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = ["Need", "free_memory_mb", "need_of", "workers_that_fit"]

# MB, measured on Son La at 1:500 to 1:1 with a policy of each kind: a process with its libraries and kernels, the
# process that starts others and puts results together, and a row of a person with what its months take beside it
BASE_MB, MAIN_MB, ROW_MB = 290.0, 210.0, 180e-6
MONTH_MB = 0.02  # what one replicate keeps of a month while all are put together; for each grouping once more
ADDRESSES_MB = 480.0  # address space that a process reserves beside what it fills
ROWS = 1_200_000  # rows of a province at one row a person
_UNLIMITED_MB = 1e9


@dataclass(frozen=True)
class Need:
    """How much memory replicates take, in MB: the whole, for each worker, and the address space of one process."""

    workers: int
    total: float
    each: float
    addresses: float


def need_of(config: Config, runs: int, workers: int, executor: str, kept: int | None = None) -> Need:
    """Return what `runs` replicates need with some workers at once; `kept` of their results are held (default all)."""
    people = config.scale * ROWS if config.province.kind != "reference" else float(config.reference.people)
    months = (runs if kept is None else kept) * config.period.n_months * MONTH_MB * (1 + len(config.by))
    one = people * ROW_MB
    if executor == "serial":
        return Need(1, BASE_MB + one + months, one, ADDRESSES_MB + BASE_MB + one + months)
    if executor == "threads":
        total = BASE_MB + workers * one + months
        return Need(workers, total, one, ADDRESSES_MB + total)
    each = BASE_MB + one
    return Need(workers, MAIN_MB + workers * each + months, each, ADDRESSES_MB + max(each, MAIN_MB + months))


def workers_that_fit(
    config: Config,
    runs: int,
    executor: str,
    workers: int | None,
    tell: Callable[[str], None],
    *,
    kept: int | None = None,
) -> int | None:
    """Return with how many workers some replicates fit into the memory that is free; `tell` hears of fewer.

    Raises RunError with what is needed and what is free if not even one fits, or not the number that was asked for.
    """
    if executor.startswith("dask"):
        return workers  # they may be on other machines
    wanted = 1 if executor == "serial" else min(usable_cores() if workers is None else workers, max(1, runs))
    free, addresses = free_memory_mb(), _addresses_mb()
    needs = {n: need_of(config, runs, n, executor, kept) for n in range(wanted, 0, -1)}
    fits = next((n for n, need in needs.items() if need.total <= free and need.addresses <= addresses), 0)
    if fits == wanted:
        return wanted
    full, there = needs[wanted], _in_words(min(free, addresses))
    if fits and workers is None:
        message = _("memory: {fewer} workers in place of {workers}; each needs about {each}, {free} are free")
        tell(message.format(fewer=fits, workers=wanted, each=_in_words(full.each), free=there))
        return fits
    message = _("needs about {need} of memory with {workers} workers, {free} are free: lower --scale, or --workers")
    if wanted == 1:
        message = _("needs about {need} of memory, {free} are free: lower --scale, or --replicates")
    most = full.total if full.total > free else full.addresses
    raise RunError(message.format(need=_in_words(most), workers=full.workers, free=there))


def free_memory_mb() -> float:
    """Return the memory that this process and its workers may still take, in MB; very much where nobody knows."""
    with suppress(OSError, ValueError, AttributeError, ImportError, subprocess.SubprocessError):
        if sys.platform == "win32":
            return _free_on_windows()
        if sys.platform == "darwin":
            return _free_on_macos()
        return min(_available_on_linux(), _left_of_cgroup(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")))
    return _UNLIMITED_MB


def _in_words(megabytes: float) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def _addresses_mb() -> float:
    """Return the address space that a process may have (`ulimit -v`), in MB."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most != resource.RLIM_INFINITY:
            return float(most / 1e6)
    return _UNLIMITED_MB


def _available_on_linux() -> float:
    text = Path("/proc/meminfo").read_bytes().decode("ascii", "replace")
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else _UNLIMITED_MB


def _left_of_cgroup(root: Path, mine: Path) -> float:
    """Return what the control groups of a container, and those above it, leave; both versions of them."""
    left = _UNLIMITED_MB
    for line in mine.read_bytes().decode("utf-8", "replace").splitlines():
        _number, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "memory" if controllers else root
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        # within a container its own group is often mounted as the root
        folders = [top, *(top.joinpath(*Path(path).parts[1:length]) for length in range(2, len(Path(path).parts) + 1))]
        left = min([left, *(_left_of_group(folder, *names) for folder in folders)])
    return left


def _left_of_group(folder: Path, limit: str, usage: str) -> float:
    with suppress(OSError, ValueError):
        most = int((folder / limit).read_bytes())  # "max" is no number: there is no limit
        used = int((folder / usage).read_bytes())
        return max(0.0, (most - used + _cached(folder / "memory.stat")) / 1e6)
    return _UNLIMITED_MB


def _cached(stat: Path) -> int:
    """Return the bytes of files that were read, which are kept as long as nobody needs the room."""
    with suppress(OSError):
        text = stat.read_bytes().decode("ascii", "replace")
        found = re.search(r"^(?:total_)?inactive_file (\d+)$", text, re.MULTILINE)
        return int(found[1]) if found else 0
    return 0


def _free_on_macos() -> float:
    told = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, check=True, timeout=5).stdout.decode("ascii")
    page = re.search(r"page size of (\d+) bytes", told)
    kinds = re.findall(r"^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)\.", told, re.MULTILINE)
    return int(page[1]) * sum(map(int, kinds)) / 1e6 if page and kinds else _UNLIMITED_MB


def _free_on_windows() -> float:
    class Status(ctypes.Structure):
        _fields_ = [
            ("dwLength", ctypes.c_ulong),
            ("dwMemoryLoad", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", *"abcde")),
        ]

    status = Status()
    status.dwLength = ctypes.sizeof(Status)
    windll: Any = ctypes.__dict__["windll"]
    if not windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return _UNLIMITED_MB
    return float(status.free) / 1e6
