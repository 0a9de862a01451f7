"""What a lesson is: worlds, steps and questions as data and functions, shown alike in a terminal, a notebook, the app.

Texts are messages of the catalogue, in English here, translated where they are shown. A picture is plain data, so that
whoever shows it may draw it in its own way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from labsim.results import Results

__all__ = [
    "Answer", "Curve", "Drawing", "Lesson", "Number", "Question", "Runs", "Step", "Values", "World", "measured",
]  # fmt: skip

Values = NDArray[np.float64]
CONFIDENCE = 0.99  # of the interval over replicates in which an answer counts as right


@dataclass(frozen=True)
class World:
    """Name one world of a lesson: a configuration, what is changed in it, how long and how often it runs."""

    title: str
    source: str
    settings: Mapping[str, Any]
    until: str
    replicates: int = 6


@dataclass(frozen=True)
class Answer:
    """Hold what the worlds say to a question, and how far an answer may be from it; both in the question's unit."""

    value: float
    tolerance: float

    def accepts(self, given: float) -> bool:
        """Say whether an answer is right."""
        return abs(given - self.value) <= self.tolerance


def measured(values: Sequence[float] | Values) -> Answer:
    """Return the mean of some replicates, and its tolerance.

    The tolerance is the half width of Student's 99 % interval over replicates, and half a unit of the second digit, so
    that answers may be rounded to two digits.
    """
    from scipy.stats import t

    numbers = np.asarray(values, dtype=np.float64)
    mean, n = float(numbers.mean()), numbers.size
    error = float(numbers.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    noise = float(t.ppf(0.5 + CONFIDENCE / 2.0, n - 1)) * error if n > 1 else 0.0
    rounding = 0.5 * 10.0 ** (math.floor(math.log10(abs(mean))) - 1) if mean else 0.0
    # a hair more, so that a number halfway between two roundings is taken in both
    return Answer(mean, (noise + rounding) * (1.0 + 1e-9))


@dataclass(frozen=True)
class Number:
    """Hold one number of a step: its label, its mean over replicates and the least and greatest of them."""

    label: str
    value: float
    low: float
    high: float
    unit: str

    @classmethod
    def of(cls, label: str, values: Sequence[float] | Values, unit: str) -> Number:
        """Make it from the values of the replicates."""
        numbers = np.asarray(values, dtype=np.float64)
        return cls(label, float(numbers.mean()), float(numbers.min()), float(numbers.max()), unit)


@dataclass(frozen=True)
class Curve:
    """Hold one line of a picture: its points, a band around it (or none), and what it is.

    A `kind` is "simulated", "expected" (what a formula says) or "points".
    """

    label: str
    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None
    kind: str = "simulated"

    @classmethod
    def fan(cls, label: str, frame: Any) -> Curve:
        """Make it from a table of months by replicates: mean, and the least and greatest of the replicates."""
        values = np.asarray(frame, dtype=np.float64)
        return cls(label, np.arange(len(values), dtype=np.float64), values.mean(axis=1), values.min(axis=1),
                   values.max(axis=1))  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """Hold a picture as data: title, what the axes are with their units, and the curves.

    `months` says that x counts months, `from_zero` that y starts at zero.
    """

    title: str
    x: str
    y: str
    curves: tuple[Curve, ...]
    months: bool = True
    from_zero: bool = True


@dataclass(frozen=True)
class Step:
    """Tell one thing: a heading, a text, and what of the worlds shows it."""

    title: str
    text: str
    numbers: Callable[[Runs], list[Number]] | None = None
    drawing: Callable[[Runs], Drawing] | None = None


@dataclass(frozen=True)
class Question:
    """Ask for a number: the text, its unit, how the worlds answer, a hint, and why the answer is what it is."""

    text: str
    unit: str
    answer: Callable[[Runs], Answer]
    hint: str
    why: str


@dataclass(frozen=True)
class Lesson:
    """Hold one lesson: its number, title, what it is about, what it adds, its worlds, steps and questions."""

    number: int
    title: str
    about: str
    adds: str
    worlds: Mapping[str, World]
    steps: tuple[Step, ...]
    questions: tuple[Question, ...]


@dataclass
class Runs(Mapping[str, "Results"]):
    """Run the worlds of a lesson when they are first asked for: `runs["base"].series("unemployed")`."""

    worlds: Mapping[str, World]
    progress: Callable[[str], None] | None = None
    _done: dict[str, Results] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Results:
        """Return the results of a world. Raises KeyError for a name that is not of this lesson."""
        if name not in self._done:
            world = self.worlds[name]
            if self.progress is not None:
                self.progress(world.title)
            self._done[name] = _run(world)
        return self._done[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.worlds)

    def __len__(self) -> int:
        return len(self.worlds)

    def series(self, world: str, indicator: str, **groups: str) -> Values:
        """Return one indicator of a world, shape `(n_months, n_replicates)`; stocks begin with month 0, flows
        with month 1.
        """
        values: Values = self[world].series(indicator, groups).to_numpy(dtype=np.float64)
        return values


def _run(world: World) -> Results:
    """Run a world in this process: threads and pools cost more than these small worlds take."""
    from labsim.config import load
    from labsim.experiment.run import run

    config = load(world.source, settings=dict(world.settings))
    return run(config, replicates=world.replicates, until=world.until, posterior="none", executor="serial")
