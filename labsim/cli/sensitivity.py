"""`labsim sensitivity`: which parameters an answer rests on, and how well they are known."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

from labsim.cli.common import language_option, print_parts, show_progress
from labsim.cli.many import as_settings, held_folder, options_of_many_runs, read_grades, records, save_tables
from labsim.cli.study import report
from labsim.cli.usage import Whole
from labsim.text import _

__all__ = ["sensitivity"]


@click.command(help=_("Screen all parameters in use, and split an answer's variance among those that matter."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--target", "targets", multiple=True, metavar="ID | INDICATOR@YEAR",
              help=_("What to explain; all targets that can be scored by default; may be repeated."))  # fmt: skip
@click.option("--vary", multiple=True, metavar="PATH | SECTION | PATH=LOW:HIGH",
              help=_("Parameters to vary; all in use, over their declared ranges, by default."))  # fmt: skip
@click.option("--grade", "grades", multiple=True, callback=read_grades, metavar="A|B|C|D",
              help=_("Only parameters of these grades of evidence."))  # fmt: skip
@click.option("--screen", "screening", type=Whole(1), default=12, show_default=True,
              help=_("Trajectories of the screening, each of a point more than parameters."))  # fmt: skip
@click.option("--samples", type=Whole(1), default=128, show_default=True,
              help=_("Points that the emulator learns from; with --direct the base points."))  # fmt: skip
@click.option("--top", type=Whole(1), default=8, show_default=True,
              help=_("How many parameters the variance is split among."))  # fmt: skip
@click.option(
    "--direct", is_flag=True, help=_("Indices of the simulator, not of an emulator: many more runs.")
)
@options_of_many_runs(replicates=2)
@language_option
def sensitivity(
    province: str,
    scenario: tuple[str, ...],
    targets: tuple[str, ...],
    vary: tuple[str, ...],
    grades: list[str],
    screening: int,
    samples: int,
    top: int,
    direct: bool,
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
    """Screen, split, save and print."""
    from labsim.experiment.sensitivity import sensitivity as analyse

    name = "-".join(Path(word).stem for word in (province, *scenario))
    folder = held_folder(out, f"sensitivity-{name}")
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        found = analyse(
            province, scenario=list(scenario), targets=targets, vary=vary, grades=grades, screening=screening,
            samples=samples, top=top, direct=direct, replicates=replicates,
            settings=as_settings(scale, until, seed, settings), folder=folder, executor=executor, workers=workers,
            progress=tell,
        )  # fmt: skip
    if len(found.screening) and not found.carried.paused:
        from labsim.report.sensitivity import sensitivity_view
        from labsim.report.sensitivity_figures import sensitivity_files

        tables = {name: getattr(found, name) for name in ("screening", "indices", "grades", "quality")}
        about = {**found.about, "targets": [one.id for one in found.targets], "left_out": dict(found.left_out)}
        save_tables(folder, tables, sensitivity_files(found), about)
        if as_json:
            click.echo(json.dumps(about | {name: records(table) for name, table in tables.items()}, allow_nan=False))
        elif not quiet:
            print_parts(*sensitivity_view(found))
    report(found.carried, folder, as_json)
