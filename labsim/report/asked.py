"""Tables for the console about a question asked backwards: the dose, what it does, what it costs, and the front."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel.numbers import format_decimal
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.experiment.ask import ABSENT, CANNOT, FOUND, MET, OPEN, TOO_FEW, UNVERIFIED
from labsim.experiment.question import COST
from labsim.report.chances import why_none
from labsim.report.console import bands_hold, beyond_calibrated, ruled_table
from labsim.report.noted import notes_view
from labsim.report.numbers import number, percent, percent_range, scale_name, unit_name
from labsim.report.rests import reading_lines
from labsim.text import _, current_language, mark, n_

if TYPE_CHECKING:
    from labsim.experiment.ask import Answer

__all__ = ["answer_view", "dose_words", "money", "target_words"]

_MOST_ROWS = 12
_VERDICTS = {
    MET: mark("Already met: nothing needs to be added."),
    FOUND: mark("Found: the least dose that meets it, verified on fresh replicates."),
    UNVERIFIED: mark("Not verified: doses that looked likely enough fell short on fresh replicates; the best of them:"),
    CANNOT: mark("Cannot be met within the ranges; the best chance found is at:"),
    OPEN: mark("Not settled within the doses allowed (--points); the best chance found is at:"),
    TOO_FEW: mark("Too few to tell at this scale: luck decides about so few simulated people. The dose is no answer."),
    ABSENT: mark("Not in this scenario: no policy in force, and none that is varied, brings about what is asked."),
}


def answer_view(answer: Answer) -> Iterator[RenderableType]:
    """Yield the parts of a printed answer."""
    question = answer.question
    yield Text(_title(answer), style="bold")
    yield Text(_(_VERDICTS[answer.status]), style="bold")
    yield _doses(answer)
    yield _targets(answer)
    spent = answer.costs["before"].abs().sum() + answer.costs["after"].abs().sum()
    yield _costs(answer.costs) if spent > 0 else Text(_("No policy here spends public money."), style="dim")
    if answer.status not in (TOO_FEW, ABSENT):  # else there is no chance to trade anything for
        for line in _binding(answer):
            yield Text(line)
        for column, title in (("front", _front_title(question.minimise)), ("target_front", _fight_title())):
            if column in answer.tried and _worth_showing(answer, column):
                yield Text("\n" + title, style="bold")
                yield _front(answer, column)
    yield from notes_view(question.notes())
    for line in (*_rests_on(answer), *reading_lines(question.targets)):
        yield Text(line, style="dim")


def dose_words(values: Mapping[Any, Any], answer: Answer) -> list[str]:
    """Return the doses of a row of `tried` as numbers, in the order of what is varied."""
    return [_amount(float(values[axis.factor.name])) for axis in answer.question.space.axes]


def target_words(target: Any) -> str:
    """Name a target in the language in use, with its year."""
    label = target.label.vi if current_language() == "vi" else target.label.en
    return label if str(target.year) in label else f"{label}, {target.year}"


def money(value: float) -> str:
    """Write VND in billions."""
    if not math.isfinite(value):
        return "-"
    billions = value / 1e9
    pattern = "#,##0.000" if abs(billions) < 1 else "#,##0.0" if abs(billions) < 1000 else "#,##0"
    return str(format_decimal(billions, pattern, locale=current_language()))


def _title(answer: Answer) -> str:
    question = answer.question
    base = question.varied.base
    name = base.province.name.vi if current_language() == "vi" else base.province.name.en
    return _("{province}: {targets}, with a chance of {chance} or more").format(
        province=name, targets="; ".join(target_words(one) for one in question.targets),
        chance=percent(question.chance),
    )  # fmt: skip


def _doses(answer: Answer) -> Table:
    table = ruled_table()
    table.add_column(_("Dose"), overflow="fold", ratio=1)
    for word in (_("Now"), _("Proposed")):
        table.add_column(word, justify="right", no_wrap=True)
    table.add_column(_("Unit"), overflow="fold")
    table.add_column(_("Range tried"), justify="right", no_wrap=True)
    for row in answer.doses.to_dict("records"):
        proposed = _amount(row["dose"])
        if math.isfinite(row["dose_low"]):
            proposed += "\n" + _("({low} to {high})").format(
                low=_amount(row["dose_low"]), high=_amount(row["dose_high"]))  # fmt: skip
        unit = unit_name(str(row["unit"]))
        if not pd.isna(row["since"]):
            unit = _("{unit}, from {year}").format(unit=unit, year=row["since"])
        bounds = f"{_amount(row['low'])} - {_amount(row['high'])}"
        table.add_row(Text(str(row["path"])), _amount(row["base"]), proposed, unit, bounds)
    return table


def _named(row: Mapping[Any, Any]) -> str:
    """Return the label of a target in the language in use."""
    return str(row["label_vi"] if current_language() == "vi" and row["label_vi"] else row["label"])


def _targets(answer: Answer) -> Table:
    table = ruled_table()
    table.add_column(_("Target"), overflow="fold", ratio=1)
    table.add_column(_("Value\nbefore, after"), justify="right", no_wrap=True)
    table.add_column(_("Chance before"), justify="right", max_width=18)
    table.add_column(_("Chance after"), justify="right", max_width=18)
    table.add_column(_("Persons gained"), justify="right", no_wrap=True)
    for row in answer.targets.to_dict("records"):
        label = _named(row)
        sign = ">=" if row["direction"] == "at_least" else "<="
        wanted = f"{sign} {number(row['target'], row['unit'])} {unit_name(row['unit'])}"
        marks = beyond_calibrated(str(row["year"]), answer.posterior)
        values = "\n".join(number(row[name], row["unit"]) + marks for name in _WORDS)
        persons = number(row["persons"], "persons")
        if math.isfinite(row["persons"]):
            ends = (number(row[end], "persons") for end in ("persons_low", "persons_high"))
            persons += "\n" + _("({low} to {high})").format(**dict(zip(("low", "high"), ends, strict=True)))
        chances = [_chance_of(row, word) for word in _WORDS]
        table.add_row(Text(f"{label}\n{wanted}"), values, *chances, persons)
    if len(answer.targets) > 1:
        table.add_row(_("all of them"), "", _chance(*answer.before), _chance(*answer.chance), "")
    return table


_WORDS = ("before", "after")


def _costs(costs: pd.DataFrame) -> Table:
    years = int(costs["years"].iloc[0])
    table = ruled_table()
    table.add_column(_("Public money, billion VND"), overflow="fold", ratio=1)
    for word in (_("Before"), _("After")):
        table.add_column(word, justify="right", no_wrap=True)
    table.add_column(_("Difference in all\n(95 % limits)"), justify="right", no_wrap=True)
    table.add_column(_("A year\n({years} years)").format(years=years), justify="right", no_wrap=True)
    for row in costs.to_dict("records"):
        name = _("all policies") if row["policy"] == "all" else str(row["policy"])
        limits = _("({low} to {high})").format(low=money(row["difference_low"]), high=money(row["difference_high"]))
        table.add_row(
            Text(name), money(row["before"]), money(row["after"]), f"{money(row['difference'])}\n{limits}",
            money(row["per_year"]),
        )  # fmt: skip
    return table


def _binding(answer: Answer) -> Iterator[str]:
    """Yield what binds: the target that is met least often, and the bounds beyond which it would gain."""
    if answer.status == MET:
        return
    binding = answer.targets[answer.targets["binds"]]
    if len(answer.targets) > 1 and len(binding) < len(answer.targets):
        names = "; ".join(_named(row) for row in binding.to_dict("records"))
        yield _("What binds: {targets} is met least often.").format(targets=names)
    for row in answer.doses.to_dict("records"):
        if row["binds"]:
            bound = _("upper") if row["binds"] == "high" else _("lower")
            yield _("What binds: {path} stands at its {bound} bound, {value}.").format(
                path=row["path"], bound=bound, value=_amount(row["dose"]))  # fmt: skip


def _worth_showing(answer: Answer, column: str) -> bool:
    n = int(answer.tried[column].sum())
    if column == "target_front":
        # where one dose is best for every target, they do not fight
        return n > 1
    return n > 1 and (len(answer.question.space.axes) > 1 or answer.question.minimise == COST)


def _front(answer: Answer, column: str) -> Table:
    question = answer.question
    frame = answer.tried[answer.tried[column]]
    table = ruled_table()
    for axis in question.space.axes:
        table.add_column(Text(axis.factor.name.rpartition(".")[2]), justify="right", overflow="fold")
    table.add_column(_objective_name(question.minimise), justify="right", overflow="fold")
    for target in question.targets if len(question.targets) > 1 else ():
        table.add_column(Text(f"P({target.id})"), justify="right", overflow="fold")
    table.add_column(_("Chance"), justify="right", no_wrap=True)
    for row in _thinned(frame).to_dict("records"):
        objective = money(row["objective"]) if question.minimise == COST else _amount(row["objective"])
        each = [percent(row[f"chance {target.id}"]) for target in question.targets]
        sign = " *" if row["proposed"] else ""
        table.add_row(*dose_words(row, answer), objective, *(each if len(each) > 1 else ()),
                      percent(row["chance"]) + sign)  # fmt: skip
    return table


def _thinned(frame: pd.DataFrame) -> pd.DataFrame:
    """Return at most a dozen rows, the first, the last and the proposed one among them."""
    if len(frame) <= _MOST_ROWS:
        return frame
    places = {round(place * (len(frame) - 1) / (_MOST_ROWS - 1)) for place in range(_MOST_ROWS)}
    places |= {int(place) for place in range(len(frame)) if frame["proposed"].iloc[place]}
    return frame.iloc[sorted(places)]


def _rests_on(answer: Answer) -> Iterator[str]:
    question = answer.question
    base = question.varied.base
    ratio = scale_name(base.scale)
    words = _(
        "{runs} runs of {doses} doses at scale {scale}: {replicates} replicates each in the search, {fresh} fresh ones "
        "behind the values, chances, persons and money above."
    )
    yield words.format(
        runs=answer.n_runs, doses=len(answer.tried), scale=ratio, replicates=question.study.replicates,
        fresh=question.fresh,
    )  # fmt: skip
    if answer.steps_up:
        yield n_(
            "Stepped up {count} time, since a dose fell short on fresh replicates.",
            "Stepped up {count} times, since a dose fell short on fresh replicates.",
            answer.steps_up,
        ).format(count=answer.steps_up)
    yield from bands_hold(answer.posterior)
    if base.scale < 1:
        yield _("At a smaller scale noise is larger: with everybody simulated the chance would lie nearer 0 or 1.")
    assumed = [row["path"] for row in answer.doses.to_dict("records") if row["grade"] == "D"]
    if assumed:
        yield _("What these do rests on parameters that are assumed (grade D): {paths}.").format(
            paths=", ".join(assumed))  # fmt: skip


def _front_title(minimise: str) -> str:
    what = _("cost") if minimise == COST else minimise
    return _("Trade-off: doses tried that no other undercuts in {what} with the same chance").format(what=what)


def _fight_title() -> str:
    return _("Targets that fight: doses tried that no other beats in every target")


def _objective_name(minimise: str) -> str:
    return _("Cost, billion VND") if minimise == COST else minimise


def _chance_of(row: Mapping[Any, Any], word: str) -> str:
    """Write the chance of a target before or after, or why there is none."""
    none = why_none(row[f"nothing_{word}"], row[f"telling_scale_{word}"])
    return none or _chance(*(row[f"chance_{word}{end}"] for end in ("", "_low", "_high")))


def _chance(share: float, low: float, high: float) -> str:
    return f"{percent(share)}\n({percent_range(low, high)})" if math.isfinite(share) else "-"


def _amount(value: float) -> str:
    if abs(value) >= 1000:
        return str(format_decimal(value, "#,##0", locale=current_language()))
    return str(format_decimal(float(f"{value:.4g}"), "#,##0.######", locale=current_language()))
