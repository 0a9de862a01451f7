"""The scenario in words: its question, and every change as old value, new value and unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labsim.report.blocks import Block, Cell, Chapter, Column, Listed, Table, Words
from labsim.report.chapters.source import Source
from labsim.report.noted import said_in_report
from labsim.report.numbers import money, month_name, number, scenario_name
from labsim.report.words import capital, parameter_name, policy_name, unit_of_amount
from labsim.text import _, current_language
from labsim.yaml_source import parse_value

__all__ = ["scenario_chapter"]

_CHANGE = re.compile(r"^(?P<path>[^:]+): (?P<old>.*?) -> (?P<new>.*?)(?: \[(?P<unit>[^\]]*)\])?$", re.DOTALL)
_SIZES = ("seed", "scale", "replicates", "period", "by")  # of the run, told in its record
_MONTH = re.compile(r"^\d{4}-\d{2}$")


@dataclass(frozen=True)
class Change:
    """One change of a scenario, as its log says it."""

    path: str
    old: str
    new: str
    unit: str


def scenario_chapter(source: Source) -> Chapter:
    """Return what was simulated: question, policies in force, and what differs from the values they start from."""
    manifest = source.manifest
    blocks: list[Block] = [Words(scenario_name(manifest), "head")]
    question = str((manifest["config"].get("question") or {}).get(current_language()) or "")
    if question:
        blocks.append(Words(question))
    changes = _last(_changes(manifest.get("changes", ())))
    blocks += _told(manifest, changes)
    blocks += _notes(manifest.get("notes", ()))
    if source.compared is not None:
        for point in source.compared.about["points"]:
            if point["province"] == manifest["province"] and point["config_hash"] != manifest["config_hash"]:
                blocks += _other(source, point, changes)
    return Chapter("scenario", _("The scenario in words"), tuple(blocks))


def _told(manifest: Mapping[str, Any], changes: Mapping[str, Change]) -> Iterator[Block]:
    policies = manifest["config"].get("policies", {})
    if policies:
        names = ", ".join(policy_name(name) for name in policies)
        yield Words(_("Policies in force: {names}.").format(names=names))
    if changes:
        yield _table(list(changes.values()), _("What the scenario sets"), _("Without it"), _("Here"))
    else:
        yield Words(_("Nothing is changed: every parameter has the value it starts from."))


def _notes(kept: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """Yield what was given and has no effect."""
    told = said_in_report(kept)
    if told:
        yield Words(_("Without effect, or not as it was meant"), "head")
        yield Listed(tuple(("\N{BULLET}", line) for line in told))


def _other(source: Source, point: Mapping[str, Any], base: Mapping[str, Change]) -> Iterator[Block]:
    """Yield what a scenario changes against the base of its comparison."""
    assert source.compared is not None
    titles = source.compared.scenarios.set_index("scenario")[f"title_{current_language()}"].to_dict()
    own = _last(_changes(point["changes"]))
    rows = []
    for path, change in own.items():
        before = base.get(path)
        if before is not None and before.new == change.new:
            continue
        rows.append(change if before is None else Change(path, before.new, change.new, change.unit))
    rows += [Change(path, change.new, change.old, change.unit) for path, change in base.items() if path not in own]
    name = str(titles.get(point["name"], point["name"]))
    yield Words(name, "head")
    if rows:
        yield _table(rows, "", _("Base"), _("Here"))
    else:
        yield Words(_("Nothing differs from the base."))
    known = [(one["code"], one["where"]) for one in source.manifest.get("notes", ())]
    told = source.compared.notes_on(str(point["name"]), str(point["province"]))
    yield from _notes([one for one in told if (one["code"], one["where"]) not in known])


def _changes(lines: Sequence[str]) -> Iterator[Change]:
    for line in lines:
        found = _CHANGE.match(line)
        if found is not None and found["path"].split(".")[0] not in _SIZES:
            yield Change(found["path"], found["old"], found["new"], found["unit"] or "")


def _last(changes: Iterator[Change]) -> dict[str, Change]:
    """Return one change a path, from its first value to its last: a scenario may change what its base has changed."""
    found: dict[str, Change] = {}
    for one in changes:
        before = found.get(one.path)
        found[one.path] = one if before is None else Change(one.path, before.old, one.new, one.unit)
    return found


def _table(changes: Sequence[Change], title: str, old: str, new: str) -> Table:
    columns = (Column(_("What is set"), wide=True), Column(old, right=True), Column(new, right=True), Column(_("Unit")))
    rows = tuple(
        (Cell(capital(parameter_name(one.path))), Cell(_said(one.old, one.unit)), Cell(_said(one.new, one.unit)),
         Cell(unit_of_amount(one.unit) if one.unit else ""))
        for one in changes
    )  # fmt: skip
    return Table(columns, rows, title=title)


def _said(text: str, unit: str) -> str:
    """Write a value of the log as a reader would: amounts by the year they hold from, words as they stand."""
    words = {"not set": _("not set"), "on": _("on"), "off": _("off")}
    # the log speaks the language of its run
    if text in words or text in words.values():
        return words.get(text, text)
    if _MONTH.match(text):
        return month_name(text)
    try:
        value = parse_value(text)
    except ValueError:
        return text
    if isinstance(value, dict) and value and all(isinstance(key, int) for key in value):
        parts = [_("from {year}: {amount}").format(year=year, amount=_amount(one, unit)) for year, one in value.items()]
        return "; ".join(parts)
    return _amount(value, unit) if isinstance(value, int | float) and not isinstance(value, bool) else text


def _amount(value: Any, unit: str) -> str:
    if not isinstance(value, int | float):
        return str(value)
    if unit.startswith("VND") and abs(value) >= 1e6:
        return money(float(value))
    return number(float(value), unit.partition(" ")[0] if unit.startswith("persons") else "")
