"""Ask backwards which dose of some policies meets targets with a wanted chance, at least cost.

The answer is looked for on one set of replicates and verified on another, so that luck that made a dose look good is
not counted twice. Everything is run into a study's folder: asked again, it goes on where it stopped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labsim.experiment.answered import (
    costs_table,
    dose_interval,
    doses_table,
    margins_of,
    objective_of,
    targets_table,
    tried_table,
    with_bases,
)
from labsim.experiment.chances import Surface
from labsim.experiment.doses import Dose
from labsim.experiment.executor import require_executor
from labsim.experiment.posterior import SHIPPED
from labsim.experiment.question import COST, Question, question_of
from labsim.experiment.run import Progress, indicators_known
from labsim.experiment.runner import Carried
from labsim.experiment.search import Search, Tried
from labsim.experiment.store import write_text
from labsim.experiment.study_file import flat
from labsim.experiment.trials import BASE, Trials, Unfinished
from labsim.notes import noted
from labsim.plain_values import plain_arguments
from labsim.targets import wilson
from labsim.verdicts import ABSENT, TOO_FEW

if TYPE_CHECKING:
    from labsim.results import IndicatorInfo

__all__ = [
    "ABSENT", "CANNOT", "FOUND", "MET", "OPEN", "TOO_FEW", "UNVERIFIED", "Answer", "Question", "Unfinished",
    "answer", "ask",
]  # fmt: skip

# What became of a question.
MET, FOUND, UNVERIFIED, CANNOT, OPEN = "met already", "found", "not verified", "cannot be met", "not settled"
_STEPS_UP = 5
_CAUTION = 0.7  # each step up asks for so much less of the chance to miss


@dataclass(frozen=True)
class Answer:
    """What a question was answered with.

    `status` is "met already", "found", "not verified", "cannot be met" or "not settled" (`most` doses were tried); or
    what takes every verdict away: "too few to tell at this scale", "not in this scenario" (see `labsim.verdicts`).
    `chance` is that of the proposed dose on fresh replicates, with its Wilson interval; `before` that of the base on
    the same. `doses`, `targets`, `costs` and `tried` are tables, one row a dose, target, policy and point tried;
    `steps_up` counts how often a dose failed on fresh replicates and a dearer one was taken.
    """

    question: Question
    status: str
    chance: tuple[float, float, float]
    before: tuple[float, float, float]
    doses: pd.DataFrame
    targets: pd.DataFrame
    costs: pd.DataFrame
    tried: pd.DataFrame
    steps_up: int
    n_runs: int
    carried: Carried
    folder: Path
    posterior: Mapping[str, Any] | None = None

    @property
    def dose(self) -> dict[str, float]:
        """Return the proposed dose by path; where nothing was found, the one that came nearest."""
        return dict(zip(self.doses["path"], self.doses["dose"].astype(float), strict=True))


@dataclass(frozen=True)
class _Outcome:
    """The dose to propose, what became of the question, and how often a dearer dose had to be taken."""

    dose: Dose | None
    status: str
    surface: Surface | None = None
    interval: tuple[float, float] | None = None
    steps: int = 0


@plain_arguments
def ask(
    province: str = "son_la",
    *,
    targets: Sequence[str],
    vary: Mapping[str, tuple[float, float] | None] | Sequence[str],
    chance: float = 0.8,
    minimise: str = COST,
    since: int | None = None,
    scenario: str | Sequence[str] = "baseline",
    settings: Sequence[str] = (),
    replicates: int = 20,
    fresh: int | None = None,
    most: int = 48,
    scale: float | None = None,
    until: str | int | None = None,
    seed: int | None = None,
    folder: str | Path | None = None,
    posterior: str | Path = SHIPPED,
    executor: str = "threads",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Answer:
    """Find the dose of least cost that meets all targets with a wanted chance, and verify it on fresh replicates.

    `targets` are ids of the province's targets or texts such as "certified >= 40% in 2030"; `vary` names what may be
    given, each with a range or its declared one; `since` is the first year of yearly amounts. `minimise` is "cost"
    (public money of all years), one of the paths varied, or an indicator in the last year of the targets. `most`
    limits how many doses are tried, with `replicates` runs each; `fresh` is the number of runs of the verification
    (default: twice as many). Each replicate draws its parameters from a `posterior` ("none", "shipped" or a file), the
    same at every dose. Raises ConfigError for a question that makes no sense, and Unfinished if runs were paused
    or failed; the same call goes on.
    """
    question = question_of(
        province, targets=targets, vary=vary, chance=chance, minimise=minimise, since=since, scenario=scenario,
        settings=settings, replicates=replicates, fresh=fresh, most=most, scale=scale, until=until, seed=seed,
    )  # fmt: skip
    return answer(
        question, folder, posterior=posterior, executor=executor, workers=workers, progress=progress
    )  # fmt: skip


@plain_arguments
def answer(
    question: Question,
    folder: str | Path | None = None,
    *,
    posterior: str | Path = SHIPPED,
    executor: str = "threads",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Answer:
    """Answer a question; see `ask`."""
    require_executor(executor)
    place = Path(folder) if folder is not None else Path("labsim-results") / question.study.name
    indicators = indicators_known()
    series = with_bases((*question.targets, *([question.objective] if question.objective else [])), indicators)
    trials = Trials(
        question.study, question.varied, question.space, series, place, posterior=posterior,
        fixed=[*flat(question.study.settings), *question.study.vary], executor=executor, workers=workers,
        progress=progress,
    )  # fmt: skip
    runs = range(1, question.study.replicates + 1)
    fresh = range(question.study.replicates + 1, question.study.replicates + question.fresh + 1)
    trials.run([BASE], runs)
    search = _search(question, lambda doses: _tried(question, trials, doses, runs))
    outcome = _Outcome(BASE, MET)
    if not _base_is_enough(question, trials, runs, fresh):
        search.look(monotone=question.objective is None)
        outcome = _verified(question, trials, search, fresh)
    found = _told(question, trials, search, outcome, fresh, place, indicators)
    _write(found)
    return found


def _search(question: Question, try_them: Callable[[Sequence[Dose]], list[Tried]]) -> Search:
    seed = question.varied.base.seed
    return Search(question.space, question.chance, question.most, seed, try_them)


def _tried(question: Question, trials: Trials, doses: Sequence[Dose], replicates: range) -> list[Tried]:
    trials.run(doses, replicates)
    return [
        Tried(
            dose,
            margins_of(question.targets, trials.found(dose, replicates)),
            objective_of(question, dose, trials.found(dose, replicates)),
        )
        for dose in doses
    ]


def _base_is_enough(question: Question, trials: Trials, runs: range, fresh: range) -> bool:
    """Say whether nothing needs to be added: the base may be taken and meets the targets; only where cost is least."""
    allowed = all(axis.low <= axis.factor.number <= axis.high for axis in question.space.axes)
    if question.minimise != COST or not allowed:
        return False
    if margins_of(question.targets, trials.found(BASE, runs)).chance < question.chance:
        return False
    trials.run([BASE], fresh)
    return _counted(question, trials, BASE, fresh)[0] >= question.chance


def _verified(question: Question, trials: Trials, search: Search, fresh: range) -> _Outcome:
    """Run the best dose of a search on fresh replicates, and dearer ones as long as these fall short."""
    best = search.best()
    trials.run([BASE, best.dose], fresh)
    surface, candidates = search.surface(), search.candidates()
    interval = dose_interval(question, surface, question.study.replicates)
    if _counted(question, trials, best.dose, fresh)[0] >= question.chance:
        return _Outcome(best.dose, FOUND, surface, interval)
    if not search.is_likely(best):
        return _Outcome(best.dose, CANNOT if search.settled else OPEN, surface)
    dose, tried = best.dose, [best.dose]
    for step in range(1, _STEPS_UP + 1):
        next_dose = _dearer(question, trials, surface, candidates, dose, tried, fresh, step)
        if next_dose is None:
            break
        dose = next_dose
        tried.append(dose)
        trials.run([dose], fresh)
        if _counted(question, trials, dose, fresh)[0] >= question.chance:
            interval = dose_interval(question, surface, question.fresh)
            return _Outcome(dose, FOUND, surface, interval, step)
    chances = [_counted(question, trials, one, fresh)[0] for one in tried]
    return _Outcome(tried[int(np.argmax(chances))], UNVERIFIED, surface, None, len(tried) - 1)


def _dearer(
    question: Question, trials: Trials, surface: Surface, candidates: Sequence[Dose], dose: Dose,
    tried: Sequence[Dose], fresh: range, step: int,
) -> Dose | None:  # fmt: skip
    """Return the cheapest dose that is likely enough once the emulators agree with what fresh replicates found."""
    here = question.space.unit([dose])
    surface.correct(here, margins_of(question.targets, trials.found(dose, fresh)))
    unit = question.space.unit(candidates)
    chance, objective = surface.chance(unit), surface.objective(unit)
    wanted = 1.0 - (1.0 - question.chance) * _CAUTION**step
    fits = np.flatnonzero((chance >= wanted) & (chance > surface.chance(here)[0]))
    cheapest_first = fits[np.argsort(objective[fits], kind="stable")].tolist()
    return next((candidates[place] for place in cheapest_first if candidates[place] not in tried), None)


def _counted(question: Question, trials: Trials, dose: Dose | None, replicates: range) -> tuple[float, float, float]:
    """Return the share of replicates that meet all targets, with its Wilson interval."""
    found = trials.found(dose, replicates)
    met = np.ones(len(replicates), dtype=bool)
    for target in question.targets:
        met &= target.met_by(found.values[target.id, target.year])
    low, high = wilson(int(met.sum()), met.size)
    return float(met.mean()), low, high


def _told(
    question: Question, trials: Trials, search: Search, outcome: _Outcome, fresh: range, folder: Path,
    indicators: Mapping[str, IndicatorInfo],
) -> Answer:  # fmt: skip
    base, after = trials.found(BASE, fresh), trials.found(outcome.dose, fresh)
    settings = trials.setting(BASE), trials.setting(outcome.dose)
    table = targets_table(question.targets, base, after, indicators, settings)
    unknown = math.nan, math.nan, math.nan
    return Answer(
        question=question,
        status=next((said for said in (ABSENT, TOO_FEW) if said in set(table["nothing_after"])), outcome.status),
        chance=unknown if table["nothing_after"].any() else _counted(question, trials, outcome.dose, fresh),
        before=unknown if table["nothing_before"].any() else _counted(question, trials, BASE, fresh),
        doses=doses_table(question, outcome.dose, outcome.surface, outcome.interval),
        targets=table,
        costs=costs_table(question, base, after),
        tried=tried_table(question, list(search.tried.values()), outcome.dose),
        steps_up=outcome.steps,
        n_runs=trials.n_runs,
        carried=trials.carried,
        folder=folder,
        posterior=trials.drawn.told(()) if trials.drawn else None,
    )


def _write(found: Answer) -> None:
    """Put the answer beside the runs that it rests on."""
    def rows(frame: pd.DataFrame) -> Any:
        return json.loads(frame.to_json(orient="records"))

    tables = {name: rows(getattr(found, name)) for name in ("doses", "targets", "costs", "tried")}
    text = {
        "status": found.status, "targets_asked": [one.label.en for one in found.question.targets],
        "chance_wanted": found.question.chance, "minimise": found.question.minimise, "chance": _known(found.chance),
        "posterior": found.posterior, "chance_before": _known(found.before), "steps_up": found.steps_up,
        "runs": found.n_runs, "notes": noted(found.question.notes()), **tables,
    }  # fmt: skip
    write_text(found.folder / "answer.json", json.dumps(text, ensure_ascii=False, indent=1, allow_nan=False))


def _known(numbers: tuple[float, ...]) -> list[float | None]:
    """Return numbers for JSON, which has none that are unknown."""
    return [one if math.isfinite(one) else None for one in numbers]
