"""`labsim lessons`: six lessons for a class; each runs in seconds, shows its pictures and checks answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import language_option, print_parts
from labsim.cli.many import save_files
from labsim.number_text import read_number, read_whole
from labsim.text import _

if TYPE_CHECKING:
    from labsim.lessons.blackboard import Board

__all__ = ["lessons"]


def _read_answers(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[int, str]:
    """Read answers as 2=12.5, by the number of the question."""
    answers: dict[int, str] = {}
    for text in value:
        question, equals, given = text.partition("=")
        try:
            answers[read_whole(question if equals else "", 1, 999)] = given
        except ValueError:
            message = _("given {given!r}; allowed the number of a question and an answer, as 2=12.5")
            raise click.BadParameter(message.format(given=text), ctx, param) from None
    return answers


def _numbers(board: Board, given: dict[int, str]) -> dict[int, float]:
    """Return answers as numbers in the unit of their questions. Raises UsageError for a text that is none."""
    units = {place: question.unit for place, question in enumerate(board.lesson.questions, start=1)}
    numbers: dict[int, float] = {}
    for place, text in given.items():
        try:
            numbers[place] = read_number(text, units.get(place, ""))
        except ValueError as error:
            raise click.BadParameter(f"{place}: {error}", param_hint="--check") from None
    return numbers


@click.command(help=_("Six lessons on labour restructuring: list them, run one, check answers to its questions."))
@click.argument("number", type=int, required=False)
@click.option("--check", "given", multiple=True, callback=_read_answers, metavar="QUESTION=ANSWER",
              help=_("Check an answer, as 2=12.5; may be repeated. The exit code is 1 if one is wrong."))  # fmt: skip
@click.option("--answers", is_flag=True, help=_("Show the answers too, for who teaches."))
@click.option("--out", type=click.Path(path_type=Path),
              help=_("Folder for the pictures; labsim-results/lesson-1 and so on by default."))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@click.pass_context
@language_option
def lessons(
    ctx: click.Context, number: int | None, given: dict[int, str], answers: bool, out: Path | None, as_json: bool
) -> None:
    """List, run or check."""
    from labsim.lessons import lesson
    from labsim.lessons import lessons as all_lessons
    from labsim.lessons.view import as_json as to_json
    from labsim.lessons.view import lesson_view, list_view, verdict_view

    if number is None:
        if given or answers or out is not None:
            raise click.UsageError(_("name the lesson first, as in: labsim lessons 1 --check 2=11"))
        parts = list_view(all_lessons())
        if as_json:
            shown = [{"number": one.number, "title": _(one.title), "about": _(one.about)} for one in all_lessons()]
            click.echo(json.dumps(shown))
            return
        print_parts(*parts)
        return
    from labsim.experiment.run import warm_up
    from labsim.lessons.blackboard import Board

    board = Board(lesson(number), lambda title: click.echo(_("running: {title}").format(title=_(title)), err=True))
    numbers = _numbers(board, given)
    warm_up(lambda message: click.echo(message, err=True))
    if given:
        right = [board.check(question, value).right for question, value in numbers.items()]
        print_parts(*verdict_view(board, numbers))
        ctx.exit(0 if all(right) else 1)
    if as_json:
        click.echo(json.dumps(to_json(board, answers=answers), allow_nan=False))
        return
    files = _save_pictures(board, out or Path("labsim-results") / f"lesson-{number}")
    print_parts(*lesson_view(board, files, answers=answers))


def _save_pictures(board: Board, folder: Path) -> list[str]:
    """Write the pictures of a lesson; return where they are."""
    pictures: dict[str, Any] = {
        f"{place}.png": picture.png
        for place in range(1, len(board.lesson.steps) + 1)
        if (picture := board.picture(place)) is not None
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_files(folder, pictures)
    return [str(folder / name) for name in pictures]
