"""The public scoreboard: every line that says whether the program does what it claims, run and judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from labsim.errors import ConfigError, Problem
from labsim.evidence import (
    against_figures,
    books,
    closed_forms,
    cohorts,
    common_draws,
    executors,
    population_fit,
    published,
)
from labsim.evidence.check import Check, Line
from labsim.experiment.executor import run_tasks
from labsim.experiment.run import Progress, code_hash, versions, warm_up
from labsim.text import _, current_language, did_you_mean, mark, use_language

__all__ = ["GROUPS", "Validation", "lines", "validate"]

# A module that adds lines is named here once; its lines carry the group they belong to.
_LINES: tuple[Line, ...] = (
    *closed_forms.LINES,
    *cohorts.LINES,
    *published.LINES,
    *books.LINES,
    *common_draws.LINES,
    *executors.LINES,
    *population_fit.LINES,
    *against_figures.LINES,
)
GROUPS: Mapping[str, str] = {
    "closed_forms": mark("Closed forms"),
    "published_2021": mark("The published occupational model of 2021"),
    "books": mark("Books"),
    "common_draws": mark("Common draws"),
    "executors": mark("Executors"),
    "population_fit": mark("Fit of the starting population"),
    "figures": mark("Observed figures"),
}


@dataclass(frozen=True)
class Validation:
    """Hold the scoreboard: a check for each line, in order, and which code made it in how many seconds."""

    checks: tuple[Check, ...]
    code_hash: str
    versions: Mapping[str, str]
    seconds: float

    @property
    def passed(self) -> bool:
        """Say whether every line passes."""
        return all(check.passed for check in self.checks)

    @property
    def table(self) -> pd.DataFrame:
        """Return one row a line: id, group, name, unit, expected, obtained, tolerance, side, passed, where, n,
        what_it_means, rule, error.
        """
        rows = [asdict(check) for check in self.checks]
        return pd.DataFrame(rows).drop(columns="comparisons") if rows else pd.DataFrame()


def lines(only: Sequence[str] = ()) -> tuple[Line, ...]:
    """Return the lines of these groups or ids, by default all. Raises ConfigError for a name that does not exist."""
    known = {*GROUPS, *(line.id for line in _LINES)}
    for name in only:
        if name not in known:
            message = _("given {given!r}; {hint}").format(given=name, hint=did_you_mean(name, sorted(known)))
            raise ConfigError([Problem(None, None, None, "only", message)])
    return tuple(line for line in _LINES if not only or {line.id, line.group} & set(only))


def validate(
    only: Sequence[str] = (),
    *,
    executor: str = "processes",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Validation:
    """Check every line, or those of the groups or ids in `only`, and return the scoreboard.

    The values do not depend on `executor` or `workers`. Raises ConfigError for an unknown name in `only` and RunError
    for an unknown executor; whatever goes wrong inside a line fails that line and is told in it.
    """
    chosen = lines(only)
    tell = progress or (lambda _event: None)
    began, total = time.perf_counter(), len(chosen)
    warm_up(lambda message: tell(Progress(0, total, message)))
    tell(Progress(0, total))
    spread = [line for line in chosen if not line.own_processes]
    found = run_tasks(
        _check,
        [(line.id, current_language()) for line in spread],
        names=[line.id for line in spread],
        executor=executor,
        workers=workers,
        finished=lambda done: tell(Progress(done, total)),
    )
    checks = {check.id: check for check in found}
    for line in chosen:
        if line.own_processes:
            checks[line.id] = line.check()
            tell(Progress(len(checks), total))
    ordered = tuple(checks[line.id] for line in chosen)
    return Validation(ordered, code_hash(), versions(), time.perf_counter() - began)


def _check(task: tuple[str, str]) -> Check:
    """Check one line, in the language of whoever asked: a new process would speak its own."""
    name, language = task
    use_language(language)
    return next(line for line in _LINES if line.id == name).check()
