"""Start a province in the past, run it to a year that is known, and compare: with what was observed, and with two rules
that need no model.

The forecast is the model with its declared parameters, the mean over runs with different luck. The band comes from
further runs, each with its own luck and its own draw of every parameter that is assumed or measured elsewhere (grades C
and D, spread about the declared value), or from the draws of a posterior; with a posterior its draws are the forecast
too. Nothing is fitted here, and no rule sees a figure after the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from labsim.config import Config, known_names, load
from labsim.errors import ConfigError, Problem
from labsim.evidence.compared import Chosen, chosen_figures, series_of
from labsim.evidence.priors import priors_of
from labsim.evidence.scoring import coverage_of, errors_of
from labsim.experiment.designs import Axis, latin_hypercube
from labsim.experiment.observed_series import Figure, figures_of, read_figures
from labsim.experiment.opened import open_study
from labsim.experiment.run import Progress, replicate_seed
from labsim.experiment.runner import Carried, carry_out
from labsim.experiment.study import Plan, Study, WorldGiven, plan_of_configs
from labsim.experiment.uncertain import Choice, uncertain_parameters
from labsim.experiment.variation import full_path
from labsim.text import _

__all__ = ["HISTORY", "Backcast", "backcast"]

HISTORY, PRESENT = "observed_history.csv", "observed.csv"
ASSUMED_GRADES = ("C", "D")
LEAST_DRAWS = 10


@dataclass(frozen=True)
class Backcast:
    """Say how a run from the past compares with what was observed.

    `series` has one row a figure: key, indicator, label, concept, unit, groups, year, month, observed, low, high, error
    (its standard deviation), model, low_50, high_50, low_90, high_90 (bands of the figure), last_value, linear_trend
    (NaN where no such rule is known), late (nothing was known at the start: the rule takes the first figure), scored,
    inside_50, inside_90, plan_following, grade, source, note. `errors` has one row a series and method (model,
    last_value, linear_trend): key, label, unit, n, rmse, mae, bias, closest, told (apart from the model by more than
    the error of the figures). `coverage` has one row a series (and "" for all) and band: n, inside, share, share_low,
    share_high, width. `known` are the figures up to the start, `left_out` says why others are not compared. Tables are
    empty where the runs are not finished: see `carried`.
    """

    folder: Path
    carried: Carried
    left_out: Mapping[str, str]
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    errors: pd.DataFrame = field(default_factory=pd.DataFrame)
    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    known: pd.DataFrame = field(default_factory=pd.DataFrame)
    about: Mapping[str, Any] = field(default_factory=dict)


def backcast(
    province: str = "son_la",
    *,
    start: int = 2010,
    until: int | None = None,
    observed: str | Path | None = None,
    scenario: str | None = None,
    draws: int = 48,
    replicates: int = 8,
    posterior: pd.DataFrame | None = None,
    settings: Mapping[str, Any] | Sequence[str] = (),
    folder: str | Path = "labsim-results/backcast",
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Backcast:
    """Run a province from the end of `start` to the end of `until`, and compare with the figures between.

    `observed` is a file of figures (default: those beside the province's margins); `scenario` what is run (default:
    `start_<year>`, or the baseline where the margins are of that year). `replicates` runs have the declared parameters,
    `draws` runs a Latin hypercube over those of grades C and D; with `posterior`, a table of one row a draw and a
    column a parameter (a yearly amount as factor or addition, as in `Uncertain`), they are its rows. Runs found in
    `folder` are kept. Raises ConfigError before anything is written for names, years, files and numbers that are not
    allowed.
    """
    _require_sense(draws, replicates, posterior)
    scenario = scenario or _scenario_of(province, start)
    given = settings if isinstance(settings, Mapping) else list(settings)
    base = load(province, scenario=scenario, settings=given)
    _require_start(base, start)
    chosen = _figures(base, start, until, Path(observed) if observed is not None else None)
    more: dict[str, Any] = {"period.until": f"{chosen.until}-12"}
    if chosen.groupings:
        more["by"] = list(dict.fromkeys([*base.by, *chosen.groupings]))
    words = [f"{key}={_word(value)}" for key, value in more.items()]
    given = {**given, **more} if isinstance(given, Mapping) else [*given, *words]
    worlds, about = _worlds(province, scenario, given, draws, replicates, posterior)
    base = worlds[0].config
    study = Study(name=f"backcast-{base.province.id}-{start}", province=province, replicates=1, seed=base.seed)
    folder = Path(folder)
    plan: Plan = plan_of_configs(worlds, study)
    carried = carry_out(plan, folder, executor=executor, workers=workers, progress=progress)
    about |= {
        "province": base.province.id, "name_en": base.province.name.en, "name_vi": base.province.name.vi,
        "scenario": base.scenario, "start": start, "until": chosen.until, "scale": base.scale, "code_hash": plan.code,
    }  # fmt: skip
    found = Backcast(folder, carried, chosen.left_out, about=about)
    if carried.paused or not carried.done:
        return found
    return _compared(found, chosen, base)


def _compared(found: Backcast, chosen: Chosen, base: Config) -> Backcast:
    """Return the back-cast with its tables."""
    series, left_out = series_of(chosen, open_study(found.folder), base, int(found.about["declared"]))
    errors, coverage = errors_of(series), coverage_of(series)
    labels = series.drop_duplicates("key").set_index("key")[["label", "unit"]]
    known = pd.DataFrame([
        {"key": key, "year": one.year, "month": one.month, "value": one.value, "low": one.low, "high": one.high,
         "status": one.status}
        for key, figures in chosen.known.items() for one in figures
    ], columns=["key", "year", "month", "value", "low", "high", "status"])  # fmt: skip
    return replace(
        found, series=series, errors=errors.join(labels, on="key"), coverage=coverage.join(labels, on="key"),
        known=known, left_out={**found.left_out, **left_out},
    )  # fmt: skip


def _require_sense(draws: int, replicates: int, posterior: pd.DataFrame | None) -> None:
    problems = []
    if draws < LEAST_DRAWS:
        message = _("given {given}; allowed {least} or more: a band of 90 % needs them")
        problems.append(Problem(None, None, None, "--draws", message.format(given=draws, least=LEAST_DRAWS)))
    if replicates < 1:
        message = _("given {given}; allowed 1 or more")
        problems.append(Problem(None, None, None, "--replicates", message.format(given=replicates)))
    if posterior is not None and len(posterior) < LEAST_DRAWS:
        message = _("given {given}; allowed {least} or more: a band of 90 % needs them")
        problems.append(Problem(None, None, None, "posterior", message.format(given=len(posterior), least=LEAST_DRAWS)))
    if problems:
        raise ConfigError(problems)


def _scenario_of(province: str, start: int) -> str:
    """Return the scenario that starts at the end of a year; raises ConfigError with the years there are."""
    profile = load(province).province
    if profile.kind == "reference":
        raise _refused("", _("given {given}; allowed a province").format(given=province))
    as_of = profile.as_of
    if as_of == f"{start}-12":
        return "baseline"
    home, mark = f"{province}/start_", len(f"{province}/start_")
    years = sorted(int(name[mark:]) for name in known_names() if name.startswith(home) and name[mark:].isdecimal())
    if start in years:
        return f"start_{start}"
    if as_of is not None:
        years.append(int(as_of[:4]))
    message = _("given {given}; {province} can start at the end of {years}")
    listed = ", ".join(map(str, sorted(years))) or "-"
    raise _refused("--from", message.format(given=start, province=province, years=listed))


def _require_start(config: Config, start: int) -> None:
    if config.period.start != f"{start}-12":
        message = _("given {given}, but the scenario starts at the end of {start}")
        raise _refused("--from", message.format(given=start, start=config.period.start))


def _figures(config: Config, start: int, until: int | None, file: Path | None) -> Chosen:
    """Return the figures to compare with, and those known at the start."""
    if until is not None and until <= start:
        raise _refused("--to", _("given {given}; allowed a year after {start}").format(given=until, start=start))
    history, present = figures_of(config, HISTORY), figures_of(config, PRESENT)
    shipped = history if config.scenario != "baseline" else present
    beyond: dict[str, str] = {}
    later = read_figures(file, config, passed_over=beyond) if file is not None else shipped
    # of the same figure in two files the one that is compared with counts
    known: dict[tuple[object, ...], Figure] = {}
    for one in [*later, *history, *present]:
        known.setdefault((one.series, one.year, one.month), one)
    chosen = chosen_figures(later, list(known.values()), start, until)
    return replace(chosen, left_out={**beyond, **chosen.left_out})


def _worlds(
    province: str,
    scenario: str,
    settings: Any,
    draws: int,
    replicates: int,
    posterior: pd.DataFrame | None,
) -> tuple[list[WorldGiven], dict[str, Any]]:
    """Return the runs with declared parameters and those of the band, each with luck of its own."""
    varied, parameters, _left_out = uncertain_parameters(
        province, scenario=scenario, settings=settings, with_policies=False,
        choices=() if posterior is None else [Choice(str(path)) for path in posterior.columns],
        grades=ASSUMED_GRADES if posterior is None else (),
    )  # fmt: skip
    base = varied.base
    if posterior is None:
        priors = priors_of(base, parameters)
        parameters = [prior.parameter for prior in priors]
        design = latin_hypercube([Axis(one.name) for one in parameters], draws, base.seed)
        points = [{one.name: one.at(float(share)) for one, share in zip(priors, row, strict=True)} for row in design]
    else:
        columns = {full_path(base, str(path)): path for path in posterior.columns}
        points = [
            {one.name: float(row[columns[one.factor.path]]) for one in parameters}
            for row in posterior.to_dict("records")
        ]
    configs = [varied.at({one.name: one.given(point[one.name]) for one in parameters}) for point in points]
    declared = replicates if posterior is None else 0
    about = {
        "declared": declared, "draws": len(points), "varied": len(parameters), "posterior": posterior is not None,
        "seed": base.seed, "config_hash": base.hash,
    }  # fmt: skip
    values: list[Mapping[str, float]] = [*([{}] * declared), *points]
    return _with_luck(base, [base] * declared + configs, values), about


def _with_luck(base: Config, configs: Sequence[Config], points: Sequence[Mapping[str, Any]]) -> list[WorldGiven]:
    worlds = []
    for number, (config, values) in enumerate(zip(configs, points, strict=True)):
        # what was changed stands in the values, and would here be written once more for every run
        update = {"seed": replicate_seed(base.seed, number + 1), "changes": base.changes}
        worlds.append(WorldGiven(f"{number}", config.model_copy(update=update), values))
    return worlds


def _word(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])
