"""Tables for the console about many runs: the points of a study, and how each scores the targets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel.numbers import format_decimal
from rich.console import RenderableType
from rich.text import Text

from labsim.experiment.about import notes_of_plan
from labsim.experiment.opened import targets_of
from labsim.report.chances import why_none
from labsim.report.console import bands_hold, ruled_table
from labsim.report.noted import notes_view, shared_notes
from labsim.report.numbers import number, unit_name
from labsim.report.rests import reading_lines
from labsim.text import _, current_language, n_

if TYPE_CHECKING:
    from labsim.experiment.opened import OpenedStudy
    from labsim.experiment.study import Plan

__all__ = ["frame_view", "plan_view", "targets_view"]

MOST_SHOWN = 16  # points listed one by one; of more, the range is told
MOST_ROWS = 200


def plan_view(plan: Plan) -> Iterator[RenderableType]:
    """Yield what a study would run: what varies, and its points."""
    study = plan.study
    points = n_("{count} point", "{count} points", len(plan.points)).format(count=len(plan.points))
    runs = n_("{count} run", "{count} runs", len(plan.runs)).format(count=len(plan.runs))
    yield Text(f"{study.title.vi if current_language() == 'vi' else study.title.en} ({points}, {runs})", style="bold")
    if plan.factors:
        table = ruled_table()
        table.add_column(_("Varied"), overflow="fold")
        table.add_column(_("Now"), justify="right")
        table.add_column(_("Unit"))
        table.add_column(_("Grade"))
        for factor in plan.factors:
            since = f" ({factor.since}-)" if factor.since else ""
            table.add_row(Text(factor.name), f"{factor.number:g}", factor.unit + since, factor.grade)
        yield table
    table = ruled_table()
    table.add_column(_("Point"), justify="right")
    table.add_column(_("Name"), overflow="fold", ratio=1)
    for point in plan.points[:MOST_ROWS]:
        table.add_row(str(point.number), Text(point.name))
    yield table
    if len(plan.points) > MOST_ROWS:
        yield Text(_("... and {n} more").format(n=len(plan.points) - MOST_ROWS), style="dim")
    yield from notes_view(shared_notes(notes_of_plan(plan), len(plan.points)))


def targets_view(study: OpenedStudy) -> Iterator[RenderableType]:
    """Yield every target at every point: value with its 90 % band, and the share of runs that meet it."""
    frame = study.targets()
    about = study.about["study"]
    yield Text(str(about["title"].get(current_language()) or about["name"]), style="bold")
    if not len(frame):
        yield Text(_("No target could be scored; `labsim results FOLDER --sql` asks for series."))
        yield from notes_view(shared_notes(study.about.get("notes", ()), len(study.about["points"])))
        return
    for (_id, year), part in frame.groupby(["id", "year"], sort=False):
        first = part.iloc[0]
        sign = ">=" if first["direction"] == "at_least" else "<="
        wanted = f"{sign} {number(first['target'], first['unit'])} {unit_name(first['unit'])}"
        yield Text(f"\n{_id} {year}: {wanted}" if str(year) not in str(_id) else f"\n{_id}: {wanted}", style="bold")
        if len(part) > MOST_SHOWN:
            yield Text(_range_told(part))
            continue
        table = ruled_table()
        table.add_column(_("Point"), ratio=1, overflow="fold")
        table.add_column(_("Simulated (90 % band)"), justify="right", no_wrap=True)
        table.add_column(_("Met in"), justify="right", no_wrap=not (part["telling_scale"] > 0).any())
        for row in part.to_dict("records"):
            value, low, high = (number(row[key], row["unit"]) for key in ("value", "low", "high"))
            band = _("({low} to {high})").format(low=low, high=high)
            table.add_row(Text(row["name"]), f"{value} {band}", _met_in(row))
        yield table
    named, provinces = set(frame["id"]), dict.fromkeys(study.points["province"])
    for line in reading_lines(one for province in provinces for one in targets_of(province) if one.id in named):
        yield Text(line, style="dim")
    yield Text(bands_hold(None)[0], style="dim")
    yield from notes_view(shared_notes(study.about.get("notes", ()), len(study.about["points"])))


def frame_view(frame: pd.DataFrame) -> Iterator[RenderableType]:
    """Yield any table as it stands, at most 200 rows."""
    table = ruled_table()
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        table.add_column(Text(str(name)), justify="right" if numeric else "left", overflow="fold")
    for row in frame.head(MOST_ROWS).itertuples(index=False):
        table.add_row(*(Text(_cell(value)) for value in row))
    yield table
    if len(frame) > MOST_ROWS:
        hidden = len(frame) - MOST_ROWS
        yield Text(_("... and {n} more rows; --csv or --json prints all").format(n=hidden), style="dim")


def _range_told(part: pd.DataFrame) -> str:
    """Say where the value of a target is lowest and highest, and at how many points it is likely to be met."""
    rows = sorted(part.to_dict("records"), key=lambda row: float(row["value"]))
    low, high = rows[0], rows[-1]
    unit = str(low["unit"])
    return _(
        "lowest {low} ({where_low}); highest {high} ({where_high}); met in 80 % of replicates at {n} of {total} points"
    ).format(
        low=number(low["value"], unit), where_low=low["name"], high=number(high["value"], unit),
        where_high=high["name"], n=int((part["chance"] >= 0.8).sum()), total=len(part),
    )  # fmt: skip


def _met_in(row: Mapping[Any, Any]) -> str:
    """Return how many replicates meet a target, or why that says nothing."""
    if not math.isfinite(row["chance"]):
        return why_none(row["verdict"], row["telling_scale"]) or "-"
    return _("{met} of {n}").format(met=round(row["chance"] * row["n"]), n=row["n"])


def _cell(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m}"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "-"
        pattern = "#,##0" if abs(value) >= 1000 or value == int(value) else "#,##0.####"
        return str(format_decimal(value, pattern, locale=current_language()))
    return str(value)
