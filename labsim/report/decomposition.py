"""Tables for the console: what a change is made of, driver by driver, and which drivers act on each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from babel.numbers import format_decimal
from rich.console import RenderableType
from rich.text import Text

from labsim.experiment.drivers import DRIVERS
from labsim.report.console import listed, ruled_table
from labsim.report.numbers import number, unit_name
from labsim.text import _, current_language

if TYPE_CHECKING:
    from labsim.experiment.decompose import Decomposition

__all__ = ["decomposition_view", "driver_name", "head_of", "signed"]

MOST_PAIRS = 3  # interactions told of one change


def decomposition_view(found: Decomposition) -> Iterator[RenderableType]:
    """Yield what each change is made of, with its clearest interactions, and what each driver's absence means."""
    about = found.about
    title = _("{province}, {scenario}: what made the change ({n} paired replicates at scale {scale:g})")
    yield Text(title.format(
        province=about["province"], scenario=about["scenario"], n=about["replicates"], scale=about["scale"]
    ), style="bold")  # fmt: skip
    for total in found.totals.to_dict("records"):
        yield Text(f"\n{head_of(total)}", style="bold")
        yield Text(_change(total))
        rows = _rows_of(found.effects, total)
        if not any(row["mean"] or row["low"] or row["high"] for row in rows):
            yield Text(_("no driver changed it, and nothing else did"))
            continue
        yield _table(rows, str(total["unit"]))
        told = _pairs(_rows_of(found.interactions, total), str(total["unit"]))
        if told:
            yield Text(told, style="dim")
    yield Text("\n" + _("Switched off means:"))
    yield listed(("*", ": ".join((_(driver.label), _(driver.off)))) for driver in DRIVERS)
    yield listed(("*", line) for line in _notes())


def _notes() -> tuple[str, ...]:
    return (
        _("Everything else: what changes with all five switched off (search and hiring, training of people's own"
          " accord, turnover, own-account work, wages, ageing on paper)."),
        _("Share: Shapley value, the mean over all orders in which drivers may join; the lines add up to the change."
          " Alone: with no other driver. Last: with all others."),
        _("In brackets: 95 % interval over paired replicates. It holds random noise only; a ~ marks what it cannot"
          " tell from zero."),
    )  # fmt: skip


def driver_name(name: str) -> str:
    """Return what a driver, or a line of the sum, is called in the language in use."""
    labels = {driver.name: driver.label for driver in DRIVERS}
    if name in labels:
        return _(labels[name])
    return _("everything else") if name == "everything else" else _("all drivers together")


def head_of(total: Mapping[Any, Any]) -> str:
    """Return what is taken apart: label, year and unit."""
    label = total["label_vi"] if current_language() == "vi" and total["label_vi"] else _(str(total["label"]))
    year = "" if str(total["year"]) in label else f", {total['year']}"
    return f"{label}{year} [{unit_name(total['unit'])}]"


def signed(value: float, unit: str) -> str:
    """Write a difference with its sign, as its unit asks; shares in points with two decimals."""
    if not math.isfinite(value):
        return "-"
    if unit == "share":
        value, unit = 100 * value, "%"
    fine = unit.startswith("%") or unit == "0 to 100" or (abs(value) < 10 and unit != "persons")
    pattern = "+#,##0.00;-#,##0.00" if fine else "+#,##0;-#,##0"
    return str(format_decimal(value, pattern, locale=current_language()))


def _change(total: Mapping[Any, Any]) -> str:
    unit = str(total["unit"])
    words = {"start": number(total["start"], unit), "value": number(total["value"], unit)}
    if not total["has_start"]:
        return _("{value}; it has no start, so that everything else is its value with all drivers off").format(**words)
    return _("from {start} to {value}: {change}").format(change=signed(total["change"], unit), **words)


def _rows_of(frame: Any, total: Mapping[Any, Any]) -> list[dict[Any, Any]]:
    mine = (frame["kind"] == total["kind"]) & (frame["id"] == total["id"]) & (frame["year"] == total["year"])
    rows: list[dict[Any, Any]] = frame[mine].to_dict("records")
    return rows


def _table(rows: list[dict[Any, Any]], unit: str) -> RenderableType:
    table = ruled_table()
    table.add_column(_("Driver"), ratio=1)
    for word in (_("Share"), _("Alone"), _("Last")):
        table.add_column(word, justify="right", no_wrap=True)
    for row in rows:
        cells = [_with_interval(row, "", unit), *(_marked(row, prefix, unit) for prefix in ("alone_", "last_"))]
        table.add_row(driver_name(row["driver"]), *cells, style="dim" if row["driver"] == "all drivers" else None)
    return table


def _with_interval(row: Mapping[Any, Any], prefix: str, unit: str) -> str:
    low, high = float(row[f"{prefix}low"]), float(row[f"{prefix}high"])
    words = _marked(row, prefix, unit)
    return f"{words} ({signed(low, unit)} {signed(high, unit)})" if high > low else words


def _marked(row: Mapping[Any, Any], prefix: str, unit: str) -> str:
    """Return a mean with a ~ before it where its interval does not tell it from zero."""
    mean, low, high = (float(row[f"{prefix}{part}"]) for part in ("mean", "low", "high"))
    if math.isnan(mean):
        return ""
    if mean == low == high == 0.0:
        return "0"
    return ("" if low > 0 or high < 0 else "~") + signed(mean, unit)


def _pairs(rows: list[dict[Any, Any]], unit: str) -> str:
    """Name the largest interactions among those whose interval excludes zero."""
    clear = [row for row in rows if row["low"] > 0 or row["high"] < 0]
    clear.sort(key=lambda row: -abs(row["mean"]))
    told = [
        f"{driver_name(row['first'])} x {driver_name(row['second'])} {_with_interval(row, '', unit)}"
        for row in clear[:MOST_PAIRS]
    ]
    return _("Together beyond their sum: {pairs}").format(pairs="; ".join(told)) if told else ""
