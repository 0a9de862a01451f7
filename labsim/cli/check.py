"""`labsim check`: say what a file or folder is, and every problem that a run would have with it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import rich_click as click

from labsim.cli.common import language_option
from labsim.errors import ConfigError
from labsim.text import _, n_

__all__ = ["check"]


@click.command(
    help=_(
        "Check a file or folder: a profile with its margins, a scenario, targets, observed figures, draws, a study,"
        " results. Print every problem at once, and what will have no effect."
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@language_option
def check(file: Path, as_json: bool) -> None:
    """Check a file or folder; leave with 2 where a run would refuse it."""
    from labsim.gate.check import check_path

    checked = check_path(file)
    if as_json:
        facts = {
            "file": checked.shown, "kind": checked.kind.name.lower(), "changes": checked.lines,
            "problems": [asdict(problem) for problem in checked.problems],
            "notes": [{"where": where, "message": message} for where, message in checked.notes],
        }  # fmt: skip
        click.echo(json.dumps(facts, ensure_ascii=False))
        raise SystemExit(2 if checked.problems else 0)
    for where, message in checked.notes:
        click.echo(_("note: {where}: {message}").format(where=where, message=message), err=bool(checked.problems))
    if checked.problems:
        raise ConfigError(checked.problems)
    what = ", ".join(part for part in (checked.kind.words, checked.summary) if part)
    noted = n_("{n} note", "{n} notes", len(checked.notes)).format(n=len(checked.notes))
    end = _("no problems in any province") if checked.in_every_province else _("no problems")
    click.echo(f"{checked.shown}: {what}, {end}{f', {noted}' if checked.notes else ''}")
    for line in checked.lines:
        click.echo(f"  {line}")
