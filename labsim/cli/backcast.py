"""`labsim backcast`: run a province from a year that is known, beside what was observed and rules without a model."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

from labsim.cli.common import language_option, print_parts, show_progress
from labsim.cli.many import as_settings, held_folder, options_of_many_runs, records, save_tables
from labsim.cli.study import report
from labsim.cli.usage import Whole
from labsim.text import _

__all__ = ["backcast"]

USUAL_SCALE = 0.01  # a back-cast makes dozens of runs; the error of the figures is wider than the noise of 1:100


@click.command(
    help=_("Start a province in the past, and compare with what was observed, beside two rules without a model.")
)
@click.argument("province", default="son_la")
@click.option("--from", "start", type=Whole(1900, 2100), default=2010, show_default=True, metavar="YEAR",
              help=_("Year at whose end the run starts."))  # fmt: skip
@click.option("--observed", type=click.Path(path_type=Path), metavar="FILE",
              help=_("Figures to compare with, a CSV file with columns indicator, year and value (others as in"
                     " observed.csv); those of the province by default."))  # fmt: skip
@click.option("--scenario", metavar="NAME|FILE", help=_("What is run; by default what starts in that year."))
@click.option("--draws", type=Whole(1), default=48, show_default=True,
              help=_("Runs with parameters drawn, for the bands."))  # fmt: skip
@options_of_many_runs(
    replicates=8, last=("--to", "2016"), about=_("Runs with the declared parameters, whose mean is the forecast.")
)
@language_option
def backcast(
    province: str,
    start: int,
    observed: Path | None,
    scenario: str | None,
    draws: int,
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
    """Run, compare, save and print."""
    from labsim.evidence.backcast import backcast as look_back

    if until is not None and not (until.isdecimal() and len(until) == 4):
        message = _("given {given!r}; allowed a year").format(given=until)
        raise click.BadParameter(message, param_hint="--to")
    if scale is None and not any(text.partition("=")[0].strip() == "scale" for text in settings):
        scale = USUAL_SCALE
    folder = held_folder(out, f"backcast-{Path(province).stem}-{start}")
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        found = look_back(
            province, start=start, until=int(until) if until else None, observed=observed, scenario=scenario,
            draws=draws, replicates=replicates, settings=as_settings(scale, None, seed, settings), folder=folder,
            executor=executor, workers=workers, progress=tell,
        )  # fmt: skip
    if len(found.series):
        from labsim.report.backcast import backcast_view
        from labsim.report.backcast_figures import backcast_files

        tables = {name: getattr(found, name) for name in ("series", "errors", "coverage", "known")}
        about = {**found.about, "left_out": dict(found.left_out)}
        save_tables(folder, tables, backcast_files(found), about)
        if as_json:
            click.echo(json.dumps(about | {name: records(table) for name, table in tables.items()}, allow_nan=False))
        elif not quiet:
            print_parts(*backcast_view(found))
    report(found.carried, folder, as_json)
