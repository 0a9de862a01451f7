"""Compare scenarios on the same people with the same luck: what differs, how surely, what it costs, and what ranks.

Replicate r of every scenario has the same seed. So each difference is taken within a replicate, its interval is that of
the mean over replicates, and two scenarios are ranked only where the interval of their own difference excludes zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pydantic

from labsim.errors import ConfigError, Problem, ResultsError, RunError
from labsim.experiment.about import config_data, notes_on_point
from labsim.experiment.differing import note_on_difference
from labsim.experiment.measures import END, TARGET, Measure, Measured, measured
from labsim.experiment.opened import OpenedStudy, open_study
from labsim.experiment.paired import LEVEL, Difference, difference_of, holm, ratio_of, variance_cut
from labsim.experiment.posterior import NONE, SHIPPED
from labsim.experiment.run_notes import LOST, notes_of_run, without_estimates
from labsim.experiment.runner import carry_out
from labsim.experiment.study import Plan, Study, plan_of
from labsim.notes import Note, noted
from labsim.plain_values import plain_arguments
from labsim.targets import wilson
from labsim.text import _
from labsim.validation import problems_of
from labsim.verdicts import verdict

if TYPE_CHECKING:
    from labsim.experiment.run import Progress

__all__ = ["Comparison", "compare", "comparison_of", "plan_comparison", "study_of"]

RANKED, NOT_RANKED = "ranked", "not ranked"
ALL_POLICIES = "all"


@dataclass(frozen=True)
class Comparison:
    """Hold what a comparison found; the first scenario of each province is its base.

    `scenarios`: one row a scenario: province, scenario, their names in both languages, base, n (replicates).
    `differences`: one row a scenario other than the base and a target (`measure` "target", read in its year) or
    indicator ("indicator", at the end: a stock in the last month, a flow over all months), in its unit, with the chance
    of a target in both and what a unit gained cost.
    `costs`: VND over all years by scenario, policy ("all" for their sum) and `money` ("public", "private").
    `ranking`: one row a target and pair of scenarios; `verdict` is "ranked" or "not ranked".
    `paths`: the main series month by month: means of base and scenario, the paired difference and its interval.
    `about`: where the numbers come from.
    """

    scenarios: pd.DataFrame
    differences: pd.DataFrame
    costs: pd.DataFrame
    ranking: pd.DataFrame
    paths: pd.DataFrame
    about: dict[str, Any]

    def notes_on(self, scenario: str, province: str) -> list[dict[str, Any]]:
        """Return what a scenario gives without effect, and whether it differs from its base only outside the run."""
        kept: Sequence[dict[str, Any]] = self.about.get("notes", ())
        return [one for one in kept if one["scenario"] == scenario and one["province"] == province]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        names = ("scenarios", "differences", "costs", "ranking", "paths")
        return {name: getattr(self, name) for name in names}


@plain_arguments
def compare(
    province: str = "son_la",
    scenarios: Sequence[str] = (),
    *,
    folder: str | Path,
    provinces: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    replicates: int = 20,
    seed: int = 1,
    scale: float | None = None,
    until: str | int | None = None,
    posterior: str | Path = SHIPPED,
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Run scenarios of a province, or of several `provinces`, into a folder and compare them with the first.

    Replicate r of every scenario has the same draw of a `posterior` ("none", "shipped" or a file), save for parameters
    that a scenario gives itself. What is in the folder already is not run again. Raises ConfigError for names and
    values that do not exist, before anything is written, and RunError if runs failed or were interrupted.
    """
    study = study_of(
        province, scenarios, provinces=provinces, settings=settings, replicates=replicates, seed=seed, scale=scale,
        until=until,
    )  # fmt: skip
    plan = plan_comparison(study, posterior=posterior)
    carried = carry_out(plan, folder, executor=executor, workers=workers, progress=progress)
    if carried.done < carried.total:
        message = _("{done} of {total} runs are done and kept in {folder}; the same call goes on")
        raise RunError(message.format(done=carried.done, total=carried.total, folder=folder))
    return comparison_of(open_study(folder))


@plain_arguments
def study_of(
    province: str,
    scenarios: Sequence[str],
    *,
    provinces: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    replicates: int = 20,
    seed: int = 1,
    scale: float | None = None,
    until: str | int | None = None,
) -> Study:
    """Return the study that visits each scenario in each province; raises ConfigError for values out of range."""
    given: dict[str, Any] = {
        "name": "-".join([*(provinces or [province]), *(Path(one).stem for one in scenarios)]).replace("/", "-"),
        "province": province, "provinces": tuple(provinces), "scenarios": tuple(scenarios),
        "settings": dict(settings or {}), "replicates": replicates, "seed": seed, "scale": scale, "until": until,
    }  # fmt: skip
    twice = sorted({one for one in scenarios if list(scenarios).count(one) > 1})
    if twice:
        raise _refused("scenarios", _("{name} is named twice").format(name=twice[0]))
    try:
        return Study(**given)
    except pydantic.ValidationError as error:
        raise ConfigError(problems_of(error, Study, given, {})) from error


def plan_comparison(study: Study, *, allow_code: bool = True, posterior: str | Path = NONE) -> Plan:
    """Return the plan of a comparison; raises ConfigError if a province has fewer than two points, or other seeds."""
    plan = plan_of(study, allow_code=allow_code, posterior=posterior)
    for province in dict.fromkeys(point.province for point in plan.points):
        here = [point for point in plan.points if point.province == province]
        if len(here) < 2:
            message = _("given {given}; allowed at least two, the first of which is the base")
            raise _refused("scenarios", message.format(given=here[0].name))
        if len({point.config.seed for point in here}) > 1:
            raise _refused("seed", _("the scenarios have different seeds, so that nothing pairs their replicates"))
    return plan


def comparison_of(study: OpenedStudy) -> Comparison:
    """Compare the points of a study that has been run: in each province all others with the first.

    Raises ResultsError where no replicate is finished in every scenario of a province.
    """
    found = measured(study)
    for province, points in found.points.groupby("province", sort=False):
        if len(points) < 2:
            raise ResultsError(_("{province}: nothing to compare, the study has one point").format(province=province))
        if not found.replicates[str(province)]:
            message = _("{province}: no replicate is finished in every scenario")
            raise ResultsError(message.format(province=province))
    return Comparison(
        scenarios=_scenarios(found),
        differences=pd.DataFrame(list(_differences(found))),
        costs=pd.DataFrame(list(_costs(found))),
        ranking=pd.DataFrame(list(_ranking(found)), columns=list(_RANKING)),
        paths=found.paths(_path),
        about=_about(study) | {"notes": list(_notes(study, found))},
    )


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])


def _about(study: OpenedStudy) -> dict[str, Any]:
    """Return where the numbers come from."""
    facts = study.about
    base = next(iter(facts["bases"].values()))
    keys = ("code_hash", "versions", "platform", "started")
    return {
        "study": facts["study"]["name"], "level": LEVEL, "scale": base["scale"], "period": base["period"],
        "seed": base["seed"], "points": facts["points"],
        "posteriors": _posteriors(facts["points"]), **{key: facts[key] for key in keys},
    }  # fmt: skip


def _notes(study: OpenedStudy, found: Measured) -> Iterator[dict[str, Any]]:
    """Yield the notes of each scenario as a manifest keeps them, with its province and name."""
    bases = {other: base for _province, base, other in _pairs(found)}
    configs = {int(point): config_data(study.about, int(point)) for point in found.points["point"]}
    for row in found.points.to_dict("records"):
        point, name = int(row["point"]), found.name(row["point"])
        notes = [*notes_on_point(study.about, point), *_notes_of_runs(study, found, point, configs[point])]
        if point in bases:
            base = bases[point]
            alike = note_on_difference(configs[base], configs[point], base_name=found.name(base), name=name)
            notes += [alike] if alike is not None else []
        for one in noted(without_estimates(notes)):
            yield {"province": row["province"], "scenario": name, **one}


def _notes_of_runs(study: OpenedStudy, found: Measured, point: int, config: Mapping[str, Any]) -> list[Note]:
    """Return what the runs of a point tell of rows that ran out."""
    province = str(found.points.set_index("point").loc[point, "province"])
    lost = [measure for measure in found.measures(province) if measure.kind == END and measure.id == LOST]
    number = float(np.nanmean(found.values(lost[0], point))) if lost else 0.0
    return notes_of_run(config, max(0.0, number), study.sql(f"select * from policies where point = {point}"))


def _posteriors(points: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """Return by province from what parameters were drawn, with what lies outside the region calibrated in any point."""
    found: dict[str, dict[str, Any] | None] = {}
    for point in points:
        told, before = point.get("posterior"), found.get(point["province"])
        if told and before:
            new = [one for one in told["outside"] if one not in before["outside"]]
            told = {**told, "outside": [*before["outside"], *new]}
        found[point["province"]] = told or before
    return found


def _scenarios(found: Measured) -> pd.DataFrame:
    columns = ["province", "scenario", "title_en", "title_vi", "place_en", "place_vi", "base"]
    frame = found.points[columns].copy()
    frame["n"] = [len(found.replicates[province]) for province in frame["province"]]
    return frame


def _pairs(found: Measured) -> Iterable[tuple[str, int, int]]:
    """Yield province, base and other of every scenario that is no base."""
    for province, points in found.points.groupby("province", sort=False):
        base, *others = points["point"]
        for other in others:
            yield str(province), base, other


def _differences(found: Measured) -> Iterable[dict[str, Any]]:
    for province, base, other in _pairs(found):
        for measure in found.measures(province):
            one, two = found.values(measure, base), found.values(measure, other)
            gap = difference_of(one, two)
            cut = variance_cut(one, two)
            sign = measure.sign
            row = {
                "province": province, "scenario": found.name(other), "base": found.name(base),
                "measure": measure.kind, "id": measure.id, "label": measure.label, "label_vi": measure.label_vi,
                "when": measure.when, "unit": measure.unit, "better": measure.better, "main": measure.main, "n": gap.n,
                "base_value": float(one.mean()), "value": float(two.mean()), "difference": gap.mean,
                "low": gap.low, "high": gap.high, "p": gap.p, "clear": gap.is_clear,
                "n_better": gap.n_up if sign > 0 else gap.n_down if sign < 0 else math.nan,
                "n_worse": gap.n_down if sign > 0 else gap.n_up if sign < 0 else math.nan, "n_equal": gap.n_equal,
                "pairing_factor": cut.factor, "pairing_factor_low": cut.low, "pairing_factor_high": cut.high,
            }  # fmt: skip
            yield row | _chances(found, measure, base, other) | _cost_per_unit(found, measure, base, other, gap)


def _chances(found: Measured, measure: Measure, base: int, other: int) -> dict[str, Any]:
    """Return the chance of a target in both scenarios, and persons missing; nothing known for an indicator."""
    row: dict[str, Any] = {}
    for prefix, point in (("base_", base), ("", other)):
        met, persons = found.met(measure, point), found.shortfall(measure, point)
        nothing, telling = found.judged(measure, point)
        row |= {f"{prefix}verdict": nothing, f"{prefix}telling_scale": telling}
        if nothing:
            met, persons = np.zeros(0), np.zeros(0)
        interval = wilson(int(met.sum()), met.size) if met.size else (math.nan, math.nan)
        row |= {
            f"{prefix}n_met": int(met.sum()) if met.size else math.nan,
            f"{prefix}chance": float(met.mean()) if met.size else math.nan,
            f"{prefix}chance_low": interval[0], f"{prefix}chance_high": interval[1],
            f"{prefix}shortfall_persons": float(persons.mean()) if persons.size else math.nan,
        }  # fmt: skip
        if measure.kind == TARGET and not nothing:
            row[f"{prefix}verdict"] = verdict(row[f"{prefix}chance"], *interval)
    if measure.kind != TARGET:
        names = ("difference", "low", "high")
        return row | {"target": math.nan} | {f"shortfall_{name}": math.nan for name in names}
    gap = difference_of(found.shortfall(measure, base), found.shortfall(measure, other))
    return row | {
        "target": measure.target, "shortfall_difference": gap.mean, "shortfall_low": gap.low, "shortfall_high": gap.high
    }


def _cost_per_unit(found: Measured, measure: Measure, base: int, other: int, gap: Difference) -> dict[str, Any]:
    """Return public money spent more than the base until the end of the measure's year, by unit gained.

    The ratio has Fieller's interval. It is told only for a gain that is clear; `cost_note` says why it is missing.
    """
    until = measure.until
    extra = found.spent(other, until=until) - found.spent(base, until=until)
    cost = difference_of(np.zeros_like(extra), extra)
    row: dict[str, Any] = {"cost_difference": cost.mean, "cost_low": cost.low, "cost_high": cost.high}
    note = ""
    if not measure.sign:
        note = "no direction"
    elif not gap.is_clear:
        note = "not clear"
    elif gap.mean * measure.sign < 0:
        note = "worse"
    elif not extra.any():
        note = "no cost"
    elif cost.mean <= 0:
        note = "costs less"
    if note:
        return row | {"cost_per_unit": math.nan, "cost_per_unit_low": math.nan, "cost_per_unit_high": math.nan,
                      "cost_note": note}  # fmt: skip
    gains = (found.values(measure, other) - found.values(measure, base)) * measure.sign
    ratio = ratio_of(extra, gains)
    return row | {"cost_per_unit": ratio.value, "cost_per_unit_low": ratio.low, "cost_per_unit_high": ratio.high,
                  "cost_note": note}  # fmt: skip


def _costs(found: Measured) -> Iterable[dict[str, Any]]:
    """Yield what each scenario spends more than its base over all years; who spends nothing spends zero."""
    for province, base, other in _pairs(found):
        for money in ("public", "private"):
            for policy in (ALL_POLICIES, *found.policies(base, other)):
                chosen = None if policy == ALL_POLICIES else policy
                one = found.spent(base, policy=chosen, money=money)
                two = found.spent(other, policy=chosen, money=money)
                if policy != ALL_POLICIES and not one.any() and not two.any():
                    continue
                gap = difference_of(one, two)
                yield {
                    "province": province, "scenario": found.name(other), "base": found.name(base), "policy": policy,
                    "money": money, "base_spent": float(one.mean()), "spent": float(two.mean()),
                    "difference": gap.mean, "low": gap.low, "high": gap.high, "clear": gap.is_clear, "n": gap.n,
                }  # fmt: skip


_RANKING = (
    "province", "id", "when", "unit", "better", "scenario", "other", "difference", "low", "high", "p", "p_holm",
    "verdict", "leader", "n",
)  # fmt: skip


def _ranking(found: Measured) -> Iterable[dict[str, Any]]:
    """Yield every pair of scenarios by target; `leader` is the better one where all pairs together make that clear."""
    for province, points in found.points.groupby("province", sort=False):
        for measure in found.measures(str(province)):
            if measure.kind == END:
                continue
            pairs = list(combinations(points["point"], 2))
            gaps = [difference_of(found.values(measure, one), found.values(measure, two)) for one, two in pairs]
            together = holm([gap.p for gap in gaps])
            for (one, two), gap, p in zip(pairs, gaps, together, strict=True):
                ranked = gap.is_clear and p < 1.0 - LEVEL
                leader = two if gap.mean * measure.sign > 0 else one
                yield {
                    "province": province, "id": measure.id, "when": measure.when, "unit": measure.unit,
                    "better": measure.better, "scenario": found.name(one), "other": found.name(two),
                    "difference": gap.mean, "low": gap.low, "high": gap.high, "p": gap.p, "p_holm": p,
                    "verdict": RANKED if ranked else NOT_RANKED, "leader": found.name(leader) if ranked else "",
                    "n": gap.n,
                }  # fmt: skip


def _path(one: np.ndarray, two: np.ndarray) -> tuple[float, float, float]:
    gap = difference_of(one, two)
    return gap.mean, gap.low, gap.high
