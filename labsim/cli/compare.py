"""`labsim compare`: scenarios on the same people with the same luck, what differs, what it costs, and what ranks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import (
    CSV_BOM,
    XLSX,
    language_option,
    posterior_option,
    print_parts,
    require_format,
    show_progress,
    table_format_option,
)
from labsim.cli.many import held_folder, options_of_many_runs, records, save_files
from labsim.cli.study import report
from labsim.text import _
from labsim.text_files import is_yaml_file

if TYPE_CHECKING:
    from labsim.experiment.compare import Comparison
    from labsim.experiment.study import Study

__all__ = ["compare"]



@click.command(help=_("Compare scenarios with the first of them on the same people with the same luck."))
@click.argument("province", default="son_la", metavar="[PROVINCE|STUDY]")
@click.option("--scenarios", metavar="NAME,NAME,...",
              help=_("Names or files of scenarios, separated by commas; the first is the base."))  # fmt: skip
@click.option("--provinces", metavar="NAME,NAME,...", help=_("Provinces in which the scenarios are compared."))
@posterior_option
@options_of_many_runs(about=_("Runs of each scenario with different random numbers."))
@table_format_option
@language_option
def compare(
    province: str,
    scenarios: str | None,
    provinces: str | None,
    posterior: str,
    replicates: int | None,
    scale: float | None,
    until: str | None,
    seed: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
    tables: str,
) -> None:
    """Plan, carry out, compare, draw, write and print."""
    from labsim.experiment.compare import comparison_of, plan_comparison
    from labsim.experiment.opened import open_study
    from labsim.experiment.runner import carry_out
    from labsim.report.comparison import comparison_view

    require_format(tables)
    given = {"replicates": replicates, "scale": scale, "until": until, "seed": seed, "settings": _read(settings)}
    study = _study(province, scenarios, provinces, {key: value for key, value in given.items() if value is not None})
    plan = plan_comparison(study, posterior=posterior)
    folder = held_folder(out, f"compare-{study.name}")
    with show_progress(hidden=quiet, what=_("runs")) as tell:
        carried = carry_out(plan, folder, executor=executor, workers=workers, progress=tell)
    if carried.paused or not carried.done:
        report(carried, folder, quiet or as_json)
        return
    found = comparison_of(open_study(folder))
    files = _write(found, folder, tables)
    if as_json:
        click.echo(json.dumps(_as_json(found) | {"folder": str(folder)}, allow_nan=False))
    elif not quiet:
        print_parts(*comparison_view(found))
    report(carried, folder, quiet or as_json)
    if quiet and not as_json:
        click.echo(str(folder))
    elif not as_json:
        click.echo("  " + ", ".join(files))


def _study(province: str, scenarios: str | None, provinces: str | None, given: Mapping[str, Any]) -> Study:
    """Return the study that names of scenarios describe, or that of a `study.yaml` or its folder."""
    from labsim.experiment.compare import study_of
    from labsim.experiment.study import read_study

    is_study = (Path(province) / "study.yaml").is_file() or (is_yaml_file(province) and _is_study(Path(province)))
    if not is_study:
        if scenarios is None or not _split(scenarios):
            raise click.UsageError(_("name the scenarios: --scenarios baseline,more_seats (the first is the base)"))
        return study_of(province, _split(scenarios), provinces=_split(provinces or ""), **given)
    for option, value in (("--scenarios", scenarios), ("--provinces", provinces)):
        if value is not None:
            message = _("{option} is not taken beside a study, which names its own")
            raise click.UsageError(message.format(option=option))
    study = read_study(province)
    settings = study.settings | given["settings"]
    return study.model_copy(update={**given, "settings": settings})


def _is_study(path: Path) -> bool:
    """Say whether a file is a study; a profile or scenario is taken as a province is."""
    from labsim.gate.kinds import Kind, recognised

    return not path.is_file() or recognised(path).kind is Kind.STUDY


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _read(settings: tuple[str, ...]) -> dict[str, Any]:
    """Return what `--set` says, by path."""
    from labsim.errors import ConfigError
    from labsim.overlay import read_settings

    found, problems = read_settings(settings)
    if problems:
        raise ConfigError(problems)
    return {".".join(path): value for path, value in found}


def _write(found: Comparison, folder: Path, tables: str) -> list[str]:
    """Write tables and pictures into the folder of the study; return their names."""
    from labsim.report.comparison_figures import comparison_files
    from labsim.spreadsheets import WORKBOOK, csv_bytes, workbook_bytes

    files = {}
    for name, table in found.tables().items():
        file = "compare.csv" if name == "differences" else f"compare_{name}.csv"
        files[file] = csv_bytes(table, for_spreadsheets=tables == CSV_BOM)
    if tables == XLSX:
        files[WORKBOOK] = workbook_bytes(found.tables(), found.about)
    text = json.dumps(_as_json(found), indent=1, ensure_ascii=False, allow_nan=False)
    files |= {"compare.json": text.encode("utf-8")} | comparison_files(found)
    save_files(folder, files)
    return list(files)


def _as_json(found: Comparison) -> dict[str, Any]:
    """Return what --json prints; a number that is not there is null."""
    tables = {name: table for name, table in found.tables().items() if name != "paths"}
    return dict(found.about) | {name: records(table) for name, table in tables.items()}
