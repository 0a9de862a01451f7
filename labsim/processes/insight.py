"""What labour market information tells those whom it reaches; written by `information`, read where people choose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labsim.draws import uniforms


class Forecast(NamedTuple):
    """What institutions that plan by forecasts see, and how much faster they move their seats."""

    covered: np.ndarray  # (n_programmes,) whether the institution plans by forecasts
    vacancies: np.ndarray  # (n_fields, n_tiers) vacancies foreseen
    speed: float  # per year, beside the rate of institutions without


class Insight(NamedTuple):
    """What people who know the forecasts see, and who they are."""

    coverage: np.ndarray  # (n_districts,) share of people who know
    trait: np.uint64  # key of who knows first, the same in every month
    error_left: float  # share of the error in what people expect of training
    fields: np.ndarray  # (n_fields,) how much more a field draws them to its courses
    markets: np.ndarray  # (n_fields, n_tiers) how much more its vacancies draw their applications

    def known_to(self, people: np.ndarray, homes: np.ndarray) -> np.ndarray:
        """Say who of these people of districts `homes` knows, shape `(n,)`; who does at a share does at more."""
        knows: np.ndarray = uniforms(self.trait, people) < self.coverage[homes]
        return knows
