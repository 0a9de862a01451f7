"""Options that commands share which make many runs of their own and keep them in one folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import hold, plain, read_executor, read_scale, read_settings_once
from labsim.cli.usage import Whole
from labsim.text import _

if TYPE_CHECKING:
    import pandas as pd

    from labsim.config import Config

__all__ = [
    "as_settings",
    "config_of_many_runs",
    "held_folder",
    "options_of_many_runs",
    "read_grades",
    "records",
    "save_files",
    "save_tables",
    "usual_folder",
    "words_of",
]

Command = Callable[..., None]
_LONGEST = 100  # letters of a folder's name


def options_of_many_runs(
    replicates: int | None = None,
    *,
    least: int = 1,
    about: str = "",
    last: tuple[str, str] = ("--until", "2030 | 2030-12"),
    once: bool = False,
) -> Callable[[Command], Command]:
    """Add the options of a command that runs many points.

    `replicates` is the default of `--replicates` (None: the study's), `least` the fewest allowed, `about` its help; a
    command that runs each point `once` has no such option. `last` is what the option is called that says where a run
    ends, and what it takes.
    """
    options = [
        click.option("--scale", callback=read_scale, metavar="1 | 0.1 | 1:10", help=_("Simulated persons per person.")),
        click.option(last[0], "until", metavar=last[1], help=_("Last month simulated.")),
        click.option("--seed", type=Whole(0), help=_("Seed of every random number.")),
        click.option("--replicates", type=Whole(least), default=replicates,
                     show_default=replicates is not None,
                     help=about or _("Runs of each point with different random numbers.")),
        click.option("--set", "settings", multiple=True, callback=read_settings_once, metavar="PATH=VALUE",
                     help=_("Change one parameter; may be repeated.")),
        click.option("--out", type=click.Path(path_type=Path),
                     help=_("Folder of the study; runs found there are kept.")),
        click.option("--executor", default="auto", show_default=True, callback=read_executor,
                     metavar="auto|serial|threads|processes|dask|dask://HOST:PORT",
                     help=_("How runs are spread; the numbers are the same.")),
        click.option("--workers", type=Whole(1), help=_("Processes or threads; all cores by default.")),
        click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object.")),
        click.option("--quiet", is_flag=True, help=_("No progress and no table: only where the files are.")),
    ]  # fmt: skip
    if once:
        del options[3]

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def as_settings(scale: float | None, until: str | None, seed: int | None, settings: Sequence[str]) -> list[str]:
    """Return what was asked for as settings of a configuration."""
    given = (("scale", scale), ("period.until", until), ("seed", seed))
    return [*(f"{name}={value}" for name, value in given if value is not None), *settings]


def config_of_many_runs(
    province: str,
    scenario: Sequence[str],
    settings: Sequence[str],
    *,
    scale: float | None,
    until: str | None,
    seed: int | None,
    usual_scale: float,
) -> Config:
    """Return the configuration asked for; a province for which no scale is given has the usual one of the command."""
    from labsim.config import load

    config = load(province, scenario=list(scenario), settings=as_settings(scale, until, seed, settings))
    if scale is not None or config.province.kind == "reference":
        return config
    return load(province, scenario=list(scenario), settings=as_settings(usual_scale, until, seed, settings))


def held_folder(out: Path | None, usual: str) -> Path:
    """Return the folder that a command was given, or its usual one, held for writing until the command ends."""
    folder = out or usual_folder(usual)
    hold(folder)
    return folder


def usual_folder(name: str) -> Path:
    """Return the folder of a study for which none was given; a name too long for a file system is cut."""
    return Path("labsim-results") / name[:_LONGEST].rstrip("-")


def read_grades(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> list[str]:
    """Read grades of evidence: repeated, or separated by commas."""
    from labsim.quantity import GRADES

    grades = [grade.upper() for grade in words_of(value)]
    for grade in grades:
        if grade not in GRADES:
            message = _("given {given!r}; allowed {allowed}")
            raise click.BadParameter(message.format(given=grade, allowed=", ".join(GRADES)), ctx, param)
    return grades


def words_of(texts: Sequence[str]) -> list[str]:
    """Return words that were given one by one or separated by commas."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as JSON writes it."""
    return [{str(key): plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def save_tables(folder: Path, tables: Mapping[str, pd.DataFrame], pictures: Mapping[str, bytes], about: Any) -> None:
    """Write tables as CSV and pictures beside the runs, and about.json with what they belong to."""
    texts = {f"{name}.csv": frame.to_csv(index=False, lineterminator="\n") for name, frame in tables.items()}
    texts["about.json"] = json.dumps(about, ensure_ascii=False, allow_nan=False, default=str)
    save_files(folder, {name: text.encode("utf-8") for name, text in texts.items()} | dict(pictures))


def save_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files beside the runs, each whole or not at all. Raises ResultsError if the folder takes none."""
    from labsim.errors import ResultsError
    from labsim.experiment.store import write_whole

    try:
        for name, content in files.items():
            write_whole(folder / name, content)
    except OSError as error:
        raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=folder, error=error)) from error
