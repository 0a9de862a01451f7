"""Who gains when some people are helped, and who loses: a two-stage randomised trial as Crepon et al. (2013) ran one.

Districts are drawn to have 0, 25, 50, 75 or 100 % of their eligible people treated, and people are drawn within
districts (Crepon, Duflo, Gurgand, Rathelot, Zamora 2013, Quarterly Journal of Economics 128:531). Each replicate runs
beside the same people with the same luck and no trial, so that no selection and little noise is in the differences.
"""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labsim.config import Config
from labsim.errors import ConfigError, LabsimError, Problem, ResultsError, RunError
from labsim.experiment.executor import AUTO, require_answer, run_tasks, stop_requested
from labsim.experiment.memory import workers_that_fit
from labsim.experiment.paired import mean_of
from labsim.experiment.run import Progress, code_hash, replicate_seed, versions, warm_up, where_it_pays
from labsim.experiment.runner import Carried, Receipt, Unwritten, refused_by
from labsim.experiment.seals import sealed_text, unsealed_text
from labsim.experiment.store import Failure, Store, run_id, write_text
from labsim.experiment.treatments import TREATMENTS, treatment_named
from labsim.experiment.trial import COLUMNS, OTHERS, TREATED, UNTREATED, run_pair
from labsim.frames import typed_frame
from labsim.plain_values import plain_arguments
from labsim.text import _
from labsim.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SHARES", "Displacement", "TrialPlan", "carry_out_trial", "displacement", "displacement_of", "plan_trial"]

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TRIAL_FORMAT = "labsim-trial-1"
NET, EVERYONE = "net", "everyone"
ALL_SHARES = math.nan  # in tables: all districts together
# Whose effect is told for each person of the group, and whose sum for each person treated.
_EACH: dict[str, tuple[str, ...]] = {TREATED: (TREATED,), UNTREATED: (UNTREATED,), NET: (TREATED, UNTREATED)}
_FOR_THE_TREATED: dict[str, tuple[str, ...]] = {OTHERS: (OTHERS,), EVERYONE: (TREATED, UNTREATED, OTHERS)}


@dataclass(frozen=True)
class TrialPlan:
    """Say what a trial is: a world, a treatment, shares, and the months in which it treats and follows people."""

    name: str
    config: Config
    treatment: str
    shares: tuple[float, ...]
    start: str
    first: int
    months: int
    follow: int
    replicates: int
    code: str

    def described(self) -> dict[str, Any]:
        """Return what decides the numbers besides the configuration."""
        return {
            "treatment": self.treatment, "dose": TREATMENTS[self.treatment].dose, "shares": list(self.shares),
            "start": self.start, "first": self.first, "months": self.months, "follow": self.follow,
        }  # fmt: skip

    def runs(self) -> dict[str, tuple[int, int]]:
        """Return replicate and seed of every pair of runs, by its name."""
        hashed = json.dumps([TRIAL_FORMAT, self.config.hash, self.described()], sort_keys=True)
        seeds = {one: replicate_seed(self.config.seed, one) for one in range(1, self.replicates + 1)}
        return {run_id(hashed, seed, self.code): (one, seed) for one, seed in seeds.items()}


@dataclass(frozen=True)
class TrialTask:
    """Ask a worker for one pair of runs of a pickled plan, to be written below `folder`."""

    run: str
    name: str
    plan: bytes
    seed: int
    folder: str


@dataclass(frozen=True)
class Displacement:
    """Hold what a trial found.

    `effects`: one row a month since the start, share of treated (not a number: all districts), group and outcome. Of
    "treated", "untreated" (their neighbours, eligible too) and "net" (all eligible): the difference per person made by
    the trial, in points of a hundred people or VND per month, with its 95 % interval over replicates (mean, low, high),
    and the same less that of eligible people in districts where nobody is treated (against_mean, against_low,
    against_high). Of "others" (not eligible) and "everyone": the sum over them for each hundred treated. `persons` is
    their mean number in the simulation, n the number of replicates. `raw`: the sums as `run_pair` returns them, with a
    column `replicate`. `about`: where the numbers come from.
    """

    effects: pd.DataFrame
    raw: pd.DataFrame
    about: dict[str, Any]


@plain_arguments
def displacement(
    config: Config,
    treatment: str = "vocational_training",
    *,
    folder: str | Path,
    shares: Sequence[float] = SHARES,
    start: str | None = None,
    months: int = 12,
    follow: int = 24,
    replicates: int = 20,
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Displacement:
    """Run a trial into a folder and return its effects by share; pairs of runs found there are not run again.

    Raises ConfigError for an unknown treatment, shares or dates out of range, before anything is written, and RunError
    if runs failed or were interrupted.
    """
    plan = plan_trial(
        config, treatment, shares=shares, start=start, months=months, follow=follow, replicates=replicates
    )
    carried = carry_out_trial(plan, folder, executor=executor, workers=workers, progress=progress)
    if carried.done < carried.total:
        message = _("{done} of {total} runs are done and kept in {folder}; the same call goes on")
        raise RunError(message.format(done=carried.done, total=carried.total, folder=folder))
    return displacement_of(plan, folder)


@plain_arguments
def plan_trial(
    config: Config,
    treatment: str,
    *,
    shares: Sequence[float] = SHARES,
    start: str | None = None,
    months: int = 12,
    follow: int = 24,
    replicates: int = 20,
) -> TrialPlan:
    """Return the plan of a trial that begins in `start` (default: the thirteenth month, or the first of a short run).

    Raises ConfigError for an unknown treatment, or for shares, dates and lengths that do not fit.
    """
    treatment_named(treatment, config)
    wanted = tuple(sorted({float(share) for share in shares}))
    n_districts = len(config.names_of("districts"))
    if not wanted or not all(0.0 <= share <= 1.0 for share in wanted) or not any(wanted):
        raise _refused("shares", _("given {given}; allowed numbers from 0 to 1, not all 0").format(given=list(shares)))
    if len(wanted) > n_districts:
        message = _("given {n} shares; allowed at most {districts}, the number of districts")
        raise _refused("shares", message.format(n=len(wanted), districts=n_districts))
    if months < 1 or follow < 1:
        message = _("given {months} and {follow}; allowed 1 or more")
        raise _refused("months", message.format(months=months, follow=follow))
    total = config.period.n_months
    first = _month_of(config, start) if start is not None else (13 if total >= 12 + follow else 1)
    if not 1 <= first <= total - follow + 1:
        message = _("the trial begins in month {first} and follows people for {follow}; the run has {total} months")
        raise _refused("start", message.format(first=first, follow=follow, total=total))
    began = "{:04d}-{:02d}".format(*config.period.year_and_month(first))
    name = f"{config.province.id}-{Path(config.scenario).stem}-{treatment}"
    return TrialPlan(name, config, treatment, wanted, began, first, months, follow, replicates, code_hash())


@plain_arguments
def carry_out_trial(
    plan: TrialPlan,
    folder: str | Path,
    *,
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Carried:
    """Run every pair of runs that is missing in a folder; an interrupt pauses it. Errors as of `carry_out`."""
    require_answer(executor)
    with writing(folder, _("another plan"), together=" ".join(sorted(plan.runs()))):
        return _carried_out(plan, Store(folder), executor, workers, progress or (lambda _event: None))


def _carried_out(
    plan: TrialPlan, store: Store, executor: str, workers: int | None, tell: Callable[[Progress], None]
) -> Carried:
    began, wanted = time.perf_counter(), plan.runs()
    about = {"format": TRIAL_FORMAT, "name": plan.name, **plan.described(), "config_hash": plan.config.hash,
             "runs": [[run, *which] for run, which in wanted.items()], "code_hash": plan.code,
             "versions": versions()}  # fmt: skip
    store.create(json.dumps(about, ensure_ascii=False, allow_nan=False))
    notes = [note for run in wanted if (note := _fault(_file(store.folder, run)))]
    missing = [run for run in wanted if not _is_there(store.folder, run)]
    found = len(wanted) - len(missing)
    store.forget_failures(missing)
    place, pickled, tasks = str(store.folder.absolute()), pickle.dumps(plan), []
    for run in missing:
        number, seed = wanted[run]
        tasks.append(TrialTask(run, _("replicate {number}").format(number=number), pickled, seed, place))
    receipts: list[Receipt] = []

    def take(receipt: Receipt) -> None:
        receipts.append(receipt)
        if receipt.failure is not None:
            try:
                store.record(receipt.failure)
            except OSError as error:
                raise Unwritten(error.strerror or str(error)) from error
        if receipt.unwritten:
            raise Unwritten(receipt.unwritten)

    if tasks:
        warm_up(lambda message: tell(Progress(found, len(wanted), message)))
    tell(Progress(found, len(wanted)))
    if executor == AUTO:
        executor = where_it_pays(plan.config, 2 * len(tasks))
    workers = workers_that_fit(
        plan.config, len(tasks), executor, workers, lambda line: tell(Progress(found, len(wanted), line)), kept=0
    )
    paused = False
    try:
        run_tasks(
            perform, tasks, names=[task.name for task in tasks], executor=executor, workers=workers,
            finished=lambda done: tell(Progress(found + done, len(wanted))),
            lost=lambda place, message: _failed(tasks[place], _("its worker"), message), delivered=take,
        )  # fmt: skip
    except KeyboardInterrupt:
        paused = True
    except Unwritten as error:
        done = sum(_is_there(store.folder, run) for run in wanted)
        raise refused_by(store.folder, error, done, len(wanted)) from error
    done = sum(_is_there(store.folder, run) for run in wanted)
    failed = tuple(receipt.failure for receipt in receipts if receipt.failure is not None)
    busy = sum(receipt.seconds for receipt in receipts)
    seconds = time.perf_counter() - began
    return Carried(len(wanted), done, found, failed, paused, seconds, busy, notes=tuple(notes))


def perform(task: TrialTask) -> Receipt:
    """Run one pair and write its table; whatever goes wrong is told in the receipt."""
    began = time.perf_counter()
    try:
        plan: TrialPlan = pickle.loads(task.plan)  # made by this very process's user; the bytes never come from a file
        if code_hash() != plan.code:
            raise RunError(_("this worker runs another labsim than the one that planned the study"))
        treatment = TREATMENTS[plan.treatment]
        table = run_pair(plan.config, task.seed, treatment, plan.shares, plan.first, plan.months, plan.follow)
        text = sealed_text(task.run, table.to_csv(index=False, lineterminator="\n"))
        try:
            write_text(_file(Path(task.folder), task.run), text)
        except OSError as error:
            return Receipt(task.run, ok=False, unwritten=error.strerror or str(error))
    except Exception as error:
        if stop_requested():
            return Receipt(task.run, ok=False)
        said = str(error) if isinstance(error, LabsimError | OSError) else f"{type(error).__name__}: {error}"
        return _failed(task, "run_pair", said)
    return Receipt(task.run, ok=True, seconds=time.perf_counter() - began)


def displacement_of(plan: TrialPlan, folder: str | Path) -> Displacement:
    """Read what a trial found from the pairs of runs that are there; raises ResultsError if there are none."""
    parts = []
    for run, (replicate, _seed) in plan.runs().items():
        path = _file(Path(folder), run)
        if _is_there(Path(folder), run):
            parts.append(_read(path).assign(replicate=replicate))
    if not parts:
        raise ResultsError(_("{folder}: no run is finished yet").format(folder=folder))
    raw = pd.concat(parts, ignore_index=True)[["replicate", *COLUMNS]]
    about = plan.described() | {
        "study": plan.name, "province": plan.config.province.id, "scenario": plan.config.scenario,
        "scale": plan.config.scale, "replicates": len(parts), "code_hash": plan.code,
    }  # fmt: skip
    return Displacement(effects_of(raw), raw, about)


def effects_of(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the effects as `Displacement` describes them."""
    parts = raw.groupby(["month", "outcome"], sort=False)
    return pd.DataFrame([row for key, part in parts for row in _of_one(key, part)])


def _of_one(key: Any, part: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the effects on one outcome in one month."""
    month, outcome = int(key[0]), str(key[1])
    factor = 1.0 if outcome == "income" else 100.0
    part = part.assign(gain=part["with"] - part["without"])
    gain = part.pivot_table(index="replicate", columns=["share", "group"], values="gain", aggfunc="sum")
    persons = part.pivot_table(index="replicate", columns=["share", "group"], values="persons", aggfunc="sum")
    nothing = pd.Series(0.0, index=gain.index)

    def total(frame: pd.DataFrame, shares: Sequence[float], *groups: str) -> pd.Series[float]:
        found = nothing
        for share in shares:
            for group in groups:
                found = found + (frame[share, group].fillna(0.0) if (share, group) in frame else nothing)
        return found

    def per(above: pd.Series[float], below: pd.Series[float]) -> pd.Series[float]:
        return factor * above / below.where(below > 0)

    every = sorted(part["share"].unique())
    control = per(total(gain, [0.0], UNTREATED), total(persons, [0.0], UNTREATED))
    for share in [*every, ALL_SHARES]:
        here = every if math.isnan(share) else [share]
        treated = total(persons, here, TREATED)
        for group, members in _EACH.items():
            found, n = per(total(gain, here, *members), total(persons, here, *members)), total(persons, here, *members)
            yield from _row(month, share, group, outcome, found, n, found - control)
        for group, members in _FOR_THE_TREATED.items():
            yield from _row(month, share, group, outcome, per(total(gain, here, *members), treated),
                            total(persons, here, *members), None)  # fmt: skip


def _row(
    month: int, share: float, group: str, outcome: str, found: pd.Series[float], persons: pd.Series[float],
    against: pd.Series[float] | None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    known = found.notna()
    if not known.any():
        return
    mean = mean_of(found[known].tolist())
    row = {"month": month, "share": share, "group": group, "outcome": outcome, "mean": mean.mean, "low": mean.low,
           "high": mean.high, "n": mean.n, "persons": float(persons[known].mean())}  # fmt: skip
    rest: list[float] = [] if against is None else against.dropna().tolist()
    other = mean_of(rest) if rest else None
    names = ("mean", "low", "high")
    yield row | {f"against_{name}": math.nan if other is None else getattr(other, name) for name in names}


def _file(folder: Path, run: str) -> Path:
    return Store(folder).runs / f"{run}.csv"


def _read(path: Path) -> pd.DataFrame:
    """Return the table of a pair of runs, bit for bit as it was; raises ResultsError for a damaged file."""
    try:
        text = unsealed_text(path.stem, path.read_bytes())
        kinds = {"month": "int64", "persons": "int64", "share": "float64", "without": "float64", "with": "float64"}
        return typed_frame(text, {name: kinds.get(name, "words") for name in COLUMNS})
    except (OSError, ValueError, KeyError) as error:
        raise ResultsError(_("{path}: damaged ({why})").format(path=path, why=error)) from error


def _is_there(folder: Path, run: str) -> bool:
    """Say whether a pair of runs is there, as it was written."""
    path = _file(folder, run)
    return path.is_file() and not _fault(path)


def _fault(path: Path) -> str:
    """Return what is wrong with the table of a pair of runs; nothing if it is as it was written, or not there."""
    try:
        unsealed_text(path.stem, path.read_bytes())
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        message = _("{path}: damaged ({why}); not counted until the same command runs them again: {runs}")
        return message.format(path=path, why=error, runs=path.stem)
    return ""


def _failed(task: TrialTask, where: str, message: str) -> Receipt:
    return Receipt(task.run, ok=False, failure=Failure(task.run, task.name, where, message))


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])


def _month_of(config: Config, date: str) -> int:
    """Return the month of a run that a date such as "2022-01" names."""
    year, dash, month = date.partition("-")
    if not (dash and year.isdecimal() and len(year) == 4 and month.isdecimal() and 1 <= int(month) <= 12):
        raise _refused("start", _('given {value!r}; allowed a month such as "2026-01"').format(value=date))
    start_year, start_month = config.period.year_and_month(0)
    return (int(year) - start_year) * 12 + int(month) - start_month
