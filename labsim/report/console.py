"""Tables for the console: they fit 100 columns, narrow to 80, and hold no letter beyond those of the labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from labsim.errors import ResultsError
from labsim.evidence.shares_file import Rest, rests_of
from labsim.report.chances import missing_of, otherwise_met, verdict_of, why_none
from labsim.report.numbers import (
    concept_name,
    number,
    percent,
    percent_range,
    scale_name,
    scenario_name,
    unit_name,
    with_unit,
)
from labsim.report.rests import rest_line, rest_notes
from labsim.results import Results
from labsim.text import _, current_language, n_

__all__ = ["beyond_calibrated", "listed", "ruled_table", "scorecard_view", "title_of", "trust"]

_RULED = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)  # a line of dashes below the header
FEWEST_DRAWS = 30  # below it ranks of known truths were seen to crowd at both ends
OUTSIDE, LATER = "†", "‡"  # what a number rests on lies outside the region calibrated; it is of a later time


def scorecard_view(results: Results) -> Iterator[RenderableType]:
    """Yield the parts of the printed scorecard: title, table, notes, and how far to trust it."""
    rows = results.scorecard.to_dict("records")
    scored = [row for row in rows if row["status"] == "scored"]
    yield Text(title_of(results.manifest), style="bold")
    notes: list[str] = []
    damage: list[str] = []
    if scored:
        rests, damage = _rests(results.manifest)
        yield _scorecard_table(scored, notes, rests, results.manifest.get("posterior"))
    if notes:
        yield listed((f"[{position}]", note) for position, note in enumerate(notes, start=1))
    left_out = [row for row in rows if row["status"] != "scored"]
    if left_out:
        yield Text(_("Not scored:") if scored else _("No target could be scored:"))
        labels: dict[str, list[str]] = {}
        for row in left_out:
            labels.setdefault(str(row["note"]), []).append(_label(row))
        yield listed(("-", f"{'; '.join(named)}: {note}") for note, named in labels.items())
    lines = [*trust(results.manifest, bool(scored)), *(rest_notes(rests) if scored else ()), *damage]
    yield listed(("*", line) for line in lines)
    yield Text("")


def _rests(manifest: Mapping[str, Any]) -> tuple[dict[tuple[str, int], Rest], list[str]]:
    """Return what targets rest on, and what is wrong with the file that says so: the scorecard stands without it."""
    try:
        return rests_of(manifest), []
    except ResultsError as error:
        return {}, [str(error)]


def trust(manifest: Mapping[str, Any], scored: bool = True) -> list[str]:
    """Say what the band and the chance hold, and how much of the answer is assumed."""
    lines = []
    if scored:
        lines.append(_("Met in: replicates that meet the target, with a 95 % interval of the chance (Wilson)."))
        lines += bands_hold(manifest.get("posterior"))
    grades: Mapping[str, int] = manifest.get("parameters_by_grade", {})
    n = sum(grades.values())
    if n:
        lines.append(
            _(
                "{n_assumed} of {n} parameters ({share}) are graded D, that is assumed; see labsim params --grade D."
            ).format(n_assumed=grades.get("D", 0), n=n, share=percent(grades.get("D", 0) / n))
        )
    return lines


def bands_hold(posterior: Mapping[str, Any] | None) -> list[str]:
    """Say what bands and chances hold: noise only, or the uncertainty of parameters too; mark what is beyond it."""
    if not posterior:
        return [_("Bands and chances hold random noise only: no uncertainty of parameters (--posterior).")]
    lines = [
        n_(
            "Bands and chances hold random noise and the uncertainty of {count} parameter (draws: {file}, {hash}).",
            "Bands and chances hold random noise and the uncertainty of {count} parameters (draws: {file}, {hash}).",
            len(posterior["drawn"]),
        ).format(count=len(posterior["drawn"]), file=posterior["file"], hash=posterior["hash"][:8])
    ]
    if posterior["stale"]:
        names = {
            "code": _("code"), "data": _("data"), "observations": _("observations"),
            "configuration": _("configuration"),
        }  # fmt: skip
        changed = ", ".join(names[one] for one in posterior["stale"])
        words = _("These draws were made before a change of {changed}: `labsim calibrate` makes them anew.")
        lines.append(words.format(changed=changed))
    worth = posterior.get("worth")
    if worth is not None and worth < FEWEST_DRAWS:
        words = _("These draws are worth {worth:g} independent ones, fewer than {least}: bands are too narrow.")
        lines.append(words.format(worth=worth, least=FEWEST_DRAWS))
    for one in posterior["outside"]:
        words = _("EXTRAPOLATION: {name} = {value:g} lies outside the region calibrated, {low:g} to {high:g}.")
        lines.append(f"{OUTSIDE} {words.format(**one)}")
    until = posterior["calibrated"].get("until")
    if until:
        words = _("Calibrated on figures up to {until}; every number after that is an extrapolation in time.")
        lines.append(f"{LATER} {words.format(until=until)}")
    return lines


def title_of(manifest: Mapping[str, Any]) -> str:
    """Return what was run: province, scenario, replicates, scale, and the months from first to last."""
    ratio = scale_name(manifest["scale"])
    names = {"scenario": scenario_name(manifest), "start": manifest["start"], "until": manifest["until"]}
    counted = n_("{count} replicate", "{count} replicates", manifest["replicates"]).format(count=manifest["replicates"])
    return _("{province}, {scenario}: {replicates} at scale {scale}, {start} to {until}").format(
        **names, province=manifest["province_name"][current_language()], replicates=counted, scale=ratio
    )


def _scorecard_table(
    rows: Sequence[Mapping[Any, Any]],
    notes: list[str],
    rests: Mapping[tuple[str, int], Rest],
    posterior: Mapping[str, Any] | None,
) -> Table:
    table = ruled_table()
    table.add_column(_("Target"), ratio=1, min_width=24)
    table.add_column(_("Wanted"), justify="right", min_width=8)
    table.add_column(_("Simulated\n(90 % band)"), justify="right", min_width=14)
    table.add_column(_("Met in"), justify="right", min_width=14, max_width=16)
    table.add_column(_("Persons short\nwhere missed"), justify="right", min_width=8, max_width=13)
    for row in rows:
        marks = "".join(f" [{_place_of(note, notes)}]" for note in (row["note"], _both_readings(row)) if note)
        rest = rests.get((str(row["id"]), int(row["year"])))
        below = [_definition(row), *([rest_line(rest)] if rest is not None else [])]
        table.add_row(
            Group(Text(_label(row) + marks), *(Text(line, style="dim") for line in below)),
            _wanted(row), _simulated(row, beyond_calibrated(str(row["year"]), posterior)), _chance(row),
            number(missing_of(row), "persons"),
        )  # fmt: skip
        if _is_measured_otherwise(row):
            table.add_row(
                Text(_("or else, as the other reading has it"), style="dim", justify="right"),
                _wanted({**row, "target": row["otherwise_target"]}), _with_unit(row["otherwise_value"], row["unit"]),
                otherwise_met(row), "",
            )  # fmt: skip
    return table


def _place_of(note: str, notes: list[str]) -> int:
    """Return the number of a note, which is added if it is new."""
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1


def _is_measured_otherwise(row: Mapping[Any, Any]) -> bool:
    return bool(row["otherwise_value"] == row["otherwise_value"])


def _both_readings(row: Mapping[Any, Any]) -> str:
    """Return both things that an unclear wording may mean; empty for a clear one."""
    if not row["otherwise"]:
        return ""
    words = _("The wording is unclear. Read as: {reading}. Or else: {other}.")
    said = words.format(reading=row["reading"], other=row["otherwise"])
    return said if _is_measured_otherwise(row) else _("{readings} The other reading is not measured.").format(
        readings=said
    )  # fmt: skip


def listed(lines: Iterable[tuple[str, str]]) -> Table:
    """Return a list of notes, each with its mark."""
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
    unit = "" if _in_per_cent(row["unit"]) else unit_name(str(row["unit"]))
    return "; ".join(part for part in (concept_name(str(row["concept"])), unit, summed) if part)


def _wanted(row: Mapping[Any, Any]) -> str:
    words = _("at least") if row["direction"] == "at_least" else _("at most")
    return f"{words}\n{_with_unit(row['target'], row['unit'])}"


def beyond_calibrated(when: str, posterior: Mapping[str, Any] | None) -> str:
    """Return the marks of a number that lies outside what was calibrated, in a parameter or in time.

    `when` is a month, a year, or a first and a last one ("2021/2025"): what is of a year ends in its December.
    """
    if not posterior:
        return ""
    last = when.rpartition("/")[2]
    until = str(posterior["calibrated"].get("until") or "9999")
    later = (last if len(last) > len("2021") else f"{last}-12") > until
    return (OUTSIDE if posterior["outside"] else "") + (LATER if later else "")


def _simulated(row: Mapping[Any, Any], marks: str) -> str:
    low, high = number(row["low"], row["unit"]), number(row["high"], row["unit"])
    band = "" if "-" in (low, high) else _("({low} to {high})").format(low=low, high=high)
    return f"{_with_unit(row['value'], row['unit'])}{marks}\n{band}"


def _chance(row: Mapping[Any, Any]) -> str:
    if row["chance"] != row["chance"]:  # no verdict: said here, or in the note on an unclear wording
        return why_none(verdict_of(row), float(row.get("telling_scale", math.nan))) or "-"
    counted = _("{met} of {n}").format(met=int(row["n_met"]), n=int(row["n_replicates"]))
    return f"{counted}\n({percent_range(row['chance_low'], row['chance_high'])})"


def _with_unit(value: float, unit: str) -> str:
    return with_unit(value, unit) if _in_per_cent(unit) else number(value, unit)


def _in_per_cent(unit: str) -> bool:
    return unit == "share" or unit.startswith("%")


def ruled_table() -> Table:
    """Return an empty table with a line below its header."""
    return Table(box=_RULED, expand=True, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_edge=False)
