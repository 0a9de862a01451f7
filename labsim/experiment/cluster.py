"""Run tasks on a Dask cluster: that of a scheduler's address, or one of this machine's own.

Workers must see the same files. One that dies is replaced by others, and a task that kills its workers is named.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Generic, TypeVar

from labsim.errors import RunError
from labsim.experiment.ending import Presses
from labsim.text import _

__all__ = ["require_scheduler", "run_on_cluster"]

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
_PATIENCE_S = 10
_AHEAD = 4  # tasks handed out for each thread of the cluster: enough that none waits, few enough to take back
_LOCAL = "dask"


def require_scheduler(address: str) -> None:
    """Raise RunError if Dask is not installed, or if no scheduler with workers answers at dask://host:port."""
    if address == _LOCAL:
        _dask()
        return
    with _client(address, 1):
        pass


def run_on_cluster(
    function: Callable[[Task], Outcome],
    tasks: Sequence[Task],
    names: Sequence[str],
    address: str,
    workers: int,
    told: Callable[[int], None],
    lost: Callable[[int, str], Outcome] | None,
    each: Callable[[Outcome], None],
) -> dict[int, Outcome]:
    """Return `function(task)` by the place of the task; those missing were not run when the scheduler was lost.

    `workers` is the number of processes of a cluster on this machine. See `executor.run_tasks` for the rest. Raises
    RunError if no scheduler answers, if it has no workers, or if Dask is not installed.
    """
    if not tasks:
        return {}
    # a second Ctrl-C must not break off the closing of the cluster, which ends its workers
    with Presses(), _client(address, workers) as client:
        flow = _Flow(client, function, tasks, names, told, lost, each)
        try:
            flow.run()
        except BaseException:
            with suppress(Exception):
                client.cancel(list(flow.futures))
            raise
    return flow.outcomes


class _Flow(Generic[Task, Outcome]):
    """Tasks on their way through a cluster; only some are handed out at a time."""

    def __init__(
        self,
        client: Any,
        function: Callable[[Task], Outcome],
        tasks: Sequence[Task],
        names: Sequence[str],
        told: Callable[[int], None],
        lost: Callable[[int, str], Outcome] | None,
        each: Callable[[Outcome], None],
    ) -> None:
        self.client, self.function, self.tasks, self.names = client, function, tasks, names
        self.told, self.lost, self.each = told, lost, each
        self.outcomes: dict[int, Outcome] = {}
        self.futures: dict[Any, int] = {}
        self.queue = list(range(len(tasks)))[::-1]
        self.at_once = 0
        self.blamed: dict[int, BaseException] = {}
        self.last_chance: BaseException | None = None

    def run(self) -> None:
        """Run until all is done or the scheduler, or every worker, is gone."""
        if not self._run_through(ahead=_AHEAD):
            return
        # Dask blames every task that a dying worker held: those that did no harm are told by running alone
        for place, error in self.blamed.items():
            self.queue, self.last_chance = [place], error
            if not self._run_through(ahead=0):
                return

    def _run_through(self, ahead: int) -> bool:
        distributed = _dask()
        idle = 0
        while self._hand_out(ahead):
            if not self.futures:
                return True
            try:
                done = distributed.wait(list(self.futures), _PATIENCE_S, "FIRST_COMPLETED").done
            except TimeoutError:
                idle = 0 if self._n_threads() else idle + 1
                if idle > 1:
                    return False
                continue
            except (OSError, asyncio.CancelledError, CancelledError):
                return False
            for future in done:
                if not self._settle(distributed, future, self.futures.pop(future)):
                    return False
        return False

    def _settle(self, distributed: Any, future: Any, place: int) -> bool:
        """Take the outcome of a finished task; return False if the scheduler was lost instead."""
        gone = (OSError, TimeoutError, asyncio.CancelledError, CancelledError)
        if future.status == "error":
            try:
                failed = future.exception(timeout=_PATIENCE_S)
            except gone:
                return False
            if not isinstance(failed, distributed.scheduler.KilledWorker):
                raise failed
            if self.last_chance is None:
                self.blamed[place] = failed
            else:
                self._give_up(place, failed)
            return True
        if future.status != "finished":
            return False  # cancelled or lost: nobody but a dying scheduler does that
        try:
            outcome = future.result(timeout=_PATIENCE_S)
        except gone:
            return False
        self._take(place, outcome)
        return True

    def _hand_out(self, ahead: int) -> bool:
        """Hand out tasks where few are left to do; return False if the scheduler was lost."""
        if not self.queue or len(self.futures) > self.at_once // 2:
            return True
        try:
            self.at_once = max(1, ahead * self._n_threads())
            while self.queue and len(self.futures) < self.at_once:
                future = self.client.submit(self.function, self.tasks[self.queue[-1]], pure=False)
                self.futures[future] = self.queue.pop()
        except Exception:  # a closed connection shows itself in many classes
            return False
        return True

    def _n_threads(self) -> int:
        """Return the threads of all workers; 0 if the scheduler does not answer."""
        try:
            return int(sum(self.client.nthreads().values()))
        except Exception:
            return 0

    def _take(self, place: int, outcome: Outcome) -> None:
        self.outcomes[place] = outcome
        self.each(outcome)
        self.told(len(self.outcomes))

    def _give_up(self, place: int, error: BaseException) -> None:
        message = _("{name}: its worker died each time it was tried ({error})").format(
            name=self.names[place], error=" ".join(str(error).split())
        )
        if self.lost is None:
            raise RunError(message) from error
        self._take(place, self.lost(place, message))


def _dask() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise RunError(_("Dask is not installed: pip install 'labsim[cluster]'")) from error


def _require_greeting(where: str) -> None:
    """Raise OSError unless something greets at host:port; Dask itself would wait for minutes for a silent server."""
    host, _colon, port = where.partition(":")
    with socket.create_connection((host, int(port)), timeout=_PATIENCE_S) as connection:
        if not connection.recv(1):
            raise ConnectionResetError


@contextmanager
def _client(address: str, workers: int) -> Iterator[Any]:
    """Connect to a scheduler, or start a cluster of processes on this machine."""
    distributed = _dask()
    if address == _LOCAL:
        local = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        )
        with local as cluster, distributed.Client(cluster) as client:
            yield client
        return
    where = address.removeprefix("dask://")
    try:
        _require_greeting(where)
        client = distributed.Client(f"tcp://{where}", timeout=_PATIENCE_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise RunError(_("no Dask scheduler answers at {address}").format(address=where)) from error
    try:
        if not client.scheduler_info().get("workers"):
            raise RunError(_("the Dask scheduler at {address} has no workers").format(address=where))
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_PATIENCE_S)
