"""Simulate replicates for many people at once: few workers, fair between people, nothing simulated twice.

Each worker is a thread that hands one replicate at a time to a process of its own. Small worlds spend their time in
Python rather than in kernels, so that threads would wait for each other (two took as long side by side as one after
the other), and the pages with them. A process that dies takes nobody else's run along.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from labsim.app.scoring import Scored, scored
from labsim.errors import LabsimError
from labsim.experiment.executor import Stop, start_worker
from labsim.experiment.run import Job, warm_up
from labsim.text import _

__all__ = ["Engine", "Owner", "Task", "process_pool"]

_KEPT = 160  # replicates of about a megabyte each
_ATTEMPTS = 2


class Owner(Protocol):
    """Whoever wants replicates: what they belong to, and how to be told."""

    def take(self, key: Hashable, replicate: Scored) -> None:
        """Take a replicate that is done."""

    def fail(self, key: Hashable, message: str) -> None:
        """Be told that a replicate could not be simulated."""


@dataclass(frozen=True)
class Task:
    """Ask for a replicate: `key` is the same for the same numbers, `job` makes what a worker needs."""

    key: Hashable
    job: Callable[[], Job]


def process_pool(stop_of: Callable[[multiprocessing.context.SpawnContext], Stop]) -> tuple[Executor, Stop]:
    """Return a pool of one new process, and what makes its task stop early."""
    context = multiprocessing.get_context("spawn")
    stop = stop_of(context)
    return ProcessPoolExecutor(1, mp_context=context, initializer=start_worker, initargs=(stop,)), stop


class Engine:
    """Hand tasks to `workers` workers in turn: one of each person, then the next of each.

    `pool` makes the executor of a worker and what stops its task; tests give one of threads.
    """

    def __init__(self, workers: int = 2, pool: Callable[[], tuple[Executor, Stop]] | None = None) -> None:
        self._pool = pool or partial(process_pool, lambda context: context.Event())
        self._changed = threading.Condition()
        self._queues: OrderedDict[str, deque[tuple[Owner, Task]]] = OrderedDict()
        self._running: dict[Hashable, tuple[str, Owner, Stop]] = {}
        self._kept: OrderedDict[Hashable, Scored] = OrderedDict()
        self._is_open = True
        self.compiling = ""
        self._threads = [threading.Thread(target=self._work, daemon=True, name=f"labsim-{n}") for n in range(workers)]
        self._first = threading.Lock()

    def start(self) -> None:
        """Start the workers; kernels are compiled first if this machine has not done so yet."""
        for thread in self._threads:
            thread.start()

    def ask(self, person: str, owner: Owner, tasks: list[Task]) -> None:
        """Queue tasks of a person's run; those known already are delivered at once."""
        known: list[tuple[Task, Scored]] = []
        with self._changed:
            queue = self._queues.setdefault(person, deque())
            for task in tasks:
                if task.key in self._kept:
                    self._kept.move_to_end(task.key)
                    known.append((task, self._kept[task.key]))
                else:
                    queue.append((owner, task))
            self._changed.notify_all()
        for task, replicate in known:
            owner.take(task.key, replicate)

    def cancel(self, owner: Owner) -> None:
        """Forget the tasks of a run and stop those that are being simulated for it, unless others wait for the same."""
        with self._changed:
            for queue in self._queues.values():
                kept = [one for one in queue if one[0] is not owner]
                queue.clear()
                queue.extend(kept)
            wanted = {task.key for queue in self._queues.values() for _other, task in queue}
            for key, (_person, other, stop) in self._running.items():
                if other is owner and key not in wanted:
                    stop.set()
            self._changed.notify_all()

    def waiting(self) -> int:
        """Return how many tasks are queued, of everyone."""
        with self._changed:
            return sum(len(queue) for queue in self._queues.values())

    def close(self) -> None:
        """Stop everything."""
        with self._changed:
            self._is_open = False
            self._queues.clear()
            for _person, _owner, stop in self._running.values():
                stop.set()
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=20)

    def _work(self) -> None:
        executor, stop = self._pool()
        with self._first:  # one compiles, the others find the machine code ready
            executor = self._ready(executor)
        while (taken := self._next(stop)) is not None:
            person, owner, task = taken
            replicate, message, executor, stop = self._simulated(task, executor, stop)
            self._deliver(person, owner, task, replicate, message)
        with suppress(Exception):
            executor.shutdown(wait=True, cancel_futures=True)

    def _ready(self, executor: Executor) -> Executor:
        def say(message: str) -> None:
            self.compiling = message

        with suppress(LabsimError):
            warm_up(say)
        self.compiling = ""
        with suppress(BrokenProcessPool):
            executor.submit(warm_up, this_process=True).result()
        return executor

    def _next(self, stop: Stop) -> tuple[str, Owner, Task] | None:
        """Wait for a task that nobody simulates at the moment, of the person whose turn it is."""
        with self._changed:
            while self._is_open:
                for person in list(self._queues):
                    queue = self._queues[person]
                    if not queue:
                        del self._queues[person]
                        continue
                    owner, task = queue[0]
                    if task.key in self._running:
                        continue
                    queue.popleft()
                    self._queues.move_to_end(person)
                    _clear(stop)
                    self._running[task.key] = (person, owner, stop)
                    return person, owner, task
                self._changed.wait()
        return None

    def _simulated(self, task: Task, executor: Executor, stop: Stop) -> tuple[Scored | None, str, Executor, Stop]:
        """Return the replicate or what went wrong, and the pool in use: a new one if its process died."""
        known = self._kept.get(task.key)
        if known is not None:
            return known, "", executor, stop
        message = ""
        for _attempt in range(_ATTEMPTS):
            try:
                return executor.submit(scored, task.job()).result(), "", executor, stop
            except BrokenProcessPool:
                message = _("its worker process died (out of memory, or killed from outside)")
                executor, stop = self._pool()
            except LabsimError as error:
                return None, str(error), executor, stop
            except Exception as error:
                return None, f"{type(error).__name__}: {error}", executor, stop
        return None, message, executor, stop

    def _deliver(self, person: str, owner: Owner, task: Task, replicate: Scored | None, message: str) -> None:
        with self._changed:
            self._running.pop(task.key, None)
            if replicate is not None:
                self._kept[task.key] = replicate
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._changed.notify_all()
        if replicate is not None:
            owner.take(task.key, replicate)
        else:
            owner.fail(task.key, message)


def _clear(stop: Stop) -> None:
    """Take an old wish to stop back before a worker begins its next task."""
    clear = getattr(stop, "clear", None)
    if clear is not None:
        clear()
