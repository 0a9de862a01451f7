"""Tables for the console about what answers rest on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.report.console import ruled_table
from labsim.report.numbers import number, unit_name
from labsim.text import _, current_language, n_

if TYPE_CHECKING:
    import pandas as pd

    from labsim.experiment.sensitivity import Sensitivity
    from labsim.targets import Target

__all__ = ["percent", "plain_number", "sensitivity_view", "target_name"]

MOST_SHOWN = 15
TRUSTED = 0.7  # of what is not luck, an emulator should explain at least so much


def sensitivity_view(found: Sensitivity) -> Iterator[RenderableType]:
    """Yield for each target the parameters that matter, the split of its variance, and what the numbers rest on."""
    n = found.screening["parameter"].nunique()
    about = found.about
    words = _("{province}, {scenario}: what the answers rest on ({parameters} at scale {scale:g}, until {until})")
    counted = n_("{count} parameter", "{count} parameters", n).format(count=n)
    yield Text(words.format(parameters=counted, **about), style="bold")
    for target in found.targets:
        yield Text(f"\n{target_name(target)} [{unit_name(target.unit)}]", style="bold")
        yield from _screened(found.screening[found.screening["target"] == target.id], target)
        if len(found.indices):
            yield from _split(found, target)
        else:
            yield Text(_("No parameter is told from luck: there is nothing to split."))
    yield from _notes(found)


def target_name(target: Target) -> str:
    """Return a target with its year, in the language in use."""
    label = target.label.vi if current_language() == "vi" else target.label.en
    # what was asked as indicator@year carries the indicator's own label, which the catalogue knows
    label = _(label) if label else target.id
    return label if str(target.year) in label else f"{label} {target.year}"


def percent(share: float) -> str:
    """Write a share in per cent, none below zero: an estimate below zero says that there is none."""
    return number(max(0.0, share), "share").rstrip() + " %"


def plain_number(value: float) -> str:
    """Write a number of a parameter with four digits that count."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def _screened(rows: pd.DataFrame, target: Target) -> Iterator[RenderableType]:
    inside = int((~rows["beyond_noise"]).sum())
    table = ruled_table()
    table.add_column(_("Rank"), justify="right")
    table.add_column(_("Parameter"), ratio=1, overflow="fold")
    table.add_column(_("Grade"), justify="center")
    table.add_column(_("Range (now)"), justify="right", overflow="fold")
    table.add_column(_("mu* (95 %)"), justify="right", no_wrap=True)
    table.add_column(_("sigma"), justify="right")
    table.add_column(_("Luck"), justify="right")
    told = rows[rows["beyond_noise"]]
    for row in told.head(MOST_SHOWN).to_dict("records"):
        mu_star, low, high, sigma = (number(row[key], target.unit) for key in ("mu_star", "mu_low", "mu_high", "sigma"))
        table.add_row(
            str(row["rank"]), Text(row["parameter"]), row["grade"], _range(row), f"{mu_star} ({low}-{high})", sigma,
            percent(row["noise_share"]),
        )  # fmt: skip
    if len(told):
        yield table
    hidden = len(told) - MOST_SHOWN
    if hidden > 0:
        yield Text(_("... and {n} more, in screening.csv").format(n=hidden), style="dim")
    yield Text(
        _("{n} of {total} parameters are not told from luck and are not ranked.").format(n=inside, total=len(rows))
    )


def _range(row: Any) -> str:
    return f"{plain_number(row['low'])} - {plain_number(row['high'])} ({plain_number(row['present'])}) {row['unit']}"


def _split(found: Sensitivity, target: Target) -> Iterator[RenderableType]:
    indices, grades = (frame[frame["target"] == target.id] for frame in (found.indices, found.grades))
    quality = found.quality[found.quality["target"] == target.id].iloc[0]
    yield Text("")
    yield _shares(indices, _("Parameter"), "parameter")
    yield Text("")
    yield _shares(grades, _("Grade of evidence"), "grade")
    words = _(
        "Over {n} points the answer is {mean} with a standard deviation of {sd}; {noise} of its variance is luck."
    )
    yield Text(words.format(
        n=quality["points"], mean=number(quality["mean"], target.unit), sd=number(quality["sd"], target.unit),
        noise=percent(quality["noise_share"])))  # fmt: skip
    if not found.direct:
        said = _("Indices of an emulator (Gaussian process): cross-validated R2 {r2:.2f}, {part} of what is not luck.")
        yield Text(said.format(r2=quality["r2"], part=percent(quality["explained"])))
        if not quality["explained"] >= TRUSTED:
            warning = _(
                "The emulator explains too little to trust these indices: give it more --samples or --replicates."
            )
            yield Text(warning, style="bold")
    outside = _("Parameters that stayed where they are have {part} of the squared effects of the screening.")
    yield Text(outside.format(part=percent(quality["outside"])))


def _shares(rows: pd.DataFrame, title: str, what: str) -> Table:
    table = ruled_table()
    if what == "parameter":
        table.add_column(_("Rank"), justify="right")
    table.add_column(title, ratio=1, overflow="fold")
    if what == "parameter":
        table.add_column(_("Grade"), justify="center")
    table.add_column(_("Alone, S1 (95 %)"), justify="right", no_wrap=True)
    table.add_column(_("With interactions, ST (95 %)"), justify="right", no_wrap=True)
    for row in rows.to_dict("records"):
        cells = [
            f"{_share(row[key])} ({_share(row[f'{key}_low'])}-{_share(row[f'{key}_high'])})"
            for key in ("first", "total")
        ]
        name = Text(row[what] if what == "parameter" else _grade(row[what]))
        table.add_row(*((str(row["rank"]), name, row["grade"]) if what == "parameter" else (name,)), *cells)
    return table


def _share(value: float) -> str:
    return f"{min(1.0, max(0.0, value)):.2f}"


def _grade(grade: str) -> str:
    said = {
        "A": _("A, measured in this province"), "B": _("B, in Viet Nam or the region"), "C": _("C, elsewhere"),
        "D": _("D, assumed"),
    }  # fmt: skip
    return said[grade]


def _notes(found: Sensitivity) -> Iterator[RenderableType]:
    yield Text("")
    notes = [
        _("mu*: mean size of the change over the whole range; sigma: how much it differs from point to point."),
        _("Luck: the part of the squared effect that differs between replicates only. All points that are compared"
          " share their random numbers."),
        _("S1: share of the variance that one parameter explains alone; ST: with its interactions. Same rank: not told"
          " apart."),
        _("The shares hold for these ranges, each value in them equally likely; they are as wide as declared, not as"
          " what is plausible."),
    ]  # fmt: skip
    if found.left_out:
        notes.append(_("Not varied: {names}.").format(names=", ".join(found.left_out)))
    for note in notes:
        yield Text(note, style="dim")
