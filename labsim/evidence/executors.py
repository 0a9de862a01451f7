"""Whoever runs the replicates, and however many at once: the numbers are the same to the last bit."""

from __future__ import annotations

from collections.abc import Iterator

from labsim.config import Config, load
from labsim.evidence.check import Comparison, Line, count_of
from labsim.experiment.run import run
from labsim.results import Results
from labsim.text import mark

__all__ = ["LINES", "differing_tables"]

GROUP = "executors"
TABLES = ("monthly", "scorecard", "ledger", "population", "policies")


def differing_tables(one: Results, other: Results) -> Iterator[str]:
    """Yield the tables of results in which two runs differ."""
    return (name for name in TABLES if not getattr(one, name).equals(getattr(other, name)))


def small() -> Config:
    """Return two months of a small Son La."""
    return load("son_la", settings=["scale=0.005", "period.until=2021-02"])


def executors() -> Iterator[Comparison]:
    """Compare threads and processes with one replicate after the other: some process runs two of the three."""
    config = small()
    first = run(config, replicates=3, executor="serial")
    for executor, workers in (("threads", 2), ("processes", 1), ("processes", 2)):
        again = run(config, replicates=3, executor=executor, workers=workers)
        yield count_of(differing_tables(first, again), n=len(TABLES), where=f"{executor} {workers}")


LINES = (
    Line("executors_agree", GROUP, mark("threads and processes against one by one"), mark("tables"),
         mark("The answer depends neither on how replicates are spread nor on how many run at once."),
         mark("none: the same to the last bit"), executors, own_processes=True),
)  # fmt: skip
