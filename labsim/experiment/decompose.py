"""Take the change since the start apart: how much of it each driver made, and how drivers act on each other.

Every set of the five drivers (see `labsim.experiment.drivers`) is run on the same people with the same luck. What a
driver adds, averaged over all orders in which drivers may join, is its Shapley value; the values sum to what all five
do together. What changes with all five off is told apart, as everything else. So, in every replicate::

    value - start = everything else + policies + demography + demand + climate + migration
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labsim.errors import ConfigError, Problem, ResultsError, RunError
from labsim.experiment.drivers import DRIVERS, coalitions
from labsim.experiment.opened import OpenedStudy, open_study, targets_of
from labsim.experiment.paired import mean_of
from labsim.experiment.run import indicators_known
from labsim.experiment.runner import carry_out
from labsim.experiment.shapley import alone, interactions, last, shapley_values
from labsim.experiment.study import Plan, Study, plan_of_configs
from labsim.plain_values import plain_arguments
from labsim.results import GROUPS
from labsim.targets import start_values
from labsim.text import _, did_you_mean

if TYPE_CHECKING:
    from labsim.config import Config
    from labsim.experiment.run import Progress

__all__ = ["MAIN", "Decomposition", "decompose", "decomposition_of", "plan_decomposition"]

EVERYTHING_ELSE, ALL = "everything else", "all drivers"
# What is taken apart besides targets, at the end of the run, where it is recorded.
MAIN = (
    "labour_force", "employees", "agricultural_share", "unemployment_rate", "underemployment_rate", "trained_share",
    "certified_share", "away_in_viet_nam", "abroad", "mean_income", "income_gini",
)  # fmt: skip
N_SETS = 1 << len(DRIVERS)


@dataclass(frozen=True)
class Decomposition:
    """Hold what a change is made of; `kind`, `id` and `year` name what is taken apart in every table.

    `totals`: label, unit, direction, has_start, start, value, change and everything_else (means over n replicates, in
    `unit`). What has no start, a sum over time or a stock that the first month has not, starts at 0. `effects`: driver,
    mean (its Shapley value), low, high, then what it adds alone and last with theirs; rows for "everything else" and
    "all drivers" have the first three.
    `interactions`: first, second, mean, low, high (Shapley interaction index). Intervals are Student's at 95 % over
    paired replicates. `about`: where the numbers come from.
    """

    totals: pd.DataFrame
    effects: pd.DataFrame
    interactions: pd.DataFrame
    about: dict[str, Any]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        return {"totals": self.totals, "effects": self.effects, "interactions": self.interactions}


@plain_arguments
def decompose(
    config: Config,
    *,
    folder: str | Path,
    replicates: int = 10,
    indicators: Sequence[str] = (),
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Decomposition:
    """Run a configuration with every set of drivers into a folder and split each change by driver.

    What is in the folder already is not run again. `indicators` replace `MAIN`. Raises ConfigError for an indicator
    that does not exist, before anything is written, and RunError if runs failed or were interrupted.
    """
    require_indicators(indicators)
    plan = plan_decomposition(config, replicates)
    carried = carry_out(plan, folder, executor=executor, workers=workers, progress=progress)
    if carried.done < carried.total:
        message = _("{done} of {total} runs are done and kept in {folder}; the same call goes on")
        raise RunError(message.format(done=carried.done, total=carried.total, folder=folder))
    return decomposition_of(open_study(folder), indicators)


def plan_decomposition(config: Config, replicates: int) -> Plan:
    """Return the plan of every set of drivers, that with all of them first."""
    name = f"{config.province.id}-{Path(config.scenario).stem}"
    study = Study(
        name=name, title=config.title, question=config.question, province=config.province.id,
        scenarios=(config.scenario,), replicates=replicates, seed=config.seed, scale=config.scale,
    )  # fmt: skip
    return plan_of_configs(list(reversed(coalitions(config))), study)


def require_indicators(names: Sequence[str]) -> None:
    """Raise ConfigError for the first name that is no indicator."""
    known = indicators_known()
    for name in names:
        if name not in known:
            message = _("no indicator of this name; {hint}").format(hint=did_you_mean(name, sorted(known)))
            raise ConfigError([Problem(None, None, None, name, message)])


def decomposition_of(study: OpenedStudy, indicators: Sequence[str] = ()) -> Decomposition:
    """Take a study of all sets of drivers apart; replicates count that are finished in every set.

    Raises ResultsError if the folder holds another study, or no replicate is finished everywhere.
    """
    require_indicators(indicators)
    sets = _sets_of(study)
    runs = study.runs
    ready = runs[runs["status"] == "ok"].groupby("replicate").size()
    replicates = [int(one) for one in ready.index[ready == N_SETS]]
    if not replicates:
        message = _("{folder}: no replicate is finished with every set of drivers")
        raise ResultsError(message.format(folder=study.folder))
    totals, effects, pairs = [], [], []
    for head, start, worths in _worths(study, sets, replicates, indicators):
        whole = np.isfinite(worths).all(axis=1) & np.isfinite(start)
        if not whole.any():
            continue
        start, worths = start[whole], worths[whole]
        totals.append(head | _total(start, worths))
        names = {key: head[key] for key in ("kind", "id", "year")}
        effects += [names | row for row in _effects(start, worths)]
        pairs += [names | row for row in _pairs(worths)]
    about = {
        "study": study.about["study"]["name"], "province": study.points["province"].iloc[0],
        "scenario": study.points["scenario"].iloc[0], "replicates": len(replicates),
        "scale": study.about["study"]["scale"], "code_hash": study.about["code_hash"],
        "drivers": {driver.name: driver.off for driver in DRIVERS},
    }  # fmt: skip
    return Decomposition(pd.DataFrame(totals), pd.DataFrame(effects), pd.DataFrame(pairs), about)


def _sets_of(study: OpenedStudy) -> np.ndarray:
    """Return the place of each point's set of drivers, shape `(n_points,)`: bit i for driver i."""
    names = [driver.name for driver in DRIVERS]
    points = study.points
    if len(points) != N_SETS or not set(names) <= set(points.columns):
        raise ResultsError(_("{folder}: no study of every set of drivers").format(folder=study.folder))
    bits = points.sort_values("point")[names].to_numpy(bool)
    places: np.ndarray = bits @ (1 << np.arange(len(names)))
    return places


def _worths(
    study: OpenedStudy, sets: np.ndarray, replicates: Sequence[int], indicators: Sequence[str]
) -> Iterator[tuple[dict[str, Any], np.ndarray, np.ndarray]]:
    """Yield what is taken apart, its start `(n_replicates,)` and its worth by replicate and set of drivers."""
    known, rows = indicators_known(), {one: row for row, one in enumerate(replicates)}

    def laid_out(frame: pd.DataFrame) -> np.ndarray:
        found = np.full((len(replicates), N_SETS), math.nan)
        for point, one, value in zip(frame["point"], frame["replicate"], frame["value"], strict=True):
            if one in rows:
                found[rows[one], sets[point]] = value
        return found

    targets, ends = targets_of(str(study.points["province"].iloc[0])), study.target_values()
    first = _first_month(study)
    starts = start_values(first, targets, known).assign(point=0)
    for target in targets:
        mine, began = (one[(one["id"] == target.id) & (one["year"] == target.year)] for one in (ends, starts))
        if len(mine):
            head = {
                "kind": "target", "id": target.id, "year": target.year, "label": target.label.en,
                "label_vi": target.label.vi, "unit": target.unit, "direction": target.direction,
                "has_start": bool(len(began)),
            }  # fmt: skip
            yield head, _start_of(laid_out(began)), laid_out(mine)
    at_end, year = _at_the_end(study, indicators or MAIN)
    for name in indicators or MAIN:
        mine = at_end[at_end["indicator"] == name]
        if len(mine):
            info = known[name]
            began = first[(first["indicator"] == name) & _of_all(first) & (info.kind == "stock")].assign(point=0)
            head = {
                "kind": "indicator", "id": name, "year": year, "label": info.label, "label_vi": "", "unit": info.unit,
                "direction": "", "has_start": bool(len(began)),
            }  # fmt: skip
            yield head, _start_of(laid_out(began)), laid_out(mine)


def _first_month(study: OpenedStudy) -> pd.DataFrame:
    """Return the first month of the runs with all drivers: every set of drivers starts from the same world."""
    return study.sql("select * from monthly where point = 0 and month = (select min(month) from monthly)")


def _at_the_end(study: OpenedStudy, names: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Return point, replicate, indicator and value, and the last year: a stock's last value, a flow's sum."""
    flows = [name for name in names if indicators_known()[name].kind == "flow"]
    quoted, summed = (", ".join(f"'{name}'" for name in some) or "''" for some in (names, flows))
    whole = " and ".join(f'"{name}" = \'all\'' for name in GROUPS)
    found = study.sql(f"""
        select point, replicate, indicator, sum(value) as value from monthly
        where {whole} and indicator in ({quoted})
            and (indicator in ({summed}) or month = (select max(month) from monthly))
        group by all
    """)
    return found, int(study.sql("select year(max(month)) as year from monthly")["year"].iloc[0])


def _of_all(frame: pd.DataFrame) -> Any:
    return (frame[list(GROUPS)] == "all").all(axis=1)


def _start_of(began: np.ndarray) -> np.ndarray:
    """Return where each replicate starts, read with all drivers on; what has no start starts at 0."""
    return np.where(np.isnan(began[:, -1]), 0.0, began[:, -1])


def _total(start: np.ndarray, worths: np.ndarray) -> dict[str, Any]:
    return {
        "start": float(start.mean()), "value": float(worths[:, -1].mean()),
        "change": float((worths[:, -1] - start).mean()), "everything_else": float((worths[:, 0] - start).mean()),
        "n": len(start),
    }  # fmt: skip


def _effects(start: np.ndarray, worths: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield everything else, each driver, and all drivers together."""

    def row(name: str, **parts: np.ndarray) -> dict[str, Any]:
        found: dict[str, Any] = {"driver": name}
        for part, values in parts.items():
            mean, prefix = mean_of(values), "" if part == "shapley" else f"{part}_"
            found |= {f"{prefix}mean": mean.mean, f"{prefix}low": mean.low, f"{prefix}high": mean.high}
        return found

    yield row(EVERYTHING_ELSE, shapley=worths[:, 0] - start)
    values, by_itself, at_last = shapley_values(worths), alone(worths), last(worths)
    for place, driver in enumerate(DRIVERS):
        yield row(driver.name, shapley=values[:, place], alone=by_itself[:, place], last=at_last[:, place])
    yield row(ALL, shapley=worths[:, -1] - worths[:, 0])


def _pairs(worths: np.ndarray) -> Iterator[dict[str, Any]]:
    for (one, two), values in interactions(worths).items():
        mean = mean_of(values)
        yield {
            "first": DRIVERS[one].name, "second": DRIVERS[two].name, "mean": mean.mean, "low": mean.low,
            "high": mean.high,
        }  # fmt: skip
