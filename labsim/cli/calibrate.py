"""`labsim calibrate`: which parameters the observed figures leave, as draws that runs take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rich_click as click
from click import get_current_context
from click.core import ParameterSource

from labsim.cli.common import language_option, print_parts, show_progress
from labsim.cli.many import as_settings, held_folder, options_of_many_runs, read_grades, save_files
from labsim.cli.study import report
from labsim.cli.usage import Whole
from labsim.text import _

__all__ = ["calibrate"]


@click.command(help=_(
    "Find the parameters of a province (default son_la) that its observed figures do not rule out, and write draws of "
    "them that run, compare and ask take."
))  # fmt: skip
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--vary", multiple=True, metavar="PATH | SECTION | PATH=LOW:HIGH",
              help=_("Parameters of the world to calibrate; by default all of the grades asked for."))  # fmt: skip
@click.option("--grade", "grades", multiple=True, default=("C,D",), show_default=True, callback=read_grades,
              metavar="A|B|C|D", help=_("Only parameters of these grades of evidence."))  # fmt: skip
@click.option("--samples", type=Whole(20), default=160, show_default=True, help=_("Points of each wave."))
@click.option("--waves", type=Whole(1), default=2, show_default=True,
              help=_("Waves of runs, each in what those before it left."))  # fmt: skip
@click.option("--draws", type=Whole(1), default=200, show_default=True, help=_("Draws to write."))
@click.option("--top", type=Whole(1), default=16, show_default=True,
              help=_("Parameters that an emulator takes at most."))  # fmt: skip
@click.option("--ship", is_flag=True, help=_("Write the draws beside the observed figures too, where runs find them."))
@click.option("--check", is_flag=True, help=_("Run nothing: show the shipped draws, and whether they are stale."))
@options_of_many_runs(once=True)
@language_option
def calibrate(
    province: str,
    scenario: tuple[str, ...],
    vary: tuple[str, ...],
    grades: list[str],
    samples: int,
    waves: int,
    draws: int,
    top: int,
    ship: bool,
    check: bool,
    scale: float | None,
    until: str | None,
    seed: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the waves, weigh, write and print; or show what is shipped."""
    if check:
        _refuse_what_does_nothing()
        _check(province, as_json, quiet)
        return
    from labsim.evidence.calibrate import calibrate as carry_through
    from labsim.evidence.posterior_file import home_of, posterior_files

    folder = held_folder(out, f"calibrate-{Path(province).stem}")
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        found = carry_through(
            province, scenario=list(scenario), vary=vary, grades=grades, samples=samples, waves=waves, draws=draws,
            top=top, scale=scale, until=until, settings=as_settings(None, None, seed, settings), folder=folder,
            executor=executor, workers=workers, progress=tell,
        )  # fmt: skip
    if len(found.draws):
        files = posterior_files(found)
        homes = [folder, home_of(found.base)] if ship else [folder]
        for home in homes:
            save_files(home, files)
        about = json.loads(files["posterior.json"])
        _show(about, as_json, quiet)
        if not as_json:
            click.echo("\n".join(str(home / "posterior.csv") for home in homes))
    report(found.carried, folder, True)


def _refuse_what_does_nothing() -> None:
    """Refuse options that say how to calibrate, where nothing is calibrated. Raises UsageError."""
    context = get_current_context()
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in ("province", "check", "as_json", "quiet", "lang"):
            raise click.UsageError(_("--check runs nothing: {option} has no place there").format(option=option.opts[0]))


def _check(province: str, as_json: bool, quiet: bool) -> None:
    """Show a shipped posterior; leave with 1 where it is stale."""
    from labsim.config import load
    from labsim.errors import ResultsError
    from labsim.experiment.posterior import SHIPPED, posterior_for, stale

    config = load(province)
    posterior = posterior_for(config, SHIPPED)
    if posterior is None or not posterior.about:
        message = _("{province} ships no posterior; `labsim calibrate {province} --ship` makes one")
        raise ResultsError(message.format(province=province))
    changed = stale(posterior, config)
    try:
        _show({**posterior.about, "stale": changed}, as_json, quiet)
    except (KeyError, TypeError) as error:
        message = _("{file} is no description of a posterior").format(file=posterior.file.with_suffix(".json"))
        raise ResultsError(message) from error
    if changed:
        raise SystemExit(1)


def _show(about: Mapping[str, Any], as_json: bool, quiet: bool) -> None:
    from labsim.report.calibration import calibration_view

    if as_json:
        click.echo(json.dumps(about, allow_nan=False))
    elif not quiet:
        print_parts(*calibration_view(about))
