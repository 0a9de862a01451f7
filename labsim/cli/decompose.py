"""`labsim decompose`: the change of targets and main indicators since the start, split by driver."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

from labsim.cli.common import language_option, print_parts, show_progress
from labsim.cli.many import config_of_many_runs, held_folder, options_of_many_runs, records, save_tables, words_of
from labsim.cli.study import report
from labsim.text import _

__all__ = ["decompose"]

SCALE = 0.01  # of a province, if no other is given: 32 sets of drivers are many runs


@click.command(help=_("Split the change since the start by driver: policies, demography, demand, climate, migration."
                      " All 32 sets of drivers are run, a province at scale 0.01 unless told otherwise."))  # fmt: skip
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--indicators", multiple=True, metavar="NAME,NAME,...",
              help=_("Indicators to take apart besides the targets, in place of the main ones."))  # fmt: skip
@options_of_many_runs(replicates=10)
@language_option
def decompose(
    province: str,
    scenario: tuple[str, ...],
    indicators: tuple[str, ...],
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
    """Plan, carry out, take apart, draw, write and print."""
    from labsim.experiment.decompose import decomposition_of, plan_decomposition, require_indicators
    from labsim.experiment.opened import open_study
    from labsim.experiment.runner import carry_out
    from labsim.report.decomposition import decomposition_view
    from labsim.report.decomposition_figures import decomposition_files

    names = words_of(indicators)
    require_indicators(names)
    config = config_of_many_runs(
        province, scenario, settings, scale=scale, until=until, seed=seed, usual_scale=SCALE
    )
    plan = plan_decomposition(config, replicates)
    folder = held_folder(out, f"decompose-{plan.study.name}")
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        carried = carry_out(plan, folder, executor=executor, workers=workers, progress=tell)
    if carried.paused or not carried.done:
        report(carried, folder, quiet or as_json)
        return
    found = decomposition_of(open_study(folder), names)
    pictures = decomposition_files(found)
    tables = {f"decompose_{name}": table for name, table in found.tables().items()}
    save_tables(folder, tables, pictures, found.about)
    if as_json:
        told = {name: records(table) for name, table in found.tables().items()}
        click.echo(json.dumps(dict(found.about) | told | {"folder": str(folder)}, allow_nan=False))
    elif not quiet:
        print_parts(*decomposition_view(found))
    report(carried, folder, quiet or as_json)
    if not as_json:
        click.echo(str(folder) if quiet else "  " + ", ".join([*(f"{name}.csv" for name in tables), *pictures]))
