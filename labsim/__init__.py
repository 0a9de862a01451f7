"""Simulate the working people of a Vietnamese province, person by person.

import labsim
config = labsim.load("son_la", scenario="baseline")
results = labsim.run(config, scale=0.01, replicates=4)
results.scorecard
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labsim.config import load
    from labsim.experiment.opened import open_study
    from labsim.experiment.run import run
    from labsim.life.follow import follow, follow_under
    from labsim.model import LabourModel
    from labsim.results import Results, open_results

__version__: str

__all__ = [
    "LabourModel", "Results", "__version__", "follow", "follow_under", "load", "open_results", "open_study", "run",
]  # fmt: skip

_HOME = {
    "LabourModel": "labsim.model",
    "Results": "labsim.results",
    "follow": "labsim.life.follow",
    "follow_under": "labsim.life.follow",
    "load": "labsim.config",
    "open_results": "labsim.results",
    "open_study": "labsim.experiment.opened",
    "run": "labsim.experiment.run",
}


def __getattr__(name: str) -> Any:
    # numpy, pandas, numba and mesa take seconds to import: they come with what needs them
    if name == "__version__":
        return _version()
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'labsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("labsim")
    except PackageNotFoundError:
        return "0+source"
