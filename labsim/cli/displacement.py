"""`labsim displacement`: a trial inside the simulation, and what it did to the treated, their neighbours and others."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import (
    language_option,
    plain,
    print_parts,
    read_executor,
    read_scale,
    read_settings_once,
    show_progress,
)
from labsim.cli.study import report
from labsim.text import _

if TYPE_CHECKING:
    from labsim.experiment.displacement import Displacement

__all__ = ["displacement"]


def _read_shares(ctx: click.Context, param: click.Parameter, value: str) -> list[float]:
    """Read shares separated by commas: 0,0.5,1."""
    try:
        shares = [float(word) for word in value.split(",")]
    except ValueError:
        shares = [math.nan]
    if not all(0.0 <= share <= 1.0 for share in shares):
        message = _("given {value!r}; allowed numbers from 0 to 1, separated by commas")
        raise click.BadParameter(message.format(value=value), ctx, param)
    return shares


@click.command(help=_("Treat part of the eligible people of some districts, by lot, and tell who gains and who loses."))
@click.argument("province", default="son_la")
@click.option("--treatment", default="vocational_training", show_default=True,
              metavar="vocational_training|job_priority|job_search_help|hiring_subsidy",
              help=_("What the treated are given."))  # fmt: skip
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--shares", default="0,0.25,0.5,0.75,1", show_default=True, callback=_read_shares,
              help=_("Shares of eligible people treated; each district is drawn into one."))  # fmt: skip
@click.option("--start", metavar="2022-01", help=_("First month of the treatment; by default a year after the start."))
@click.option("--months", type=click.IntRange(1), default=12, show_default=True, help=_("Months of the treatment."))
@click.option("--follow", type=click.IntRange(1), default=24, show_default=True,
              help=_("Months for which people are followed, from the first month of the treatment."))  # fmt: skip
@click.option("--replicates", type=click.IntRange(2), default=20, show_default=True,
              help=_("Trials with other lots and random numbers, each beside the same world without it."))  # fmt: skip
@click.option("--scale", callback=read_scale, default="0.05", show_default=True, metavar="1 | 0.1 | 1:10",
              help=_("Simulated persons per person."))  # fmt: skip
@click.option("--until", metavar="2030 | 2030-12",
              help=_("Last month of the period; a trial ends when it has followed."))  # fmt: skip
@click.option("--seed", type=click.IntRange(0), help=_("Seed of every random number."))
@click.option(
    "--set", "settings", multiple=True, callback=read_settings_once, metavar="PATH=VALUE",
    help=_("Change one parameter; may be repeated."),
)
@click.option("--out", type=click.Path(path_type=Path), help=_("Folder of the study; runs found there are kept."))
@click.option("--executor", default="processes", show_default=True, callback=read_executor,
              metavar="serial|threads|processes|dask|dask://HOST:PORT",
              help=_("How runs are spread; the numbers are the same."))  # fmt: skip
@click.option("--workers", type=click.IntRange(1), help=_("Processes or threads; all cores by default."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@click.option("--quiet", is_flag=True, help=_("No progress and no table: only where the files are."))
@language_option
def displacement(
    province: str,
    treatment: str,
    scenario: tuple[str, ...],
    shares: list[float],
    start: str | None,
    months: int,
    follow: int,
    replicates: int,
    scale: float,
    until: str | None,
    seed: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Plan, carry out, compare, draw, write and print."""
    from labsim.config import load
    from labsim.experiment.displacement import carry_out_trial, displacement_of, plan_trial
    from labsim.report.displacement import displacement_view

    given = {"scale": scale, "period.until": until, "seed": seed}
    own = [f"{path}={value}" for path, value in given.items() if value is not None]
    config = load(province, scenario=list(scenario), settings=[*settings, *own])
    plan = plan_trial(
        config, treatment, shares=shares, start=start, months=months, follow=follow, replicates=replicates
    )
    folder = out or Path("labsim-results") / f"displacement-{plan.name}"
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        carried = carry_out_trial(plan, folder, executor=executor, workers=workers, progress=tell)
    if carried.paused or not carried.done:
        report(carried, folder, quiet or as_json)
        return
    found = displacement_of(plan, folder)
    files = _write(found, folder)
    if as_json:
        click.echo(json.dumps(_as_json(found) | {"folder": str(folder)}, allow_nan=False))
    elif not quiet:
        print_parts(*displacement_view(found))
    report(carried, folder, quiet or as_json)
    if not as_json:
        click.echo(str(folder) if quiet else "  " + ", ".join(files))


def _as_json(found: Displacement) -> dict[str, Any]:
    """Return what --json prints, of the last month; a number that is not there (as the share of all) is null."""
    last = found.effects[found.effects["month"] == found.effects["month"].max()]
    rows = [{str(key): plain(value) for key, value in row.items()} for row in last.to_dict("records")]
    return dict(found.about) | {"effects": rows}


def _write(found: Displacement, folder: Path) -> list[str]:
    """Write the tables and the picture into the folder of the study; return their names."""
    from labsim.errors import ResultsError
    from labsim.experiment.store import write_text
    from labsim.report.displacement_figures import displacement_files

    tables = {"displacement.csv": found.effects, "displacement_sums.csv": found.raw}
    pictures = displacement_files(found)
    try:
        for name, table in tables.items():
            write_text(folder / name, table.to_csv(index=False, lineterminator="\n"))
        for name, content in pictures.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=folder, error=error)) from error
    return [*tables, *pictures]
