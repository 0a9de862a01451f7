"""The board of a lesson: its worlds run once, its numbers and pictures shown, its questions asked and answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labsim.errors import RunError
from labsim.lessons.content import Answer, Lesson, Number, Question, Runs, Step
from labsim.report.numbers import number
from labsim.text import _

__all__ = ["Board", "Picture", "Verdict", "written"]


@dataclass(frozen=True)
class Verdict:
    """Say whether an answer is right, in words too; None where nothing was answered yet."""

    right: bool | None
    words: str

    def __repr__(self) -> str:
        """Return the words, as a notebook shows them."""
        return self.words


class Lines(str):
    """Hold lines of text that are shown as they are."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the lines, as a notebook shows them."""
        return str(self)


@dataclass(frozen=True)
class Picture:
    """Hold a picture; a notebook shows it by itself."""

    png: bytes

    def _repr_png_(self) -> bytes:
        return self.png


class Board:
    """Show one lesson and check answers to its questions; steps and questions count from 1.

    Worlds are run when something of theirs is first shown, and once. Raises RunError for a step or question that the
    lesson does not have.
    """

    def __init__(self, lesson: Lesson, progress: Callable[[str], None] | None = None) -> None:
        self.lesson = lesson
        self.runs = Runs(lesson.worlds, progress)
        self._answers: dict[int, Answer] = {}

    def numbers(self, step: int) -> list[Number]:
        """Return the numbers of a step, mean and range over replicates."""
        found = self._step(step).numbers
        return found(self.runs) if found is not None else []

    def picture(self, step: int) -> Picture | None:
        """Return the picture of a step, or None if it has none."""
        from labsim.lessons.charts import png_of

        drawing = self._step(step).drawing
        return Picture(png_of(drawing(self.runs))) if drawing is not None else None

    def table(self, step: int) -> Lines:
        """Return the numbers of a step as lines of text, which a notebook shows by itself."""
        numbers = self.numbers(step)
        words = [
            f"{written(one.value, one.unit)} ({written(one.low, '')} - {written(one.high, '')})" for one in numbers
        ]
        wide = max((len(one.label) for one in numbers), default=0)
        return Lines("\n".join(f"{one.label:<{wide}}  {word}" for one, word in zip(numbers, words, strict=True)))

    def answer(self, question: int) -> Answer:
        """Return what the worlds answer to a question, with its tolerance."""
        asked = self._question(question)
        if question not in self._answers:
            self._answers[question] = asked.answer(self.runs)
        return self._answers[question]

    def check(self, question: int, given: float | None) -> Verdict:
        """Say whether an answer is right: within the noise of the worlds and rounding to two digits; else a hint."""
        asked = self._question(question)
        if given is None:
            return Verdict(None, _("Question {n} is not answered yet.").format(n=question))
        known = self.answer(question)
        if not known.accepts(given):
            words = _("Not yet: {given} is further from the simulated answer than chance explains. A hint: {hint}")
            return Verdict(False, words.format(given=written(given, asked.unit), hint=_(asked.hint)))
        return Verdict(True, _("Right: {answer}").format(answer=self.solution(question)))

    def solution(self, question: int) -> str:
        """Return the answer with its tolerance, and why it is so."""
        asked, known = self._question(question), self.answer(question)
        words = _("{value}, and up to {tolerance} more or less. {why}")
        return words.format(value=written(known.value, asked.unit), tolerance=written(known.tolerance, ""),
                            why=_(asked.why))  # fmt: skip

    def _step(self, step: int) -> Step:
        if not 1 <= step <= len(self.lesson.steps):
            message = _("lesson {lesson} has no step {given}; allowed 1 to {last}")
            raise RunError(message.format(lesson=self.lesson.number, given=step, last=len(self.lesson.steps)))
        return self.lesson.steps[step - 1]

    def _question(self, question: int) -> Question:
        if not 1 <= question <= len(self.lesson.questions):
            message = _("lesson {lesson} has no question {given}; allowed 1 to {last}")
            raise RunError(message.format(lesson=self.lesson.number, given=question, last=len(self.lesson.questions)))
        return self.lesson.questions[question - 1]


def written(value: float, unit: str) -> str:
    """Write a number with its unit: three digits, or whole persons."""
    if abs(value) >= 100.0 or float(value).is_integer():
        digits = number(value, "persons")
    else:
        digits = number(float(f"{value:.3g}"), "")
    return " ".join((digits, _(unit))) if unit else digits
