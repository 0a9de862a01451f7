"""The districts as a tile map, where the run told them apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from labsim.report.blocks import Block, Cell, Chapter, Column, Gallery, Picture, Table, Words
from labsim.report.chapters.source import Source, how_to_tell_apart
from labsim.report.numbers import number
from labsim.report.panels import is_reference
from labsim.report.pictures import picture
from labsim.report.tiles import District, districts_of, tile_figure
from labsim.text import _

__all__ = ["districts_chapter"]

Values = Mapping[str, float]


def districts_chapter(source: Source) -> Chapter | None:
    """Return maps and a table of the districts; without them, how to have them told apart."""
    results = source.results
    if results is None or is_reference(results):
        return None
    title = _("The districts")
    districts = districts_of(str(source.manifest["province"]))
    if "district" not in results.groupings:
        if source.is_for_readers:
            return None
        words = _("Districts were not told apart. With {how} they are, and a map stands here.")
        words = words.format(how=how_to_tell_apart(source, "district"))
        return Chapter("districts", title, (Words(words),))
    table = results.by("district")
    year = int(table["year"].max())
    rows = table[(table["year"] == year) & (table["group"] != "all")]
    values = {
        str(name): dict(zip(part["group"], part["value"], strict=True)) for name, part in rows.groupby("indicator")
    }
    measures = list(_measures(values))
    blocks: list[Block] = [Words(_(
        "December {year} or the whole year, mean over replicates. Each tile is a district, near where it lies; darker"
        " means more. Numbers of small districts hold much random noise.").format(year=year))]  # fmt: skip
    if districts:
        blocks.append(Gallery(tuple(_maps(districts, measures))))
    blocks.append(_table(districts, measures))
    return Chapter("districts", title, tuple(blocks))


def _measures(values: Mapping[str, Values]) -> Iterator[tuple[str, str, Values]]:
    """Yield title, unit and value by district of what the maps show."""
    plain = (
        (_("Agricultural labour in all labour, %"), "%", "agricultural_share", 1.0),
        (_("Unemployment, %"), "%", "unemployment_rate", 1.0),
        (_("Mean income from work, million VND a month"), "million", "mean_income", 1e6),
    )
    trained, people = values.get("working_age_trained", {}), values.get("working_age", {})
    if trained and people:
        share = {name: 100 * trained[name] / people[name] if people.get(name) else math.nan for name in trained}
        yield _("Trained people of working age, %"), "%", share
    for title, unit, name, one in plain:
        if name in values:
            yield title, unit, {key: value / one for key, value in values[name].items()}


def _maps(districts: Sequence[District], measures: Sequence[tuple[str, str, Values]]) -> Iterator[Picture]:
    for place, (title, unit, values) in enumerate(measures):
        ranked = sorted((one for one in districts if math.isfinite(values.get(one.id, math.nan))),
                        key=lambda one: values[one.id])  # fmt: skip
        if not ranked:
            continue
        alt = _("Tile map: {title}. Least in {least} ({low}), most in {most} ({high}).").format(
            title=title, least=ranked[0].name, low=number(values[ranked[0].id], unit), most=ranked[-1].name,
            high=number(values[ranked[-1].id], unit),
        )  # fmt: skip
        yield picture(f"map{place}", tile_figure(districts, values, unit), title, "", alt)


def _table(districts: Sequence[District], measures: Sequence[tuple[str, str, Values]]) -> Table:
    names = {one.id: one.name for one in districts}
    ids = list(names) or sorted({key for _title, _unit, values in measures for key in values})
    columns = (Column(_("District"), wide=True), *(Column(title, right=True) for title, _unit, _values in measures))
    rows = tuple(
        (
            Cell(names.get(one, one)),
            *(Cell(number(values.get(one, math.nan), unit)) for _title, unit, values in measures),
        )
        for one in ids
    )
    return Table(columns, rows, title=_("The districts in numbers"), folded=True)
