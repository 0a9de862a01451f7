"""What `labsim lessons` prints: the list, a lesson with its numbers and questions, and verdicts on answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labsim.lessons.blackboard import Board, written
from labsim.lessons.content import Lesson, Number
from labsim.report.console import listed, ruled_table
from labsim.text import _

__all__ = ["as_json", "lesson_view", "list_view", "verdict_view"]


def list_view(lessons: Sequence[Lesson]) -> Iterator[RenderableType]:
    """Yield the list of lessons: what each is about and what it adds to those before."""
    table = ruled_table()
    table.add_column(_("No."), justify="right", no_wrap=True)
    table.add_column(_("Lesson"), ratio=3)
    table.add_column(_("What it adds"), ratio=2)
    for one in lessons:
        about = Text(_(one.title), style="bold")
        about.append("\n" + _(one.about), style="not bold")
        table.add_row(str(one.number), about, _(one.adds))
    yield table
    yield Text("")
    yield Text(
        _("labsim lessons 1 shows the first; labsim lessons 1 --check 2=11 checks the answer to its question 2.")
    )


def lesson_view(board: Board, pictures: Sequence[str], *, answers: bool = False) -> Iterator[RenderableType]:
    """Yield a lesson: title, worlds, steps with their numbers, questions; answers for who teaches."""
    lesson = board.lesson
    yield Text(_("Lesson {n}: {title}").format(n=lesson.number, title=_(lesson.title)), style="bold")
    yield Text(_(lesson.about))
    yield Text("")
    for place, step in enumerate(lesson.steps, start=1):
        yield Text(f"{place}. " + _(step.title), style="bold")
        yield Padding(Text(_(step.text)), (0, 0, 1, 3))
        numbers = board.numbers(place)
        if numbers:
            yield Padding(_numbers(numbers), (0, 0, 1, 3))
    yield Text(_("Questions"), style="bold")
    for place, question in enumerate(lesson.questions, start=1):
        words = Text((f"{place}. " if answers else "") + _(question.text))
        words.append(" [" + _(question.unit) + "]", style="dim")
        if answers:
            words.append(f"\n{board.solution(place)}", style="green")
        yield listed([(f"{place}.", words.plain)]) if not answers else Padding(words, (0, 0, 0, 1))
    yield Text("")
    yield listed(("-", line) for line in _notes(board, pictures))


def _notes(board: Board, pictures: Sequence[str]) -> Iterator[str]:
    words = _("Check an answer: labsim lessons {n} --check 1=12.5. Right is what lies within the noise of the "
              "replicates and rounding to two digits.")  # fmt: skip
    yield words.format(n=board.lesson.number)
    yield _("Numbers are means over replicates, in brackets their least and greatest: random noise only, no "
            "uncertainty of parameters.")  # fmt: skip
    if pictures:
        yield _("Pictures: {files}").format(files=", ".join(pictures))


def _numbers(numbers: Sequence[Number]) -> Table:
    table = ruled_table()
    table.add_column(_("From the worlds"), ratio=1)
    table.add_column(_("mean"), justify="right", no_wrap=True)
    table.add_column(_("(range)"), justify="right", no_wrap=True)
    for one in numbers:
        between = _("({low} to {high})").format(low=written(one.low, ""), high=written(one.high, ""))
        table.add_row(one.label, written(one.value, one.unit), between)
    return table


def verdict_view(board: Board, given: dict[int, float]) -> Iterator[RenderableType]:
    """Yield the verdicts on some answers."""
    for question, value in given.items():
        yield Text(f"{question}. " + _(board.lesson.questions[question - 1].text))
        verdict = board.check(question, value)
        yield Padding(Text(verdict.words, style="green" if verdict.right else "yellow"), (0, 0, 1, 3))


def as_json(board: Board, *, answers: bool) -> dict[str, Any]:
    """Return a lesson as plain values in the language in use; answers only for who teaches."""
    lesson = board.lesson
    steps = [
        {"title": _(step.title), "text": _(step.text),
         "numbers": [vars(one) | {"unit": _(one.unit)} for one in board.numbers(place)]}
        for place, step in enumerate(lesson.steps, start=1)
    ]  # fmt: skip
    questions = []
    for place, question in enumerate(lesson.questions, start=1):
        asked = {"text": _(question.text), "unit": _(question.unit)}
        known = board.answer(place) if answers else None
        questions.append(asked | ({"answer": known.value, "tolerance": known.tolerance} if known else {}))
    return {"number": lesson.number, "title": _(lesson.title), "about": _(lesson.about), "adds": _(lesson.adds),
            "steps": steps, "questions": questions}  # fmt: skip
