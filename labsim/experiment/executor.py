"""Run tasks side by side: one after the other, in threads, or in processes that survive the death of a worker.

Processes are always spawned, on every system, so that a run behaves alike everywhere and no lock is copied half-held.
One killed worker fails every pending task of a standard pool; here the pool is rebuilt, the tasks that were running are
tried again alone, and one that kills its worker again is named.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from labsim import interrupts
from labsim.errors import RunError
from labsim.experiment.ending import GRACE_S, Presses, RecordingContext, end_processes, end_threads
from labsim.text import _, did_you_mean

__all__ = [
    "AUTO",
    "EXECUTORS",
    "ExecutorName",
    "Stop",
    "heed",
    "peak_memory_mb",
    "require_answer",
    "require_executor",
    "require_workers",
    "run_tasks",
    "start_worker",
    "stop_requested",
    "usable_cores",
]

ExecutorName = Literal["serial", "threads", "processes"]
EXECUTORS: tuple[str, ...] = get_args(ExecutorName)
AUTO = "auto"

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


class Stop(Protocol):
    """Tell workers to stop early; an Event of threads or of processes."""

    def is_set(self) -> bool:
        """Say whether to stop."""

    def set(self) -> None:
        """Ask every worker to stop."""


_worker = threading.local()


def stop_requested() -> bool:
    """Say whether this worker's run was interrupted; a long task asks from time to time and then raises RunError."""
    stop: Stop | None = getattr(_worker, "stop", None)
    return stop is not None and stop.is_set()


def run_tasks(
    function: Callable[[Task], Outcome],
    tasks: Sequence[Task],
    *,
    names: Sequence[str],
    executor: str = "processes",
    workers: int | None = None,
    finished: Callable[[int], None] | None = None,
    lost: Callable[[int, str], Outcome] | None = None,
    delivered: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Return `function(task)` of every task, in the order of the tasks, whatever the executor.

    `names` are used in messages; `finished` is called with the number of tasks done and `delivered` with each outcome
    as it comes. A new process must be able to import `function`. A task that kills its worker twice is given to
    `lost`, with its place and a message, which returns an outcome in its stead; without `lost` RunError names it.
    `executor` may be the address of a Dask scheduler, as dask://host:port, or "dask" for a cluster on this machine;
    "auto" takes processes for more than one task.
    Raises RunError for an unknown executor; errors of a task pass through.
    """
    require_executor(executor)
    require_workers(workers)
    interrupts.raise_from_now_on()
    if executor == AUTO:
        executor = "processes" if len(tasks) > 1 else "serial"
    n_workers = min(usable_cores() if workers is None else workers, max(1, len(tasks)))
    told = finished or (lambda _count: None)
    each = delivered or (lambda _outcome: None)
    if executor == "serial":
        return list(_one_by_one(function, tasks, told, each))
    if executor.startswith("dask"):
        from labsim.experiment.cluster import run_on_cluster

        found = run_on_cluster(function, tasks, names, executor, n_workers, told, lost, each)
        # what a lost scheduler left undone runs in processes of this machine
        return _Batch(function, tasks, names, told, True, n_workers, lost, each, found).run()
    return _Batch(function, tasks, names, told, executor == "processes", n_workers, lost, each).run()


def require_executor(name: str) -> None:
    """Raise RunError for an executor that does not exist."""
    if name in (AUTO, *EXECUTORS, "dask") or (isinstance(name, str) and re.fullmatch(r"dask://[^\s/:]+:[0-9]+", name)):
        return
    options = (AUTO, *EXECUTORS, "dask", "dask://host:port")
    hint = did_you_mean(str(name), options)
    raise RunError(_("executor: given {given!r}; {hint}").format(given=name, hint=hint))


def require_workers(workers: int | None) -> None:
    """Raise RunError for a number of workers that is none."""
    if workers is None or (isinstance(workers, int) and not isinstance(workers, bool) and workers >= 1):
        return
    raise RunError(_("workers: given {given!r}; allowed a whole number of 1 or more").format(given=workers))


def require_answer(name: str) -> None:
    """Raise RunError for an executor that does not exist, or a scheduler that does not answer."""
    require_executor(name)
    if name.startswith("dask"):
        from labsim.experiment.cluster import require_scheduler

        require_scheduler(name)


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_memory_mb() -> float:
    """Return the most memory this process has held so far, in MB (0.0 where the system does not say)."""
    with suppress(OSError, ValueError, AttributeError, ImportError):
        if sys.platform == "win32":
            return _peak_on_windows()
        if sys.platform.startswith("linux"):
            # getrusage would count what the parent held when it started this process
            with open("/proc/self/status", encoding="ascii") as status:
                line = next((line for line in status if line.startswith("VmHWM:")), None)
            if line is not None:
                return int(line.split()[1]) / 1024
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return 0.0


def _one_by_one(
    function: Callable[[Task], Outcome],
    tasks: Sequence[Task],
    told: Callable[[int], None],
    each: Callable[[Outcome], None],
) -> Iterator[Outcome]:
    for done, task in enumerate(tasks, start=1):
        outcome = function(task)
        each(outcome)
        told(done)
        yield outcome


class _Batch(Generic[Task, Outcome]):
    """Tasks on their way through pools of workers."""

    def __init__(
        self,
        function: Callable[[Task], Outcome],
        tasks: Sequence[Task],
        names: Sequence[str],
        told: Callable[[int], None],
        in_processes: bool,
        n_workers: int,
        lost: Callable[[int, str], Outcome] | None,
        each: Callable[[Outcome], None],
        found: Mapping[int, Outcome] | None = None,
    ) -> None:
        self.function, self.tasks, self.names, self.told = function, tasks, names, told
        self.in_processes, self.n_workers = in_processes, n_workers
        self.context = RecordingContext()
        self.threads: list[threading.Thread] = []
        self.stop: Stop = self.context.Event() if in_processes else threading.Event()
        self.lost, self.each = lost, each
        self.outcomes: dict[int, Outcome] = dict(found or {})

    def run(self) -> list[Outcome]:
        _require_main_guard(self.in_processes)
        waiting = [place for place in range(len(self.tasks)) if place not in self.outcomes]
        while waiting:
            suspects = self._through_pool(waiting, self.n_workers)
            for suspect in suspects:
                if self._through_pool([suspect], 1):
                    self._give_up(suspect)
            waiting = [place for place in waiting if place not in self.outcomes]
        return [self.outcomes[place] for place in range(len(self.tasks))]

    def _through_pool(self, places: Sequence[int], n_workers: int) -> list[int]:
        """Run tasks until all are done or the pool breaks; return those that were running when it broke."""
        pool = self._pool(n_workers)
        running: dict[Future[Outcome], int] = {}
        queue = iter(places)
        with Presses() as presses:
            try:
                # no more tasks are handed out than can run, so that those running when a worker dies are known
                with presses.held_back(self.in_processes):
                    self._hand_out(pool, queue, running, n_workers)
                while running:
                    done = wait(running, return_when=FIRST_COMPLETED).done
                    # what is finished is taken before the death of another's worker ends the pool
                    for future in sorted(done, key=lambda future: (future.exception() is not None, running[future])):
                        self._take(running[future], future.result())
                        del running[future]
                    self._hand_out(pool, queue, running, n_workers)
            except BrokenProcessPool:
                pool.shutdown(wait=True, cancel_futures=True)
                return sorted(running.values())
            except BaseException:
                self._end(pool, presses)
                raise
        pool.shutdown(wait=False)  # all is done: the workers end while the results are put together
        return []

    def _end(self, pool: Executor, presses: Presses) -> None:
        """End the workers: those that were asked to stop have some seconds for it, or until a second Ctrl-C."""
        self.stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        if self.in_processes:
            end_processes(self.context.started, GRACE_S, presses.urgent)
        else:
            end_threads(self.threads, GRACE_S, presses.urgent)

    def _take(self, place: int, outcome: Outcome) -> None:
        self.outcomes[place] = outcome
        self.each(outcome)
        self.told(len(self.outcomes))

    def _give_up(self, place: int) -> None:
        """Replace the outcome of a task that killed its worker twice, or raise RunError."""
        message = self._poisoned(place)
        if self.lost is None:
            raise RunError(message)
        self._take(place, self.lost(place, message))

    def _hand_out(
        self, pool: Executor, queue: Iterator[int], running: dict[Future[Outcome], int], n_workers: int
    ) -> None:
        while len(running) < n_workers:
            place = next(queue, None)
            if place is None:
                return
            running[pool.submit(self.function, self.tasks[place])] = place

    def _pool(self, n_workers: int) -> Executor:
        if self.in_processes:
            context: Any = self.context
            return ProcessPoolExecutor(n_workers, mp_context=context, initializer=start_worker, initargs=(self.stop,))
        return ThreadPoolExecutor(n_workers, initializer=self._join_in)

    def _join_in(self) -> None:
        """Make the thread of a pool one of this batch."""
        self.threads.append(threading.current_thread())
        heed(self.stop)

    def _poisoned(self, place: int) -> str:
        message = _(
            "{name}: its worker process died twice, the second time alone (out of memory, or killed from outside)"
        ).format(name=self.names[place])
        if not self.outcomes:
            message += "\n" + _(
                'no worker finished anything: in a script, call labsim.run below `if __name__ == "__main__":`, '
                'or give executor="threads"'
            )
        return message


def start_worker(stop: Stop) -> None:
    """Prepare a new process of a pool: it heeds `stop`, not Ctrl-C, and ends with the process that started it."""
    # Ctrl-C reaches every process of a terminal; the parent alone decides, and says so through `stop`
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # blocked while it started
    heed(stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when the process that started it was killed; else it would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def heed(stop: Stop) -> None:
    """Let the tasks of this thread be stopped by `stop`; see `stop_requested`."""
    _worker.stop = stop  # of this thread, so that two runs in one process do not stop each other


def _require_main_guard(in_processes: bool) -> None:
    if in_processes and getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RunError(
            _(
                "a worker process runs the script that started it: put the call of labsim.run below "
                '`if __name__ == "__main__":`'
            )
        )


def _peak_on_windows() -> float:
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = [
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in ("PeakWorkingSetSize", "WorkingSetSize", *"abcdef")),
        ]

    counters = Counters()
    counters.cb = ctypes.sizeof(Counters)
    windll: Any = ctypes.__dict__["windll"]
    windll.kernel32.GetCurrentProcess.restype = wintypes.HANDLE
    read = windll.psapi.GetProcessMemoryInfo
    read.argtypes = [wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD]
    if not read(windll.kernel32.GetCurrentProcess(), ctypes.byref(counters), counters.cb):
        return 0.0
    return float(counters.PeakWorkingSetSize) / (1024 * 1024)
