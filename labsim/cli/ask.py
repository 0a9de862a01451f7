"""`labsim ask`: the least dose that meets targets with a wanted chance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import language_option, plain, posterior_option, print_parts, show_progress
from labsim.cli.many import held_folder, options_of_many_runs, save_files
from labsim.cli.study import report
from labsim.cli.usage import Whole, read_chance
from labsim.text import _

if TYPE_CHECKING:
    from labsim.experiment.ask import Answer

__all__ = ["ask"]


@click.command(help=_(
    "Find the dose of some policies (PROVINCE: default son_la) that meets targets with a wanted chance at least cost, "
    "and verify it on fresh replicates; that it cannot be met is an answer too."
))  # fmt: skip
@click.argument("province", default="son_la")
@click.option("--target", "targets", multiple=True, required=True, metavar='ID | "INDICATOR >= NUMBER in YEAR"',
              help=_('A target of the province, or one such as "certified >= 40% in 2030"; may be repeated.'),
              )  # fmt: skip
@click.option("--vary", multiple=True, required=True, metavar="PATH[=LOW:HIGH],...",
              help=_("What may be given, within its declared range or a range of one's own."))  # fmt: skip
@click.option("--since", type=Whole(1900, 2200), metavar="YEAR",
              help=_("First year of yearly amounts; by default that of the base."))  # fmt: skip
@click.option("--chance", callback=read_chance, default="0.8", show_default=True,
              help=_("Chance with which all shall be met."))  # fmt: skip
@click.option("--minimise", default="cost", show_default=True, metavar="cost | PATH | INDICATOR",
              help=_("What shall be least: public money, a dose, or an indicator in the targets' last year."),
              )  # fmt: skip
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--fresh", type=Whole(4), help=_("Runs that verify the answer; by default twice as many."))
@click.option("--points", type=Whole(1), default=48, show_default=True, help=_("Most doses that are tried."))
@posterior_option
@options_of_many_runs(20, least=4, about=_("Runs of each dose in the search."))
@language_option
def ask(
    province: str,
    targets: tuple[str, ...],
    vary: tuple[str, ...],
    since: int | None,
    chance: float,
    minimise: str,
    scenario: tuple[str, ...],
    scale: float | None,
    until: str | None,
    seed: int | None,
    replicates: int,
    fresh: int | None,
    points: int,
    posterior: str,
    settings: tuple[str, ...],
    out: Path | None,
    executor: str,
    workers: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check the question, search, verify and print."""
    from labsim.experiment.ask import Unfinished, answer
    from labsim.experiment.question import question_of
    from labsim.report.asked import answer_view
    from labsim.report.asked_figures import front_png

    question = question_of(
        province, targets=targets, vary=vary, chance=chance, minimise=minimise, since=since, scenario=scenario,
        settings=settings, replicates=replicates, fresh=fresh, most=points, scale=scale, until=until, seed=seed,
    )  # fmt: skip
    if not quiet:
        for note in question.notes():  # before hours are spent on a dose that cannot act
            click.echo(str(note), err=True)
    folder = held_folder(out, question.study.name)
    try:
        with show_progress(hidden=quiet, what=_("runs")) as tell:
            found = answer(question, folder, posterior=posterior, executor=executor, workers=workers, progress=tell)
    except Unfinished as unfinished:
        report(unfinished.carried, folder, quiet or as_json)
        raise
    if len(found.tried):
        save_files(folder, {"front.png": front_png(found)})
    if as_json:
        click.echo(json.dumps(_summary(found), allow_nan=False))
    elif not quiet:
        print_parts(*answer_view(found))
    if quiet and not as_json:
        click.echo(str(folder))
        return
    report(found.carried, folder, as_json)


def _summary(found: Answer) -> dict[str, Any]:
    """Return what `ask --json` prints."""
    from labsim.notes import noted

    rows = {
        name: [{str(key): plain(value) for key, value in row.items()} for row in _known(getattr(found, name))]
        for name in ("doses", "targets", "costs", "tried")
    }
    return {
        "status": found.status, "chance_wanted": found.question.chance, "minimise": found.question.minimise,
        "chance": [plain(one) for one in found.chance], "chance_before": [plain(one) for one in found.before],
        "steps_up": found.steps_up, "runs": found.n_runs, "folder": str(found.folder),
        "notes": noted(found.question.notes()), **rows,
    }  # fmt: skip


def _known(frame: Any) -> list[dict[Any, Any]]:
    rows: list[dict[Any, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows
