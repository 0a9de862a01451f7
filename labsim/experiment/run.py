"""Run a configuration: replicates side by side, each with its own seed, into one `Results`."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labsim.answers import POLICY_COLUMNS
from labsim.compiled import cache_folder, is_cold, mark_warm
from labsim.config_notes import notes_of
from labsim.errors import ConfigError, LabsimError, Problem, RunError
from labsim.experiment.before import require_sound
from labsim.experiment.code import code_hash
from labsim.experiment.executor import (
    AUTO,
    peak_memory_mb,
    require_executor,
    require_workers,
    run_tasks,
    stop_requested,
)
from labsim.experiment.memory import workers_that_fit
from labsim.experiment.parameters import evidence_in_use
from labsim.experiment.posterior import SHIPPED, DrawnFrom, beside_margins
from labsim.experiment.run_notes import lost_in, notes_of_run, without_estimates
from labsim.frames import read_frame
from labsim.notes import noted
from labsim.plain_values import plain_arguments
from labsim.results import Results, canonical, joined
from labsim.target_file import load_targets
from labsim.targets import Target, indicators_known, scorecard
from labsim.text import _
from labsim.verdicts import setting_of

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = [
    "Job",
    "Progress",
    "Replicate",
    "assembled",
    "code_hash",
    "indicators_known",
    "job_of",
    "read_observed",
    "replicate_seed",
    "run",
    "simulate",
    "versions",
    "warm_up",
    "where_it_pays",
]

_LEDGER_KEYS = ["year", "policy", "purpose", "payer", "recipient"]
# hazards and new firms at the highest rates allowed, so that no kernel waits for a rare month
_WARM_SETTINGS = {
    "scale": 0.001,
    "period": {"start": "2020-12", "until": "2021-12"},  # changes of income take two Decembers
    "climate.frequency": 5,
    "firms.entry_rate": 0.5,
    "by": ["field"],
}
# Seconds that a month takes whatever its size, and for each row; rows of a province at one row a person; seconds after
# which a new process is ready to work. Rough: they decide where replicates run, and no number.
_MONTH, _ROW_MONTH, _ROWS, _PROCESS = 0.008, 6e-8, 1_200_000, 3.0
_VERSIONS = ("labsim", "numpy", "numba", "pandas", "pyarrow", "mesa")


@dataclass(frozen=True)
class Progress:
    """Tell how far a run is: replicates done of a total, and at times a message."""

    done: int
    total: int
    message: str = ""


@dataclass(frozen=True)
class Job:
    """Ask a worker for one replicate."""

    config: Config
    replicate: int
    seed: int


@dataclass(frozen=True)
class Replicate:
    """Hold what one replicate found, in a form that is cheap to send between processes."""

    replicate: int
    seed: int
    monthly: pd.DataFrame
    ledger: pd.DataFrame
    population: pd.DataFrame
    policies: pd.DataFrame
    timing: dict[str, float]


@plain_arguments
def run(
    config: Config | str | Path,
    *,
    seed: int | None = None,
    scale: float | None = None,
    replicates: int | None = None,
    until: str | int | None = None,
    by: Sequence[str] | None = None,
    posterior: str | Path = SHIPPED,
    fixed: Sequence[str] = (),
    executor: str = "threads",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Simulate every replicate of a configuration (or of a province by its name) and score its targets.

    `seed`, `scale`, `replicates`, `until` and `by` replace what the configuration says; `by` names groupings that
    `Results.by` shall tell apart: district, sex, age, ethnicity, residence, field. Each replicate draws its parameters
    from a `posterior`: "shipped" (that of the province, where it has one), "none" or a file; those that are `fixed`, or
    that the configuration has otherwise than the one calibrated, are not drawn. The result does not depend on
    `executor` ("serial", "threads", "processes" or "auto": processes where they repay their start; threads need no `if
    __name__ == "__main__":` in a script) nor on the number of `workers` (default: all cores). Raises ConfigError for
    values out of range and RunError for a replicate that fails, or where the memory that is free is too small.
    """
    began = time.perf_counter()
    started = datetime.now(UTC)
    require_workers(workers)
    config = _settled(loaded(config), seed=seed, scale=scale, replicates=replicates, until=until, by=by)
    tell = progress or (lambda _event: None)
    total = config.replicates
    drawn = require_sound(config, posterior, fixed)  # a damaged file is told before hours of work
    require_executor(executor)
    executor = where_it_pays(config, total) if executor == AUTO else executor
    workers = workers_that_fit(config, total, executor, workers, lambda line: tell(Progress(0, total, line)))
    jobs = [job_of(config, drawn, number) for number in range(1, total + 1)]
    warm_up(lambda message: tell(Progress(0, total, message)))
    tell(Progress(0, total))
    found = run_tasks(
        simulate,
        jobs,
        names=[_name(job) for job in jobs],
        executor=executor,
        workers=workers,
        finished=lambda done: tell(Progress(done, total)),
    )
    return assembled(config, drawn, found, started=started, seconds=time.perf_counter() - began, executor=executor)


def job_of(config: Config, drawn: DrawnFrom | None, number: int) -> Job:
    """Return what a worker needs for one replicate; its parameters are drawn where `drawn` says so."""
    return Job(drawn.config_of(number) if drawn else config, number, replicate_seed(config.seed, number))


def assembled(
    config: Config,
    drawn: DrawnFrom | None,
    found: Sequence[Replicate],
    *,
    started: datetime,
    seconds: float,
    executor: str,
) -> Results:
    """Put replicates together, in the order of their numbers, and score the targets of the province."""
    indicators = indicators_known()
    monthly = joined([one.monthly for one in found])
    recorded = set(monthly["indicator"].cat.categories)
    results = Results(
        monthly=monthly,
        scorecard=scorecard(monthly, _targets(config), indicators, setting_of(config)),
        manifest={},
        indicators={name: info for name, info in indicators.items() if name in recorded},
        observed=_observed(config),
        ledger=_stacked([one.ledger for one in found]),
        population=_stacked([one.population for one in found]),
        policies=_stacked([one.policies for one in found]),
    )
    results.manifest = _manifest(config, drawn, found, started, seconds, executor)
    told = notes_of_run(config.to_dict(), lost_in(monthly), results.policies)
    results.manifest["notes"] = noted(without_estimates([*notes_of(config), *told]))
    return results


def loaded(config: Config | str | Path) -> Config:
    """Return a configuration, read by its name where it is given as text. Raises ConfigError for anything else."""
    from labsim.config import load
    from labsim.config_base import ConfigBase

    if isinstance(config, str | Path):
        return load(config)
    if isinstance(config, ConfigBase):
        return config
    message = _("given {given!r}; allowed a configuration, as labsim.load returns, or the name of a province")
    raise ConfigError([Problem(None, None, None, "", message.format(given=config))])


def where_it_pays(config: Config, runs: int) -> str:
    """Return the executor that is done first with as much work as some runs are about.

    A policy in a file of the user's own runs in processes: what kills one of them must not end the command.
    """
    if any(origin.file is not None for origin in config.origins.values()):
        return "processes"
    rows = config.scale * (_ROWS if config.province.kind != "reference" else config.reference.people)
    seconds = runs * config.period.n_months * (_MONTH + _ROW_MONTH * rows)
    return "processes" if runs > 1 and seconds > 2.0 * _PROCESS else "serial"


def replicate_seed(seed: int, replicate: int) -> int:
    """Return the seed of a replicate (1, 2, ...), a whole number below 2**53, the same on every machine."""
    text = f"{seed}/replicate/{replicate}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 11


def simulate(job: Job) -> Replicate:
    """Run one replicate in this process. Raises RunError if it fails or is interrupted."""
    from labsim.simulation import Simulation

    began = time.perf_counter()
    model = None
    try:
        model = Simulation(job.config, job.seed)
        built = time.perf_counter()
        for _month in range(job.config.period.n_months):
            if stop_requested():
                raise RunError(_("interrupted"))
            model.step()
        ended = time.perf_counter()
    except RunError as error:
        raise RunError(f"{_name(job)}: {error}") from error
    except LabsimError:
        raise
    except Exception as error:
        year, month = job.config.period.year_and_month(model.month if model is not None else 0)
        error.add_note(f"{_name(job)}, {year}-{month:02d}")
        raise
    frame = model.recorder.monthly()
    frame.insert(0, "replicate", job.replicate)
    frame.insert(0, "scenario", job.config.scenario)
    return Replicate(
        replicate=job.replicate,
        seed=job.seed,
        monthly=canonical(frame),
        ledger=_with_replicate(_ledger(model, job.config), job.replicate),
        population=_with_replicate(pd.DataFrame(model.misfit.table()), job.replicate),
        policies=_with_replicate(_policies(model, job.config), job.replicate),
        timing={
            "population_s": float(model.timing.get("population_s", built - began)),
            "months_s": ended - built,
            "peak_memory_mb": peak_memory_mb(),
        },
    )


def _settled(
    config: Config,
    *,
    seed: int | None,
    scale: float | None,
    replicates: int | None,
    until: str | int | None,
    by: Sequence[str] | None,
) -> Config:
    """Return the configuration with what the caller replaced, checked and hashed anew."""
    import pydantic

    from labsim.validation import problems_of

    given: dict[str, Any] = {"seed": seed, "scale": scale, "replicates": replicates}
    given["by"] = list(by) if by is not None else None
    data = {**config.to_dict(), **{name: value for name, value in given.items() if value is not None}}
    if until is not None:
        data["period"] = {**data["period"], "until": until}
    try:
        return type(config).from_dict(data)
    except pydantic.ValidationError as error:
        raise ConfigError(problems_of(error, type(config), data, {})) from error


def warm_up(say: Callable[[str], None] | None = None, *, this_process: bool = False) -> None:
    """Compile every kernel once and store the machine code; `say` is told when that takes a while.

    Two months of a tiny Son La, in which every process and policy has something to do from the first month. Nothing
    happens where the code is stored already, unless it shall be loaded into `this_process` before time is measured.
    """
    tell = say or (lambda _message: None)
    if not is_cold():
        if this_process:
            simulate(Job(_warm_config(), 1, 1))
        return
    if cache_folder() is None and not this_process:
        message = _("compiling in every process: no folder for compiled kernels can be written (see LABSIM_CACHE_DIR)")
        tell(message)
        return
    tell(_("compiling for this machine, once; this takes about a minute"))
    simulate(Job(_warm_config(), 1, 1))
    mark_warm()


def _warm_config() -> Config:
    """Return two months of a tiny Son La in which every process and every policy has something to do."""
    from labsim.config import load
    from labsim.policies import BUILT_IN
    from labsim.quantity import quantity_facts

    settings: dict[str, Any] = dict(_WARM_SETTINGS)
    for name, policy in BUILT_IN.items():
        settings[f"policies.{name}"] = {}
        for dose in policy.doses():
            facts = quantity_facts(policy.model_fields[dose]) or {}
            settings[f"policies.{name}.{dose}"] = {2021: facts.get("high") or 1.0}
    return load("son_la", settings=settings)


def _name(job: Job) -> str:
    return _("replicate {number} (seed {seed})").format(number=job.replicate, seed=job.seed)


def _ledger(model: Any, config: Config) -> pd.DataFrame:
    """Return the payments of a run summed by year, policy, purpose, payer and recipient: amount in VND, persons."""
    payments = model.world.ledger.payments
    frame = pd.DataFrame(
        {
            "year": [config.period.year_and_month(payment.month)[0] for payment in payments],
            **{name: [getattr(payment, name) for payment in payments] for name in _LEDGER_KEYS[1:]},
            "amount": [payment.amount for payment in payments],
            "persons": [float(payment.persons) for payment in payments],
        }
    )
    return frame.groupby(_LEDGER_KEYS, as_index=False, sort=True)[["amount", "persons"]].sum()


def _policies(model: Any, config: Config) -> pd.DataFrame:
    """Return what each policy spent and brought about, by year and outcome; see `Achievements.table`."""
    years = {month: config.period.year_and_month(month)[0] for month in range(config.period.n_months + 1)}
    rows = model.achievements.table(model.world.ledger.payments, years)
    return pd.DataFrame(rows, columns=list(POLICY_COLUMNS)).astype(POLICY_COLUMNS)


def _with_replicate(frame: pd.DataFrame, replicate: int) -> pd.DataFrame:
    numbered = frame.copy()
    numbered.insert(0, "replicate", replicate)
    return numbered


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _targets(config: Config) -> list[Target]:
    path = beside_margins(config, "targets.yaml")
    return load_targets(path, config) if path is not None else []


def _observed(config: Config) -> pd.DataFrame:
    path = beside_margins(config, "observed.csv")
    return read_observed(path) if path is not None else pd.DataFrame()


def read_observed(path: Path) -> pd.DataFrame:
    """Return a file of observed figures as a table. Raises ConfigError with every number that is none."""
    units = {name: info.unit for name, info in indicators_known().items()}
    return read_frame(
        path, numbers=("year", "month", "value", "low", "high"),
        unit_of=lambda row: row.get("unit") or units.get(row.get("indicator", ""), ""),
    )  # fmt: skip


def _manifest(
    config: Config,
    drawn: DrawnFrom | None,
    found: Sequence[Replicate],
    started: datetime,
    total_s: float,
    executor: str,
) -> dict[str, Any]:
    """Return where the numbers come from: configuration, code, versions, seeds, time, and the fit of the population."""
    settings = config.to_dict()
    settings["province"].pop("folder", None)  # where the files lie on this machine decides nothing
    graded = [one.grade for one in evidence_in_use(config)]
    return {
        "province": config.province.id,
        "province_name": config.province.name.model_dump(),
        "scenario": config.scenario,
        "scale": config.scale,
        "start": config.period.start,
        "until": config.period.until,
        "months": config.period.n_months,
        "replicates": config.replicates,
        "seed": config.seed,
        "seeds": {str(one.replicate): one.seed for one in found},
        "config": settings,
        "config_hash": config.hash,
        "changes": list(config.changes),
        "code_hash": code_hash(),
        "posterior": drawn.told(one.replicate for one in found) if drawn else None,
        "parameters_by_grade": {grade: graded.count(grade) for grade in sorted(set(graded))},
        "versions": versions(),
        "platform": platform.platform(),
        "command": "",
        "executor": executor,
        "started": started.isoformat(timespec="seconds"),
        "wall_time_s": round(total_s, 3),
        "timing": _timing(found, total_s),
        "misfit": _misfit(found[0].population),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, labsim and the libraries that numbers depend on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _VERSIONS}}


def _timing(found: Sequence[Replicate], total_s: float) -> dict[str, float]:
    """Return seconds of one replicate (mean over replicates) and of the whole, and the largest process in MB."""
    mean = {name: sum(one.timing[name] for one in found) / len(found) for name in ("population_s", "months_s")}
    peak = max(one.timing["peak_memory_mb"] for one in found)
    return {
        "population_s": round(mean["population_s"], 4),
        "months_s": round(mean["months_s"], 4),
        "total_s": round(total_s, 4),
        "peak_memory_mb": round(peak, 1),
    }


def _misfit(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the misfit of the population of the first replicate, margin by margin."""
    rows = table.drop(columns="replicate").to_dict("records")
    return [{str(key): value.item() if hasattr(value, "item") else value for key, value in row.items()} for row in rows]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "source"
