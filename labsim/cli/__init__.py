"""The command line: `labsim run`, what makes many runs (`sweep`, `compare`, `ask` ...) and what lists things.

Heavy imports stay inside the commands.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from labsim import interrupts
from labsim.cli.app import app
from labsim.cli.ask import ask
from labsim.cli.backcast import backcast
from labsim.cli.calibrate import calibrate
from labsim.cli.check import check
from labsim.cli.common import Commands
from labsim.cli.compare import compare
from labsim.cli.decompose import decompose
from labsim.cli.displacement import displacement
from labsim.cli.evidence import evidence
from labsim.cli.lessons import lessons
from labsim.cli.listings import levers, params, schedule
from labsim.cli.person import person
from labsim.cli.report import report
from labsim.cli.robust import robust
from labsim.cli.run import run
from labsim.cli.sensitivity import sensitivity
from labsim.cli.study import results, sweep
from labsim.cli.validate import validate
from labsim.text import _

__all__ = ["cli", "main"]


@click.group(
    cls=Commands, help=_("Simulate the working people of a province and score the targets of its resolution.")
)
@click.version_option(package_name="labsim")
def cli() -> None:
    """Hold the commands."""


_COMMANDS = (
    run, sweep, compare, ask, sensitivity, robust, decompose, displacement, calibrate, backcast, validate,
    evidence, results, report, app, person, lessons, schedule, levers, params, check,
)  # fmt: skip
for _command in _COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # an old Windows code page has no Vietnamese letters: better a "?" than a traceback
            stream.reconfigure(errors="replace")
    undecoded = unreadable_name(sys.argv[1:])
    if undecoded is not None:
        message = _("the name {name!r} cannot be read in this terminal's encoding ({encoding}); set PYTHONUTF8=1")
        click.echo(message.format(name=undecoded, encoding=sys.getfilesystemencoding()), err=True)
        sys.exit(2)
    try:
        cli(prog_name="labsim")
    except SystemExit as end:
        if end.code == interrupts.INTERRUPTED:
            interrupts.leave_threads_behind()
        raise
    finally:
        interrupts.deaf_from_now_on()  # what is left to do is to end


def unreadable_name(arguments: Sequence[str]) -> str | None:
    """Return the first argument, or the current folder, with bytes that the system's encoding has no letters for.

    In the locale C such are all Vietnamese letters; no file could then be named in results, nor read again.
    """
    try:
        here = [str(Path.cwd())]
    except OSError:  # the folder is gone
        here = []
    for name in (*arguments, *here):
        shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if any("\udc80" <= letter <= "\udcff" for letter in name):
            return shown
    return None
