"""`labsim run`: simulate, save and print."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import (
    CSV,
    CSV_BOM,
    EXECUTORS,
    XLSX,
    hold,
    language_option,
    plain,
    posterior_option,
    print_parts,
    read_groupings,
    read_scale,
    read_settings_once,
    require_format,
    show_progress,
    table_format_option,
)
from labsim.cli.usage import Whole
from labsim.text import _

if TYPE_CHECKING:
    from labsim.results import Results

__all__ = ["run"]

_RESULTS, _LONGEST = Path("labsim-results"), 100
_JSON_KEYS = (
    "id", "label", "concept", "year", "direction", "target", "value", "low", "high", "chance", "shortfall_persons",
    "shortfall_where_missed", "verdict", "telling_scale", "reading", "otherwise", "otherwise_target", "otherwise_value",
    "otherwise_chance",
)  # fmt: skip


@click.command(help=_("Simulate a province (default son_la) and print the scorecard of its targets."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--scale", callback=read_scale, metavar="1 | 0.1 | 1:10", help=_("Simulated persons per person."))
@click.option("--seed", type=Whole(0), help=_("Seed of every random number."))
@click.option("--replicates", type=Whole(1), help=_("Runs with different random numbers."))
@click.option("--until", metavar="2030 | 2030-12", help=_("Last month simulated."))
@click.option(
    "--set", "settings", multiple=True, callback=read_settings_once, metavar="PATH=VALUE",
    help=_("Change one parameter; may be repeated."),
)
@click.option("--by", multiple=True, callback=read_groupings, metavar="district|sex|age|ethnicity|residence|field",
              help=_("Tell groups of people apart; may be repeated, or separated by commas."))  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help=_("Result folder; an earlier result there is replaced."))
@posterior_option
@click.option("--executor", type=click.Choice(("auto", *EXECUTORS)), default="auto", show_default=True,
              help=_("How replicates run side by side, auto: in processes unless that takes longer; the numbers are"
                     " the same."))  # fmt: skip
@click.option("--workers", type=Whole(1), help=_("Processes or threads; all cores by default."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object; write files only with --out."))
@click.option("--quiet", is_flag=True, help=_("No progress and no table: only where the files are."))
@table_format_option
@language_option
def run(
    province: str,
    scenario: tuple[str, ...],
    scale: float | None,
    seed: int | None,
    replicates: int | None,
    until: str | None,
    settings: tuple[str, ...],
    by: list[str] | None,
    out: Path | None,
    posterior: str,
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
    tables: str,
) -> None:
    """Simulate, save and print."""
    from labsim.config import load
    from labsim.experiment.run import run as simulate
    from labsim.results import require_replaceable

    require_format(tables)
    if as_json and out is None and tables != CSV:
        raise click.UsageError(_("--json writes no files without --out: --format has no place there"))
    if out is not None or not as_json:
        require_replaceable(out if out is not None else _RESULTS / "new")
    config = load(province, scenario=list(scenario), settings=settings)
    if out is not None:
        hold(out)
    if out is not None or not as_json:
        # the picture's library takes a second to load: that second passes while the replicates run
        threading.Thread(target=importlib.import_module, args=("labsim.report.figures",), daemon=True).start()
    with show_progress(hidden=quiet) as tell:
        results = simulate(
            config, seed=seed, scale=scale, replicates=replicates, until=until, by=by, posterior=posterior,
            fixed=[text.partition("=")[0].strip() for text in settings], executor=executor, workers=workers,
            progress=tell,
        )  # fmt: skip
    results.manifest["command"] = shlex.join(["labsim", "run", *sys.argv[2:]])
    folder = out if out is not None or as_json else _free_folder(results)
    if folder is not None:
        _save(results, folder, tables)
    if as_json:
        click.echo(json.dumps(_summary(results), allow_nan=False))
    elif not quiet:
        _show(results)
    if folder is not None and not as_json:
        click.echo(str(folder) if quiet else _list_files(folder))


def _free_folder(results: Results) -> Path:
    """Make the first free folder of today: labsim-results/<province>-<scenario>-<date>-<n>."""
    about = results.manifest
    name = re.sub(r"[^\w+.-]+", "-", f"{about['province']}-{Path(str(about['scenario'])).stem}")
    n = 1
    while True:
        folder = _RESULTS / f"{name[:_LONGEST]}-{about['started'][:10]}-{n}"
        with suppress(FileExistsError):
            folder.mkdir(parents=True)  # at once, so that of two runs which end together each has its own
            return folder
        n += 1


def _save(results: Results, folder: Path, tables: str) -> None:
    from labsim.report.figures import overview_files
    from labsim.spreadsheets import WORKBOOK, workbook_bytes

    files = dict(overview_files(results))
    if tables == XLSX:
        files[WORKBOOK] = workbook_bytes(results.tables(), results.manifest)
    results.save(folder, attachments=files, for_spreadsheets=tables == CSV_BOM)


def _list_files(folder: Path) -> str:
    names = ("overview.png", "scorecard.csv", "monthly.parquet", "manifest.json")
    return _("Files: {folder}\n  {names} and more").format(folder=folder, names=", ".join(names))


def _summary(results: Results) -> dict[str, Any]:
    """Return what --json prints; a number that is not there is null."""
    rows = [{key: plain(row[key]) for key in _JSON_KEYS} for row in results.scorecard.to_dict("records")]
    about = {key: results.manifest[key] for key in ("scenario", "scale", "replicates", "months", "timing")}
    answers = {
        name: [{key: plain(value) for key, value in row.items()} for row in table.to_dict("records")]
        for name, table in results.answers().items()
    }
    drawn = results.manifest["posterior"]
    told = {key: value for key, value in drawn.items() if key != "draws"} if drawn else None
    return about | {"posterior": told, "notes": results.manifest["notes"], "scorecard": rows} | answers


def _show(results: Results) -> None:
    from labsim.notes import notes_in
    from labsim.report.console import scorecard_view
    from labsim.report.noted import notes_view
    from labsim.report.panels import is_reference
    from labsim.report.tables import group_view, ledger_view
    from labsim.report.worlds import world_view

    if is_reference(results):
        groupings = [name for name in results.groupings if name != "field"]
        first = world_view(results)
    else:
        groupings, first = list(results.groupings), scorecard_view(results)
    groups = [part for grouping in groupings for part in group_view(results, grouping)]
    notes = notes_view(notes_in(results.manifest.get("notes", ())))
    print_parts(*first, *notes, *ledger_view(results), *groups)
