"""Six lessons on labour restructuring: worlds to run, what to see in them, and questions whose answers are computed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from labsim.errors import RunError
from labsim.text import _

if TYPE_CHECKING:
    from labsim.lessons.blackboard import Board
    from labsim.lessons.content import Lesson

__all__ = ["NAMES", "board", "lesson", "lessons"]

# In the order in which each adds a process to the one before.
NAMES = ("bathtub", "vacancies", "mismatch", "school", "away", "province")


def lesson(number: int) -> Lesson:
    """Return a lesson by its number, 1 to 6. Raises RunError for another."""
    if not (isinstance(number, int) and 1 <= number <= len(NAMES)):
        message = _("there is no lesson {number}; allowed 1 to {last}")
        raise RunError(message.format(number=number, last=len(NAMES)))
    found: Lesson = import_module(f"labsim.lessons.{NAMES[number - 1]}").LESSON
    return found


def lessons() -> tuple[Lesson, ...]:
    """Return all lessons in order."""
    return tuple(lesson(number) for number in range(1, len(NAMES) + 1))


def board(number: int) -> Board:
    """Return the board of a lesson, on which its worlds are run, shown and asked about."""
    from labsim.lessons.blackboard import Board

    return Board(lesson(number))
