"""`labsim decompose`: the change of targets and main indicators since the start, split by driver."""

from __future__ import annotations

import json
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
    from labsim.experiment.decompose import Decomposition

__all__ = ["decompose"]


@click.command(help=_("Split the change since the start by driver: policies, demography, demand, climate, migration."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--indicators", metavar="NAME,NAME,...",
              help=_("Indicators to take apart besides the targets, in place of the main ones."))  # fmt: skip
@click.option("--replicates", type=click.IntRange(2), default=10, show_default=True,
              help=_("Runs of every set of drivers (there are 32) with different random numbers."))  # fmt: skip
@click.option("--scale", callback=read_scale, default="0.01", show_default=True, metavar="1 | 0.1 | 1:10",
              help=_("Simulated persons per person."))  # fmt: skip
@click.option("--until", metavar="2030 | 2030-12", help=_("Last month simulated."))
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
def decompose(
    province: str,
    scenario: tuple[str, ...],
    indicators: str | None,
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
    """Plan, carry out, take apart, draw, write and print."""
    from labsim.config import load
    from labsim.experiment.decompose import decomposition_of, plan_decomposition, require_indicators
    from labsim.experiment.opened import open_study
    from labsim.experiment.runner import carry_out
    from labsim.report.decomposition import decomposition_view

    names = [name.strip() for name in (indicators or "").split(",") if name.strip()]
    require_indicators(names)
    given = {"scale": scale, "period.until": until, "seed": seed}
    own = [f"{path}={value}" for path, value in given.items() if value is not None]
    config = load(province, scenario=list(scenario), settings=[*settings, *own])
    plan = plan_decomposition(config, replicates)
    folder = out or Path("labsim-results") / f"decompose-{plan.study.name}"
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        carried = carry_out(plan, folder, executor=executor, workers=workers, progress=tell)
    if carried.paused or not carried.done:
        report(carried, folder, quiet or as_json)
        return
    found = decomposition_of(open_study(folder), names)
    files = _write(found, folder)
    if as_json:
        click.echo(json.dumps(_as_json(found) | {"folder": str(folder)}, allow_nan=False))
    elif not quiet:
        print_parts(*decomposition_view(found))
    report(carried, folder, quiet or as_json)
    if not as_json:
        click.echo(str(folder) if quiet else "  " + ", ".join(files))


def _as_json(found: Decomposition) -> dict[str, Any]:
    """Return what --json prints; a number that is not there is null."""
    return dict(found.about) | {
        name: [{str(key): plain(value) for key, value in row.items()} for row in table.to_dict("records")]
        for name, table in found.tables().items()
    }


def _write(found: Decomposition, folder: Path) -> list[str]:
    """Write tables and the picture into the folder of the study; return their names."""
    from labsim.errors import ResultsError
    from labsim.experiment.store import write_text
    from labsim.report.decomposition_figures import decomposition_files

    texts = {f"decompose_{name}.csv": table.to_csv(index=False, lineterminator="\n")
             for name, table in found.tables().items()}  # fmt: skip
    pictures = decomposition_files(found)
    try:
        for name, text in texts.items():
            write_text(folder / name, text)
        for name, content in pictures.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=folder, error=error)) from error
    return [*texts, *pictures]
