"""From margins to people: the world at month 0, and how well it fits."""

from __future__ import annotations

from labsim.population.misfit import MarginFit, Misfit
from labsim.population.start import populate

__all__ = ["MarginFit", "Misfit", "populate"]
