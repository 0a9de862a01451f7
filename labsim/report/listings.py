"""What `labsim schedule` and `labsim params` print: the month as one page, and every parameter with its evidence."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.text import Text

from labsim.text import _, current_language, mark, n_

__all__ = ["event_lines", "lever_lines", "parameter_lines", "schedule_lines"]

# the parts of a month as a reader would name them, by the sections whose processes they hold
_PARTS = {
    "demography": mark("People"),
    "climate": mark("The year's weather and demand"),
    "demand": mark("The year's weather and demand"),
    "information": mark("Training"),
    "linkage": mark("Training"),
    "training": mark("Training"),
    "extension": mark("Training"),
    "digital": mark("Training"),
    "firms": mark("Employers"),
    "own_account": mark("Own-account work"),
    "services": mark("Search and matching"),
    "talent": mark("Search and matching"),
    "search": mark("Search and matching"),
    "matching": mark("Search and matching"),
    "migration": mark("Working away"),
    "abroad": mark("Working away"),
    "earnings": mark("Earnings, learning, forgetting"),
    "counting": mark("Record"),
}
_WORDS = {
    "workers": mark("people, one row each, from birth month to wage; a row stays the same person for ever"),
    "enterprises": mark("employers, one row each: private, cooperative, public"),
    "programmes": mark("training programmes, one row each: field, level, seats"),
    "places": mark("the districts: distances, hazards, what farming and trades earn there"),
    "market": mark("open vacancies by district, field and skill tier, as seekers see them"),
    "demand_index": mark("demand for labour by field, relative to the start"),
    "levers": mark("what policies write and processes read; back to neutral every month"),
    "events": mark("what happened this month, for later processes and for paying policies"),
    "applications": mark("who applies to which vacancy this month"),
    "counts": mark("people as counted at the end of the month before"),
    "tables": mark("rates of the province looked up by age, sex or date"),
    "ledger": mark("the books: moves between activities, counts, payments"),
}
_READERS = {"policies": mark("policies that pay for it"), "recorder": mark("the recorder")}
_SHAPES = re.compile(r",? shapes? \([^)]*\)(?: and \([^)]*\))?")  # of arrays: for those who read the code
_TOGETHER = "\N{NO-BREAK SPACE}"
_GRADES = {
    "A": mark("measured in this province"),
    "B": mark("in Viet Nam or the region"),
    "C": mark("elsewhere"),
    "D": mark("assumed"),
}


def schedule_lines(
    processes: Sequence[Any],
    width: int,
    *,
    running: Sequence[Any] | None = None,
    policies: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Text]:
    """Yield the month as one page of at most `width` columns: in each part, what every process does, reads and writes.

    Of a province, `running` are the processes that are not switched off there, and `policies` those in force, with the
    levers that they write.
    """
    yield Text(n_("The month: {count} process", "The month: {count} processes, in this order", len(processes)).format(
        count=len(processes)), style="bold")  # fmt: skip
    yield from _wrapped(_("First, levers go back to neutral and the policies in force write theirs."), width)
    if policies:
        yield from _wrapped(_("Policies here: {names}.").format(names=", ".join(policies)), width)
        for name, levers in policies.items():
            words = _("writes {levers}").format(levers=", ".join(levers)) if levers else _("names no lever")
            yield from _wrapped(f"{name}: {words}", width, first="    ", rest="      ", style="dim")
    if running is not None and len(running) < len(processes):
        off = len(processes) - len(running)
        yield from _wrapped(n_("{count} process is switched off here.", "{count} processes are switched off here.", off)
                            .format(count=off), width)  # fmt: skip
    yield from _english_only(width)
    numbered = enumerate(processes, start=1)
    here = processes if running is None else running
    for part, members in groupby(numbered, key=lambda pair: _part(pair[1])):
        yield Text("")
        yield Text(_(part).upper(), style="bold")
        for position, process in members:
            yield from _process_lines(position, process, width, off=process not in here)
    yield Text("")
    closing = _("Last, policies pay for what happened, the ledger is closed and the month is written down.")
    yield from _wrapped(closing, width)
    used = {name.partition(".")[0] for process in here for name in (*process.reads, *process.writes)}
    known = [(name, words) for name, words in _WORDS.items() if name in used]
    if known:
        yield Text("")
        yield Text(_("Words"), style="bold")
        indent = max(len(name) for name, _words in known) + 2
        for name, words in known:
            yield from _wrapped(_(words), width, first=f"{name:<{indent}}", rest=" " * indent)


def event_lines(events: Mapping[str, Any], processes: Sequence[Any], width: int) -> Iterator[Text]:
    """Yield every event of a month: what it is, who makes it and who reads it."""
    yield Text("")
    yield Text(_("What happens in a month, who makes it and who reads it"), style="bold")
    for name, kind in events.items():
        place = f"events.{name}"
        makers = [process.name for process in processes if place in process.writes]
        readers = [process.name for process in processes if place in process.reads]
        readers += [_(_READERS[one]) for one in kind.readers]
        over = _("over {rows}").format(rows=kind.over)
        yield Text.assemble((name, "bold"), f"  {kind.unit}, {over}")
        yield from _wrapped(kind.meaning, width, first="    ")
        for words, names in ((_("made by"), makers), (_("read by"), readers)):
            yield from _wrapped(f"{words}: {', '.join(names) or '-'}", width, first="    ", rest="      ", style="dim")


def lever_lines(
    levers: Mapping[str, Any], processes: Sequence[Any], policies: Mapping[str, Sequence[str]], width: int
) -> Iterator[Text]:
    """Yield every lever: what it means, its unit, how amounts combine, which policies write it and who reads it."""
    yield from _wrapped(_("A policy writes levers and nothing else; processes read them."), width)
    yield from _english_only(width)
    for name, kind in levers.items():
        yield Text("")
        over = _("over {rows}").format(rows=kind.over)
        yield Text.assemble((name, "bold"), f"  {kind.unit}, {over}")
        yield from _wrapped(kind.meaning, width, first="    ")
        rule = _("amounts combine by {rule}; neutral: {value:g}").format(rule=kind.rule, value=kind.neutral)
        yield from _wrapped(rule, width, first="    ", style="dim")
        readers = [process.name for process in processes if f"levers.{name}" in process.reads]
        writers = [policy for policy, named in policies.items() if name in named]
        for words, names in ((_("written by"), writers), (_("read by"), readers)):
            yield from _wrapped(f"{words}: {', '.join(names) or '-'}", width, first="    ", rest="      ", style="dim")


def parameter_lines(
    evidence: Sequence[Any],
    defaults: Mapping[str, Any],
    width: int,
    *,
    about: Mapping[str, str] | None = None,
    grade: str | None = None,
) -> Iterator[Text]:
    """Yield parameters by section: value, unit, range, grade; below each what it means and where it comes from.

    `about` holds a line on each section; with `grade`, only parameters of that grade are listed, and all are counted.
    """
    yield from _wrapped(_("Values are written as a file or --set takes them; a change is followed by its default."),
                        width)  # fmt: skip
    yield from _english_only(width)
    shown = [one for one in evidence if grade in (None, one.grade)]
    for section, members in groupby(shown, key=lambda one: one.path.rpartition(".")[0]):
        yield Text("")
        yield Text(section, style="bold")
        if about and about.get(section):
            yield from _wrapped(about[section], width, style="dim")
        for one in members:
            yield from _one_parameter(one, defaults.get(one.path), width)
    yield Text("")
    counted = [f"{sum(one.grade == name for one in evidence)} {name} ({_(words)})" for name, words in _GRADES.items()]
    total = n_("{count} parameter by grade: {counted}", "{count} parameters by grade: {counted}", len(evidence))
    yield from _wrapped(total.format(count=len(evidence), counted=", ".join(counted)), width)


def _process_lines(position: int, process: Any, width: int, *, off: bool) -> Iterator[Text]:
    name = Text.assemble(f"{position:>2}  ", (process.name, "bold"))
    if off:
        yield name.append("  " + _("(switched off)"))
        return
    yield name
    yield from _wrapped(_SHAPES.sub("", process.summary.replace("`", "")), width, first="    ")
    labels = [_("reads"), _("writes")]
    indent = max(map(len, labels)) + 2
    for label, names in zip(labels, (process.reads, process.writes), strict=True):
        if names:
            first, rest = f"      {label:<{indent}}", " " * (6 + indent)
            yield from _wrapped("; ".join(_by_table(names)), width, first=first, rest=rest, style="dim")


def _part(process: Any) -> str:
    return str(_PARTS.get(process.section, process.section))



def _by_table(names: Iterable[str]) -> Iterator[str]:
    """Yield columns grouped by their table: `workers: activity, spell`."""
    tables: dict[str, list[str]] = {}
    for name in names:
        table, _dot, column = name.partition(".")
        tables.setdefault(table, []).extend([column] if column else [])
    for table in sorted(tables, key=lambda table: (list(_WORDS).index(table) if table in _WORDS else -1, table)):
        yield f"{table}:{_TOGETHER}{', '.join(tables[table])}" if tables[table] else table


def _one_parameter(one: Any, default: Any, width: int) -> Iterator[Text]:
    name, value, bounds = one.path.rpartition(".")[2], _written(one.value), _bounds(one.low, one.high)
    name_width, bounds_width = 30, max(14, width // 5)
    free = width - 2 - name_width - bounds_width - 2
    stated = f"{value} {one.unit}"
    changed = "" if _written(default) == value else _("default {value}").format(value=_written(default))
    fits = len(stated) < free and len(name) < name_width
    first = f"{stated:<{free}}" if fits else " " * free
    rest = f"{first}{bounds:<{bounds_width}} "
    yield Text.assemble("  ", (f"{name:<{name_width}}", "bold"), rest, (one.grade, "bold"))
    if not fits:
        yield from _wrapped(stated, width - 2, first="    ")
    if changed:
        yield from _wrapped(changed, width - 2, first="    ")
    if one.help:
        yield from _wrapped(one.help, width - 2, first="    ")
    year = f" ({one.year})" if one.year else ""
    yield from _wrapped(f"{one.source}{year}", width - 2, first="    ", style="dim")


def _bounds(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"{'>=' if high is None else '<='} {_written(low if high is None else high)}"
    return f"{_written(low)} .. {_written(high)}"


def _written(value: Any) -> str:
    """Write a value as YAML takes it: digits of large numbers grouped by underscores."""
    if isinstance(value, bool) or value is None:
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        large = abs(value) >= 10_000 and float(value).is_integer()
        return f"{int(value):_}" if large and abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)


def _english_only(width: int) -> Iterator[Text]:
    """Say in any other language that what stands beside the code is not translated."""
    if current_language() != "en":
        yield from _wrapped(_("Names, explanations, units and sources stand in English, as in the code."), width)


def _wrapped(text: str, width: int, *, first: str = "", rest: str | None = None, style: str = "") -> Iterator[Text]:
    lines = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=first if rest is None else rest, break_on_hyphens=False
    )
    yield from (Text(line.replace(_TOGETHER, " "), style=style) for line in lines)
