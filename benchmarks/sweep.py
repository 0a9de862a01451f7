"""Measure what a sweep costs beyond its simulations."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from labsim.experiment import runner
from labsim.experiment.run import warm_up
from labsim.experiment.runner import carry_out
from labsim.experiment.study import Study, plan_of

RUNS, POINTS, WORKERS = 200, 10, 2


def study(points: int = POINTS) -> Study:
    """Return a study of Son La at 1:100 over the range of a matching parameter, twenty replicates a point."""
    vary = {"matching.selectivity": {"range": [0.0, 0.9], "levels": points}}
    given = {"name": "benchmark", "province": "son_la", "scale": 0.01, "vary": vary, "replicates": RUNS // POINTS}
    return Study.model_validate(given)


def busy_and_overhead() -> tuple[float, float, float]:
    """Return the share of cores busy with runs, and seconds a run takes: in all, and beyond its simulation.

    By the wall clock: other programs that use the processors count as part of it.
    """
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        done = carry_out(plan_of(study()), Path(folder) / "study", executor="processes", workers=WORKERS)
    if done.failed:
        raise RuntimeError(done.failed[0].message)
    beyond = (done.busy_seconds - done.simulated_seconds) / RUNS
    return done.busy_seconds / (done.seconds * WORKERS), done.busy_seconds / RUNS, beyond


def processor_time_beyond() -> float:
    """Return the processor seconds of a run in its worker beyond the simulation: the mean of two points' runs, since a
    point's configuration is read once for all its replicates.
    """
    warm_up(this_process=True)
    real = vars(runner)["simulate"]
    found: list[float] = []
    began, inside = time.process_time(), 0.0

    def timed(job: Any) -> Any:
        nonlocal inside
        start = time.process_time()
        try:
            return real(job)
        finally:
            inside = time.process_time() - start

    def note(_event: object) -> None:
        nonlocal began, inside
        if inside:
            found.append(time.process_time() - began - inside)
        began, inside = time.process_time(), 0.0

    vars(runner)["simulate"] = timed
    try:
        with tempfile.TemporaryDirectory() as folder:
            carry_out(plan_of(study(2)), Path(folder) / "study", executor="serial", progress=note)
    finally:
        vars(runner)["simulate"] = real
    return statistics.fmean(found)
