"""Tables for the console: they fit 100 columns, narrow to 80, and hold no letter beyond those of the labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from labsim.report.numbers import number
from labsim.results import Results
from labsim.text import _, current_language, n_

__all__ = ["parameter_table", "schedule_table", "scorecard_view"]

_RULED = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)  # a line of dashes below the header


def scorecard_view(results: Results) -> Iterator[RenderableType]:
    """Yield the parts of the printed scorecard: title, table, notes, and how far to trust it."""
    rows = results.scorecard.to_dict("records")
    scored = [row for row in rows if row["status"] == "scored"]
    yield Text(_title(results.manifest), style="bold")
    notes: list[str] = []
    if scored:
        yield _scorecard_table(scored, notes)
    if notes:
        yield _listed((f"[{position}]", note) for position, note in enumerate(notes, start=1))
    left_out = [row for row in rows if row["status"] != "scored"]
    if left_out:
        yield Text(_("Not scored:") if scored else _("No target could be scored:"))
        yield _listed(("-", f"{_label(row)}: {row['note']}") for row in left_out)
    yield Text("\n".join(trust(results.manifest, bool(scored))) + "\n")


def trust(manifest: Mapping[str, Any], scored: bool = True) -> list[str]:
    """Say what the band and the chance hold, and how much of the answer is assumed."""
    lines = []
    if scored:
        lines.append(_("Met in: replicates that meet the target, with a 95 % interval of the chance (Wilson)."))
        lines.append(_("Band and chance hold random noise only: no uncertainty of parameters is in them yet."))
    grades: Mapping[str, int] = manifest.get("parameters_by_grade", {})
    n = sum(grades.values())
    if n:
        lines.append(
            _(
                "{n_assumed} of {n} parameters ({share} %) are graded D, that is assumed; see labsim params --grade D."
            ).format(n_assumed=grades.get("D", 0), n=n, share=round(100 * grades.get("D", 0) / n))
        )
    return lines


def schedule_table(processes: Iterable[Any]) -> Table:
    """Return the month as a table: each process with what it does, reads and writes."""
    table = _table()
    table.add_column("", justify="right")
    table.add_column(_("Process"), ratio=3, overflow="fold")
    table.add_column(_("Reads"), ratio=4, overflow="fold")
    table.add_column(_("Writes"), ratio=4, overflow="fold")
    for position, process in enumerate(processes, start=1):
        what = Group(Text(process.name, style="bold"), Text(process.summary, style="dim"))
        table.add_row(str(position), what, " ".join(process.reads), " ".join(process.writes))
    return table


def parameter_table(evidence: Sequence[Any], defaults: Mapping[str, Any]) -> Table:
    """Return parameters as a table: value, unit, range, grade, and below each name its source."""
    table = _table()
    table.add_column(_("Parameter"), ratio=6, overflow="fold")
    table.add_column(_("Value"), justify="right", ratio=2, overflow="fold")
    table.add_column(_("Default"), justify="right", ratio=2, overflow="fold")
    table.add_column(_("Unit"), ratio=2, overflow="fold")
    table.add_column(_("Range"), ratio=2, overflow="fold")
    table.add_column(_("Grade"), justify="center", width=5)
    for one in evidence:
        year = f" ({one.year})" if one.year else ""
        name = Group(Text(one.path, style="bold"), Text(f"{one.source}{year}", style="dim"))
        ends = ["" if end is None else f"{end:g}" for end in (one.low, one.high)]
        table.add_row(
            name,
            _short(one.value),
            _short(defaults.get(one.path)),
            one.unit,
            " .. ".join(ends) if any(ends) else "",
            one.grade,
        )
    return table


def _title(manifest: Mapping[str, Any]) -> str:
    scale = manifest["scale"]
    ratio = f"1:{1 / scale:g}" if scale < 1 else "1:1"
    names = {name: manifest[name] for name in ("scenario", "start", "until")}
    counted = n_("{count} replicate", "{count} replicates", manifest["replicates"]).format(count=manifest["replicates"])
    return _("{province}, {scenario}: {replicates} at scale {scale}, {start} to {until}").format(
        **names, province=manifest["province_name"][current_language()], replicates=counted, scale=ratio
    )


def _scorecard_table(rows: Sequence[Mapping[Any, Any]], notes: list[str]) -> Table:
    table = _table()
    table.add_column(_("Target"), ratio=1, min_width=24)
    table.add_column(_("Wanted"), justify="right", min_width=8)
    table.add_column(_("Simulated (90 % band)"), justify="right", min_width=14)
    table.add_column(_("Met in"), justify="right", min_width=9)
    table.add_column(_("Short by, persons"), justify="right", min_width=8, max_width=9)
    for row in rows:
        mark = ""
        if row["note"]:
            if row["note"] not in notes:
                notes.append(row["note"])
            mark = f" [{notes.index(row['note']) + 1}]"
        table.add_row(
            Group(Text(_label(row) + mark), Text(_definition(row), style="dim")),
            _wanted(row), _simulated(row), _chance(row), number(row["shortfall_persons"], "persons"),
        )  # fmt: skip
    return table


def _listed(lines: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for mark, line in lines:
        table.add_row(Text(mark, style="dim"), Text(line, style="dim"))
    return table


def _label(row: Mapping[Any, Any]) -> str:
    """Name a target in the language in use, with its year."""
    label = str(row["label_vi"] if current_language() == "vi" and row["label_vi"] else row["label"])
    return label if str(row["year"]) in label else f"{label}, {row['year']}"


def _definition(row: Mapping[Any, Any]) -> str:
    """Say what is counted: the concept, the unit, and the years summed."""
    since = row["cumulate_from"]
    summed = _("sum from {year}").format(year=int(since)) if isinstance(since, int | float) and since == since else ""
    return "; ".join(part for part in (str(row["concept"]), str(row["unit"]), summed) if part)


def _wanted(row: Mapping[Any, Any]) -> str:
    words = _("at least") if row["direction"] == "at_least" else _("at most")
    return f"{words}\n{_with_unit(row['target'], row['unit'])}"


def _simulated(row: Mapping[Any, Any]) -> str:
    low, high = number(row["low"], row["unit"]), number(row["high"], row["unit"])
    return f"{_with_unit(row['value'], row['unit'])}\n({low} {_('to')} {high})"


def _chance(row: Mapping[Any, Any]) -> str:
    counted = _("{met} of {n}").format(met=int(row["n_met"]), n=int(row["n_replicates"]))
    return f"{counted}\n({row['chance_low']:.2f}-{row['chance_high']:.2f})"


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value, unit)} %" if unit == "share" or unit.startswith("%") else number(value, unit)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return " ".join(f"{key}:{_short(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_short(item) for item in value)
    return "" if value is None else str(value)


def _table() -> Table:
    return Table(box=_RULED, expand=True, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_edge=False)
