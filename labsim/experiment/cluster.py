"""Run tasks on a Dask cluster: that of a scheduler's address, or one of this machine's own.

Workers must see the same files. One that dies is replaced by others, and a task that kills its workers is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, TypeVar

from labsim.errors import RunError
from labsim.text import _

__all__ = ["run_on_cluster"]

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
_PATIENCE_S = 10


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
    distributed = _dask()
    outcomes: dict[int, Outcome] = {}

    def take(place: int, outcome: Outcome) -> None:
        outcomes[place] = outcome
        each(outcome)
        told(len(outcomes))

    def give_up(place: int, error: BaseException) -> None:
        message = _("{name}: its worker died each time it was tried ({error})").format(name=names[place], error=error)
        if lost is None:
            raise RunError(message) from error
        take(place, lost(place, message))

    with _client(address, workers) as client:
        futures = {}
        try:
            futures = {client.submit(function, task, pure=False): place for place, task in enumerate(tasks)}
            for future in distributed.as_completed(list(futures)):
                if future.cancelled() or future.status == "lost":
                    raise ConnectionError
                failed = future.exception() if future.status == "error" else None
                if isinstance(failed, distributed.scheduler.KilledWorker):
                    give_up(futures[future], failed)
                elif failed is not None:
                    raise failed
                else:
                    take(futures[future], future.result())
        except (OSError, TimeoutError, distributed.client.FutureCancelledError):
            pass  # the scheduler is gone: whoever called runs what is left
        except BaseException:
            with suppress(Exception):
                client.cancel(list(futures))
            raise
    return outcomes


def _dask() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise RunError(_("Dask is not installed: pip install 'labsim[cluster]'")) from error


@contextmanager
def _client(address: str, workers: int) -> Iterator[Any]:
    """Connect to a scheduler, or start a cluster of processes on this machine."""
    distributed = _dask()

    if address == "dask":
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    where = address.removeprefix("dask://")
    try:
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
