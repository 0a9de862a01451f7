"""Compare policies where nobody knows the parameters: the same draws of parameters and the same luck for each scenario.

What policies do is decided, so only parameters of the world are drawn (a Latin hypercube over their ranges; see
`uncertain`). A parameter that scenarios set differently is part of what they are and is not drawn, unless it is an
amount by the year, which is then multiplied or raised in each of them alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from labsim.errors import ConfigError, Problem, ResultsError
from labsim.experiment.asked import answers_of, targets_asked
from labsim.experiment.designs import Axis, latin_hypercube
from labsim.experiment.opened import open_study
from labsim.experiment.prim import Box, find_box
from labsim.experiment.run import Progress
from labsim.experiment.runner import Carried, carry_out
from labsim.experiment.study import Study, WorldGiven, plan_of_configs
from labsim.experiment.uncertain import Uncertain, read_choices, uncertain_parameters
from labsim.experiment.variation import Varied
from labsim.plain_values import plain_arguments
from labsim.targets import Target, wilson
from labsim.targets import judged as taken_away
from labsim.text import _
from labsim.text_files import is_yaml_file
from labsim.verdicts import NONE, Verdict, verdict

__all__ = ["Robust", "Scenario", "judged", "regrets", "robust", "told_pairs"]

_LEVEL, _FEWEST = 0.05, 10


@dataclass(frozen=True)
class Scenario:
    """Name a scenario: as it was asked for, and its titles."""

    name: str
    titles: Mapping[str, str]


@dataclass(frozen=True)
class Robust:
    """Say how scenarios do over draws of parameters.

    `draws` has one row a draw and a column for each parameter; `values` target, scenario, draw, value (mean over
    replicates), met, regret. `scores` has one row a target and scenario: target, unit, scenario, mean, low and high
    (5 and 95 % of draws), regret_mean, regret_90, regret_max, met (share of draws), met_low, met_high, n,
    verdict and telling_scale as in a scorecard. `pairs` has
    one row a target and pair: target, scenario, other, difference (in the good direction) with low and high, p,
    told_apart, only_one and only_other (draws in which only one meets the target), p_met, met_told_apart; both tests
    are corrected for all pairs and targets (Holm 1979). `noise` is by target the standard error, from luck, of a
    difference between two scenarios in one draw. `boxes` say where a scenario fails, by target and scenario.
    Tables are empty if the study is not finished: see `carried`.
    """

    scenarios: tuple[Scenario, ...]
    targets: tuple[Target, ...]
    parameters: tuple[Uncertain, ...]
    folder: Path
    carried: Carried
    left_out: Mapping[str, str]
    about: Mapping[str, Any]
    draws: pd.DataFrame
    values: pd.DataFrame = field(default_factory=pd.DataFrame)
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    noise: Mapping[str, float] = field(default_factory=dict)
    boxes: Mapping[tuple[str, str], Box] = field(default_factory=dict)


@plain_arguments
def robust(
    province: str = "son_la",
    *,
    scenarios: Sequence[str],
    draws: int = 100,
    targets: Sequence[str] = (),
    vary: Sequence[str] = (),
    grades: Sequence[str] = (),
    replicates: int = 2,
    settings: Mapping[str, Any] | Sequence[str] = (),
    folder: str | Path = "labsim-results/robust",
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Robust:
    """Run every scenario at every draw of the uncertain parameters, and judge them by spread, regret and chance.

    `targets` are ids of targets, or indicator@year>=limit (all that can be scored by default); `vary` are paths,
    sections or path=low:high of parameters of the world (all in use by default), `grades` cuts them to some grades.
    Runs found in `folder` are kept. Raises ConfigError before anything is written for names, ranges and numbers that
    are not allowed.
    """
    _require_sense(scenarios, draws, replicates)
    varied, parameters, left_out = _drawn(province, scenarios, settings, vary, grades)
    base = varied[0].base
    asked = tuple(targets_asked(base, targets, with_limit=True))
    rows = latin_hypercube([Axis(one.name) for one in parameters], draws, base.seed)
    table = pd.DataFrame([[one.at(share) for one, share in zip(parameters, row, strict=True)] for row in rows])
    table.columns = pd.Index([one.name for one in parameters])
    study = Study(
        name=f"robust-{base.province.id}", province=province, scenarios=tuple(scenarios), replicates=replicates,
        seed=base.seed,
    )  # fmt: skip
    worlds = _worlds(scenarios, varied, parameters, table)
    folder = Path(folder)
    carried = carry_out(
        plan_of_configs(worlds, study), folder / "draws", executor=executor, workers=workers, progress=progress
    )
    named = tuple(
        Scenario(name, {"en": one.base.title.en, "vi": one.base.title.vi})
        for name, one in zip(scenarios, varied, strict=True)
    )
    about = {"province": province, "scale": base.scale, "until": base.period.until, "replicates": replicates,
             "draws": draws, "seed": base.seed}  # fmt: skip
    found = Robust(
        named, asked, tuple(parameters), folder, carried, left_out, about, table
    )  # fmt: skip
    return found if carried.paused or not carried.done else _with_answers(found)


def regrets(values: np.ndarray, direction: str) -> np.ndarray:
    """Return the gap of every scenario to the best in the same draw; `values` has shape `(n_draws, n_scenarios)`."""
    upward = values if direction == "at_least" else -values
    gaps: np.ndarray = upward.max(axis=1, keepdims=True) - upward
    return gaps


def judged(
    target: Target, values: np.ndarray, names: Sequence[str], nothing: Mapping[str, tuple[Verdict, float]] | None = None
) -> pd.DataFrame:
    """Return the scores of a target, one row a scenario; `values` has shape `(n_draws, n_scenarios)`. See `Robust`.

    `nothing` says by scenario what takes its verdict away ("" if nothing does) and the scale that would tell; how often
    such a target is met is not a number.
    """
    gaps = regrets(values, target.direction)
    rows = []
    for place, name in enumerate(names):
        here, n_met = values[:, place], int(target.met_by(values[:, place]).sum())
        low, high = np.quantile(here, [0.05, 0.95])
        why, telling = (nothing or {}).get(name, (NONE, math.nan))
        met = (math.nan,) * 3 if why else (n_met / len(here), *wilson(n_met, len(here)))
        rows.append({
            "target": target.id, "unit": target.unit, "scenario": name, "mean": here.mean(), "low": low, "high": high,
            "regret_mean": gaps[:, place].mean(), "regret_90": np.quantile(gaps[:, place], 0.9),
            "regret_max": gaps[:, place].max(), "met": met[0], "met_low": met[1], "met_high": met[2], "n": len(here),
            "verdict": why or verdict(*met), "telling_scale": telling,
        })  # fmt: skip
    return pd.DataFrame(rows)


def told_pairs(target: Target, values: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Compare every pair of scenarios draw by draw: mean difference (t) and draws that only one meets (McNemar).

    A difference of means is the difference of mean regrets too, with the sign turned.
    """
    sign = 1.0 if target.direction == "at_least" else -1.0
    met, n = target.met_by(values), len(values)
    rows = []
    for one, other in combinations(range(len(names)), 2):
        gap = sign * (values[:, one] - values[:, other])
        error = gap.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
        half = stats.t.ppf(0.975, n - 1) * error
        only_one, only_other = (int((met[:, a] & ~met[:, b]).sum()) for a, b in ((one, other), (other, one)))
        p = 2 * stats.t.sf(abs(gap.mean()) / error, n - 1) if error > 0 else float(gap.mean() == 0)
        both = only_one + only_other
        rows.append({
            "target": target.id, "unit": target.unit, "scenario": names[one], "other": names[other],
            "difference": gap.mean(), "low": gap.mean() - half, "high": gap.mean() + half, "p": p,
            "only_one": only_one, "only_other": only_other,
            "p_met": stats.binomtest(only_one, both, 0.5).pvalue if both else 1.0,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _require_sense(scenarios: Sequence[str], draws: int, replicates: int) -> None:
    problems = []
    if len(scenarios) < 1 or len(set(scenarios)) < len(scenarios):
        message = _("given {given}; allowed one or more scenarios, each once")
        problems.append(Problem(None, None, None, "--scenarios", message.format(given=", ".join(scenarios) or "-")))
    for name, given, least in (("--draws", draws, 2), ("--replicates", replicates, 1)):
        if given < least:
            message = _("given {given}; allowed {least} or more").format(given=given, least=least)
            problems.append(Problem(None, None, None, name, message))
    if problems:
        raise ConfigError(problems)


Drawn = tuple[list[Varied], list[Uncertain], dict[str, str]]


def _drawn(
    province: str,
    scenarios: Sequence[str],
    settings: Mapping[str, Any] | Sequence[str],
    vary: Sequence[str],
    grades: Sequence[str],
) -> Drawn:
    """Return each scenario to vary, the parameters that can be drawn in all, and why others cannot."""
    choices = read_choices(vary)
    parts = [name if is_yaml_file(name) else name.split("+") for name in scenarios]
    _first, parameters, left_out = uncertain_parameters(
        province, scenario=parts[0], settings=settings, choices=choices, grades=grades, with_policies=False
    )
    paths = [one.factor.path for one in parameters]
    varied = [Varied(province, scenario=part, settings=settings, paths=paths) for part in parts]
    kept = []
    for one in parameters:
        others = [each.factor(one.factor.path) for each in varied]
        why = _("scenarios set it differently") if any(other.value != one.factor.value for other in others) else ""
        if why and one.kind == "value":
            if any(choice.path == one.name for choice in choices):
                raise ConfigError([Problem(None, None, None, one.name, why)])
            left_out[one.name] = why
        else:
            kept.append(one)
    if not kept:
        raise ConfigError([Problem(None, None, None, "--vary", _("no parameter is left to draw"))])
    return varied, kept, left_out


def _worlds(
    names: Sequence[str], varied: Sequence[Varied], parameters: Sequence[Uncertain], draws: pd.DataFrame
) -> list[WorldGiven]:
    """Return the configurations, all draws of the first scenario first."""
    worlds = []
    for name, one in zip(names, varied, strict=True):
        factors = {each.name: one.factor(each.factor.path) for each in parameters}
        for number, row in enumerate(draws.to_dict("records")):
            given = {each.name: each.given(float(row[each.name]), factors[each.name]) for each in parameters}
            config = one.at(given).model_copy(update={"changes": one.base.changes})
            worlds.append(WorldGiven(f"{Path(name).stem} {number}", config, {str(key): row[key] for key in row}))
    return worlds


def _with_answers(found: Robust) -> Robust:
    """Read the study and judge; draws in which a run of any scenario is missing are left out for all."""
    study = open_study(found.folder / "draws")
    answers, people = answers_of(study, found.targets), answers_of(study, found.targets, "persons")
    names, n_draws = [one.name for one in found.scenarios], len(found.draws)
    values, scores, pairs, noise, boxes = [], [], [], {}, {}
    for target in found.targets:
        cube = answers[target.id].reshape(len(names), n_draws, -1)
        whole = np.isfinite(cube).all(axis=(0, 2))
        if whole.sum() < 2:
            raise ResultsError(_("too many runs failed: {n} draws are whole, 2 are needed").format(n=int(whole.sum())))
        cube = cube[:, whole]
        table = cube.mean(axis=2).T
        persons = people[target.id].reshape(cube.shape[0], n_draws, -1)[:, whole]
        nothing = {
            name: taken_away(target, cube[place].ravel(), persons[place].ravel(), study.setting(place * n_draws))
            for place, name in enumerate(names)
        }
        scores.append(judged(target, table, names, nothing))
        pairs.append(told_pairs(target, table, names))
        noise[target.id] = _noise(cube)
        numbers = np.flatnonzero(whole)
        gaps = regrets(table, target.direction)
        for place, name in enumerate(names):
            met = target.met_by(table[:, place])
            values.append(pd.DataFrame({
                "target": target.id, "scenario": name, "draw": numbers, "value": table[:, place], "met": met,
                "regret": gaps[:, place],
            }))  # fmt: skip
            if not nothing[name][0] and min(met.sum(), (~met).sum()) >= _FEWEST:
                drawn = found.draws.iloc[numbers].to_numpy(float)
                boxes[target.id, name] = find_box(drawn, ~met, [one.name for one in found.parameters])
    return Robust(**{
        **vars(found), "values": pd.concat(values, ignore_index=True), "scores": pd.concat(scores, ignore_index=True),
        "pairs": _corrected(pd.concat(pairs, ignore_index=True)), "noise": noise, "boxes": boxes,
    })  # fmt: skip


def _noise(cube: np.ndarray) -> float:
    """Return the standard error of a difference of two scenarios in one draw; shape (n_scenarios, n_draws, n_runs)."""
    n_scenarios, _n_draws, n_runs = cube.shape
    if n_runs < 2 or n_scenarios < 2:
        return float("nan")
    gaps = [cube[one] - cube[other] for one, other in combinations(range(n_scenarios), 2)]
    return float(np.sqrt(np.mean([gap.var(axis=1, ddof=1).mean() / n_runs for gap in gaps])))


def _corrected(pairs: pd.DataFrame) -> pd.DataFrame:
    """Add which pairs are told apart, all tests of a kind taken together (Holm 1979)."""
    for p, column in (("p", "told_apart"), ("p_met", "met_told_apart")):
        if len(pairs):
            pairs[column] = _holm(pairs[p].to_numpy(float))
    return pairs


def _holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    passed = p[order] <= _LEVEL / np.arange(len(p), 0, -1)
    found = np.zeros(len(p), dtype=bool)
    found[order[: len(p) if passed.all() else int(np.argmin(passed))]] = True
    return found
