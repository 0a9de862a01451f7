"""`labsim sweep` and `labsim results`: many runs in one folder, paused and resumed at will, and asked in SQL."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import language_option, plain, print_parts, show_progress
from labsim.cli.many import options_of_many_runs, usual_folder
from labsim.text import _

if TYPE_CHECKING:
    from labsim.experiment.runner import Carried

__all__ = ["results", "sweep"]

PAUSED = 130
FAILED = 1


@click.command(help=_("Run every point of a study, or what is missing of it; Ctrl-C pauses, the same command goes on."))
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--compact", is_flag=True, help=_("Put all runs into one file when done."))
@click.option("--dry-run", is_flag=True, help=_("Print the points and write nothing."))
@options_of_many_runs()
@language_option
def sweep(
    study: Path,
    out: Path | None,
    replicates: int | None,
    scale: float | None,
    seed: int | None,
    until: str | None,
    settings: tuple[str, ...],
    executor: str,
    workers: int | None,
    compact: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Plan, carry out, score and print."""
    from labsim.experiment.opened import open_study
    from labsim.experiment.runner import carry_out
    from labsim.experiment.study import plan_of, read_study
    from labsim.report.studies import plan_view, targets_view

    described = read_study(study).with_settings(settings).changed(
        replicates=replicates, scale=scale, seed=seed, until=until
    )  # fmt: skip
    plan = plan_of(described)
    if dry_run:
        print_parts(*plan_view(plan))
        return
    folder = out or usual_folder("study-" + re.sub(r"[^\w+.-]+", "-", described.name))
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        carried = carry_out(plan, folder, executor=executor, workers=workers, progress=tell)
    opened = open_study(folder)
    if compact and not carried.paused:
        opened.store.compact()
    if as_json:
        click.echo(json.dumps(_summary(carried, opened), allow_nan=False))
    elif not quiet and carried.done and not carried.paused:
        print_parts(*targets_view(opened))
    report(carried, folder, quiet or as_json)


def report(carried: Carried, folder: Path, quiet: bool) -> None:
    """Say how a study was carried out, and leave with 130 if it was paused and 1 if runs failed."""
    for note in carried.notes:
        click.echo(note, err=True)
    for failure in carried.failed:
        click.echo(_("failed: {name} in {where}: {message}").format(
            name=failure.name, where=failure.where, message=failure.message), err=True)  # fmt: skip
    if carried.paused:
        message = _("paused: {done} of {total} runs are done and kept in {folder}; the same command goes on")
        click.echo(message.format(done=carried.done, total=carried.total, folder=folder), err=True)
        raise SystemExit(PAUSED)
    if carried.failed:
        message = _("{failed} of {total} runs failed, as written in {folder}; the same command tries them again")
        click.echo(message.format(failed=len(carried.failed), total=carried.total, folder=folder / "failed"), err=True)
        raise SystemExit(FAILED)
    if quiet:
        return
    if carried.older:
        message = _("{older} runs of an older plan, code or data are kept in the folder and not counted")
        click.echo(message.format(older=carried.older), err=True)
    message = _("{done} runs ({found} found, {new} new in {seconds:.0f} s): {folder}")
    new = carried.done - carried.found
    click.echo(message.format(
        done=carried.done, found=carried.found, new=new, seconds=carried.seconds, folder=folder))  # fmt: skip


@click.command(help=_("Ask a study's folder in SQL, or export it; without either, score its targets."))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--sql", help=_("A question over points, runs, monthly, ledger, policies, population, targets."))
@click.option("--export", type=click.Path(path_type=Path), help=_("Write the monthly table: .csv, .parquet or .nc"))
@click.option("--compact", is_flag=True, help=_("Put all runs into one file."))
@click.option("--csv", "as_csv", is_flag=True, help=_("Print rows as CSV."))
@click.option("--json", "as_json", is_flag=True, help=_("Print rows as a JSON list."))
@language_option
def results(folder: Path, sql: str | None, export: Path | None, compact: bool, as_csv: bool, as_json: bool) -> None:
    """Open a study and answer."""
    from labsim.experiment.opened import open_study
    from labsim.report.studies import frame_view, targets_view

    study = open_study(folder)
    for note in study.notes():
        click.echo(note, err=True)
    if compact:
        click.echo(_("{n} runs in one file").format(n=study.store.compact()))
    if export is not None:
        click.echo(str(study.export(export)))
    if sql is None and (compact or export is not None):
        return
    frame = study.sql(sql) if sql is not None else study.targets()
    if as_csv:
        click.echo(frame.to_csv(index=False, lineterminator="\n"), nl=False)
    elif as_json:
        rows = [{str(key): plain(value) for key, value in row.items()} for row in frame.to_dict("records")]
        click.echo(json.dumps(rows, default=str, allow_nan=False))
    else:
        print_parts(*(frame_view(frame) if sql is not None else targets_view(study)))


def _summary(carried: Carried, study: Any) -> dict[str, Any]:
    """Return what `sweep --json` prints."""
    rows = [{key: plain(value) for key, value in row.items()} for row in study.targets().to_dict("records")]
    points = [{key: plain(value) for key, value in row.items()} for row in study.points.to_dict("records")]
    about = {"total": carried.total, "done": carried.done, "found": carried.found, "failed": len(carried.failed)}
    timing = {"seconds": round(carried.seconds, 3), "busy_seconds": round(carried.busy_seconds, 3)}
    return {"study": study.about["study"]["name"], "folder": str(study.folder), "paused": carried.paused} | about | {
        "timing": timing, "points": points, "targets": rows,
    }  # fmt: skip
