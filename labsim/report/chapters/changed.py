"""What scenarios change against their base: every difference, money, and who ranks before whom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from labsim.experiment.compare import Comparison
from labsim.report.blocks import Block, Cell, Chapter, Column, Gallery, Key, Listed, Table, Words
from labsim.report.chapters.source import Source
from labsim.report.comparison_figures import BASE_COLOUR, OTHER_COLOURS, difference_figures, path_figures
from labsim.report.console import beyond_calibrated
from labsim.report.difference_words import (
    better_in,
    cost_of_one,
    factor_of,
    interval,
    measure_name,
    met_in,
    moment_name,
    notes_of,
    nothing_differs,
    order_of,
    same_everywhere,
    short_by,
    significant,
    small,
    value_of,
    with_moment,
)
from labsim.report.numbers import unit_name
from labsim.report.pictures import picture
from labsim.report.words import capital, policy_name
from labsim.text import _, current_language

__all__ = ["changed_chapter", "headed", "places_of", "titles_of"]

Row = Mapping[Any, Any]


def changed_chapter(source: Source) -> Chapter | None:
    """Return every difference against the base with its interval; None for a single run."""
    found = source.compared
    if found is None:
        return None
    blocks: list[Block] = []
    titles, places = titles_of(found), places_of(found)
    several = len(places) > 1
    pictures = []
    for at, (title, caption, figure) in enumerate(difference_figures(found)):
        alt = _("Points with intervals: {title}").format(title=title)
        pictures.append(picture(f"difference{at}", figure, capital(title), caption, alt))
    if pictures:
        blocks.append(Words(_(
            "Points: mean of the paired differences against the base; lines: 95 % interval; hollow where the interval"
            " holds zero, so that luck alone may explain it."), "note"))  # fmt: skip
        blocks.append(Gallery(tuple(pictures)))
    for province, place in places.items():
        here = found.differences[found.differences["province"] == province]
        here = here[here["main"]]
        nowhere = same_everywhere(here)
        for scenario, rows in here.groupby("scenario", sort=False):
            title = titles.get(str(scenario), str(scenario))
            same = nothing_differs(found, str(scenario), province)
            heading = f"{place}: {title}" if several else title
            blocks += _differences(heading, rows, nowhere, found.about["posteriors"], same)
        if nowhere:
            blocks.append(_same(_("The same in every scenario and replicate: {names}"), [
                row for row in here.drop_duplicates(["id", "when"]).to_dict("records")
                if (row["id"], row["when"]) in nowhere
            ]))  # fmt: skip
        blocks += _paths(found, province, place if several else "")
        blocks += _costs(found, province, place if several else "")
        blocks += _ranking(found, province, place if several else "")
    blocks.append(Listed(tuple(("*", note) for note in notes_of(found))))
    return Chapter("changes", _("What changes against the base"), tuple(blocks))


def titles_of(found: Comparison) -> dict[str, str]:
    """Return the titles of scenarios by their names, in the language in use."""
    rows = found.scenarios.to_dict("records")
    return {str(row["scenario"]): str(row[f"title_{current_language()}"]) for row in rows}


def places_of(found: Comparison) -> dict[str, str]:
    """Return the names of provinces by their ids, in the language in use."""
    rows = found.scenarios.to_dict("records")
    return {str(row["province"]): str(row[f"place_{current_language()}"]) for row in rows}


def _differences(
    title: str, rows: pd.DataFrame, nowhere: set[tuple[str, str]], posteriors: Mapping[str, Any], nothing: str
) -> Iterator[Block]:
    same = rows["n_equal"] == rows["n"]
    differing = rows[~same]
    yield Words(title, "head")
    if not len(differing):
        yield Words(nothing)
    for kind in ("target", "indicator"):
        part = differing[differing["measure"] == kind]
        if len(part):
            yield _difference_table(part, kind == "target", posteriors)
    here = [row for row in rows[same].to_dict("records") if (row["id"], row["when"]) not in nowhere]
    if here:
        yield _same(_("The same in every replicate: {names}"), here)


def _same(words: str, rows: Sequence[Row]) -> Words:
    return Words(words.format(names="; ".join(map(with_moment, rows))), "note")


def _difference_table(rows: pd.DataFrame, of_targets: bool, posteriors: Mapping[str, Any]) -> Table:
    columns = [
        Column(_("Target") if of_targets else _("Indicator"), wide=True), Column(_("Base"), right=True),
        Column(_("Here"), right=True), Column(_("Difference (95 % interval)"), right=True),
        Column(_("Better of {n}").format(n=int(rows["n"].max())), right=True),
        Column(_("Factor of pairing"), right=True),
    ]  # fmt: skip
    if of_targets:
        columns += [Column(_("Met in: base, here"), right=True), Column(_("Short: base, here"), right=True)]
    columns.append(Column(_("VND for one"), right=True))
    return Table(tuple(columns), tuple(_row(row, of_targets, posteriors) for row in rows.to_dict("records")))


def _row(row: Row, of_targets: bool, posteriors: Mapping[str, Any]) -> tuple[Cell, ...]:
    unit = str(row["unit"])
    marks = beyond_calibrated(str(row["when"]), posteriors[row["province"]])
    more = "; ".join(part for part in (moment_name(row), "%" if unit == "%" else unit_name(unit)) if part)
    gap = small(row["difference"], unit) + (" *" if row["clear"] else "")
    ends = interval(small(row["low"], unit), small(row["high"], unit)) if math.isfinite(row["low"]) else ""
    cells = [
        Cell(capital(measure_name(row)), more), Cell(value_of(row["base_value"], unit) + marks),
        Cell(value_of(row["value"], unit) + marks), Cell(gap, ends, strong=bool(row["clear"])), Cell(better_in(row)),
        _lined(factor_of(row)),
    ]  # fmt: skip
    if of_targets:
        base, here = met_in(row, "base_"), met_in(row, "")
        cells += [Cell(base, here), _lined(short_by(row))]
    return (*cells, _lined(cost_of_one(row)))


def _lined(words: str) -> Cell:
    """Return a cell of words that stand on two lines."""
    first, _line, rest = words.partition("\n")
    return Cell(first, rest)


def _paths(found: Comparison, province: str, place: str) -> Iterator[Block]:
    drawn = path_figures(found, province)
    if not drawn:
        return
    titles = titles_of(found)
    frame = found.paths[found.paths["province"] == province]
    others = list(dict.fromkeys(map(str, frame["scenario"])))
    base = str(frame["base"].iloc[0])
    yield Words(headed(place, _("Month by month: above the scenarios, below each less the base")), "head")
    entries = [("\N{EM DASH}", BASE_COLOUR, _("{title} (base)").format(title=titles[base]))]
    entries += [("\N{EM DASH}", OTHER_COLOURS[at % len(OTHER_COLOURS)], titles[name]) for at, name in enumerate(others)]
    yield Key((*entries, ("\N{BLACK SQUARE}", "#BBBBBB", _("95 % interval of the paired difference"))))
    yield Gallery(tuple(
        picture(f"path-{province.replace('/', '-')}-{at}", figure, capital(title), caption,
                _("Chart over time: {title}. {caption}").format(title=title, caption=caption))
        for at, (title, caption, figure) in enumerate(drawn)
    ))  # fmt: skip


def _costs(found: Comparison, province: str, place: str) -> Iterator[Block]:
    costs = found.costs[found.costs["province"] == province] if len(found.costs) else found.costs
    if not len(costs) or not costs[["base_spent", "spent"]].to_numpy().any():
        return
    titles = titles_of(found)
    said = {"public": _("public money"), "private": _("private money")}
    rows = []
    for row in costs.to_dict("records"):
        if not row["base_spent"] and not row["spent"]:
            continue
        whole = row["policy"] == "all"
        name = f"{titles[row['scenario']]}: {said[row['money']]}" if whole else capital(policy_name(row["policy"]))
        base, here, gap, low, high = (
            significant(row[key] / 1e9) for key in ("base_spent", "spent", "difference", "low", "high")
        )
        ends = interval(low, high) if math.isfinite(row["low"]) and row["low"] < row["high"] else ""
        rows.append((
            Cell(name, strong=whole), Cell(base), Cell(here), Cell(gap + (" *" if row["clear"] else ""), ends),
        ))  # fmt: skip
    columns = (Column(_("Scenario, policy"), wide=True), Column(_("Base"), right=True), Column(_("Here"), right=True),
               Column(_("Difference (95 % interval)"), right=True))  # fmt: skip
    yield Table(
        columns, tuple(rows), title=headed(place, _("What it costs more than the base, billion VND of all years"))
    )


def _ranking(found: Comparison, province: str, place: str) -> Iterator[Block]:
    """Yield which scenario is clearly better than which by target; no order where that is not clear."""
    ranking = found.ranking[found.ranking["province"] == province]
    if not len(ranking):
        return
    differences = found.differences[found.differences["province"] == province]
    named = differences.set_index(["id", "when"])
    same = same_everywhere(differences)
    titles, rows, nowhere = titles_of(found), [], []
    for (name, when), part in ranking.groupby(["id", "when"], sort=False):
        label = measure_name(named.loc[[(name, when)]].reset_index().iloc[0].to_dict())
        if part["leader"].astype(bool).any():
            pairs = tuple(
                (titles[one], titles[other], titles.get(leader, ""))
                for one, other, leader in part[["scenario", "other", "leader"]].itertuples(index=False, name=None)
            )
            ranked, unclear = order_of(pairs)
            rows.append((Cell(label), Cell(ranked.replace("\n", "; ")), Cell(unclear.replace("\n", "; "))))
        elif (name, when) not in same:
            nowhere.append(label)
    heading = headed(place, _("Ranked by target: better > worse, where the paired difference is clear"))
    if rows:
        columns = (Column(_("Target"), wide=True), Column(_("Ranked"), wide=True), Column(_("Not ranked")))
        yield Table(columns, tuple(rows), title=heading)
    else:
        yield Words(heading, "head")
        yield Words(_("No pair of scenarios is ranked on any target."))
    if nowhere:
        yield Words(_("Not ranked, all pairs: {names}").format(names="; ".join(nowhere)), "note")


def headed(place: str, words: str) -> str:
    """Return words with the place they are about before them, where there are several."""
    return f"{place}: {words}" if place else words
