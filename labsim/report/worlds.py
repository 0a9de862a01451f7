"""What is printed of a reference world, which has no targets: its main series and, by field, the state at the end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.errors import ResultsError
from labsim.report.console import listed, ruled_table, title_of, trust
from labsim.report.numbers import number, unit_name
from labsim.report.panels import fields_of_world
from labsim.results import Results, wide
from labsim.text import _, current_language, mark

__all__ = ["world_view"]

_SERIES = (
    "employed", "unemployed", "unemployment_rate", "seekers", "applications", "vacancies", "hires", "separations",
    "vacancies_opened", "in_training", "training_enrolled", "people_trained", "abroad", "sent_abroad",
    "returned_from_abroad",
)  # fmt: skip
_BY_FIELD = (
    (mark("In work"), "employed"),
    (mark("Unem-\nployed"), "unemployed"),
    (mark("Unemployment,\n% (90 % band)"), "unemployment_rate"),
    (mark("Seekers"), "seekers"),
    (mark("Vacan-\ncies"), "vacancies"),
    (mark("Hired"), "hires"),
)
MOST_FIELDS = 40  # that are printed


def world_view(results: Results) -> Iterator[RenderableType]:
    """Yield the parts of what is printed: title and question, main series, fields at the end, how far to trust it."""
    yield Text(title_of(results.manifest), style="bold")
    question = results.manifest.get("config", {}).get("question", {}).get(current_language())
    if question:
        yield Text(question)
    yield Text("")
    yield Text(_("Main series: mean over replicates (90 % band); what never happens is left out"), style="bold")
    yield _main_table(results)
    yield Text("")
    if "field" in results.groupings and len(fields_of_world(results)) > 1:
        yield from _fields_view(results)
    yield listed(("*", line) for line in trust(results.manifest, False))
    yield Text("")


def _main_table(results: Results) -> Table:
    """Return the main series at the start, in the middle and at the end."""
    months = sorted(results.monthly["month"].unique())
    chosen = list(dict.fromkeys([months[0], months[len(months) // 2], months[-1]]))
    table = ruled_table()
    table.add_column(_("In the month, or at its end"), ratio=1, min_width=24)
    for month in chosen:
        table.add_column(f"{pd.Timestamp(month):%Y-%m}", justify="right", min_width=20)
    for name in _SERIES:
        series = _series(results, name)
        if series is None or not series.to_numpy().any():
            continue
        info = results.indicators[name]
        label = Text(_(info.label))
        if info.unit != "%":
            label.append(f" ({unit_name(info.unit)})", style="dim")
        else:
            label.append(", %")
        table.add_row(label, *(_with_band(series, month, info.unit, "\n") for month in chosen))
    return table


def _fields_view(results: Results) -> Iterator[RenderableType]:
    """Yield the table of fields in the last month, and whose field counts where."""
    last = results.monthly["month"].max()
    fields, left_out = fields_of_world(results), 0
    known = [(title, name) for title, name in _BY_FIELD if _series(results, name, fields[0]) is not None]
    if len(fields) > MOST_FIELDS:
        rate = {field: _mean(results, "unemployment_rate", field, last) for field in fields}
        left_out = len(fields) - MOST_FIELDS
        fields = sorted(fields, key=lambda field: -np.nan_to_num(rate[field]))[:MOST_FIELDS]
    yield Text(_("By field, {month}: mean over replicates").format(month=f"{last:%Y-%m}"), style="bold")
    table = ruled_table()
    table.add_column(_("Field"), ratio=1, min_width=10)
    for title, name in known:
        table.add_column(_(title), justify="right", min_width=13 if name == "unemployment_rate" else 8)
    for field in ["all", *fields]:
        words = _("all") if field == "all" else _("field {number}").format(number=field.removeprefix("field "))
        table.add_row(words, *(_cell(results, name, field, last) for _title, name in known))
    yield table
    yield Text("")
    whose: dict[str, list[str]] = {}
    for _title, name in known:
        info = results.indicators[name]
        whose.setdefault(info.by_field, []).append(_(info.label))
    lines = [f"{'; '.join(labels)}: {_(by_field)}" for by_field, labels in whose.items()]
    if left_out:
        words = _("the {n} fields with the least unemployment are not shown; monthly.parquet has all")
        lines.append(words.format(n=left_out))
    yield listed(("-", line) for line in lines)
    yield Text("")


def _series(results: Results, indicator: str, field: str = "all") -> pd.DataFrame | None:
    try:
        return wide(results.monthly, indicator, {"field": field})
    except ResultsError:
        return None


def _mean(results: Results, indicator: str, field: str, month: pd.Timestamp) -> float:
    series = _series(results, indicator, field)
    return float(np.mean(series.loc[month])) if series is not None and month in series.index else float("nan")


def _cell(results: Results, indicator: str, field: str, month: pd.Timestamp) -> str:
    if indicator == "unemployment_rate":
        series = _series(results, indicator, field)
        return _with_band(series, month, "%") if series is not None else "-"
    return number(_mean(results, indicator, field, month), "persons")


def _with_band(series: pd.DataFrame, month: pd.Timestamp, unit: str, between: str = " ") -> str:
    """Write the mean over replicates and the band between their 5 and 95 % quantiles, or a dash before the first."""
    unit = unit if unit == "%" else "persons"  # posts and applications are whole, too
    if month not in series.index:
        return "-"
    values = series.loc[month].to_numpy(dtype=float)
    low, high = (number(end, unit) for end in np.nanquantile(values, [0.05, 0.95]))
    return f"{number(float(np.nanmean(values)), unit)}{between}{_('({low} to {high})').format(low=low, high=high)}"
