"""`labsim validate`: the public scoreboard of what the program claims."""

from __future__ import annotations

import json
from dataclasses import asdict

import rich_click as click

from labsim.cli.common import EXECUTORS, language_option, plain, print_parts, show_progress
from labsim.cli.many import words_of
from labsim.cli.usage import Whole
from labsim.text import _

__all__ = ["validate"]


@click.command(help=_("Check the program against known answers and print the scoreboard; exit code 1 if a line fails."))
@click.option("--only", multiple=True, metavar="GROUP | LINE",
              help=_("Only these groups (as closed_forms) or lines (as erlang_one_year); may be repeated, or separated "
                     "by commas."))  # fmt: skip
@click.option("--details", is_flag=True,
              help=_("What each line means, where its tolerance comes from, and its comparisons."))  # fmt: skip
@click.option("--executor", type=click.Choice(EXECUTORS), default="processes", show_default=True,
              help=_("How lines are spread; the numbers are the same."))  # fmt: skip
@click.option("--workers", type=Whole(1), help=_("Processes or threads; all cores by default."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@click.option("--quiet", is_flag=True, help=_("No progress and no table: only the exit code."))
@click.pass_context
@language_option
def validate(
    ctx: click.Context,
    only: tuple[str, ...],
    details: bool,
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check and print."""
    from labsim.evidence.validate import validate as check_lines
    from labsim.report.validation import details_view, scoreboard_view

    with show_progress(hidden=quiet, what=_("lines")) as tell:
        found = check_lines(words_of(only), executor=executor, workers=workers, progress=tell)
    if as_json:
        about = {"passed": found.passed, "code_hash": found.code_hash, "versions": dict(found.versions)}
        checks = [_as_json(asdict(one)) for one in found.checks]
        click.echo(json.dumps({**about, "seconds": found.seconds, "lines": checks}, allow_nan=False))
    elif not quiet:
        print_parts(*(details_view(found) if details else ()), *scoreboard_view(found))
    ctx.exit(0 if found.passed else 1)


def _as_json(check: dict[str, object]) -> dict[str, object]:
    """Return a check as JSON writes it: a number that is not there is null."""
    comparisons = check.pop("comparisons")
    assert isinstance(comparisons, tuple)
    whole = {key: plain(value) for key, value in check.items()}
    return whole | {"comparisons": [{key: plain(value) for key, value in one.items()} for one in comparisons]}
