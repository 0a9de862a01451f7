"""Tables for the console about policies over draws of uncertain parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from labsim.report.chances import why_none
from labsim.report.console import ruled_table
from labsim.report.numbers import number, percent, percent_range, unit_name
from labsim.report.rests import reading_lines
from labsim.report.sensitivity import plain_number, target_name
from labsim.text import _, current_language, n_

if TYPE_CHECKING:
    from labsim.experiment.prim import Box, Limit
    from labsim.experiment.robust import Robust
    from labsim.targets import Target

__all__ = ["limit_words", "robust_view", "scenario_title"]


def robust_view(found: Robust) -> Iterator[RenderableType]:
    """Yield for each target the scores of the scenarios, what is told apart, and where each fails."""
    about, n = found.about, len(found.parameters)
    counted = n_("{count} parameter", "{count} parameters", n).format(count=n)
    words = _("{province}: {draws} draws of {parameters}, {replicates} replicates, scale {scale:g}, until {until}")
    yield Text(words.format(parameters=counted, **about), style="bold")
    for target in found.targets:
        sign = ">=" if target.direction == "at_least" else "<="
        wanted = f"{sign} {number(target.value, target.unit)} {unit_name(target.unit)}"
        yield Text(f"\n{target_name(target)}: {wanted}", style="bold")
        yield _scores(found, target)
        yield from _pairs(found, target)
        for one in found.scenarios:
            yield Text(_where_it_fails(found, target, one.name))
    yield from _notes(found)


def scenario_title(found: Robust, name: str) -> str:
    """Return the title of a scenario in the language in use, or the name of its file."""
    one = next(one for one in found.scenarios if one.name == name)
    return one.titles.get(current_language()) or Path(name).stem


def limit_words(limit: Limit) -> str:
    """Write a limit of a box, as ``climate.frequency >= 2.1``."""
    low, high = ("" if end is None else plain_number(end) for end in (limit.low, limit.high))
    if low and high:
        return f"{low} <= {limit.name} <= {high}"
    return f"{limit.name} >= {low}" if low else f"{limit.name} <= {high}"


def _scores(found: Robust, target: Target) -> RenderableType:
    table = ruled_table()
    table.add_column(_("Scenario"), ratio=1, overflow="fold")
    table.add_column(_("Mean\n(90 % of draws)"), justify="right", no_wrap=True)
    table.add_column(_("Regret:\nmean"), justify="right")
    table.add_column(_("in 90 %\nat most"), justify="right")
    table.add_column(_("largest"), justify="right")
    table.add_column(_("Target met in\n(95 %)"), justify="right", max_width=22)
    for row in found.scores[found.scores["target"] == target.id].to_dict("records"):
        mean, low, high = (number(row[key], target.unit) for key in ("mean", "low", "high"))
        regret = [number(row[key], target.unit) for key in ("regret_mean", "regret_90", "regret_max")]
        interval = percent_range(row["met_low"], row["met_high"])
        met = why_none(row["verdict"], row["telling_scale"]) or f"{percent(row['met'])} ({interval})"
        table.add_row(Text(scenario_title(found, row["scenario"])), f"{mean} ({low}-{high})", *regret, met)
    return table


def _pairs(found: Robust, target: Target) -> Iterator[RenderableType]:
    """Yield the pairs that are told apart, and that the others are not ranked."""
    if not len(found.pairs):
        return
    rows = found.pairs[found.pairs["target"] == target.id]
    for row in rows[rows["told_apart"]].to_dict("records"):
        yield Text(_better(found, target, row))
    scores = found.scores[found.scores["target"] == target.id]
    silent = set(scores.loc[scores["met"].isna(), "scenario"])
    for row in rows[rows["met_told_apart"] & ~rows["scenario"].isin(silent) & ~rows["other"].isin(silent)].to_dict(
        "records"
    ):
        first, second = (row["scenario"], row["other"])
        counts = (row["only_one"], row["only_other"])
        if counts[0] < counts[1]:
            first, second, counts = second, first, counts[::-1]
        said = _("{better} meets it more often than {worse}: in {more} draws alone, the other in {fewer}.")
        yield Text(said.format(better=scenario_title(found, first), worse=scenario_title(found, second),
                               more=counts[0], fewer=counts[1]))  # fmt: skip
    ties = rows[~rows["told_apart"]].to_dict("records")
    if ties:
        names = "; ".join(
            f"{scenario_title(found, row['scenario'])} / {scenario_title(found, row['other'])}" for row in ties
        )
        yield Text(_("Not ranked (difference within its uncertainty): {names}").format(names=names))
    noise = found.noise[target.id]
    if math.isfinite(noise):
        said = _("Luck alone makes a gap between two scenarios in one draw uncertain by {noise} (standard error).")
        yield Text(said.format(noise=number(noise, target.unit)))


def _better(found: Robust, target: Target, row: Any) -> str:
    gap, low, high = row["difference"], row["low"], row["high"]
    first, second = row["scenario"], row["other"]
    if gap < 0:
        gap, low, high, first, second = -gap, -high, -low, second, first
    said = _("{better} does better than {worse} by {gap} on average ({low} to {high}).")
    return said.format(
        better=scenario_title(found, first), worse=scenario_title(found, second), gap=number(gap, target.unit),
        low=number(low, target.unit), high=number(high, target.unit),
    )  # fmt: skip


def _where_it_fails(found: Robust, target: Target, name: str) -> str:
    title = scenario_title(found, name)
    box: Box | None = found.boxes.get((target.id, name))
    if box is None:
        row = found.scores[(found.scores["target"] == target.id) & (found.scores["scenario"] == name)].iloc[0]
        if none := why_none(row["verdict"], row["telling_scale"]):
            return _("{scenario}: {why}.").format(scenario=title, why=none)
        fails = round((1 - row["met"]) * row["n"])
        said = _("{scenario} fails in {fails} of {n} draws: too few or too many to look for conditions.")
        return said.format(scenario=title, fails=fails, n=row["n"])
    if not box.limits:
        said = _("{scenario} fails in {fails} of {n} draws; no condition is told from chance.")
        return said.format(scenario=title, fails=box.n_cases, n=box.n)
    limits = _(" and ").join(f"{limit_words(limit)} (p {limit.p:.1g})" for limit in box.limits)
    said = _(
        "{scenario} fails where {limits}: {coverage} of its {fails} failures lie there, and of the draws there"
        " {density} fail ({mass} of all draws)."
    )
    return said.format(
        scenario=title, limits=limits, coverage=percent(box.coverage), fails=box.n_cases, density=percent(box.density),
        mass=percent(box.mass),
    )  # fmt: skip


def _notes(found: Robust) -> Iterator[RenderableType]:
    yield Text("")
    notes = [
        _("Regret: in each draw, how far a scenario stays behind the best of them. Every scenario has the same draws"
          " and random numbers."),
        _("Pairs are told apart at 5 % for all targets and pairs together (Holm); p of a limit is a quasi-p-value."),
        _("A draw takes each value of a range as equally likely: shares of draws are no probabilities of the world."),
    ]  # fmt: skip
    if found.left_out:
        notes.append(_("Not varied: {names}.").format(names=", ".join(found.left_out)))
    for note in (*notes, *reading_lines(found.targets)):
        yield Text(note, style="dim")
