"""`labsim robust`: policies across draws of uncertain parameters, their regret, and where they fail."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import rich_click as click

from labsim.cli.common import language_option, plain, print_parts, show_progress
from labsim.cli.many import as_settings, held_folder, options_of_many_runs, read_grades, records, save_tables, words_of
from labsim.cli.study import report
from labsim.cli.usage import Whole
from labsim.text import _

__all__ = ["robust"]


@click.command(help=_("Compare scenarios over draws of uncertain parameters: spread, regret, and where each fails."))
@click.argument("province", default="son_la")
@click.option("--scenarios", multiple=True, required=True, metavar="NAME,NAME,...",
              help=_("Names or files of scenarios, separated by commas; + lays one upon another."))  # fmt: skip
@click.option("--draws", type=Whole(1), default=100, show_default=True,
              help=_("Points of the Latin hypercube over the parameters."))  # fmt: skip
@click.option("--target", "targets", multiple=True, metavar="ID | INDICATOR@YEAR>=LIMIT",
              help=_("What to judge by; all targets that can be scored by default; may be repeated."))  # fmt: skip
@click.option("--vary", multiple=True, metavar="PATH | SECTION | PATH=LOW:HIGH",
              help=_("Parameters of the world to draw; all in use by default, over declared ranges."))  # fmt: skip
@click.option("--grade", "grades", multiple=True, callback=read_grades, metavar="A|B|C|D",
              help=_("Only parameters of these grades of evidence."))  # fmt: skip
@options_of_many_runs(replicates=2)
@language_option
def robust(
    province: str,
    scenarios: tuple[str, ...],
    draws: int,
    targets: tuple[str, ...],
    vary: tuple[str, ...],
    grades: list[str],
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
    """Draw, run, judge, save and print."""
    from labsim.experiment.robust import robust as judge

    names = words_of(scenarios)
    folder = held_folder(out, f"robust-{Path(province).stem}-{'-'.join(Path(one).stem for one in names)}")
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        found = judge(
            province, scenarios=names, draws=draws, targets=targets, vary=vary, grades=grades, replicates=replicates,
            settings=as_settings(scale, until, seed, settings), folder=folder, executor=executor, workers=workers,
            progress=tell,
        )  # fmt: skip
    if len(found.scores) and not found.carried.paused:
        from labsim.report.robust import robust_view
        from labsim.report.robust_figures import robust_files

        boxes = [
            {"target": target, "scenario": scenario, **{key: plain(value) for key, value in asdict(box).items()}}
            for (target, scenario), box in found.boxes.items()
        ]
        tables = {name: getattr(found, name) for name in ("scores", "pairs", "values", "draws")}
        noise = {name: plain(value) for name, value in found.noise.items()}
        about = {**found.about, "scenarios": names, "left_out": dict(found.left_out), "noise": noise, "boxes": boxes}
        save_tables(folder, tables, robust_files(found), about)
        if as_json:
            rows = {name: records(tables[name]) for name in ("scores", "pairs")}
            click.echo(json.dumps(about | rows, allow_nan=False))
        elif not quiet:
            print_parts(*robust_view(found))
    report(found.carried, folder, as_json)
