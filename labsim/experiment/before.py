"""What every run rests on beside its configuration, read and checked before month 0: targets, figures, draws.

A run, a study, a question and `labsim check` ask here, so that none takes what another refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from labsim.errors import ConfigError, LabsimError, Problem
from labsim.experiment.observed_series import read_figures
from labsim.experiment.posterior import DrawnFrom, beside_margins, drawn_from, posterior_for
from labsim.population.people import census_cells
from labsim.population.reading import read_margins
from labsim.target_file import load_targets

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = ["gathered", "problems_in", "problems_of_draws", "problems_of_files", "require_files", "require_sound"]

_OBSERVED = ("observed.csv", "observed_history.csv")


def require_sound(config: Config, posterior: str | Path, fixed: Iterable[str] = ()) -> DrawnFrom | None:
    """Return a configuration whose parameters are drawn, or None where nothing is.

    Raises ConfigError with every problem of the targets and figures of the province and of the draws.
    """
    drawn: list[DrawnFrom | None] = []
    problems = problems_of_files(config)
    problems += gathered(lambda: drawn.append(_drawn(config, posterior, fixed)))
    if problems:
        raise ConfigError(problems)
    return drawn[0]


def require_files(config: Config) -> None:
    """Raise ConfigError with every problem of the margins and of the targets and figures beside them."""
    problems = problems_of_files(config)
    if problems:
        raise ConfigError(problems)


def problems_of_files(config: Config) -> list[Problem]:
    """Return what is wrong with the margins, and with the targets and the observed figures that lie beside them."""
    targets = beside_margins(config, "targets.yaml")
    figures = [beside_margins(config, name) for name in _OBSERVED]
    reads: list[Callable[[], object]] = []
    if config.province.kind == "province" and config.province.fields:
        reads.append(lambda: census_cells(read_margins(config.province)))
    if targets is not None:
        reads.append(lambda: load_targets(targets, config))
    for path in figures:
        if path is not None:
            reads.append(lambda path=path: read_figures(path, config, leave_unknown=True))  # type: ignore[misc]
    return gathered(*reads)


def problems_of_draws(config: Config, posterior: str | Path) -> list[Problem]:
    """Return what is wrong with a posterior for a configuration."""
    return gathered(lambda: _drawn(config, posterior, ()))


def gathered(*reads: Callable[[], object]) -> list[Problem]:
    """Return the problems of all of some readers, in their order; one that raises does not stop the others."""
    problems: list[Problem] = []
    for read in reads:
        try:
            read()
        except LabsimError as error:
            problems += problems_in(error)
    return list(dict.fromkeys(problems))


def problems_in(error: LabsimError) -> list[Problem]:
    """Return what an error tells, one problem a place."""
    return error.problems if isinstance(error, ConfigError) else [Problem(None, None, None, "", str(error))]


def _drawn(config: Config, posterior: str | Path, fixed: Iterable[str]) -> DrawnFrom | None:
    return drawn_from(config, posterior_for(config, posterior), fixed)
