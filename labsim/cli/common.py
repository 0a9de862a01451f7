"""What every command shares: how options are read, how errors, progress and tables reach the screen."""

from __future__ import annotations

import errno
import io
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click import get_current_context

from labsim import interrupts
from labsim.cli.usage import language_in, no_such_command, words_of_usage
from labsim.errors import LabsimError
from labsim.number_text import read_number
from labsim.text import LANGUAGES, _, use_language

if TYPE_CHECKING:
    from labsim.experiment.run import Progress

PLAIN_WIDTH = 100  # of what goes into a file or a pipe
NARROWEST = 80  # below that a table would break its words
CSV, CSV_BOM, XLSX = "csv", "csv-bom", "xlsx"
EXECUTORS = ("serial", "threads", "processes")


def read_scale(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read a scale: 1, 0.1 or 1:10."""
    if value is None:
        return None
    try:
        part, _colon, whole = value.partition(":")
        scale = read_number(part) / read_number(whole or "1", "persons")  # 1:1.000 is no 1:1
    except (ValueError, ZeroDivisionError):
        scale = math.nan
    if not 0.001 <= scale <= 1:
        message = _("given {value!r}; allowed 1, 0.1 or 1:10, from 0.001 to 1")
        raise click.BadParameter(message.format(value=value), ctx, param)
    return scale


def read_settings_once(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a parameter that is set twice, as a file does."""
    paths = [text.partition("=")[0].strip() for text in value]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise click.BadParameter(_("{path} is given twice").format(path=twice), ctx, param)
    return value


def posterior_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that says from what the replicates of a command draw their parameters."""
    return click.option(
        "--posterior", default="shipped", show_default=True, metavar="none|shipped|FILE",
        help=_("Draws of parameters that the replicates take; what --set or a scenario gives is not drawn."),
    )(command)  # fmt: skip


def table_format_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that says how tables are written, for those who open them in a spreadsheet."""
    return click.option(
        "--format", "tables", type=click.Choice((CSV, CSV_BOM, XLSX)), default=CSV, show_default=True,
        help=_("Tables for spreadsheets: csv-bom marks the CSV files, so that letters stay whole; xlsx adds a workbook,"
               " tables.xlsx."),
    )(command)  # fmt: skip


def require_format(tables: str) -> None:
    """Raise ResultsError before anything is run if tables cannot be written as was asked."""
    if tables == XLSX:
        from labsim.spreadsheets import require_workbooks

        require_workbooks()


def read_groupings(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> list[str] | None:
    """Read groupings: repeated, or separated by commas."""
    from labsim.profile import GROUPINGS, unknown_grouping

    names = [name.strip() for text in value for name in text.split(",")]
    for name in names:
        if name not in GROUPINGS:
            raise click.BadParameter(unknown_grouping(name), ctx, param)
    return names or None


def read_executor(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Read the name of an executor, or the address of a scheduler."""
    from labsim.errors import RunError
    from labsim.experiment.executor import require_executor

    try:
        require_executor(value)
    except RunError as error:
        raise click.BadParameter(str(error).partition(": ")[2], ctx, param) from error
    return value


class Commands(click.RichGroup):
    """Commands that print what a user can put right without a traceback, and exit with code 2."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options before the command; one with an unknown option has no language of its own yet."""
        ctx.meta["labsim.language"] = language_in(args)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return the command that is named; raises click.UsageError with the nearest for one that there is not."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise no_such_command(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors of labsim go to stderr."""
        interrupts.command_begins()
        try:
            return super().invoke(ctx)
        except LabsimError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except click.UsageError as error:
            _speak(ctx, None, ctx.meta["labsim.language"])
            click.echo(words_of_usage(error), err=True)
            ctx.exit(2)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly when a reader such as `head` has had enough
            click.echo(_("cannot read or write: {error}").format(error=error), err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            interrupts.deaf_from_now_on()
            click.echo(_("interrupted; nothing was written"), err=True)
            ctx.exit(interrupts.INTERRUPTED)
        except MemoryError as error:
            said = " ".join(str(error).split())  # numpy says how much it asked for
            click.echo(_("out of memory ({error}): lower --scale, or --workers").format(error=said or "-"), err=True)
            ctx.exit(2)


def hold(place: Path) -> None:
    """Hold a folder or file for writing until the command ends. Raises ResultsError if another one is writing it."""
    from labsim.writing import writing

    context = get_current_context()
    context.with_resource(writing(place, f"labsim {context.info_name}"))


def _speak(_ctx: click.Context, _param: click.Parameter | None, language: str | None) -> None:
    if language:
        use_language(language)


def language_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that chooses the language of a command."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        is_eager=True,
        expose_value=False,
        callback=_speak,
        help=_("Language of tables and messages."),
    )(command)


class TimeLeft:
    """Estimate the time left from the mean pace since the start; what was there before does not count.

    A pace over the last moments would jump: runs end in bunches, one for each worker, and may take minutes each.
    """

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, int, float] | None = None

    def tell(self, done: int, total: int, now: float) -> None:
        """Take down how many are done at a time [s]; the first call is the start."""
        self._first = self._first or (done, now)
        self._last = (done, total, now)

    def seconds(self, now: float) -> float | None:
        """Return the seconds left, or None while nothing has finished."""
        if self._first is None or self._last is None or self._last[0] <= self._first[0]:
            return None
        done, total, then = self._last
        pace = (then - self._first[1]) / (done - self._first[0])
        return max(0.0, pace * (total - done) - (now - then))


@contextmanager
def show_progress(hidden: bool, what: str = "") -> Iterator[Callable[[Progress], None] | None]:
    """Show what is done (by default replicates) and time left on stderr; messages alone where stderr is no terminal."""
    if hidden:
        yield None
        return
    if not sys.stderr.isatty():
        yield lambda event: click.echo(event.message, err=True) if event.message else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    clock = TimeLeft()

    class Left(ProgressColumn):
        """Show the time left."""

        def render(self, task: Any) -> Text:
            """Return hours, minutes and seconds, or dashes while nothing is known."""
            seconds = clock.seconds(time.monotonic())
            shown = "-:--:--" if seconds is None else str(timedelta(seconds=round(seconds)))
            return Text(shown, style="progress.remaining")

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn(_("left")), Left(),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what or _("replicates"), total=None)

        def tell(event: Progress) -> None:
            if event.message:
                bar.console.print(event.message, highlight=False)
            else:
                clock.tell(event.done, event.total, time.monotonic())
            bar.update(task, completed=event.done, total=event.total)

        yield tell


def plain(value: Any) -> Any:
    """Return a value as JSON writes it: a number that is not there is null."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_parts(*parts: Any) -> None:
    """Print tables and text, in colour on a terminal and plain into a file or pipe."""
    from rich.console import Console

    if sys.stdout.isatty():
        console = Console(highlight=False, width=width_of_output())
        for part in parts:
            console.print(part)
        return
    console = Console(file=io.StringIO(), width=width_of_output(), highlight=False, color_system=None)
    with console.capture() as plain:
        for part in parts:
            console.print(part)
    click.echo("\n".join(line.rstrip() for line in plain.get().splitlines()))


def print_lines(lines: Callable[[int], Iterable[Any]]) -> None:
    """Print what a function of the width returns."""
    print_parts(*lines(width_of_output()))


def width_of_output() -> int:
    """Return the columns to fill: those of the terminal, or of COLUMNS, at most 100."""
    asked = os.environ.get("COLUMNS", "")
    if not sys.stdout.isatty() and not asked.isdecimal():
        return PLAIN_WIDTH
    return max(NARROWEST, min(shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns, PLAIN_WIDTH))
