"""Calibrate a province: find the parameters that its observed figures do not rule out, and weigh them.

Waves of runs, each in the region that emulators of those before it did not rule out (history matching); then weights
of all runs by their own match (approximate Bayesian computation). All uncertain parameters of the world vary at once:
what the figures do not tell keeps its prior, so that bands hold what is not known. What policies do is decided, not
uncertain, and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labsim.config import Config, load
from labsim.errors import ConfigError, Problem, ResultsError
from labsim.evidence.assumptions import Assumptions
from labsim.evidence.fit import fit_table, moved_table, read_figures, waves_table
from labsim.evidence.history import Doubles
from labsim.evidence.observations import Observation, groupings_of, last_month, observations_of
from labsim.evidence.priors import Prior, priors_of
from labsim.evidence.sampling import Sampled, Sampling, sampled
from labsim.evidence.weights import density_of_waves, resampled, squared_misfits, weights_of
from labsim.experiment.opened import open_study
from labsim.experiment.run import Progress, replicate_seed
from labsim.experiment.runner import Carried, added_notes, carry_out
from labsim.experiment.study import Study, WorldGiven, plan_of_configs
from labsim.experiment.uncertain import read_choices, uncertain_parameters
from labsim.experiment.variation import Varied
from labsim.text import _

__all__ = ["USUAL_SCALE", "Calibration", "calibrate"]

USUAL_SCALE = 0.01
GRADES_VARIED = ("C", "D")
_FEWEST = 20
_LUCK_RUNS = 24  # of the middle of the priors: how far luck alone moves a figure at this scale


@dataclass(frozen=True)
class Calibration:
    """Say what a calibration found.

    `fit` has one row a figure: what was observed, its errors, the bands of prior and posterior, and its share of the
    misfit. `moved` has one row a parameter: prior and posterior, and whether the figures moved it. `waves` has one row
    a wave. `draws` has one row a draw and a column for each parameter. `weights` are those of all runs, in the order of
    `sampled`. Tables are empty if the runs are not finished: see `carried`.
    """

    base: Config
    priors: tuple[Prior, ...]
    observations: tuple[Observation, ...]
    folder: Path
    carried: Carried
    about: Mapping[str, Any]
    fit: pd.DataFrame = field(default_factory=pd.DataFrame)
    moved: pd.DataFrame = field(default_factory=pd.DataFrame)
    waves: pd.DataFrame = field(default_factory=pd.DataFrame)
    draws: pd.DataFrame = field(default_factory=pd.DataFrame)
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    sampled: Sampled | None = None


def calibrate(
    province: str = "son_la",
    *,
    scenario: str | Sequence[str] = "baseline",
    vary: Sequence[str] = (),
    grades: Sequence[str] = GRADES_VARIED,
    samples: int = 160,
    waves: int = 2,
    draws: int = 200,
    top: int = 16,
    scale: float | None = None,
    until: str | None = None,
    settings: Sequence[str] = (),
    folder: str | Path = "labsim-results/calibrate",
    assumed: Assumptions | None = None,
    executor: str = "auto",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Calibration:
    """Run waves of points, rule out what cannot match the observed figures, and draw from what is left.

    `vary` are paths, sections or path=low:high (all in use of some `grades` by default); `samples` the points of each
    of some `waves`; `top` the most parameters that an emulator takes. The period ends with the last figure that can be
    used. Runs found in `folder` are kept. Raises ConfigError before anything is written for names, ranges and numbers
    that are not allowed, and where a province has no figure to be held against.
    """
    assumed = assumed or Assumptions()
    _require_sense(samples, waves, draws, top)
    texts = _settings_of(province, scenario, settings, scale, until)
    config = load(province, scenario=scenario, settings=texts)
    observations = observations_of(config, assumed)
    used = [one for one in observations if not one.unused]
    if not used:
        raise _refused("", _("{name}: no observed figure within {start} to {until} to be held against").format(
            name=config.province.id, start=config.period.start, until=config.period.until))  # fmt: skip
    groupings = groupings_of(observations)
    if groupings:
        texts.append(f"by=[{','.join(dict.fromkeys((*config.by, *groupings)))}]")
    varied, priors = _priors(province, scenario, texts, vary, grades, assumed)
    folder = Path(folder)
    about = _about(varied.base, province, scenario, settings, assumed)
    others = [one for one in observations if one.unused]
    runs = _Runs(varied, priors, used, others, folder, executor, workers, progress)
    how = Sampling(samples, waves, top, varied.base.seed, assumed.limit)
    observed, variance = _targets(used)
    found = sampled(runs, len(priors), observed, variance, how)
    luck = runs.luck() if found is not None else None
    unfinished = Calibration(varied.base, tuple(priors), tuple(observations), folder, runs.carried, about)
    if found is None or luck is None:
        return unfinished
    return _weighed(unfinished, found, used, luck, runs, draws, assumed)


class _Runs:
    """Run the points of a wave in a folder of its own; remember how that went."""

    def __init__(
        self, varied: Varied, priors: Sequence[Prior], figures: Sequence[Observation],
        others: Sequence[Observation], folder: Path, executor: str, workers: int | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:  # fmt: skip
        self.carried = Carried(0, 0, 0, (), False, 0.0, 0.0)
        self._varied, self._priors, self._folder = varied, priors, folder
        self._figures, self._others = figures, others
        self._how: dict[str, Any] = {"executor": executor, "workers": workers, "progress": progress}
        self._n = 0
        self._beside: list[Doubles] = []

    def __call__(self, number: int, points: Doubles) -> Doubles | None:
        """Return what the runs say of the figures, shape `(n_points, n_figures)`; None where they were paused."""
        everything = self._everything(f"wave-{number + 1}", str(number), points)
        if everything is None:
            return None
        found = everything[:, : len(self._figures)]
        self._beside.append(everything[np.isfinite(found).all(axis=1), len(self._figures) :])
        return found

    def luck(self) -> Doubles | None:
        """Return the variance by which figures differ in runs at this scale and would not in a province of one row a
        person, shape `(n_figures,)`; None where the runs were paused.

        Variance by luck falls with the number of rows, so that all but its share `scale` is the simulation's own.
        """
        own = 1.0 - self._varied.base.scale
        if own <= 0.0:
            return np.zeros(len(self._figures))
        same = self._everything("luck", "luck", np.full((_LUCK_RUNS, len(self._priors)), 0.5))
        return None if same is None else own * np.nanvar(same[:, : len(self._figures)], axis=0, ddof=1)

    def _everything(self, folder_name: str, name: str, points: Doubles) -> Doubles | None:
        """Run points; return all figures, those not in the fit too, or None where the runs were paused.

        Every point has luck of its own: with common seeds one draw of luck would look like the model's doing.
        """
        base = self._varied.base
        worlds = []
        for at, row in enumerate(points):
            values = {one.name: one.at(float(share)) for one, share in zip(self._priors, row, strict=True)}
            given = {one.name: one.parameter.given(values[one.name]) for one in self._priors}
            update = {"changes": base.changes, "seed": replicate_seed(base.seed, self._n + at + 1)}
            worlds.append(WorldGiven(f"{name}-{at}", self._varied.at(given).model_copy(update=update), values))
        self._n += len(points)
        study = Study(name=f"calibrate-{base.province.id}", province=base.province.id, replicates=1, seed=base.seed)
        folder = self._folder / folder_name
        one = carry_out(plan_of_configs(worlds, study), folder, **self._how)
        self.carried = _added(self.carried, one)
        if one.paused or not one.done:
            return None
        everything = read_figures(open_study(folder), [*self._figures, *self._others])
        found = everything[:, : len(self._figures)]
        silent = [figure for figure, column in zip(self._figures, found.T, strict=True) if np.isnan(column).all()]
        if silent:
            message = _("{indicator} ({where}): these runs do not record it")
            raise ResultsError(message.format(indicator=silent[0].indicator, where=silent[0].where or "-"))
        return everything

    @property
    def beside(self) -> Doubles:
        """Return what whole runs say of the figures that are not in the fit, shape `(n_runs, n_others)`."""
        return np.concatenate(self._beside)


def _require_sense(samples: int, waves: int, draws: int, top: int) -> None:
    problems = []
    numbers = (("--samples", samples, _FEWEST), ("--waves", waves, 1), ("--draws", draws, 1), ("--top", top, 1))
    for name, given, least in numbers:
        if given < least:
            message = _("given {given}; allowed {least} or more").format(given=given, least=least)
            problems.append(Problem(None, None, None, name, message))
    if problems:
        raise ConfigError(problems)


def _settings_of(
    province: str, scenario: str | Sequence[str], settings: Sequence[str], scale: float | None, until: str | None
) -> list[str]:
    """Return the settings with the usual scale, and with the month of the last figure as the end."""
    config = load(province, scenario=scenario, settings=list(settings))
    is_province = config.province.kind != "reference"
    last = last_month(config)
    # what the user sets counts, and an option most
    usual = [f"scale={USUAL_SCALE:g}"] if is_province else []
    usual += [f"period.until={last}"] if last is not None else []
    given = [f"scale={scale:g}"] if scale is not None else []
    given += [f"period.until={until}"] if until is not None else []
    named = {text.partition("=")[0] for text in (*settings, *given)}
    return [text for text in usual if text.partition("=")[0] not in named] + [*settings, *given]


def _priors(
    province: str, scenario: str | Sequence[str], settings: Sequence[str], vary: Sequence[str], grades: Sequence[str],
    assumed: Assumptions,
) -> tuple[Varied, list[Prior]]:  # fmt: skip
    choices = read_choices(vary)
    varied, uncertain, _left_out = uncertain_parameters(
        province, scenario=scenario, settings=settings, choices=choices, grades=() if vary else grades,
        with_policies=False,
    )  # fmt: skip
    return varied, priors_of(varied.base, uncertain, choices, assumed)


def _targets(used: Sequence[Observation]) -> tuple[Doubles, Doubles]:
    """Return the figures and the variance of each about what the model says, both of shape `(n_figures,)`."""
    return np.array([one.value for one in used]), np.array([one.sd**2 for one in used])


def _weighed(
    unfinished: Calibration, found: Sampled, used: Sequence[Observation], luck: Doubles, runs: _Runs, n_draws: int,
    assumed: Assumptions,
) -> Calibration:  # fmt: skip
    """Weigh all runs, draw from them, and tell what came of it."""
    observed, variance = _targets(used)
    misfits = squared_misfits(found.values, observed, variance + luck, np.array([one.weight for one in used]))
    density = density_of_waves(found.inside(observed, variance, assumed.limit), found.sizes, found.volumes)
    weights = weights_of(misfits, density)
    priors = unfinished.priors
    places = resampled(weights, n_draws, unfinished.base.seed)
    rows = [[one.at(float(share)) for one, share in zip(priors, found.points[at], strict=True)] for at in places]
    draws = pd.DataFrame(rows, columns=[one.name for one in priors])
    others = [one for one in unfinished.observations if one.unused]
    return Calibration(
        unfinished.base, priors, unfinished.observations, unfinished.folder, runs.carried, unfinished.about,
        fit=fit_table(used, found, misfits, weights, others, runs.beside),
        moved=moved_table(priors, found, weights, draws),
        waves=waves_table(found),
        draws=draws, weights=weights, sampled=found,
    )  # fmt: skip


def _about(
    base: Config, province: str, scenario: str | Sequence[str], settings: Sequence[str], assumed: Assumptions
) -> dict[str, Any]:
    """Return what was calibrated, and what was assumed."""
    return {
        "province": province, "scenario": [scenario] if isinstance(scenario, str) else list(scenario),
        "settings": list(settings), "scale": base.scale, "start": base.period.start, "until": base.period.until,
        "seed": base.seed, "config_hash": base.hash, "assumed": assumed.model_dump(mode="json"),
    }  # fmt: skip


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])


def _added(one: Carried, other: Carried) -> Carried:
    """Return what two waves came to together."""
    return Carried(
        one.total + other.total, one.done + other.done, one.found + other.found, one.failed + other.failed,
        one.paused or other.paused, one.seconds + other.seconds, one.busy_seconds + other.busy_seconds,
        notes=added_notes(one, other),
    )  # fmt: skip
