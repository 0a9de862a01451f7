"""Ask on which grades of evidence the answers rest, and which numbers are most worth collecting next.

Every parameter of the world in use varies as in the prior of a calibration, so do the random numbers; `freezing` splits
the variance of each answer between the grades of the parameters and luck, `sparse` finds single parameters. What
policies do is decided and the tables that make up the people at the start stay as they are: neither is in the split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labsim.config import Config, load
from labsim.errors import ConfigError, Problem, ResultsError
from labsim.evidence.freezing import Blocks, Frozen, blocks, frozen
from labsim.evidence.ledger import parameter_ledger, row_counts
from labsim.evidence.parts import DECLARED, LUCK, PRIORS, RANGES, TOGETHER, WEAKNESS, WORTH
from labsim.evidence.priors import Prior, priors_of
from labsim.evidence.sparse import Followed, follow
from labsim.experiment.asked import answers_of, targets_asked
from labsim.experiment.opened import open_study
from labsim.experiment.run import Progress, replicate_seed
from labsim.experiment.runner import Carried, carry_out
from labsim.experiment.study import Plan, Study, WorldGiven, plan_of_configs
from labsim.experiment.uncertain import Choice, Uncertain, read_choices, uncertain_parameters
from labsim.experiment.variation import Varied
from labsim.quantity import GRADES
from labsim.targets import Target
from labsim.text import _

__all__ = ["HEADLINES", "Evidence", "evidence"]

# beside the targets of a province: what else its readers look at, at the end of the run
HEADLINES = (
    "labour_force", "employees", "own_account_share", "services_share", "unemployment_rate", "underemployment_rate",
    "away_in_viet_nam", "mean_income",
)  # fmt: skip
FEWEST_BLOCKS = 16
_TOLD = 0.1  # of the variance, parameters must decide at least so much for shares of it to mean anything
_LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class Evidence:
    """Say on what the parameters and the answers of a province rest.

    `ledger` has one row a parameter: path, section, value, unit, low, high, grade, source, year, help. `rows` has one
    row a table of the province: table, kind (margin, observation), unit, rows, and the number of rows of each grade.
    `shares` has one row an answer and what it rests on: answer, indicator, year, unit, part (a grade, "together" or
    "luck"), share, low, high (95 %, bootstrap); grades and "together" share the variance that is not luck, "luck" is
    of all. `quality` has one row an answer: answer, unit, mean, sd, luck, told (whether parameters decide enough of it
    for the shares to mean something), r2, explained (of what is not luck), terms, blocks. `parameters` has answer,
    parameter, grade, share, low, high of what single parameters explain; `worth` one row a parameter over all targets
    that are told: parameter, grade, cut, cut_low, cut_high (mean share of the variance that its exact value would take
    away), worth (cut x weakness), best (the answer that it would serve most), best_cut, present, low, high, unit,
    source. Tables from `shares` on are empty where nothing was simulated or the study is not finished: see `carried`.
    """

    config: Config
    ledger: pd.DataFrame
    rows: pd.DataFrame
    targets: tuple[Target, ...] = ()
    folder: Path | None = None
    carried: Carried | None = None
    shares: pd.DataFrame = field(default_factory=pd.DataFrame)
    quality: pd.DataFrame = field(default_factory=pd.DataFrame)
    parameters: pd.DataFrame = field(default_factory=pd.DataFrame)
    worth: pd.DataFrame = field(default_factory=pd.DataFrame)
    about: Mapping[str, Any] = field(default_factory=dict)


def evidence(
    province: str = "son_la",
    *,
    scenario: str | Sequence[str] = "baseline",
    samples: int = 0,
    targets: Sequence[str] = (),
    vary: Sequence[str] = (),
    ranges: str = PRIORS,
    settings: Mapping[str, Any] | Sequence[str] = (),
    folder: str | Path = "labsim-results/evidence",
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Evidence:
    """Return the ledger of evidence, and with `samples` blocks of runs the split of each answer's variance by grade.

    A block is one run for each grade in use and three more. `targets` are ids of targets or indicator@year (all that
    can be scored, and the `HEADLINES` at the end, by default); `vary` are paths, sections or path=low:high (all
    parameters of the world in use by default). `ranges` are "priors", those that calibration starts from, or
    "declared". Runs found in `folder` are kept, also when `samples` grows. Raises ConfigError before anything is
    written for names, ranges and numbers that are not allowed.
    """
    if samples and samples < FEWEST_BLOCKS:
        message = _("given {given}; allowed 0 (the ledger alone) or {least} or more")
        raise ConfigError([Problem(None, None, None, "--samples", message.format(given=samples, least=FEWEST_BLOCKS))])
    if ranges not in RANGES:
        message = _("given {given!r}; allowed {allowed}").format(given=ranges, allowed=", ".join(RANGES))
        raise ConfigError([Problem(None, None, None, "--ranges", message)])
    if not samples:
        config = load(province, scenario=scenario, settings=settings)
        return Evidence(config, parameter_ledger(config), row_counts(config))
    choices = read_choices(vary)
    varied, uncertain, _left = uncertain_parameters(
        province, scenario=scenario, settings=settings, choices=choices, with_policies=False
    )
    base = varied.base
    priors = _priors(base, uncertain, choices, ranges)
    parameters = [replace(one.parameter, low=one.low, high=one.high) for one in priors]
    asked = tuple(targets_asked(base, targets or _usual(base)))
    found = Evidence(base, parameter_ledger(base), row_counts(base), asked, Path(folder))
    grades = [grade for grade in GRADES if any(one.grade == grade for one in parameters)]
    design = blocks([grades.index(one.grade) for one in parameters], samples, base.seed)
    carried = carry_out(
        _plan(varied, priors, design, province), folder, executor=executor, workers=workers, progress=progress
    )
    about = {
        "province": base.province.id, "scenario": base.scenario, "scale": base.scale, "until": base.period.until,
        "blocks": samples, "seed": base.seed, "ranges": ranges, "parameters": len(parameters),
        "grades": grades,
    }  # fmt: skip
    found = replace(found, carried=carried, about=about)
    return found if carried.paused or carried.done < carried.total else _judged(found, parameters, grades, design)


def _usual(config: Config) -> list[str]:
    """Return the targets that can be scored and the headlines, as a user would name them."""
    if config.province.kind == "reference":
        return []
    last = config.period.year_and_month(config.period.n_months)[0]
    return [*(one.id for one in targets_asked(config, [])), *(f"{name}@{last}" for name in HEADLINES)]


def _priors(config: Config, parameters: Sequence[Uncertain], choices: Sequence[Choice], ranges: str) -> list[Prior]:
    """Return where each parameter may lie; a range that was asked for is taken as it is."""
    if ranges == DECLARED:
        return [Prior(one, "even", one.low, one.high) for one in parameters]
    return priors_of(config, parameters, choices)


def _plan(varied: Varied, priors: Sequence[Prior], design: Blocks, province: str) -> Plan:
    """Return the plan of all runs, block by block, each a point with a seed of its own."""
    base = varied.base
    worlds = []
    for number, (row, luck) in enumerate(
        zip(design.points.reshape(-1, len(priors)), design.luck.reshape(-1), strict=True)
    ):
        values = {one.name: one.at(float(share)) for one, share in zip(priors, row, strict=True)}
        config = varied.at({one.name: one.parameter.given(values[one.name]) for one in priors})
        # what was changed stands in `values`, and would here be written once more for each of hundreds of points
        update: dict[str, Any] = {"changes": base.changes, "seed": replicate_seed(base.seed, int(luck) + 1)}
        worlds.append(WorldGiven(f"{number}", config.model_copy(update=update), values))
    study = Study(name=f"evidence-{base.province.id}", province=province, replicates=1, seed=base.seed)
    return plan_of_configs(worlds, study)


def _judged(found: Evidence, parameters: Sequence[Uncertain], grades: Sequence[str], design: Blocks) -> Evidence:
    """Return the evidence with its tables made from the runs."""
    if found.folder is None:
        return found
    values = answers_of(open_study(found.folder), found.targets)
    shape = design.luck.shape
    splits: dict[str, Frozen] = {}
    followed: dict[str, Followed] = {}
    quality = []
    for target in found.targets:
        answers = values[target.id].reshape(shape)
        whole = np.isfinite(answers).all(axis=1)
        if whole.sum() < FEWEST_BLOCKS:
            message = _("too many runs failed: {n} blocks are whole, {least} are needed")
            raise ResultsError(message.format(n=int(whole.sum()), least=FEWEST_BLOCKS))
        split = frozen(answers, found.config.seed)
        fit = follow(design.points[whole], answers[whole], found.config.seed)
        splits[target.id], followed[target.id] = split, fit
        known = 1.0 - split.luck[0]
        quality.append({
            "answer": target.id, "unit": target.unit, "mean": answers[whole].mean(), "sd": answers[whole].std(),
            "luck": split.luck[0], "told": bool(1.0 - split.luck[2] > _TOLD), "r2": fit.r2,
            "explained": min(1.0, fit.r2 / known) if known > 0 else float("nan"), "terms": fit.n_terms,
            "blocks": split.n_blocks,
        })  # fmt: skip
    table = pd.DataFrame(quality)
    return replace(
        found, shares=_shares(found.targets, splits, grades), quality=table,
        parameters=_single(followed, splits, parameters), worth=_worth(found.targets, followed, table, parameters),
    )  # fmt: skip


def _shares(targets: Sequence[Target], splits: Mapping[str, Frozen], grades: Sequence[str]) -> pd.DataFrame:
    rows = []
    for target in targets:
        split = splits[target.id]
        parts = [*zip(grades, split.groups, strict=True), (TOGETHER, split.together), (LUCK, split.luck)]
        rows += [
            {
                "answer": target.id, "indicator": target.indicator, "year": target.year, "unit": target.unit,
                "part": part, "share": share[0], "low": share[1], "high": share[2],
            }
            for part, share in parts
        ]  # fmt: skip
    return pd.DataFrame(rows)


def _single(
    followed: Mapping[str, Followed], splits: Mapping[str, Frozen], parameters: Sequence[Uncertain]
) -> pd.DataFrame:
    """Return what single parameters explain of each answer's variance that is not luck, the most first."""
    rows = []
    for answer, fit in followed.items():
        known = 1.0 - splits[answer].luck[0]
        for place in np.argsort(-fit.shares, kind="stable"):
            if not fit.shares[place] > 0 or not known > 0:
                break
            low, high = fit.interval[:, place]
            one = parameters[place]
            rows.append({
                "answer": answer, "parameter": one.name, "grade": one.grade, "share": fit.shares[place] / known,
                "low": low / known, "high": high / known,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["answer", "parameter", "grade", "share", "low", "high"])


def _different(targets: Sequence[Target], names: Sequence[str]) -> list[str]:
    """Return names without targets that read the same number as an earlier one, as those of several authorities do."""
    read = {one.id: (one.indicator, one.year, one.cumulate_from, *one.groups.values()) for one in targets}
    return list({read[name]: name for name in reversed(names)}.values())[::-1]


def _worth(
    targets: Sequence[Target], followed: Mapping[str, Followed], quality: pd.DataFrame, parameters: Sequence[Uncertain]
) -> pd.DataFrame:
    """Return what knowing each parameter would cut, over the answers that are told and have a limit to meet."""
    luck = dict(zip(quality["answer"], quality["luck"], strict=True))
    told = set(quality.loc[quality["told"], "answer"])
    stated = [one.id for one in targets if one.id in told and "@" not in one.id]
    used = _different(targets, stated or [one.id for one in targets if one.id in told])
    if not used:
        return pd.DataFrame(columns=list(WORTH))
    cuts = np.array([followed[name].shares / (1.0 - luck[name]) for name in used])
    mean = np.mean([followed[name].resampled / (1.0 - luck[name]) for name in used], axis=0)
    low, high = np.quantile(mean, _LEVELS, axis=0)
    rows = [
        {
            "parameter": one.name, "grade": one.grade, "cut": cuts[:, place].mean(), "cut_low": low[place],
            "cut_high": high[place], "worth": cuts[:, place].mean() * WEAKNESS[one.grade],
            "best": used[int(cuts[:, place].argmax())], "best_cut": cuts[:, place].max(), "present": one.present,
            "low": one.low, "high": one.high, "unit": one.unit, "source": one.source,
        }
        for place, one in enumerate(parameters)
        if cuts[:, place].any()
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(WORTH))
    return table.sort_values(["worth", "parameter"], ascending=[False, True], ignore_index=True)
