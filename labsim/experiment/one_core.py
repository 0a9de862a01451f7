"""Linear algebra on one core: matrices here are small, and cores that share one only wait for each other.

Sums also come out the same on machines with other numbers of cores.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

__all__ = ["on_one_core"]

P = ParamSpec("P")
R = TypeVar("R")


def on_one_core(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function use one core for linear algebra, whatever the libraries would take."""

    @wraps(function)
    def limited(*given: P.args, **named: P.kwargs) -> R:
        with _libraries().limit(limits=1):
            return function(*given, **named)

    return limited


@cache
def _libraries() -> Any:
    """Return what limits the libraries for linear algebra that are loaded: numpy's, and scipy's own."""
    import scipy.linalg  # noqa: F401  # else its library might be loaded later, and go without limit
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
