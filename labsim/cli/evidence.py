"""`labsim evidence`: what the parameters rest on, what the answers rest on, and what to measure next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import language_option, plain, print_lines, print_parts, show_progress
from labsim.cli.many import as_settings, config_of_many_runs, held_folder, options_of_many_runs, records, save_tables
from labsim.cli.study import report
from labsim.cli.usage import Whole
from labsim.evidence.parts import PRIORS, RANGES
from labsim.text import _

if TYPE_CHECKING:
    from labsim.evidence.shares import Evidence

__all__ = ["evidence"]

_SCALE = 0.01  # luck is split off, so that small runs do
_TABLES = ("ledger", "rows", "shares", "quality", "parameters", "worth")


@click.command(help=_("Print the ledger of evidence: what parameters and answers rest on, and what to measure next."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--ledger", is_flag=True, help=_("Print every parameter with value, unit, range, grade and source."))
@click.option("--samples", type=Whole(0), default=0, show_default=True,
              help=_("Blocks of runs that split the answers' variance: a run a grade and three; 64 do."))  # fmt: skip
@click.option("--target", "targets", multiple=True, metavar="ID | INDICATOR@YEAR",
              help=_("What to split; all targets that can be scored and headline figures by default."))  # fmt: skip
@click.option("--vary", multiple=True, metavar="PATH | SECTION | PATH=LOW:HIGH",
              help=_("Parameters to vary; by default all of the world."))  # fmt: skip
@click.option("--ranges", type=click.Choice(RANGES), default=PRIORS, show_default=True,
              help=_("How far parameters go: as before a calibration, or over their declared ranges."))  # fmt: skip
@click.option("--keep", is_flag=True,
              help=_("Write the shares beside the province's profile, where scorecards find them."))  # fmt: skip
@options_of_many_runs(once=True)
@language_option
def evidence(
    province: str,
    scenario: tuple[str, ...],
    ledger: bool,
    samples: int,
    targets: tuple[str, ...],
    vary: tuple[str, ...],
    ranges: str,
    keep: bool,
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
    """Print the ledger, and what runs say on what the answers rest."""
    from labsim.evidence.shares import evidence as judge

    if not samples and (keep or targets or vary or ranges != PRIORS):
        message = _("--keep, --target, --vary and --ranges are about runs: give --samples, as --samples 64")
        raise click.UsageError(message)
    config = config_of_many_runs(
        province, scenario, settings, scale=scale, until=until, seed=seed, usual_scale=_SCALE
    )
    small = scale if config.province.kind == "reference" else config.scale
    folder = held_folder(out, f"evidence-{'-'.join(Path(word).stem for word in (province, *scenario))}")
    with show_progress(hidden=quiet or not samples, what=_("runs")) as tell:
        found = judge(
            province, scenario=list(scenario), samples=samples, targets=targets, vary=vary, ranges=ranges,
            settings=as_settings(small, until, seed, settings), folder=folder, executor=executor, workers=workers,
            progress=tell,
        )  # fmt: skip
    if found.carried is None or len(found.shares):
        _tell(found, folder, ledger=ledger, keep=keep, as_json=as_json, quiet=quiet)
    if found.carried is not None:
        report(found.carried, folder, as_json or quiet)


def _tell(found: Evidence, folder: Path, *, ledger: bool, keep: bool, as_json: bool, quiet: bool) -> None:
    """Save and print what was found, or what was kept of it earlier."""
    from labsim.evidence.shares_file import keep_shares, kept_shares, kept_worth
    from labsim.report.evidence import evidence_view

    config = found.config
    place = config.province.folder.parent if config.province.folder else None
    if len(found.shares):
        from labsim.report.evidence_figures import evidence_files

        tables = {name: getattr(found, name) for name in _TABLES}
        save_tables(folder, tables, evidence_files(found), dict(found.about))
        if keep:
            kept_in = keep_shares(found)
            if not (quiet or as_json):
                click.echo(_("Kept in {file}").format(file=kept_in), err=True)
    # read last, so that a damaged file can be replaced
    kept, worth = kept_shares(config.province.id, place), kept_worth(config.province.id, place)
    if as_json:
        click.echo(json.dumps(_as_json(found, kept), allow_nan=False, default=str))
        return
    if quiet:
        return
    print_parts(*evidence_view(found, kept, worth))
    if ledger:
        _print_ledger(found)


def _print_ledger(found: Evidence) -> None:
    from labsim.experiment.parameters import evidence_in_use
    from labsim.report.listings import parameter_lines

    used = evidence_in_use(found.config)
    print_lines(lambda width: parameter_lines(used, {one.path: one.value for one in used}, width))


def _as_json(found: Evidence, kept: Any) -> dict[str, Any]:
    """Return what --json prints: every table, and the shares kept earlier where nothing was simulated."""
    tables = {name: records(getattr(found, name)) for name in _TABLES}
    about = {key: plain(value) for key, value in found.about.items()}
    return {"province": found.config.province.id, "about": about, **tables, "kept": records(kept)}
