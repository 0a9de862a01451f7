"""The record of the run: what made the numbers, so that they can be made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labsim.report.blocks import Cell, Chapter, Column, Table, Words
from labsim.report.chapters.source import Source
from labsim.report.numbers import day_name, month_name
from labsim.text import _

__all__ = ["record_chapter", "short_hash"]


def record_chapter(source: Source) -> Chapter:
    """Return where the numbers come from."""
    rows = [(Cell(name), Cell(said)) for name, said in _rows(source.manifest) if said]
    if source.compared is not None:
        others = source.compared.about["points"][1:]
        name = _("Configuration of {name}")
        rows += [(Cell(name.format(name=one["name"])), Cell(one["config_hash"])) for one in others]
    columns = (Column(_("Entry")), Column("", wide=True))
    text = _("The same labsim, configuration and seed give the same numbers to the last digit, on any machine.")
    return Chapter("record", _("Record of the run"), (Words(text), Table(columns, tuple(rows))))


def short_hash(manifest: Mapping[str, Any]) -> str:
    """Return the first letters of the hash of the configuration, as it stands at the foot of the report."""
    return str(manifest["config_hash"])[:12]


def _rows(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield _("Province"), str(manifest["province"])
    yield _("Scenario"), str(manifest["scenario"])
    yield _("Study"), str(manifest.get("study") or "")
    period = _("{start} to {until}").format(start=month_name(manifest["start"]), until=month_name(manifest["until"]))
    yield _("Period"), period
    yield _("Scale"), f"1:{1 / manifest['scale']:g}"
    yield _("Replicates"), str(manifest["replicates"])
    yield _("Seed"), str(manifest.get("seed", ""))
    yield _("Day of the run"), day_name(str(manifest.get("started", "")))
    yield _("Command"), str(manifest.get("command", ""))
    yield _("Hash of the configuration"), str(manifest["config_hash"])
    yield _("Hash of the code"), str(manifest["code_hash"])
    posterior = manifest.get("posterior")
    if posterior:
        yield _("Draws of parameters"), f"{posterior['file']}, {posterior['hash']}"
    else:
        yield _("Draws of parameters"), _("none: parameters are fixed")
    yield _("Versions"), ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    yield _("Platform"), str(manifest.get("platform", ""))
