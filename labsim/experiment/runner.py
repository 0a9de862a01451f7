"""Carry out a plan: every run that is missing from a study's folder, side by side, whatever happens to one of them.

A worker simulates one run, writes its shard and returns a receipt; nothing large travels between processes. A run
that fails is written down with where it failed and what it said, and the rest goes on. Running again repeats what is
missing.
"""

from __future__ import annotations

import hashlib
import pickle
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsim.errors import LabsimError, ResultsError, RunError
from labsim.experiment.about import described
from labsim.experiment.executor import AUTO, require_answer, run_tasks, stop_requested
from labsim.experiment.memory import workers_that_fit
from labsim.experiment.run import Job, Progress, code_hash, simulate, warm_up, where_it_pays
from labsim.experiment.shards import write_shard
from labsim.experiment.store import Failure, Store
from labsim.experiment.study import Plan, Run
from labsim.plain_values import plain_arguments
from labsim.text import _
from labsim.writing import writing

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = ["Carried", "Receipt", "Task", "Unwritten", "added_notes", "carry_out", "perform", "refused_by"]


@dataclass(frozen=True)
class Task:
    """Ask a worker for one run, to be written below `folder`.

    `config` is the configuration pickled: a worker restores it within the run, so that one which cannot be restored is
    a failed run and no dead worker, and only once for replicates that share it. `code` is the hash of the code that
    the run belongs to.
    """

    run: str
    name: str
    config: bytes
    replicate: int
    seed: int
    folder: str
    code: str


@dataclass(frozen=True)
class Receipt:
    """Say what became of a run: there, failed, or (with neither) interrupted; `seconds` it took its worker.

    Of these, `simulated` are those of the simulation itself. `unwritten` says why the folder took no shard.
    """

    run: str
    ok: bool
    seconds: float = 0.0
    simulated: float = 0.0
    failure: Failure | None = None
    unwritten: str = ""


class Unwritten(Exception):
    """Say that the folder takes no more runs: the disk is full, or the folder is gone."""


@dataclass(frozen=True)
class Carried:
    """Say how a plan was carried out.

    Of `total` runs `done` are there, of which `found` were there before; `failed` are those that failed now, and
    `older` runs in the folder belong to no point of this plan. `paused` says that it was interrupted. `seconds` is the
    time it took, `busy_seconds` the sum over runs, of which `simulated_seconds` went into the simulation itself.
    `notes` say what was found in the folder, such as damaged files whose runs were run again.
    """

    total: int
    done: int
    found: int
    failed: tuple[Failure, ...]
    paused: bool
    seconds: float
    busy_seconds: float
    simulated_seconds: float = 0.0
    older: int = 0
    notes: tuple[str, ...] = ()


def added_notes(one: Carried, other: Carried) -> tuple[str, ...]:
    """Return what two stages found in their folders, each line once."""
    return tuple(dict.fromkeys((*one.notes, *other.notes)))


@plain_arguments
def carry_out(
    plan: Plan,
    folder: str | Path,
    *,
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Carried:
    """Run everything of a plan that is missing in a folder; an interrupt pauses it.

    The content of the folder does not depend on `executor` ("serial", "threads", "processes", "dask",
    "dask://host:port", or "auto": processes where they repay their start) nor on `workers`. Several processes may carry
    out the same plan in one folder. Raises ResultsError if the folder cannot be written (at the first run that finds no
    room) or if another plan is carried out there, and RunError for an unknown executor or a scheduler that does not
    answer.
    """
    require_answer(executor)
    with writing(folder, _("another plan"), together=_sha256(*sorted(run.id for run in plan.runs))):
        return _carried_out(plan, Store(folder), executor, workers, progress or (lambda _event: None))


def _carried_out(
    plan: Plan, store: Store, executor: str, workers: int | None, tell: Callable[[Progress], None]
) -> Carried:
    began = time.perf_counter()
    store.create(described(plan))
    wanted = {run.id: run for run in plan.runs}
    held = store.holding()
    missing = [run for run in wanted if run not in held.runs]
    found = len(wanted) - len(missing)
    receipts: list[Receipt] = []
    paused = False
    try:
        store.forget_failures(missing)
        if missing:
            warm_up(lambda message: tell(Progress(found, len(wanted), message)))
        tell(Progress(found, len(wanted)))
        if executor == AUTO and missing:
            executor = _where_it_pays(plan, [wanted[run] for run in missing])
        if missing:
            largest = max((point.config for point in plan.points), key=lambda config: config.scale)
            workers = workers_that_fit(
                largest, len(missing), executor, workers, lambda line: tell(Progress(found, len(wanted), line)), kept=0
            )
        _run_all(_tasks(plan, [wanted[run] for run in missing], store), executor, workers, receipts, store, tell, found)
    except KeyboardInterrupt:
        paused = True
    except Unwritten as error:
        raise refused_by(store.folder, error, len(store.done() & wanted.keys()), len(wanted)) from error
    there = store.done()
    return Carried(
        total=len(wanted),
        done=len(there & wanted.keys()),
        found=found,
        failed=tuple(receipt.failure for receipt in receipts if receipt.failure is not None),
        paused=paused,
        seconds=time.perf_counter() - began,
        busy_seconds=sum(receipt.seconds for receipt in receipts),
        simulated_seconds=sum(receipt.simulated for receipt in receipts),
        older=len(there - wanted.keys()),
        notes=tuple(held.notes()),
    )


def refused_by(folder: Path, why: Unwritten, done: int, total: int) -> ResultsError:
    """Return the error of a folder that takes no more runs, with what is safe."""
    message = _(
        "{folder}: cannot be written ({error}); {done} of {total} runs are done and kept, the same command goes on"
    )
    if not folder.is_dir():
        message = _("{folder}: was removed while runs were written; the same command starts again")
    return ResultsError(message.format(folder=folder, error=why, done=done, total=total))


def perform(task: Task) -> Receipt:
    """Simulate one run and write its shard; whatever goes wrong is told in the receipt."""
    began = time.perf_counter()
    simulated = 0.0
    try:
        if code_hash() != task.code:
            raise RunError(_("this worker runs another labsim than the one that planned the study"))
        job = Job(_restored(task.config), task.replicate, task.seed)
        ready = time.perf_counter()
        found = simulate(job)
        simulated = time.perf_counter() - ready
        try:
            write_shard(Store(task.folder).runs, task.run, found)
        except OSError as error:
            return Receipt(task.run, ok=False, unwritten=error.strerror or str(error))
    except Exception as error:
        if stop_requested():
            return Receipt(task.run, ok=False)
        failure = Failure(task.run, task.name, _where(error), _said(error))
        return Receipt(task.run, ok=False, seconds=time.perf_counter() - began, failure=failure)
    return Receipt(task.run, ok=True, seconds=time.perf_counter() - began, simulated=simulated)


def _run_all(
    tasks: list[Task],
    executor: str,
    workers: int | None,
    receipts: list[Receipt],
    store: Store,
    tell: Callable[[Progress], None],
    found: int,
) -> None:
    total = found + len(tasks)

    def take(receipt: Receipt) -> None:
        receipts.append(receipt)
        if receipt.failure is not None:
            try:
                store.record(receipt.failure)
            except OSError as error:
                raise Unwritten(error.strerror or str(error)) from error
        if receipt.unwritten:
            raise Unwritten(receipt.unwritten)

    run_tasks(
        perform,
        tasks,
        names=[task.name for task in tasks],
        executor=executor,
        workers=workers,
        finished=lambda done: tell(Progress(found + done, total)),
        lost=lambda place, message: _lost(tasks[place], message),
        delivered=take,
    )


def _where_it_pays(plan: Plan, runs: list[Run]) -> str:
    """Return the executor that is done first with some runs: in this process only if every point may run there."""
    if where_it_pays(plan.config_of(runs[0]), len(runs)) == "processes":
        return "processes"
    firsts = {run.point: run for run in runs}.values()
    return "serial" if all(where_it_pays(plan.config_of(run), 1) == "serial" for run in firsts) else "processes"


@lru_cache(maxsize=8)
def _restored(config: bytes) -> Config:
    """Return a configuration that this very process's user made; the bytes never come from a file."""
    restored: Config = pickle.loads(config)
    return restored


def _tasks(plan: Plan, runs: list[Run], store: Store) -> list[Task]:
    folder = str(store.folder.absolute())
    configs: dict[Any, bytes] = {}
    tasks = []
    for run in runs:
        point = plan.points[run.point]
        key = (run.point, run.replicate) if run.point in plan.drawn else run.point
        if key not in configs:
            configs[key] = pickle.dumps(plan.config_of(run))
        name = _("{point}, replicate {number} (seed {seed})").format(
            point=point.name, number=run.replicate, seed=run.seed
        )
        tasks.append(Task(run.id, name, configs[key], run.replicate, run.seed, folder, plan.code))
    return tasks


def _sha256(*words: str) -> str:
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def _lost(task: Task, message: str) -> Receipt:
    return Receipt(task.run, ok=False, failure=Failure(task.run, task.name, _("its worker"), message))


def _where(error: BaseException) -> str:
    """Return the innermost place of an error that lies in labsim or in a user's own file."""
    package = Path(__file__).resolve().parents[1]
    while error.__cause__ is not None:
        error = error.__cause__
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(package):
            return f"{path.relative_to(package.parent).as_posix()}:{frame.lineno} ({frame.name})"
        if not {"site-packages", "lib"} & set(path.parts):
            return f"{path}:{frame.lineno} ({frame.name})"
    return ""


def _said(error: BaseException) -> str:
    text = str(error) if isinstance(error, LabsimError | OSError) else f"{type(error).__name__}: {error}"
    notes = [note for note in getattr(error, "__notes__", ()) if note not in text]
    return "; ".join([text, *notes])

