"""Tables for the console: what a trial did to the treated, to their neighbours, and to everyone together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from labsim.experiment.treatments import TREATMENTS
from labsim.report.console import listed, ruled_table
from labsim.report.decomposition import signed
from labsim.text import _, mark

if TYPE_CHECKING:
    from labsim.experiment.displacement import Displacement

__all__ = ["GROUP_NAMES", "OUTCOME_NAMES", "displacement_view"]

OUTCOME_NAMES = {
    "paid_job": mark("paid job"),
    "work": mark("work of any kind in the province"),
    "off_farm": mark("work off the farm"),
    "income": mark("income from work"),
    "course": mark("has begun a course since the start"),
}
GROUP_NAMES = {
    "treated": mark("treated"),
    "untreated": mark("untreated neighbours"),
    "net": mark("all eligible"),
    "others": mark("not eligible"),
    "everyone": mark("everyone"),
}
_BY_SHARE, _OF_ALL = ("treated", "untreated", "net"), ("others", "everyone")


def displacement_view(found: Displacement) -> Iterator[RenderableType]:
    """Yield the effects at the end by share of treated, outcome by outcome, and what they are measured against."""
    about, treatment = found.about, TREATMENTS[found.about["treatment"]]
    title = _("{province}, {scenario}: a trial of {treatment} from {start} ({n} pairs of runs at scale {scale:g})")
    yield Text(title.format(
        province=about["province"], scenario=about["scenario"], treatment=about["treatment"], start=about["start"],
        n=about["replicates"], scale=about["scale"],
    ), style="bold")  # fmt: skip
    yield listed((
        ("*", _(treatment.what) + f" ({treatment.dose:g} {treatment.unit})"),
        ("*", _("eligible: {whom}").format(whom=_(treatment.whom))),
    ))  # fmt: skip
    last, shown = int(found.effects["month"].max()), []
    for outcome, name in OUTCOME_NAMES.items():
        rows = found.effects[(found.effects["month"] == last) & (found.effects["outcome"] == outcome)]
        means = rows["mean"].tolist()
        if means in shown or not rows["mean"].any():
            continue  # nothing happened, or just what happened to paid jobs
        shown.append(means)
        unit = _("1,000 VND per month each") if outcome == "income" else _("points: persons of a hundred")
        when = _("{n} months after the start").format(n=last)
        yield Text("\n" + _(name) + f", {when} [{unit}]", style="bold")
        yield _table(rows.to_dict("records"), outcome)
        yield listed(("*", line) for line in _totals(rows.to_dict("records"), outcome))
    yield Text("")
    yield listed(("*", line) for line in _notes(0.0 in about["shares"]))


def _notes(has_control: bool) -> list[str]:
    lines = [
        _("Against the same people with the same luck in a run without the trial; ~ marks what its 95 % interval over"
          " pairs of runs cannot tell from zero."),
    ]  # fmt: skip
    if has_control:
        lines.append(
            _("Less control: of the treated, less the same of eligible people in districts where nobody is treated, as"
              " a trial would see it.")
        )  # fmt: skip
    lines.append(_("The dose and most parameters behind it are assumed (grade D); intervals hold random noise only."))
    return lines


def _table(rows: list[dict[Any, Any]], outcome: str) -> RenderableType:
    table, has_control = ruled_table(), any(row["share"] == 0.0 for row in rows)
    table.add_column(_("Treated"))
    for group in _BY_SHARE:
        table.add_column(_(GROUP_NAMES[group]), justify="right", no_wrap=True)
    if has_control:
        table.add_column(_("less control"), justify="right", no_wrap=True)
    shares = list(dict.fromkeys(row["share"] for row in rows if not math.isnan(row["share"])))
    for share in [*shares, *([math.nan] if len(shares) > 1 else [])]:
        same = (row for row in rows if row["share"] == share or (math.isnan(share) and math.isnan(row["share"])))
        mine = {row["group"]: row for row in same}
        cells = [_cell(mine.get(group), "", outcome) for group in _BY_SHARE]
        if has_control:
            cells.append(_cell(mine.get("treated"), "against_", outcome, interval=False))
        table.add_row(_("all") if math.isnan(share) else f"{100 * share:g} %", *cells)
    return table


def _totals(rows: list[dict[Any, Any]], outcome: str) -> Iterator[str]:
    """Say what the treated, in all, changed for people who are not eligible, and for everyone."""
    for row in rows:
        if math.isnan(row["share"]) and row["group"] in _OF_ALL:
            if outcome == "income":
                message = _("{group}: {change} thousand VND per month in all for each person treated")
            else:
                message = _("{group}: {change} persons in all for a hundred treated")
            yield message.format(group=_(GROUP_NAMES[row["group"]]), change=_cell(row, "", outcome))


def _cell(row: Mapping[Any, Any] | None, prefix: str, outcome: str, interval: bool = True) -> str:
    """Write an effect with its interval, income in thousands of VND."""
    if row is None or math.isnan(row[f"{prefix}mean"]):
        return "-"
    factor = 1e-3 if outcome == "income" else 1.0
    mean, low, high = (float(row[f"{prefix}{part}"]) * factor for part in ("mean", "low", "high"))
    if mean == low == high == 0.0:
        return "0"
    words = ("" if low > 0 or high < 0 else "~") + signed(mean, "%")
    return f"{words} ({signed(low, '%')} {signed(high, '%')})" if interval and high > low else words
