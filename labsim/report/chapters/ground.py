"""What the answer rests on: grades of evidence, shares that assumption decides, and what to measure first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from labsim.errors import ResultsError
from labsim.evidence.parts import LUCK
from labsim.evidence.possible import possible_range
from labsim.evidence.shares_file import kept_shares, kept_worth
from labsim.experiment.code import configuration_of_numbers, model_hash
from labsim.experiment.opened import targets_of
from labsim.experiment.run import indicators_known
from labsim.report.assumption_words import assumption_label
from labsim.report.blocks import Block, Cell, Chapter, Column, Listed, Table, Words
from labsim.report.chapters.source import Source
from labsim.report.console import bands_hold
from labsim.report.evidence import grade_words
from labsim.report.numbers import number, percent, unit_name, with_unit
from labsim.report.words import capital, margin_name
from labsim.targets import said
from labsim.text import _

__all__ = ["ground_chapter"]

_MOST = 5


def ground_chapter(source: Source) -> Chapter:
    """Return on what the answer rests."""
    manifest = source.manifest
    blocks: list[Block] = []
    grades: Mapping[str, int] = manifest.get("parameters_by_grade", {})
    if grades:
        blocks.append(_grades(grades))
    try:
        blocks += _shares(str(manifest["province"]), manifest["config"])
    except ResultsError as error:
        blocks.append(Words(str(error), "note"))
    blocks.append(Words(_("What bands and chances hold"), "head"))
    blocks.append(Listed(tuple(("\N{BULLET}", line) for line in bands_hold(manifest.get("posterior")))))
    if manifest.get("misfit"):
        blocks.append(_misfit(manifest["misfit"]))
    return Chapter("evidence", _("What the answer rests on"), tuple(blocks))


def _grades(grades: Mapping[str, int]) -> Table:
    total = sum(grades.values())
    columns = (
        Column(_("Grade of evidence"), wide=True),
        Column(_("Parameters"), right=True),
        Column(_("Part of all"), right=True),
    )
    rows = tuple(
        (Cell(words), Cell(str(grades.get(grade, 0))), Cell(percent(grades.get(grade, 0) / total)))
        for grade, words in grade_words().items()
    )
    return Table(columns, rows, title=_("The model's numbers by grade of evidence"))


def _shares(province: str, config: Mapping[str, object]) -> list[Block]:
    """Return how much of each answer assumption decides, and which numbers would take most of it away."""
    kept, worth = kept_shares(province), kept_worth(province)
    if not len(kept):
        return []
    names = {str(answer): _name_of(str(indicator), int(year)) for answer, indicator, year in _answers(kept)}
    names |= {target.id: said(target.label) for target in targets_of(province)}
    told = kept[kept["told"].astype(bool)].pivot_table(
        index=["answer", "year"], columns="part", values="share", sort=False
    )
    columns = (
        Column(_("Answer"), wide=True),
        Column(_("Rests on assumption"), right=True),
        Column(_("Luck"), right=True),
    )
    rows = tuple(
        (Cell(names[str(row["answer"])]), Cell(_whole(row.get("D"))), Cell(_whole(row.get(LUCK))))
        for row in told.reset_index().to_dict("records")
    )
    blocks: list[Block] = [
        Table(columns, rows, title=_("How much of each answer rests on assumption"), folded=True, note=_(
            "Rests on assumption: share of the answer's variance over what parameters may be that those of grade D"
            " have alone. Luck: share of the whole variance at the scale it was measured at."))
    ]  # fmt: skip
    if (kept["code"] != model_hash()).any():
        blocks.append(Words(_("Stale: the code has changed since these shares were made."), "note"))
    if (kept["configuration"] != configuration_of_numbers(config)).any():
        words = _("These shares were made for the scenario {scenario}, with other settings than these.")
        blocks.append(Words(words.format(scenario=kept["scenario"].iloc[0]), "note"))
    return [*blocks, _worth(worth)] if len(worth) else blocks


def _worth(worth: pd.DataFrame) -> Table:
    """Return the numbers that would take most of the uncertainty away."""
    columns = (Column(_("Number"), wide=True), Column(_("Now, and range"), right=True),
               Column(_("Takes away"), right=True))  # fmt: skip
    rows = []
    for row in worth.head(_MOST).to_dict("records"):
        path, unit = str(row["parameter"]), str(row["unit"])
        low, high = (number(end, "") for end in possible_range(path, unit, float(row["low"]), float(row["high"])))
        band = _("({low} to {high})").format(low=low, high=high)
        about = _("{name}; {source}").format(name=path, source=row["source"])
        cells = (Cell(assumption_label(path), about), Cell(f"{number(row['present'], '')} {band}", unit_name(unit)))
        rows.append((*cells, Cell(_whole(row["cut"]))))
    note = _(
        "Takes away: mean share of the targets' variance (of what is not luck) that goes if the number becomes known"
        " exactly, so at most. Ranges as far as people would call them possible; names and sources stand as in the"
        " code."
    )
    return Table(columns, tuple(rows), title=_("Numbers most worth collecting next"), note=note)


def _answers(kept: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    return kept[["answer", "indicator", "year"]].drop_duplicates().itertuples(index=False, name=None)


def _name_of(indicator: str, year: int) -> str:
    info = indicators_known().get(indicator)
    return f"{_(info.label) if info is not None else indicator}, {year}"


def _whole(share: object) -> str:
    value = float(share) if isinstance(share, int | float) else float("nan")
    return percent(min(1.0, max(0.0, value))) if value == value else "-"


def _misfit(rows: list[Mapping[str, object]]) -> Table:
    columns = (Column(_("Margin"), wide=True), Column(_("Cells"), right=True), Column(_("Mean misfit"), right=True),
               Column(_("Largest misfit"), right=True))  # fmt: skip
    body = []
    for row in rows:
        mean, largest = (with_unit(float(str(row[name])), "share") for name in ("mean", "largest"))
        name = capital(margin_name(str(row["margin"])))
        body.append((Cell(name), Cell(str(row["cells"])), Cell(mean), Cell(largest)))
    title = _("How well the starting population fits the census and surveys")
    return Table(columns, tuple(body), title=title, folded=True)
