"""The scoreboard for the console: each line with what was expected, what came out, and whether it passes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from babel.numbers import format_decimal
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labsim.report.console import ruled_table
from labsim.report.numbers import unit_name
from labsim.text import _, current_language, n_

if TYPE_CHECKING:
    from labsim.evidence.check import Check, Comparison
    from labsim.evidence.validate import Validation

__all__ = ["details_view", "scoreboard_view"]

_SIDES = {"equal": "", "at least": "≥ ", "at most": "≤ "}


def scoreboard_view(found: Validation) -> Iterator[RenderableType]:
    """Yield the scoreboard: a table with a heading for each group, what failed and what that means, and the sum."""
    from labsim.evidence.validate import GROUPS

    table = ruled_table()
    table.add_column(_("Line"), ratio=1, overflow="fold")
    for title in (_("Expected"), _("Obtained"), _("Tolerance")):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(_("Unit"), no_wrap=True)
    table.add_column("", no_wrap=True)
    for group, title in GROUPS.items():
        checks = [check for check in found.checks if check.group == group]
        if checks:
            table.add_row(Text(_(title), style="bold"))
        for check in checks:
            table.add_row(_name(check), *_cells(check), unit_name(check.unit), _verdict(check.passed))
    yield table
    yield Text("")
    yield from _failures(found)
    yield _sum(found)


def details_view(found: Validation) -> Iterator[RenderableType]:
    """Yield for each line what it means, where its tolerance comes from, and its comparisons one by one."""
    for check in found.checks:
        yield Text(f"\n{check.id}: {_(check.name)} [{unit_name(check.unit)}]", style="bold")
        yield Text(_(check.what_it_means))
        yield Text(_("Tolerance: {rule}.").format(rule=_(check.rule)), style="dim")
        if len(check.comparisons) > 1:
            yield _comparisons(check)


def _name(check: Check) -> RenderableType:
    """Return the name of a line, and below it which of its comparisons is shown."""
    name = Padding(Text(_(check.name)), (0, 0, 0, 2))
    below = check.error or _shown(check)
    return Group(name, Padding(Text(below, style="dim"), (0, 0, 0, 4))) if below else name


def _shown(check: Check) -> str:
    n = format_decimal(check.n, locale=current_language())
    if check.n == 1:
        return check.where
    if check.passed and check.tolerance == 0.0:
        return _("none of {n} is off").format(n=n)
    return _("closest of {n}: {where}").format(n=n, where=check.where)


def _cells(one: Check | Comparison) -> tuple[str, str, str]:
    return _SIDES[one.side] + _number(one.expected), _number(one.obtained), _number(one.tolerance, digits=2)


def _number(value: float, digits: int = 4) -> str:
    """Write a number with some digits that count, whole from a thousand on."""
    if not math.isfinite(value):
        return "-"
    places = 0 if value == 0.0 else max(0, digits - 1 - math.floor(math.log10(abs(value))))
    pattern = "#,##0" + ("." + "#" * min(places, 6) if places else "")
    return str(format_decimal(round(value, places), pattern, locale=current_language()))


def _verdict(passed: bool) -> Text:
    return Text(_("pass"), style="green") if passed else Text(_("FAIL"), style="bold red")


def _comparisons(check: Check) -> Table:
    table = ruled_table()
    table.add_column(_("Comparison"), ratio=1, overflow="fold")
    for title in (_("Expected"), _("Obtained"), _("Tolerance")):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in check.comparisons:
        table.add_row(Text(one.where), *_cells(one), _verdict(one.passed))
    return table


def _failures(found: Validation) -> Iterator[RenderableType]:
    for check in found.checks:
        if not check.passed:
            yield Text(_("Failed: {name}").format(name=_(check.name)), style="bold red")
            yield Text(_(check.what_it_means))
            yield Text(_("Tolerance: {rule}.").format(rule=_(check.rule)), style="dim")


def _sum(found: Validation) -> Text:
    passed, total = sum(check.passed for check in found.checks), len(found.checks)
    said = n_("{passed} of {total} line passes", "{passed} of {total} lines pass", total)
    return Text(said.format(passed=passed, total=total), style="bold")
