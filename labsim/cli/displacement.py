"""`labsim displacement`: a trial inside the simulation, and what it did to the treated, their neighbours and others."""

from __future__ import annotations

import json
import math
from pathlib import Path

import rich_click as click

from labsim.cli.common import language_option, print_parts, show_progress
from labsim.cli.many import config_of_many_runs, held_folder, options_of_many_runs, records, save_tables
from labsim.cli.study import report
from labsim.cli.usage import Whole
from labsim.number_text import read_number
from labsim.text import _

__all__ = ["displacement"]

SCALE = 0.05  # of a province, if no other is given


def _read_shares(ctx: click.Context, param: click.Parameter, value: str) -> list[float]:
    """Read shares separated by commas: 0,0.5,1."""
    try:
        shares = [read_number(word, "share") for word in value.split(",")]
    except ValueError:
        shares = [math.nan]
    if not all(0.0 <= share <= 1.0 for share in shares):
        message = _("given {value!r}; allowed numbers from 0 to 1, separated by commas")
        raise click.BadParameter(message.format(value=value), ctx, param)
    return shares


@click.command(help=_("Treat part of the eligible people of some districts, by lot, and tell who gains and who loses."
                      " Each trial is run beside the same world without it, a province at scale 0.05 unless another is"
                      " given."))  # fmt: skip
@click.argument("province", default="son_la")
@click.option("--treatment", default="vocational_training", show_default=True,
              metavar="vocational_training|job_priority|job_search_help|hiring_subsidy",
              help=_("What the treated are given."))  # fmt: skip
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--shares", default="0,0.25,0.5,0.75,1", show_default=True, callback=_read_shares,
              help=_("Shares of eligible people treated; each district is drawn into one."))  # fmt: skip
@click.option("--start", metavar="2022-01", help=_("First month of the treatment; by default a year after the start."))
@click.option("--months", type=Whole(1), default=12, show_default=True, help=_("Months of the treatment."))
@click.option("--follow", type=Whole(1), default=24, show_default=True,
              help=_("Months for which people are followed, from the first month of the treatment."))  # fmt: skip
@options_of_many_runs(replicates=20)
@language_option
def displacement(
    province: str,
    treatment: str,
    scenario: tuple[str, ...],
    shares: list[float],
    start: str | None,
    months: int,
    follow: int,
    scale: float | None,
    until: str | None,
    seed: int | None,
    replicates: int,
    settings: tuple[str, ...],
    out: Path | None,
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Plan, carry out, compare, draw, write and print."""
    from labsim.experiment.displacement import carry_out_trial, displacement_of, plan_trial
    from labsim.report.displacement import displacement_view
    from labsim.report.displacement_figures import displacement_files

    config = config_of_many_runs(
        province, scenario, settings, scale=scale, until=until, seed=seed, usual_scale=SCALE
    )
    plan = plan_trial(
        config, treatment, shares=shares, start=start, months=months, follow=follow, replicates=replicates
    )
    folder = held_folder(out, f"displacement-{plan.name}")
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        carried = carry_out_trial(plan, folder, executor=executor, workers=workers, progress=tell)
    if carried.paused or not carried.done:
        report(carried, folder, quiet or as_json)
        return
    found = displacement_of(plan, folder)
    pictures = displacement_files(found)
    tables = {"displacement": found.effects, "displacement_sums": found.raw}
    save_tables(folder, tables, pictures, found.about)
    if as_json:
        last = found.effects[found.effects["month"] == found.effects["month"].max()]
        told = dict(found.about) | {"effects": records(last), "folder": str(folder)}
        click.echo(json.dumps(told, allow_nan=False))
    elif not quiet:
        print_parts(*displacement_view(found))
    report(carried, folder, quiet or as_json)
    if not as_json:
        click.echo(str(folder) if quiet else "  " + ", ".join([*(f"{name}.csv" for name in tables), *pictures]))
