"""Which single parameters an answer follows: a regression that takes up few terms of very many.

Terms are Legendre polynomials of first and second degree of each parameter between the ends of its range, which do not
overlap, so that a squared coefficient is a part of the variance. They enter one by one (orthogonal matching pursuit),
as many as predict best where the regression was not fitted; blocks of runs stay together. This is the sparse polynomial
chaos expansion of Blatman and Sudret 2011, Journal of Computational Physics 230:2345, without products of parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Followed", "follow"]

FOLDS, MOST_TERMS, RESAMPLES = 5, 30, 100
_LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class Followed:
    """The share of an answer's variance that each parameter explains by itself, shape `(n_factors,)`.

    `resampled`, shape `(n_resamples, n_factors)`, are the same for blocks drawn anew. `r2` is the share of the variance
    that the regression predicts where it was not fitted, `n_terms` how many terms it took up.
    """

    shares: np.ndarray
    resampled: np.ndarray
    r2: float
    n_terms: int

    @property
    def interval(self) -> np.ndarray:
        """Return the ends of the 95 % interval of each share, shape `(2, n_factors)`."""
        found: np.ndarray = np.quantile(self.resampled, _LEVELS, axis=0)
        return found


def follow(points: np.ndarray, answers: np.ndarray, seed: int) -> Followed:
    """Fit `answers`, shape `(n_blocks, n_runs)`, at points between 0 and 1, `(n_blocks, n_runs, n_factors)`."""
    n_blocks, n_runs, n_factors = points.shape
    generator = np.random.default_rng(seed)
    if not np.ptp(answers) > 0:
        return Followed(np.zeros(n_factors), np.zeros((RESAMPLES, n_factors)), float("nan"), 0)
    terms = _terms(points)
    scaled = (answers - answers.mean()) / answers.std()
    most = min(MOST_TERMS, n_blocks * n_runs // 10)
    errors = np.zeros(most + 1)
    for away in np.array_split(generator.permutation(n_blocks), min(FOLDS, n_blocks)):
        stay = np.setdiff1d(np.arange(n_blocks), away)
        errors += _errors(terms[stay], scaled[stay], terms[away], scaled[away], most)
    n_terms = int(errors.argmin())
    r2 = 1.0 - float(errors[n_terms]) / float(errors[0])
    moments = _Moments(terms, scaled)
    shares = _shares(*moments.of(np.ones(n_blocks)), n_terms, n_factors)
    picks = generator.integers(0, n_blocks, (RESAMPLES, n_blocks))
    times = [np.bincount(pick, minlength=n_blocks) for pick in picks]
    resampled = np.array([_shares(*moments.of(each), n_terms, n_factors) for each in times])
    return Followed(shares, resampled, r2, n_terms)


def _terms(points: np.ndarray) -> np.ndarray:
    """Return the polynomials of each factor, mean 0 and variance 1 over the range, shape `(..., 2 n_factors)`."""
    x = 2.0 * points - 1.0
    return np.concatenate([np.sqrt(3.0) * x, np.sqrt(5.0) * (1.5 * x**2 - 0.5)], axis=-1)


def _flat(terms: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return terms.reshape(-1, terms.shape[-1]), answers.reshape(-1)


class _Moments:
    """Sums of products block by block, so that blocks drawn anew cost a sum and no product."""

    def __init__(self, terms: np.ndarray, answers: np.ndarray) -> None:
        n_blocks, self.n_runs, n_terms = terms.shape
        self.gram = np.einsum("bri,brj->bij", terms, terms, optimize=True).reshape(n_blocks, -1)
        self.across = np.einsum("bri,br->bi", terms, answers)
        self.terms, self.answers = terms.sum(axis=1), answers.sum(axis=1)
        self.squares = (answers**2).sum(axis=1)
        self.n_terms = n_terms

    def of(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, int]:
        """Return centred products of terms, of terms and answers, of answers, and the number of runs."""
        n = int(times.sum()) * self.n_runs
        mean, level = times @ self.terms / n, float(times @ self.answers) / n
        gram = (times @ self.gram).reshape(self.n_terms, self.n_terms) - n * np.outer(mean, mean)
        return gram, times @ self.across - n * mean * level, float(times @ self.squares) - n * level**2, n


def _path(gram: np.ndarray, across: np.ndarray, most: int) -> list[tuple[list[int], np.ndarray]]:
    """Return the terms taken up and their coefficients after each step, of products of centred terms and answers."""
    lengths = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    chosen: list[int] = []
    steps: list[tuple[list[int], np.ndarray]] = [([], np.zeros(0))]
    left = across.copy()
    for _step in range(most):
        strength = np.abs(left) / lengths
        strength[chosen] = -1.0
        chosen = [*chosen, int(strength.argmax())]
        inside = gram[np.ix_(chosen, chosen)]
        weights = np.linalg.lstsq(inside, across[chosen], rcond=None)[0]
        left = across - gram[:, chosen] @ weights
        steps.append((chosen, weights))
    return steps


def _errors(
    terms: np.ndarray, answers: np.ndarray, new_terms: np.ndarray, new_answers: np.ndarray, most: int
) -> np.ndarray:
    """Return the squared error at new runs after 0, 1, ... `most` terms."""
    (x, y), (new_x, new_y) = _flat(terms, answers), _flat(new_terms, new_answers)
    at, mean = x.mean(axis=0), y.mean()
    centred = x - at
    steps = _path(centred.T @ centred, centred.T @ (y - mean), most)
    return np.array([((new_y - mean - (new_x - at)[:, chosen] @ weights) ** 2).sum() for chosen, weights in steps])


def _shares(
    gram: np.ndarray, across: np.ndarray, squares: float, n: int, n_terms: int, n_factors: int
) -> np.ndarray:
    """Return the part of the variance that each factor's terms explain, less what chance alone would give them."""
    shares = np.zeros(n_factors)
    if n_terms == 0 or not squares > 0:
        return shares
    chosen, weights = _path(gram, across, n_terms)[-1]
    rest = max(0.0, squares - float(weights @ across[chosen]))
    by_chance = np.diag(np.linalg.pinv(gram[np.ix_(chosen, chosen)])) * rest / max(1, n - n_terms - 1)
    np.add.at(shares, np.array(chosen) % n_factors, weights**2 - by_chance)
    found: np.ndarray = np.maximum(0.0, shares) / (squares / n)
    return found
