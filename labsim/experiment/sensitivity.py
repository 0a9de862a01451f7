"""Ask which parameters an answer rests on: screen all of them, then split the variance among those that matter.

First elementary effects of every uncertain parameter (Morris), at few points; what cannot be told from luck is not
called important. Then Sobol' indices of the `top` of them, the others staying where they are: through an emulator, or
with `direct` on the simulator itself. Both stages are studies of their own in one folder and are resumed as any study.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labsim.errors import ConfigError, Problem, ResultsError
from labsim.experiment.asked import answers_of, targets_asked
from labsim.experiment.designs import Axis, sobol
from labsim.experiment.indices import Indices, indices_of, saltelli_points, sobol_indices
from labsim.experiment.opened import open_study
from labsim.experiment.run import Progress, replicate_seed
from labsim.experiment.runner import Carried, added_notes, carry_out
from labsim.experiment.screening import elementary_effects, salib, screen, tied_ranks, trajectories
from labsim.experiment.study import Plan, Study, WorldGiven, plan_of_configs
from labsim.experiment.surrogate import Emulator, fit_emulator
from labsim.experiment.uncertain import Uncertain, read_choices, uncertain_parameters
from labsim.experiment.variation import Varied
from labsim.plain_values import plain_arguments
from labsim.quantity import GRADES
from labsim.targets import Target
from labsim.text import _

__all__ = ["Sensitivity", "sensitivity"]

SCREENING, INDICES = "screening", "indices"
EMULATED_BASE = 1024  # base points of the indices of an emulator, whose values cost next to nothing
_Z = 1.959964


@dataclass(frozen=True)
class Sensitivity:
    """Say what each answer rests on.

    `screening` has one row a target and parameter, sorted: target, parameter, grade, unit, low, high, present, mu_star
    (change of the answer over the whole range, in the target's unit) with mu_low and mu_high, mu, sigma, noise_share,
    p, beyond_noise, rank, source. `indices` has target, parameter, grade, first, first_low, first_high, total,
    total_low, total_high, rank; `grades` the same for all parameters of a grade together, grade D first. `quality` has
    one row a target: target, unit, mean, sd (over the second stage), noise_share, r2, explained, outside (share of the
    squared effects of the screening that parameters outside the second stage have) and points. `left_out` says why
    parameters were not varied. Tables are empty where a stage was not finished: see `carried`.
    """

    targets: tuple[Target, ...]
    folder: Path
    carried: Carried
    direct: bool
    left_out: Mapping[str, str]
    screening: pd.DataFrame = field(default_factory=pd.DataFrame)
    indices: pd.DataFrame = field(default_factory=pd.DataFrame)
    grades: pd.DataFrame = field(default_factory=pd.DataFrame)
    quality: pd.DataFrame = field(default_factory=pd.DataFrame)
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Setup:
    """Hold what both stages share."""

    varied: Varied
    parameters: tuple[Uncertain, ...]
    targets: tuple[Target, ...]
    study: Study
    carry: Callable[[Plan, str], Carried]
    folder: Path


@plain_arguments
def sensitivity(
    province: str = "son_la",
    *,
    scenario: str | Sequence[str] = "baseline",
    targets: Sequence[str] = (),
    vary: Sequence[str] = (),
    grades: Sequence[str] = (),
    screening: int = 12,
    samples: int = 128,
    top: int = 8,
    direct: bool = False,
    replicates: int = 2,
    settings: Mapping[str, Any] | Sequence[str] = (),
    folder: str | Path = "labsim-results/sensitivity",
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Sensitivity:
    """Screen every uncertain parameter in use, and return indices of the `top` that matter beyond noise.

    `targets` are ids of targets or indicator@year (all that can be scored by default); `vary` are paths, sections or
    path=low:high (all in use by default), and `grades` cuts them to some grades of evidence. `screening` is the number
    of trajectories; `samples` the number of points that the emulator learns from, or with `direct` the base points of
    the simulator's own indices. Runs found in `folder` are kept. Raises ConfigError before anything is written for
    names, ranges and numbers that are not allowed.
    """
    _require_sense(screening, samples, replicates, direct)
    salib("sample.morris")
    varied, parameters, left_out = uncertain_parameters(
        province, scenario=scenario, settings=settings, choices=read_choices(vary), grades=grades
    )
    base = varied.base
    asked = tuple(targets_asked(base, targets))
    study = Study(name=f"sensitivity-{base.province.id}", province=province, replicates=replicates, seed=base.seed)
    folder = Path(folder)

    def carry(plan: Plan, stage: str) -> Carried:
        return carry_out(plan, folder / stage, executor=executor, workers=workers, progress=progress)

    setup = _Setup(varied, tuple(parameters), asked, study, carry, folder)
    about = {
        "province": province, "scenario": base.scenario, "scale": base.scale, "until": base.period.until,
        "replicates": replicates, "trajectories": screening, "samples": samples, "seed": base.seed,
    }  # fmt: skip
    carried, screened = _screen(setup, screening)
    found = Sensitivity(asked, folder, carried, direct, left_out, screened, about=about)
    if not len(screened):
        return found
    chosen = _chosen(setup, screened, top)
    if not chosen:
        return found
    then, (indices, by_grade, quality) = _split(setup, chosen, screened, samples, direct)
    return replace(found, carried=_added(carried, then), indices=indices, grades=by_grade, quality=quality)


def _require_sense(screening: int, samples: int, replicates: int, direct: bool) -> None:
    problems = []
    if replicates < 2:
        message = _("given {given}; allowed 2 or more: noise is told from effects by the spread between replicates")
        problems.append(Problem(None, None, None, "--replicates", message.format(given=replicates)))
    if screening < 2:
        problems.append(
            Problem(None, None, None, "--screen", _("given {given}; allowed 2 or more").format(given=screening))
        )
    if direct and samples & (samples - 1):
        message = _("given {given}; with --direct allowed a power of two")
        problems.append(Problem(None, None, None, "--samples", message.format(given=samples)))
    if not direct and samples < 20:
        problems.append(
            Problem(None, None, None, "--samples", _("given {given}; allowed 20 or more").format(given=samples))
        )
    if problems:
        raise ConfigError(problems)


def _screen(setup: _Setup, n: int) -> tuple[Carried, pd.DataFrame]:
    """Run the trajectories; return a table a target and parameter, empty if they are not finished.

    Every trajectory has seeds of its own: what luck does to one of them says nothing about the others.
    """
    k = len(setup.parameters)
    points = trajectories(k, n, setup.study.seed)
    seeds = [replicate_seed(setup.study.seed, row // (k + 1) + 1) for row in range(len(points))]
    plan = _plan(setup, setup.parameters, points, seeds)
    carried = setup.carry(plan, SCREENING)
    if carried.paused or not carried.done:
        return carried, pd.DataFrame()
    answers = answers_of(open_study(setup.folder / SCREENING), setup.targets)
    parts = []
    for target in setup.targets:
        effects = elementary_effects(points, answers[target.id])
        if len(effects) < 2:
            raise ResultsError(
                _("too many runs failed: {n} trajectories are whole, 2 are needed").format(n=len(effects))
            )
        table = screen(effects, setup.study.seed).rename(columns={"low": "mu_low", "high": "mu_high"})
        parts.append(pd.concat([_described(setup.parameters, target), table], axis=1))
    found = pd.concat(parts, ignore_index=True)
    order = {target.id: place for place, target in enumerate(setup.targets)}
    found = found.assign(place=found["target"].map(order))
    return carried, found.sort_values(
        ["place", "rank", "mu_star", "parameter"], ascending=[True, True, False, True], ignore_index=True
    ).drop(columns="place")


def _described(parameters: Sequence[Uncertain], target: Target) -> pd.DataFrame:
    rows = [
        {
            "target": target.id, "parameter": one.name, "grade": one.grade, "unit": one.unit, "low": one.low,
            "high": one.high, "present": one.present, "source": one.source,
        }
        for one in parameters
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _plan(setup: _Setup, parameters: Sequence[Uncertain], points: np.ndarray, seeds: Sequence[int] = ()) -> Plan:
    """Return the plan of points between 0 and 1, shape `(n_points, n_parameters)`, each with its seed or the common."""
    worlds = []
    for number, row in enumerate(points):
        values = {one.name: one.at(float(share)) for one, share in zip(parameters, row, strict=True)}
        config = setup.varied.at({one.name: one.given(values[one.name]) for one in parameters})
        # what was changed stands in `values`, and would here be written once more for each of thousands of points
        update: dict[str, Any] = {"changes": setup.varied.base.changes}
        if seeds:
            update["seed"] = seeds[number]
        worlds.append(WorldGiven(f"{number}", config.model_copy(update=update), values))
    return plan_of_configs(worlds, setup.study)


def _chosen(setup: _Setup, screened: pd.DataFrame, top: int) -> list[Uncertain]:
    """Return the parameters that matter most to any of the targets, beyond noise, sorted by path."""
    whole = screened.groupby("target")["square"].transform("sum")
    share = (screened["square"] / whole.where(whole > 0)).where(screened["beyond_noise"], 0.0)
    best = share.groupby(screened["parameter"]).max().sort_values(ascending=False, kind="stable")
    names = set(best[best > 0].index[:top])
    return [one for one in setup.parameters if one.name in names]


Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def _split(
    setup: _Setup, chosen: Sequence[Uncertain], screened: pd.DataFrame, samples: int, direct: bool
) -> tuple[Carried, Tables]:
    """Run the second stage; return indices by parameter, by grade, and how far to trust them."""
    grades = [grade for grade in reversed(GRADES) if any(one.grade == grade for one in chosen)]
    groups = [grades.index(one.grade) for one in chosen]
    seed = setup.study.seed
    if direct:
        single = saltelli_points(len(chosen), samples, seed)
        points = np.concatenate([single, saltelli_points(len(chosen), samples, seed, groups)])
    else:
        axes = [Axis(one.name) for one in chosen]
        points = np.array(sobol(axes, samples, seed), dtype=float)
    carried = setup.carry(_plan(setup, chosen, points), INDICES)
    if carried.paused or not carried.done:
        return carried, (pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
    answers = answers_of(open_study(setup.folder / INDICES), setup.targets)
    by_parameter, by_grade, quality = [], [], []
    for target in setup.targets:
        found = _Answer(answers[target.id])
        if direct:
            one, all_of = _on_simulator(found, len(chosen), len(single), seed, groups)
            r2 = float("nan")
        else:
            one, all_of, r2 = _on_emulator(points, found, seed, groups)
        by_parameter.append(one.table(target, "parameter", [each.name for each in chosen], [e.grade for e in chosen]))
        by_grade.append(all_of.table(target, "grade", grades, None))
        here = screened[screened["target"] == target.id]
        inside = here["parameter"].isin([each.name for each in chosen])
        quality.append({
            "target": target.id, "unit": target.unit, "mean": found.mean.mean(), "sd": found.mean.std(ddof=1),
            "noise_share": found.noise_share, "r2": r2,
            "explained": min(1.0, r2 / (1.0 - found.noise_share)) if found.noise_share < 1 else float("nan"),
            "outside": float(here.loc[~inside, "square"].sum() / here["square"].sum()) if here["square"].sum() else 0.0,
            "points": len(found.mean),
        })  # fmt: skip
    tables = (
        pd.concat(by_parameter, ignore_index=True), pd.concat(by_grade, ignore_index=True), pd.DataFrame(quality)
    )  # fmt: skip
    return carried, tables


class _Answer:
    """The answers of a target at the points of the second stage, and the part of their variance that is luck."""

    def __init__(self, answers: np.ndarray) -> None:
        self.whole = np.isfinite(answers).all(axis=1)
        values = answers[self.whole]
        self.mean: np.ndarray = values.mean(axis=1)
        n, n_replicates = values.shape
        # what a seed adds at every point is common to all and no noise of a difference between points
        luck = values - self.mean[:, None] - values.mean(axis=0) + values.mean()
        variance = self.mean.var(ddof=1) if n > 1 else 0.0
        noise = (luck**2).sum() / max(1, (n - 1) * (n_replicates - 1)) / n_replicates
        self.noise_share = float(min(1.0, noise / variance)) if variance > 0 else 0.0


@dataclass(frozen=True)
class _Split:
    """Hold indices with their errors, and deviations by which ranks are told apart."""

    indices: Indices
    deviations: np.ndarray
    scale: float

    def table(self, target: Target, what: str, names: Sequence[str], grades: Sequence[str] | None) -> pd.DataFrame:
        found = self.indices
        frame = pd.DataFrame({
            "target": target.id, what: list(names), **({"grade": list(grades)} if grades is not None else {}),
            "first": found.first, "first_low": found.first - found.first_half,
            "first_high": found.first + found.first_half, "total": found.total,
            "total_low": found.total - found.total_half, "total_high": found.total + found.total_half,
            "rank": tied_ranks(found.total, self.deviations, self.scale),
        })  # fmt: skip
        return frame if grades is None else frame.sort_values(["rank", "total"], ascending=[True, False])


def _on_emulator(points: np.ndarray, found: _Answer, seed: int, groups: Sequence[int]) -> tuple[_Split, _Split, float]:
    """Return the indices of an emulator, by factor and by group, with intervals that hold its own error."""
    points = points[found.whole]
    if not np.ptp(found.mean) > 0:
        return _nothing(points.shape[1]), _nothing(len(set(groups))), float("nan")
    emulator = fit_emulator(points, found.mean, seed)
    return (
        _emulated(emulator, points.shape[1], seed, ()),
        _emulated(emulator, points.shape[1], seed, groups),
        emulator.r2,
    )


def _emulated(emulator: Emulator, n_factors: int, seed: int, groups: Sequence[int]) -> _Split:
    whole = sobol_indices(emulator.predict, n_factors, EMULATED_BASE, seed, groups)
    partial = [sobol_indices(fit, n_factors, EMULATED_BASE, seed, groups, resamples=2) for fit in emulator.partial]
    first, total = (np.array([getattr(one, name) for one in partial]) for name in ("first", "total"))
    halves = [
        np.hypot(half, _Z * np.sqrt(emulator.scale * (deviations**2).mean(axis=0)))
        for half, deviations in ((whole.first_half, first - whole.first), (whole.total_half, total - whole.total))
    ]
    return _Split(replace(whole, first_half=halves[0], total_half=halves[1]), total - whole.total, emulator.scale)


def _on_simulator(
    found: _Answer, n_factors: int, n_single: int, seed: int, groups: Sequence[int]
) -> tuple[_Split, _Split]:
    """Return the indices of the simulator's own answers, by factor and by group."""
    if not found.whole.all():
        message = _("{n} points of the direct design failed; without --direct an emulator does without them")
        raise ResultsError(message.format(n=int((~found.whole).sum())))
    return (
        _apart(indices_of(found.mean[:n_single], n_factors, seed)),
        _apart(indices_of(found.mean[n_single:], n_factors, seed, groups)),
    )


def _apart(found: Indices) -> _Split:
    """Tell ranks apart by the bootstrap's errors, as if they were independent."""
    return _Split(found, np.diag(found.total_half / _Z), float(len(found.total)))


def _nothing(n: int) -> _Split:
    return _Split(Indices(*np.zeros((4, n))), np.zeros((1, n)), 1.0)


def _added(one: Carried, other: Carried) -> Carried:
    """Return what two stages came to together."""
    return Carried(
        one.total + other.total, one.done + other.done, one.found + other.found, one.failed + other.failed,
        one.paused or other.paused, one.seconds + other.seconds, one.busy_seconds + other.busy_seconds,
        notes=added_notes(one, other),
    )  # fmt: skip
