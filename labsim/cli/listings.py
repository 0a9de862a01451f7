"""The commands that print what there is: `labsim schedule`, `levers`, `params`."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import chain

import rich_click as click

from labsim.cli.common import language_option, print_lines
from labsim.text import _

__all__ = ["levers", "params", "schedule"]


@click.command(help=_("Print the month: the processes in order, what each does, reads and writes."))
@click.argument("province", required=False)
@click.option("--scenario", multiple=True,
              help=_("Name or file of a scenario of the province; may be repeated."))  # fmt: skip
@language_option
def schedule(province: str | None, scenario: tuple[str, ...]) -> None:
    """Print the schedule; of a province, also what is switched off there and which policies act."""
    from labsim.report.listings import event_lines, schedule_lines
    from labsim.schedule import MONTH
    from labsim.wires import EVENTS

    if province is None and scenario:
        raise click.UsageError(_("--scenario needs the province before it, as in: labsim schedule son_la"))
    if province is None:
        print_lines(lambda width: chain(schedule_lines(MONTH, width), event_lines(EVENTS, MONTH, width)))
        return
    from labsim.config import load
    from labsim.schedule import of_month

    config = load(province, scenario=list(scenario or ("baseline",)))
    running = of_month(config.switched_off)
    policies = {name: policy.levers_named() for name, policy in sorted(config.policies.items())}
    print_lines(lambda width: schedule_lines(MONTH, width, running=running, policies=policies))


@click.command(help=_("Print every lever: what it means, which policies write it and which processes read it."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@language_option
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
    print_lines(lambda width: lever_lines(LEVERS, MONTH, named, width))


@click.command(help=_("Print every parameter with its value, unit, range, grade and source."))
@click.argument("province", default="son_la")
@click.option("--scenario", multiple=True, default=("baseline",), show_default=True,
              help=_("Name or file of a scenario; may be repeated where they set different keys."))  # fmt: skip
@click.option("--grade", type=click.Choice(("A", "B", "C", "D")), help=_("Only parameters of this grade of evidence."))
@click.option("--json", "as_json", is_flag=True, help=_("Print a JSON list."))
@language_option
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
    print_lines(lambda width: parameter_lines(evidence, defaults, width, about=about, grade=grade))


def _first_line(owner: type) -> str:
    return " ".join((owner.__doc__ or "").split("\n\n")[0].split())
