"""What scenarios change against their base: clear gains and losses, money, who ranks before whom."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from labsim.experiment.compare import Comparison
from labsim.report.blocks import Block, Cell, Chapter, Column, Gallery, Key, Listed, Table, Words
from labsim.report.chances import ORDER, verdict_of, word_of
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
    order_of,
    same_everywhere,
    short_by,
    significant,
    small,
    value_of,
    with_moment,
)
from labsim.report.numbers import money, unit_name, with_unit
from labsim.report.pictures import picture
from labsim.report.words import capital, policy_name
from labsim.text import _, current_language, n_

__all__ = ["changed_answer", "changed_chapter"]

Row = Mapping[Any, Any]
_MOST = 4  # differences of a scenario that are told on the first page
_UP, _DOWN, _OPEN = "\N{CHECK MARK}", "\N{MULTIPLICATION SIGN}", "?"


def changed_answer(source: Source, found: Comparison) -> Iterator[Block]:
    """Yield what stands on the first page of a comparison: scenarios side by side, and their clearest changes."""
    yield Words(_lead(found), "lead")
    yield _side_by_side(source, found)
    unclear = False
    for scenario, rows in _by_scenario(found):
        yield Words(scenario, "head")
        lines = tuple(_lines(rows))
        unclear = unclear or any(sign == _OPEN for sign, _line in lines)
        yield Listed(lines) if lines else Words(_("No target differs in any replicate."))
    if unclear:
        words = _("{sign}: the 95 % interval of the difference holds zero, so luck alone may explain it.")
        yield Words(words.format(sign=_OPEN), "note")


def changed_chapter(source: Source) -> Chapter | None:
    """Return every difference against the base with its interval; None for a single run."""
    found = source.compared
    if found is None:
        return None
    blocks: list[Block] = []
    titles, places = _titles(found), _places(found)
    several = len(places) > 1
    pictures = [
        picture(f"difference{at}", figure, title, caption, _("Points with intervals: {title}").format(title=title))
        for at, (title, caption, figure) in enumerate(difference_figures(found))
    ]
    if pictures:
        blocks.append(Words(_(
            "Points: mean of the paired differences against the base; lines: 95 % interval; hollow where the interval"
            " holds zero, so that luck alone may explain it."), "note"))  # fmt: skip
        blocks.append(Gallery(tuple(pictures)))
    for province, place in places.items():
        here = found.differences[found.differences["province"] == province]
        for scenario, rows in here[here["main"]].groupby("scenario", sort=False):
            title = titles.get(str(scenario), str(scenario))
            blocks += _differences(f"{place}: {title}" if several else title, rows, found.about["posteriors"])
        blocks += _paths(found, province, place if several else "")
        blocks += _costs(found, province, place if several else "")
        blocks += _ranking(found, province, place if several else "")
    blocks.append(Listed(tuple(("*", note) for note in notes_of(found))))
    return Chapter("changes", _("What changes against the base"), tuple(blocks))


def _lead(found: Comparison) -> str:
    n = int(found.scenarios["n"].min())
    pairs = n_("{count} paired replicate", "{count} paired replicates", n).format(count=n)
    targets = _targets(found)
    clear = targets[targets["clear"]]
    base = _titles(found)[str(found.scenarios["base"].iloc[0])]
    if not len(clear):
        words = _(
            "Against {base}, no target clearly changes in {pairs}: what differs is no larger than luck may make it. More"
            " replicates or a larger scale would tell more."
        )
        return words.format(base=base, pairs=pairs)
    best = clear.assign(size=clear["difference"].abs() / (clear["high"] - clear["low"])).sort_values("size")
    row = best.iloc[-1].to_dict()
    words = _(
        "Against {base}, on the same people with the same luck ({pairs}), the clearest change of a target is: {what}."
    )
    return words.format(base=base, pairs=pairs, what=f"{_titles(found)[str(row['scenario'])]}: {_told(row)}")


def _side_by_side(source: Source, found: Comparison) -> Table:
    """Return a row a scenario: verdicts of its targets, money, and how many targets clearly differ from the base."""
    several = found.scenarios["province"].nunique() > 1
    verdicts = _verdicts(source)
    columns = [Column(_("Scenario"), wide=True)]
    columns += [Column(capital(word_of(said)), right=True) for said in ORDER] if verdicts else []
    columns += [Column(words, right=True) for words in (_("Public money"), _("Clearly better"), _("Clearly worse"))]
    targets, rows = _targets(found), []
    for at, one in enumerate(found.scenarios.to_dict("records")):
        mine = (targets["province"] == one["province"]) & (targets["scenario"] == one["scenario"])
        clear, is_base = targets[mine & targets["clear"]], one["scenario"] == one["base"]
        better = int((clear["n_better"] > clear["n_worse"]).sum())
        title = str(one[f"title_{current_language()}"])
        title = _("{title} (base)").format(title=title) if is_base else title
        cells = [Cell(_headed(str(one[f"place_{current_language()}"]) if several else "", title), strong=is_base)]
        cells += [Cell(str(verdicts[at][said])) for said in ORDER] if verdicts else []
        cells.append(Cell(_spent(found, one, is_base)))
        cells += [Cell("" if is_base else str(n)) for n in (better, len(clear) - better)]
        rows.append(tuple(cells))
    return Table(tuple(columns), tuple(rows), note=_(
        "Number of targets by verdict, and of targets that clearly differ from the base; public money of all years."))  # fmt: skip


def _verdicts(source: Source) -> list[Counter[str]]:
    """Return the verdicts of each scenario's targets in the order of scenarios; nothing without the folder of runs."""
    if source.study is None:
        return []
    scorecards = [source.study.results(int(point)).scorecard for point in source.study.points["point"]]
    scored = [card[card["status"] == "scored"].to_dict("records") for card in scorecards]
    return [Counter(verdict_of(row) for row in rows) for rows in scored] if any(scored) else []


def _by_scenario(found: Comparison) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the title of each scenario that is no base, with the rows of its targets."""
    titles, places = _titles(found), _places(found)
    for (province, scenario), rows in _targets(found).groupby(["province", "scenario"], sort=False):
        title = titles.get(str(scenario), str(scenario))
        yield f"{places[str(province)]}: {title}" if len(places) > 1 else title, rows


def _targets(found: Comparison) -> pd.DataFrame:
    """Return the differences of targets; where a province has none, those of its main indicators."""
    frame = found.differences[found.differences["main"]]
    targets = frame[frame["measure"] == "target"]
    return targets if len(targets) else frame


def _spent(found: Comparison, one: Row, is_base: bool) -> str:
    costs = found.costs
    if not len(costs):
        return "-"
    mine = costs[(costs["province"] == one["province"]) & (costs["policy"] == "all") & (costs["money"] == "public")]
    if is_base:
        return money(float(mine["base_spent"].iloc[0]))
    return money(float(mine.loc[mine["scenario"] == one["scenario"], "spent"].iloc[0]))


def _lines(rows: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the clear changes first, then the largest that are not clear, each with a sign."""
    moved = rows[rows["n_equal"] < rows["n"]].copy()
    moved["size"] = moved["difference"].abs() / (moved["high"] - moved["low"])
    seen: set[tuple[float, float]] = set()
    count = 0
    for row in moved.sort_values(["clear", "size"], ascending=False).to_dict("records"):
        key = (row["value"], row["difference"])  # several authorities may aim at one number
        if key in seen or count == _MOST:
            continue
        seen.add(key)
        count += 1
        better = row["n_better"] > row["n_worse"]
        sign = (_UP if better else _DOWN) if row["clear"] else _OPEN
        yield sign, _told(row)


def _told(row: Row) -> str:
    unit = str(row["unit"])
    low, high = small(row["low"], unit), small(row["high"], unit)
    base, here = (with_unit(row[name], unit) for name in ("base_value", "value"))
    said = _("points") if unit == "%" else unit_name(unit)
    words = _("{name}: from {base} to {here}, a difference of {difference} {unit} ({low} to {high})")
    difference = _signed(row["difference"], unit)
    return words.format(
        name=with_moment(row), base=base, here=here, difference=difference, unit=said, low=low, high=high
    )


def _signed(value: float, unit: str) -> str:
    return f"+{small(value, unit)}" if value > 0 else small(value, unit)


def _titles(found: Comparison) -> dict[str, str]:
    rows = found.scenarios.to_dict("records")
    return {str(row["scenario"]): str(row[f"title_{current_language()}"]) for row in rows}


def _places(found: Comparison) -> dict[str, str]:
    rows = found.scenarios.to_dict("records")
    return {str(row["province"]): str(row[f"place_{current_language()}"]) for row in rows}


def _differences(title: str, rows: pd.DataFrame, posteriors: Mapping[str, Any]) -> Iterator[Block]:
    same = rows["n_equal"] == rows["n"]
    differing = rows[~same]
    yield Words(title, "head")
    if not len(differing):
        yield Words(_("Nothing differs in any replicate."))
    for kind in ("target", "indicator"):
        part = differing[differing["measure"] == kind]
        if len(part):
            yield _difference_table(part, kind == "target", posteriors)
    if same.any():
        names = "; ".join(with_moment(row) for row in rows[same].to_dict("records"))
        yield Words(_("The same in every replicate: {names}").format(names=names), "note")


def _difference_table(rows: pd.DataFrame, of_targets: bool, posteriors: Mapping[str, Any]) -> Table:
    columns = [
        Column(_("Target") if of_targets else _("Indicator"), wide=True), Column(_("Base"), right=True),
        Column(_("Here"), right=True), Column(_("Difference (95 % interval)"), right=True),
        Column(_("Better of {n}").format(n=int(rows["n"].max())), right=True), Column(_("Factor of pairing"), right=True),
    ]  # fmt: skip
    if of_targets:
        columns += [Column(_("Met in %: base, here"), right=True), Column(_("Short: base, here"), right=True)]
    columns.append(Column(_("VND for one"), right=True))
    return Table(tuple(columns), tuple(_row(row, of_targets, posteriors) for row in rows.to_dict("records")))


def _row(row: Row, of_targets: bool, posteriors: Mapping[str, Any]) -> tuple[Cell, ...]:
    unit = str(row["unit"])
    marks = beyond_calibrated(str(row["when"]), posteriors[row["province"]])
    more = "; ".join(part for part in (moment_name(row), "%" if unit == "%" else unit_name(unit)) if part)
    gap = small(row["difference"], unit) + (" *" if row["clear"] else "")
    ends = interval(small(row["low"], unit), small(row["high"], unit)) if math.isfinite(row["low"]) else ""
    cells = [
        Cell(measure_name(row), more), Cell(value_of(row["base_value"], unit) + marks),
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
    titles = _titles(found)
    frame = found.paths[found.paths["province"] == province]
    others = list(dict.fromkeys(map(str, frame["scenario"])))
    base = str(frame["base"].iloc[0])
    yield Words(_headed(place, _("Month by month: above the scenarios, below each less the base")), "head")
    entries = [("\N{EM DASH}", BASE_COLOUR, _("{title} (base)").format(title=titles[base]))]
    entries += [("\N{EM DASH}", OTHER_COLOURS[at % len(OTHER_COLOURS)], titles[name]) for at, name in enumerate(others)]
    yield Key((*entries, ("\N{BLACK SQUARE}", "#BBBBBB", _("95 % interval of the paired difference"))))
    yield Gallery(tuple(
        picture(f"path-{province.replace('/', '-')}-{at}", figure, title, caption,
                _("Chart over time: {title}. {caption}").format(title=title, caption=caption))
        for at, (title, caption, figure) in enumerate(drawn)
    ))  # fmt: skip


def _costs(found: Comparison, province: str, place: str) -> Iterator[Block]:
    costs = found.costs[found.costs["province"] == province] if len(found.costs) else found.costs
    if not len(costs) or not costs[["base_spent", "spent"]].to_numpy().any():
        return
    titles = _titles(found)
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
        columns, tuple(rows), title=_headed(place, _("What it costs more than the base, billion VND of all years"))
    )


def _ranking(found: Comparison, province: str, place: str) -> Iterator[Block]:
    """Yield which scenario is clearly better than which by target; no order where that is not clear."""
    ranking = found.ranking[found.ranking["province"] == province]
    if not len(ranking):
        return
    differences = found.differences[found.differences["province"] == province]
    named = differences.set_index(["id", "when"])
    same = same_everywhere(differences)
    titles, rows, nowhere = _titles(found), [], []
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
    heading = _headed(place, _("Ranked by target: better > worse, where the paired difference is clear"))
    if rows:
        columns = (Column(_("Target"), wide=True), Column(_("Ranked"), wide=True), Column(_("Not ranked")))
        yield Table(columns, tuple(rows), title=heading)
    else:
        yield Words(heading, "head")
        yield Words(_("No pair of scenarios is ranked on any target."))
    if nowhere:
        yield Words(_("Not ranked, all pairs: {names}").format(names="; ".join(nowhere)), "note")


def _headed(place: str, words: str) -> str:
    return f"{place}: {words}" if place else words
