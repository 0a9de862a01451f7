"""Carry out a plan: every run that is missing from a study's folder, side by side, whatever happens to one of them.

A worker simulates one run, writes its shard and returns a receipt; nothing large travels between processes. A run
that fails is written down with where it failed and what it said, and the rest goes on. Running again repeats what is
missing.
"""

from __future__ import annotations

import json
import platform
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsim.errors import LabsimError
from labsim.experiment.executor import require_executor, run_tasks, stop_requested
from labsim.experiment.run import Job, Progress, simulate, versions, warm_up
from labsim.experiment.shards import write_shard
from labsim.experiment.store import Failure, Store, write_text
from labsim.experiment.study import Plan, Run
from labsim.text import _

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = ["STUDY_FORMAT", "Carried", "Receipt", "Task", "carry_out", "perform"]

STUDY_FORMAT = "labsim-study-1"


@dataclass(frozen=True)
class Task:
    """Ask a worker for one run, to be written below `folder`."""

    run: str
    name: str
    config: Config
    replicate: int
    seed: int
    folder: str


@dataclass(frozen=True)
class Receipt:
    """Say what became of a run: there, failed, or (with neither) interrupted; `seconds` it took its worker."""

    run: str
    ok: bool
    seconds: float = 0.0
    failure: Failure | None = None


@dataclass(frozen=True)
class Carried:
    """Say how a plan was carried out.

    Of `total` runs `done` are there, of which `found` were there before; `failed` are those that failed now. `paused`
    says that it was interrupted. `seconds` is the time it took, `busy_seconds` the sum over runs.
    """

    total: int
    done: int
    found: int
    failed: tuple[Failure, ...]
    paused: bool
    seconds: float
    busy_seconds: float


def carry_out(
    plan: Plan,
    folder: str | Path,
    *,
    executor: str = "processes",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Carried:
    """Run everything of a plan that is missing in a folder; an interrupt pauses it.

    The content of the folder does not depend on `executor` ("serial", "threads", "processes", "dask",
    "dask://host:port") nor on `workers`. Raises ResultsError if the folder cannot be written and RunError for an
    unknown executor.
    """
    require_executor(executor)
    began = time.perf_counter()
    tell = progress or (lambda _event: None)
    store = Store(folder)
    store.create()
    write_text(store.folder / "study.json", json.dumps(described(plan), ensure_ascii=False, allow_nan=False))
    wanted = {run.id: run for run in plan.runs}
    missing = store.missing(wanted)
    found = len(wanted) - len(missing)
    store.forget_failures(missing)
    tasks = [_task(plan, wanted[run], store) for run in missing]
    receipts: list[Receipt] = []

    def take(receipt: Receipt) -> None:
        receipts.append(receipt)
        if receipt.failure is not None:
            with suppress(OSError):  # a full disk: the failure is in the receipt and will be printed
                store.record(receipt.failure)

    if tasks:
        warm_up(lambda message: tell(Progress(found, len(wanted), message)))
    tell(Progress(found, len(wanted)))
    paused = False
    try:
        run_tasks(
            perform,
            tasks,
            names=[task.name for task in tasks],
            executor=executor,
            workers=workers,
            finished=lambda done: tell(Progress(found + done, len(wanted))),
            lost=lambda place, message: _lost(tasks[place], message),
            delivered=take,
        )
    except KeyboardInterrupt:
        paused = True
    done = len(wanted) - len(store.missing(wanted))
    failed = tuple(receipt.failure for receipt in receipts if receipt.failure is not None)
    busy = sum(receipt.seconds for receipt in receipts)
    return Carried(len(wanted), done, found, failed, paused, time.perf_counter() - began, busy)


def perform(task: Task) -> Receipt:
    """Simulate one run and write its shard; whatever goes wrong is told in the receipt."""
    began = time.perf_counter()
    try:
        found = simulate(Job(task.config, task.replicate, task.seed))
        write_shard(Store(task.folder).runs, task.run, found)
    except Exception as error:
        if stop_requested():
            return Receipt(task.run, ok=False)
        failure = Failure(task.run, task.name, _where(error), _said(error))
        return Receipt(task.run, ok=False, seconds=time.perf_counter() - began, failure=failure)
    return Receipt(task.run, ok=True, seconds=time.perf_counter() - began)


def described(plan: Plan) -> dict[str, Any]:
    """Return what `study.json` says: the study, its points and runs, and the versions they belong to."""
    bases: dict[str, Any] = {}
    for point in plan.points:
        config = point.config.to_dict()
        config["province"].pop("folder", None)  # where the files lie on this machine decides nothing
        bases.setdefault(f"{point.province}/{point.scenario}", config)
    return {
        "format": STUDY_FORMAT,
        "study": plan.study.model_dump(mode="json"),
        "factors": [vars(factor) for factor in plan.factors],
        "points": [
            {
                "number": point.number,
                "name": point.name,
                "province": point.province,
                "scenario": point.scenario,
                "values": dict(point.values),
                "config_hash": point.config.hash,
                "changes": list(point.config.changes),
            }
            for point in plan.points
        ],
        "runs": [[run.id, run.point, run.replicate, run.seed] for run in plan.runs],
        "bases": bases,
        "code_hash": plan.code,
        "versions": versions(),
        "platform": platform.platform(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _task(plan: Plan, run: Run, store: Store) -> Task:
    point = plan.points[run.point]
    name = _("{point}, replicate {number} (seed {seed})").format(
        point=point.name, number=run.replicate, seed=run.seed
    )
    return Task(run.id, name, point.config, run.replicate, run.seed, str(store.folder.absolute()))


def _lost(task: Task, message: str) -> Receipt:
    return Receipt(task.run, ok=False, failure=Failure(task.run, task.name, _("its worker"), message))


def _where(error: BaseException) -> str:
    """Return the innermost place of an error that lies in labsim or in a user's own file."""
    package = Path(__file__).resolve().parents[1]
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

