"""`labsim person`: one person's life month by month and why, alone or under two policies side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labsim.cli.common import language_option, print_parts, read_scale, read_settings_once
from labsim.cli.many import config_of_many_runs, save_files, words_of
from labsim.cli.usage import Whole
from labsim.text import _

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = ["person"]

SCALE = 0.01  # of a province, if no other is given: a second or two


@click.command(help=_("Follow one person month by month: what happened and why; the same person under another policy."))
@click.argument("province", default="son_la")
@click.option("--who", type=Whole(0), help=_("The person, by the number of their row."))
@click.option("--like", multiple=True, metavar="WORD,WORD,...",
              help=_("Somebody whom all words fit: man, woman, young, adult, older, rural, urban, poor, an activity, a "
                     "district, a field, an ethnic group, age=18-24; or to whom it happens: trained, hired, lost_job, "
                     "went_abroad, returned, left_province, came_home, opened_business, retired; with --against "
                     "also: differs."))  # fmt: skip
@click.option("--at", "month", metavar="2023-06",
              help=_("Month in which --like looks at people; by default the start."))  # fmt: skip
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--against", multiple=True, metavar="SCENARIO",
              help=_("Scenario in which the same person lives beside; may be repeated as --scenario."))  # fmt: skip
@click.option("--scale", callback=read_scale, metavar="1 | 0.1 | 1:10", help=_("Simulated persons per person."))
@click.option("--seed", type=Whole(0), help=_("Seed of every random number."))
@click.option("--until", metavar="2030 | 2030-12", help=_("Last month simulated."))
@click.option("--set", "settings", multiple=True, callback=read_settings_once, metavar="PATH=VALUE",
              help=_("Change one parameter; may be repeated."))  # fmt: skip
@click.option("--all", "everything", is_flag=True, help=_("Tell also the months in which somebody only did not apply."))
@click.option("--out", type=click.Path(path_type=Path), help=_("Folder for the life as JSON and as a picture."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@language_option
def person(
    province: str,
    who: int | None,
    like: tuple[str, ...],
    month: str | None,
    scenario: tuple[str, ...],
    against: tuple[str, ...],
    scale: float | None,
    seed: int | None,
    until: str | None,
    settings: tuple[str, ...],
    everything: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Find the person, follow them, print."""
    if (who is None) == (not like):
        raise click.UsageError(_("name the person: either --who 123 or --like young,rural,unemployed"))
    from labsim.experiment.run import warm_up
    from labsim.life.choose import find
    from labsim.life.follow import follow, follow_under
    from labsim.life.view import life_view, pair_view, told

    def configured(names: tuple[str, ...]) -> Config:
        return config_of_many_runs(province, names, settings, scale=scale, until=until, seed=seed, usual_scale=SCALE)

    config, others = configured(scenario), [configured(against)] if against else []
    warm_up(lambda message: click.echo(message, err=True))
    other = others[0] if others else None
    chosen = find(config, words_of(like), month=_month_of(config, month), other=other) if who is None else who
    pair = follow_under(config, other, chosen) if other is not None else None
    life = pair.life if pair is not None else follow(config, chosen)
    data: dict[str, Any] = {"life": life.to_dict(), "told": told(life)}
    if pair is not None:
        data |= pair.to_dict() | {"told_other": told(pair.other)}
    if out is not None:
        from labsim.life.figures import life_files

        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        save_files(out, {"life.json": text.encode("utf-8"), **life_files(life, pair.other if pair else None)})
    if as_json:
        click.echo(json.dumps(data, allow_nan=False))
        return
    print_parts(*(pair_view(pair, everything=everything) if pair else life_view(life, everything=everything)))
    if out is not None:
        click.echo(_("Files: {folder}\n  {names} and more").format(folder=out, names="life.json, life.png"))


def _month_of(config: Config, text: str | None) -> int:
    """Return the month of the run that `--at` names. Raises UsageError for one outside the period."""
    import re

    if text is None:
        return 0
    month = config.period.month_index(text) if re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", text) else -1
    if not 0 <= month <= config.period.n_months:
        words = _("--at: given {given!r}; allowed a month from {first} to {last}")
        raise click.UsageError(words.format(given=text, first=config.period.start, last=config.period.until))
    return month
