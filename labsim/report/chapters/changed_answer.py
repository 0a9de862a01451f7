"""The first page of a comparison: who does clearly better, at what cost, and what changes most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from labsim.experiment.compare import Comparison
from labsim.report.blocks import Block, Cell, Column, Listed, Table, Words
from labsim.report.chances import verdict_of, word_of
from labsim.report.chapters.changed import headed, places_of, titles_of
from labsim.report.chapters.source import Source
from labsim.report.difference_words import small, with_moment
from labsim.report.numbers import money, unit_name, with_unit
from labsim.report.words import capital
from labsim.text import _, current_language, n_
from labsim.verdicts import ORDER

__all__ = ["changed_answer"]

Row = Mapping[Any, Any]
_MOST = 4  # differences of a scenario that are told
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


def _lead(found: Comparison) -> str:
    n = int(found.scenarios["n"].min())
    pairs = n_("{count} paired replicate", "{count} paired replicates", n).format(count=n)
    targets = _targets(found)
    clear = targets[targets["clear"]]
    base = titles_of(found)[str(found.scenarios["base"].iloc[0])]
    if (targets["n_equal"] == targets["n"]).all():
        return _('Against "{base}", no target differs at all in {pairs}.').format(base=base, pairs=pairs)
    if not len(clear):
        words = _(
            'Against "{base}", no target clearly changes in {pairs}: what differs is no larger than luck may make it.'
            " More replicates or a larger scale would tell more."
        )
        return words.format(base=base, pairs=pairs)
    counts = {scenario: _clear(rows) for scenario, rows in _by_scenario(found)}
    best = max(counts, key=lambda scenario: counts[scenario][0] - counts[scenario][1])
    better, worse = counts[best]
    extra = _extra(found, next(rows for scenario, rows in _by_scenario(found) if scenario == best))
    words = _(
        'Against "{base}", "{scenario}" does clearly better on {better} of {n} targets and clearly worse on {worse}; it'
        " spends {money} ({pairs})."
    )
    n_targets = int((targets["scenario"] == targets["scenario"].iloc[0]).sum())
    return words.format(base=base, scenario=best, better=better, worse=worse, n=n_targets, money=extra, pairs=pairs)


def _clear(rows: pd.DataFrame) -> tuple[int, int]:
    """Count what is clearly better and clearly worse than in the base."""
    clear = rows[rows["clear"]]
    better = int((clear["n_better"] > clear["n_worse"]).sum())
    return better, len(clear) - better


def _extra(found: Comparison, rows: pd.DataFrame) -> str:
    """Say how much more public money than the base a scenario spends."""
    first, costs = rows.iloc[0], found.costs
    mine = costs[
        (costs["province"] == first["province"]) & (costs["scenario"] == first["scenario"])
        & (costs["policy"] == "all") & (costs["money"] == "public")
    ] if len(costs) else costs  # fmt: skip
    extra = float(mine["difference"].iloc[0]) if len(mine) else 0.0
    if not extra:
        return _("as much public money as the base")
    words = _("{amount} more of public money") if extra > 0 else _("{amount} less of public money")
    return words.format(amount=money(abs(extra)))


def _side_by_side(source: Source, found: Comparison) -> Table:
    """Return a row a scenario: verdicts of its targets, money, and how many targets clearly differ from the base."""
    several = found.scenarios["province"].nunique() > 1
    verdicts = _verdicts(source)
    columns = [Column(_("Scenario"), wide=True)]
    shown = [said for said in ORDER if any(counts[said] for counts in verdicts)]
    columns += [Column(capital(word_of(said)), right=True) for said in shown]
    columns += [Column(words, right=True) for words in (_("Public money"), _("Clearly better"), _("Clearly worse"))]
    targets, rows = _targets(found), []
    for at, one in enumerate(found.scenarios.to_dict("records")):
        mine = (targets["province"] == one["province"]) & (targets["scenario"] == one["scenario"])
        is_base = one["scenario"] == one["base"]
        title = str(one[f"title_{current_language()}"])
        title = _("{title} (base)").format(title=title) if is_base else title
        cells = [Cell(headed(str(one[f"place_{current_language()}"]) if several else "", title), strong=is_base)]
        cells += [Cell(str(verdicts[at][said])) for said in shown] if verdicts else []
        cells.append(Cell(_spent(found, one, is_base)))
        cells += [Cell("" if is_base else str(n)) for n in _clear(targets[mine])]
        rows.append(tuple(cells))
    note = _(
        "Number of targets by verdict, and of those that clearly differ from the base; public money of all years. Each"
        " difference is judged by itself: of {n} that are nothing, about {by_luck} would look clear by luck."
    ).format(n=len(targets), by_luck=max(1, round(0.05 * len(targets))))
    return Table(tuple(columns), tuple(rows), note=note)


def _verdicts(source: Source) -> list[Counter[str]]:
    """Return the verdicts of each scenario's targets in the order of scenarios; nothing without the folder of runs."""
    if source.study is None:
        return []
    scorecards = [source.study.results(int(point)).scorecard for point in source.study.points["point"]]
    scored = [card[card["status"] == "scored"].to_dict("records") for card in scorecards]
    return [Counter(verdict_of(row) for row in rows) for rows in scored] if any(scored) else []


def _by_scenario(found: Comparison) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the title of each scenario that is no base, with the rows of its targets."""
    titles, places = titles_of(found), places_of(found)
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
