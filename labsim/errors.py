"""The errors labsim raises, all below one root.

::

    LabsimError                 anything a user can put right; the command line prints it without a traceback
    ├── ConfigError             a profile, scenario or setting is wrong; carries every problem of the files at once
    ├── PopulationError         the margins cannot be turned into a population
    ├── RunError                a run broke an accounting identity or could not finish
    ├── PolicyError             a policy asked for what levers, payments or the world do not give
    └── ResultsError            results are missing, incomplete, or lack their manifest
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ConfigError", "LabsimError", "PolicyError", "PopulationError", "Problem", "ResultsError", "RunError"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Say what is wrong at one place of a file.

    ``file`` is ``"--set"`` for a setting and None for values given from Python; ``line`` and ``column`` count from 1
    and are None where there is no file. ``path`` is the dotted key, ``message`` what was given and what is allowed.
    """

    file: str | None
    line: int | None
    column: int | None
    path: str
    message: str

    def __str__(self) -> str:
        """Write the problem as ``file:line:column  path: message``, leaving out what is not known."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"{where}  {what}" if where else what


class LabsimError(Exception):
    """Stand above every error that labsim raises on purpose."""


class ConfigError(LabsimError):
    """Refuse a configuration and list everything that is wrong with it.

    ``str(error)`` has one line per problem.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        if not problems:
            raise ValueError("a ConfigError needs at least one problem")
        self.problems: list[Problem] = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Write one line per problem."""
        return "\n".join(str(problem) for problem in self.problems)


class PopulationError(LabsimError):
    """Report that margins are missing, contradict each other or cannot be reached."""


class RunError(LabsimError):
    """Report that a run broke one of its own rules or could not finish."""


class PolicyError(LabsimError, ValueError):
    """Refuse what a policy asked of a lever, a payment or the world; the run that asked it adds where and when."""


class ResultsError(LabsimError):
    """Report that results are missing, incomplete, or cannot be trusted without their manifest."""
