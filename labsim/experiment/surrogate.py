"""Stand in for a simulator with a Gaussian process, and say how well it does.

The process has one length a parameter and a term of noise for what replicates leave over. How well it predicts is
measured on points that it was not fitted to; the same partial fits tell how far anything computed from it would move
with other points (the jackknife that leaves out a fifth; Shao and Wu 1989, Annals of Statistics 17:1176).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from labsim.errors import RunError
from labsim.experiment.one_core import on_one_core
from labsim.text import _

__all__ = ["Emulator", "fit_emulator"]

FOLDS, REPEATS = 5, 2
Predict = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Emulator:
    """Hold a fitted emulator.

    `predict` turns points, shape `(n, n_factors)`, into means, shape `(n,)`. `partial` are fits without one fifth of
    the points each; `r2` is the share of the variance that they predict where they were not fitted. `scale` turns the
    mean squared deviation of what the partial fits say into a variance.
    """

    predict: Predict
    partial: tuple[Predict, ...]
    r2: float
    scale: float


def fit_emulator(points: np.ndarray, answers: np.ndarray, seed: int = 1) -> Emulator:
    """Fit a Gaussian process to `answers`, shape `(n_points,)`, at points between 0 and 1.

    Raises RunError if scikit-learn is not installed or if there are fewer points than folds.
    """
    n = len(points)
    if n < 2 * FOLDS:
        raise RunError(
            _("given {n} points to fit an emulator to; allowed {least} or more").format(n=n, least=2 * FOLDS)
        )
    whole = _process(points, answers, None)
    partial: list[Predict] = []
    error = 0.0
    generator = np.random.default_rng(seed)
    for _repeat in range(REPEATS):
        for away in np.array_split(generator.permutation(n), FOLDS):
            stay = np.setdiff1d(np.arange(n), away)
            fitted = _process(points[stay], answers[stay], whole.kernel_)
            partial.append(fitted.predict)
            error += float(((fitted.predict(points[away]) - answers[away]) ** 2).sum()) / REPEATS
    spread = float(((answers - answers.mean()) ** 2).sum())
    return Emulator(whole.predict, tuple(partial), 1.0 - error / spread if spread > 0 else np.nan, FOLDS - 1.0)


@on_one_core
def _process(points: np.ndarray, answers: np.ndarray, start: Any) -> Any:
    """Return a fitted process; `start` is a kernel to begin the search for its lengths from."""
    try:
        process = import_module("sklearn.gaussian_process")
        kernels = import_module("sklearn.gaussian_process.kernels")
    except ImportError as error:
        raise RunError(_("scikit-learn is not installed: pip install 'labsim[experiments]'")) from error
    kernel = start
    if kernel is None:
        lengths = np.full(points.shape[1], 1.0)
        smooth = kernels.Matern(lengths, (0.05, 100.0), nu=2.5)
        kernel = kernels.ConstantKernel(1.0, (1e-3, 1e4)) * smooth + kernels.WhiteKernel(0.05, (1e-8, 2.0))
    fitted = process.GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length at the end of its range: the parameter does nothing
        fitted.fit(points, answers)
    return fitted
