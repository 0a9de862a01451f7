"""Options that commands share which make many runs of their own and keep them in one folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import plain, read_executor, read_scale
from labsim.text import _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_settings", "options_of_many_runs", "read_grades", "records", "save_tables", "words_of"]

Command = Callable[..., None]


def options_of_many_runs(replicates: int) -> Callable[[Command], Command]:
    """Add the options of a command that runs many points; `replicates` is the default."""
    options = (
        click.option("--scale", callback=read_scale, metavar="1 | 0.1 | 1:10", help=_("Simulated persons per person.")),
        click.option("--until", metavar="2030 | 2030-12", help=_("Last month simulated.")),
        click.option("--seed", type=click.IntRange(0), help=_("Seed of every random number.")),
        click.option("--replicates", type=click.IntRange(1), default=replicates, show_default=True,
                     help=_("Runs of each point with different random numbers.")),
        click.option("--set", "settings", multiple=True, metavar="PATH=VALUE",
                     help=_("Change one parameter; may be repeated.")),
        click.option("--out", type=click.Path(path_type=Path),
                     help=_("Folder of the study; runs found there are kept.")),
        click.option("--executor", default="processes", show_default=True, callback=read_executor,
                     metavar="serial|threads|processes|dask|dask://HOST:PORT",
                     help=_("How runs are spread; the numbers are the same.")),
        click.option("--workers", type=click.IntRange(1), help=_("Processes or threads; all cores by default.")),
        click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object.")),
        click.option("--quiet", is_flag=True, help=_("No progress and no table: only where the files are.")),
    )  # fmt: skip

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def as_settings(scale: float | None, until: str | None, seed: int | None, settings: Sequence[str]) -> list[str]:
    """Return what was asked for as settings of a configuration."""
    given = (("scale", scale), ("period.until", until), ("seed", seed))
    return [*(f"{name}={value}" for name, value in given if value is not None), *settings]


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
    from labsim.experiment.store import write_text

    for name, frame in tables.items():
        write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    for name, content in pictures.items():
        (folder / name).write_bytes(content)
    write_text(folder / "about.json", json.dumps(about, ensure_ascii=False, allow_nan=False, default=str))
