"""End the workers of a run that was interrupted: asked first, ended by force after a while or at a second Ctrl-C."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, Self

__all__ = ["GRACE_S", "Presses", "RecordingContext", "end_processes", "end_threads"]

GRACE_S = 5.0  # for a worker that was asked to stop: a month of a whole province takes a few seconds
_MOMENT_S = 0.05
_FORCE_S = 0.5  # from the polite signal to the one that no process can refuse


class RecordingContext:
    """The way to start processes anew ("spawn"), which remembers those that it started."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self.started: list[BaseProcess] = []

    def Process(self, *given: Any, **named: Any) -> BaseProcess:
        """Return a new process, as the context does."""
        made = self._context.Process(*given, **named)
        self.started.append(made)
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def end_processes(processes: Sequence[BaseProcess], grace: float, urgent: Callable[[], bool]) -> None:
    """Wait for processes that were asked to stop, at most some seconds and while it is not urgent, then end them.

    Nothing of them is alive afterwards.
    """
    _wait(processes, grace, urgent)
    for process in _alive(processes):
        process.terminate()
    _wait(processes, _FORCE_S)
    for process in _alive(processes):
        process.kill()
    _wait(processes, _FORCE_S)


def end_threads(threads: Sequence[threading.Thread], grace: float, urgent: Callable[[], bool]) -> None:
    """Wait for threads that were asked to stop; those that still run Python then are interrupted where they are."""
    until = monotonic() + grace
    while not urgent() and monotonic() < until and (alive := [thread for thread in threads if thread.is_alive()]):
        alive[0].join(_MOMENT_S)
    for thread in threads:
        if thread.is_alive() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
            )


class Presses:
    """Count Ctrl-C while workers are at work: the first raises KeyboardInterrupt, the next only hurry the end.

    Another than the main thread hears none.
    """

    def __init__(self) -> None:
        self.count = 0
        self._held = False
        self._before: Any = None

    def __enter__(self) -> Self:
        here = threading.current_thread() is threading.main_thread()
        if here and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def urgent(self) -> bool:
        """Say whether Ctrl-C was pressed again."""
        return self.count > 1

    @contextmanager
    def held_back(self, needed: bool) -> Iterator[None]:
        """Let new processes start deaf to Ctrl-C, so that none dies with a traceback while it still imports.

        What is pressed meanwhile is raised afterwards.
        """
        if not needed or self._before is None:
            yield
            return
        # what is blocked here is blocked in the new processes too, until they have learnt to ignore it
        has_masks = hasattr(signal, "pthread_sigmask")
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]) if has_masks else None
        self._held = True
        try:
            yield
        finally:
            if has_masks:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask or [])
            self._held = False
        if self.count:
            self.count += 1  # workers that have begun nothing need no time; and two that wait count as one
            raise KeyboardInterrupt

    def _press(self, _signal: int, _frame: object) -> None:
        self.count += 1
        if self.count == 1 and not self._held:
            raise KeyboardInterrupt


def _alive(processes: Sequence[BaseProcess]) -> list[BaseProcess]:
    found = []
    for process in processes:
        with suppress(ValueError, AssertionError):  # closed, or never started
            if process.is_alive():
                found.append(process)
    return found


def _wait(processes: Sequence[BaseProcess], seconds: float, urgent: Callable[[], bool] = lambda: False) -> None:
    until = monotonic() + seconds
    while not urgent() and monotonic() < until and (alive := _alive(processes)):
        connection.wait([process.sentinel for process in alive], timeout=_MOMENT_S)
