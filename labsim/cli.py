"""The command line: `labsim run`, `schedule`, `levers`, `params`, `check`. Heavy imports stay inside the commands."""

from __future__ import annotations

import importlib
import io
import json
import math
import os
import re
import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.errors import ConfigError, LabsimError
from labsim.text import LANGUAGES, _, use_language

if TYPE_CHECKING:
    from labsim.experiment.run import Progress
    from labsim.results import Results

__all__ = ["cli", "main"]

PLAIN_WIDTH = 100  # of what goes into a file or a pipe
NARROWEST = 80  # below that a table would break its words
_EXECUTORS = ("serial", "threads", "processes")
_JSON_KEYS = (
    "id", "label", "concept", "year", "direction", "target", "value", "low", "high", "chance", "shortfall_persons",
)  # fmt: skip


def _scale(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read a scale: 1, 0.1 or 1:10."""
    if value is None:
        return None
    try:
        part, _colon, whole = value.partition(":")
        scale = float(part) / float(whole or 1)
    except (ValueError, ZeroDivisionError):
        scale = math.nan
    if not 0 < scale <= 1:
        message = _("given {value!r}; allowed 1, 0.1 or 1:10, more than 0 and at most 1")
        raise click.BadParameter(message.format(value=value), ctx, param)
    return scale


def _groupings(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> list[str] | None:
    """Read groupings: repeated, or separated by commas."""
    from labsim.profile import GROUPINGS, unknown_grouping

    names = [name.strip() for text in value for name in text.split(",") if name.strip()]
    for name in names:
        if name not in GROUPINGS:
            raise click.BadParameter(unknown_grouping(name), ctx, param)
    return names or None


class _Commands(click.RichGroup):
    """Commands that print what a user can put right without a traceback, and exit with code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors of labsim go to stderr."""
        try:
            return super().invoke(ctx)
        except LabsimError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo(_("interrupted; nothing was written"), err=True)
            ctx.exit(130)


def _speak(_ctx: click.Context, _param: click.Parameter, language: str | None) -> None:
    if language:
        use_language(language)


def _language(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        is_eager=True,
        expose_value=False,
        callback=_speak,
        help=_("Language of tables and messages."),
    )(command)


@click.group(
    cls=_Commands, help=_("Simulate the working people of a province and score the targets of its resolution.")
)
@click.version_option(package_name="labsim")
def cli() -> None:
    """Hold the commands."""


@cli.command(help=_("Simulate a province (default son_la) and print the scorecard of its targets."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--scale", callback=_scale, metavar="1 | 0.1 | 1:10", help=_("Simulated persons per person."))
@click.option("--seed", type=click.IntRange(0), help=_("Seed of every random number."))
@click.option("--replicates", type=click.IntRange(1), help=_("Runs with different random numbers."))
@click.option("--until", metavar="2030 | 2030-12", help=_("Last month simulated."))
@click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE", help=_("Change one parameter; may be repeated.")
)
@click.option("--by", multiple=True, callback=_groupings, metavar="district|sex|age|ethnicity|residence|field",
              help=_("Tell groups of people apart; may be repeated, or separated by commas."))  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help=_("Result folder; an earlier result there is replaced."))
@click.option("--executor", type=click.Choice(_EXECUTORS), default="processes", show_default=True,
              help=_("How replicates run side by side; the numbers are the same."))  # fmt: skip
@click.option("--workers", type=click.IntRange(1), help=_("Processes or threads; all cores by default."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object; write files only with --out."))
@click.option("--quiet", is_flag=True, help=_("No progress and no table: only where the files are."))
@_language
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
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate, save and print."""
    from labsim.config import load
    from labsim.experiment.run import run as simulate
    from labsim.results import require_replaceable

    if out is not None:
        require_replaceable(out)
    config = load(province, scenario=list(scenario), settings=settings)
    if out is not None or not as_json:
        # the picture's library takes a second to load: that second passes while the replicates run
        threading.Thread(target=importlib.import_module, args=("labsim.report.figures",), daemon=True).start()
    with _progress(hidden=quiet) as tell:
        results = simulate(
            config, seed=seed, scale=scale, replicates=replicates, until=until, by=by, executor=executor,
            workers=workers, progress=tell,
        )  # fmt: skip
    results.manifest["command"] = shlex.join(["labsim", "run", *sys.argv[2:]])
    folder = out if out is not None or as_json else _free_folder(results)
    if folder is not None:
        _save(results, folder)
    if as_json:
        click.echo(json.dumps(_summary(results), allow_nan=False))
    elif not quiet:
        _show(results)
    if folder is not None and not as_json:
        click.echo(str(folder) if quiet else _list_files(folder))


@cli.command(help=_("Print the month: the processes in order, what each does, reads and writes."))
@click.argument("province", required=False)
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@_language
def schedule(province: str | None, scenario: tuple[str, ...]) -> None:
    """Print the schedule; of a province, also what is switched off there and which policies act."""
    from labsim.report.listings import schedule_lines
    from labsim.schedule import MONTH

    if province is None:
        _print_lines(lambda width: schedule_lines(MONTH, width))
        return
    from labsim.config import load
    from labsim.schedule import of_month

    config = load(province, scenario=list(scenario))
    running = of_month(config.switched_off)
    policies = {name: policy.levers_named() for name, policy in sorted(config.policies.items())}
    _print_lines(lambda width: schedule_lines(MONTH, width, running=running, policies=policies))


@cli.command(help=_("Print every lever: what it means, which policies write it and which processes read it."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@_language
def levers(province: str, scenario: tuple[str, ...]) -> None:
    """Print the levers, with the policies built in and those of a scenario."""
    from labsim.config import load
    from labsim.levers import LEVERS
    from labsim.policies import BUILT_IN
    from labsim.report.listings import lever_lines
    from labsim.schedule import MONTH

    here = load(province, scenario=list(scenario)).policies
    known = {**BUILT_IN, **{name: type(policy) for name, policy in here.items()}}
    named = {name: policy.levers_named() for name, policy in sorted(known.items())}
    _print_lines(lambda width: lever_lines(LEVERS, MONTH, named, width))


@cli.command(help=_("Print every parameter with its value, unit, range, grade and source."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--grade", type=click.Choice(("A", "B", "C", "D")), help=_("Only parameters of this grade of evidence."))
@click.option("--json", "as_json", is_flag=True, help=_("Print a JSON list."))
@_language
def params(province: str, scenario: tuple[str, ...], grade: str | None, as_json: bool) -> None:
    """Print the parameters."""
    from labsim.config import load
    from labsim.experiment.parameters import evidence_in_use
    from labsim.quantity import describe

    config = load(province, scenario=list(scenario))
    evidence = evidence_in_use(config)
    owners = [("", type(config)), *((f"policies.{name}.", type(policy)) for name, policy in config.policies.items())]
    defaults = {info.path: info.default for prefix, owner in owners for info in describe(owner, prefix)}
    if as_json:
        chosen = [one for one in evidence if grade in (None, one.grade)]
        facts = [asdict(one) | {"default": defaults.get(one.path)} for one in chosen]
        click.echo(json.dumps(facts, default=str, indent=1))
        return
    from labsim.report.listings import parameter_lines

    about = {name: _first_line(section) for name, section in type(config).sections().items()}
    about |= {f"policies.{name}": _first_line(type(policy)) for name, policy in config.policies.items()}
    _print_lines(lambda width: parameter_lines(evidence, defaults, width, about=about, grade=grade))


def _first_line(owner: type) -> str:
    return " ".join((owner.__doc__ or "").split("\n\n")[0].split())


@cli.command(help=_("Check a profile, scenario or targets file; print every problem at once."))
@click.argument("file", type=click.Path(path_type=Path))
@_language
def check(file: Path) -> None:
    """Check a file."""
    if file.name == "targets.yaml":
        from labsim.targets import load_targets

        click.echo(_("{file}: {n} targets, no problems").format(file=file, n=len(load_targets(file))))
        return
    from labsim.config import load
    from labsim.config_files import ProvinceNeeded

    try:
        config = load(file)
    except ProvinceNeeded:
        from labsim.config import check as problems_of_file

        problems = problems_of_file(file)
        if problems:
            raise ConfigError(problems) from None
        click.echo(_("{file}: no problems in any province").format(file=file))
        return
    click.echo(_("{file}: no problems").format(file=file))
    for change in config.changes:
        click.echo(f"  {change}")


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # an old Windows code page has no Vietnamese letters: better a "?" than a traceback
            stream.reconfigure(errors="replace")
    cli(prog_name="labsim")


@contextmanager
def _progress(hidden: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show replicates done and time left on stderr; messages alone where stderr is no terminal."""
    if hidden:
        yield None
        return
    if not sys.stderr.isatty():
        yield lambda event: click.echo(event.message, err=True) if event.message else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn(_("left")), TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_("replicates"), total=None)

        def tell(event: Progress) -> None:
            if event.message:
                bar.console.print(event.message, highlight=False)
            bar.update(task, completed=event.done, total=event.total)

        yield tell


def _free_folder(results: Results) -> Path:
    """Return the first free folder of today: labsim-results/<province>-<scenario>-<date>-<n>."""
    about = results.manifest
    name = re.sub(r"[^\w+.-]+", "-", f"{about['province']}-{Path(str(about['scenario'])).stem}")
    n = 1
    while True:
        folder = Path("labsim-results") / f"{name}-{about['started'][:10]}-{n}"
        if not folder.exists():
            return folder
        n += 1


def _save(results: Results, folder: Path) -> None:
    from labsim.report.figures import overview_files

    results.save(folder, attachments=overview_files(results))


def _list_files(folder: Path) -> str:
    names = ("overview.png", "scorecard.csv", "monthly.parquet", "manifest.json")
    return _("Files: {folder}\n  {names} and more").format(folder=folder, names=", ".join(names))


def _summary(results: Results) -> dict[str, Any]:
    """Return what --json prints; a number that is not there is null."""
    rows = [{key: _plain(row[key]) for key in _JSON_KEYS} for row in results.scorecard.to_dict("records")]
    about = {key: results.manifest[key] for key in ("scenario", "scale", "replicates", "months", "timing")}
    answers = {
        name: [{key: _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
        for name, table in results.answers().items()
    }
    return about | {"scorecard": rows} | answers


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _show(results: Results) -> None:
    from labsim.report.console import scorecard_view
    from labsim.report.panels import is_reference
    from labsim.report.tables import group_view, ledger_view
    from labsim.report.worlds import world_view

    if is_reference(results):
        groupings = [name for name in results.groupings if name != "field"]
        first = world_view(results)
    else:
        groupings, first = list(results.groupings), scorecard_view(results)
    groups = [part for grouping in groupings for part in group_view(results, grouping)]
    _print(*first, *ledger_view(results), *groups)


def _print(*parts: Any) -> None:
    from rich.console import Console

    if sys.stdout.isatty():
        console = Console(highlight=False, width=_width())
        for part in parts:
            console.print(part)
        return
    console = Console(file=io.StringIO(), width=_width(), highlight=False, color_system=None)
    with console.capture() as plain:
        for part in parts:
            console.print(part)
    click.echo("\n".join(line.rstrip() for line in plain.get().splitlines()))


def _print_lines(lines: Callable[[int], Iterable[Any]]) -> None:
    _print(*lines(_width()))


def _width() -> int:
    """Return the columns to fill: those of the terminal, or of COLUMNS, at most 100."""
    asked = os.environ.get("COLUMNS", "")
    if not sys.stdout.isatty() and not asked.isdecimal():
        return PLAIN_WIDTH
    return max(NARROWEST, min(shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns, PLAIN_WIDTH))
