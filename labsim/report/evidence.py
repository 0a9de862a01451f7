"""Tables for the console about the ledger of evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from labsim.evidence.ledger import COUNTS, MARGIN, OBSERVATION
from labsim.evidence.parts import DECLARED, LUCK, TOGETHER, WEAKNESS
from labsim.evidence.possible import possible_range
from labsim.experiment.code import configuration_of_numbers, model_hash
from labsim.quantity import GRADES
from labsim.report.console import ruled_table
from labsim.report.numbers import percent_range
from labsim.report.rests import whole_percent
from labsim.report.sensitivity import plain_number, target_name
from labsim.text import _, n_

if TYPE_CHECKING:
    import pandas as pd

    from labsim.evidence.shares import Evidence

__all__ = ["evidence_view", "grade_words"]

MOST_WORTH = 3


def grade_words() -> dict[str, str]:
    """Return what each grade of evidence means, in the language in use."""
    return {
        "A": _("A, measured in this province"), "B": _("B, in Viet Nam or the region"), "C": _("C, elsewhere"),
        "D": _("D, assumed"),
    }  # fmt: skip


def evidence_view(found: Evidence, kept: pd.DataFrame, worth: pd.DataFrame) -> Iterator[RenderableType]:
    """Yield the counts by grade, the shares of each answer's variance, and the numbers most worth collecting.

    `kept` and `worth` are those kept for the province earlier, shown where nothing was simulated now.
    """
    config = found.config
    title = _("{province}, {scenario}: what the numbers rest on")
    yield Text(title.format(province=config.province.name, scenario=config.scenario), style="bold")
    yield _counts(found)
    if len(found.shares):
        yield from _split(found)
        yield from _next(found.worth, {target.id: target_name(target) for target in found.targets})
        yield Text(_explained(found.quality), style="dim")
    elif len(kept):
        yield from _kept(found, kept, worth)
    else:
        yield Text(_("On what the answers rest takes runs: labsim evidence --samples 64."))


def _counts(found: Evidence) -> Table:
    """Return how many parameters and rows of tables are of each grade."""
    rows = found.rows
    margins, observed = rows[rows["kind"] == MARGIN], rows[rows["kind"] == OBSERVATION]
    groups = [
        (_("Parameters in use"), found.ledger["grade"].value_counts().to_dict()),
        (_("Rows of margins: who lives and works there at the start"), _sums(margins)),
        (_("- of these, rows that count persons"), _sums(margins[margins["unit"] == COUNTS])),
        (_("Rows of observed series"), _sums(observed)),
    ]
    table = ruled_table()
    table.add_column(_("By grade of evidence"), ratio=1)
    for grade in GRADES:
        table.add_column(grade, justify="right")
    table.add_column(_("All"), justify="right")
    table.add_column(_("Assumed (D)"), justify="right")
    for words, counts in groups:
        total = sum(counts.values())
        if total:
            cells = [str(counts.get(grade, 0)) for grade in GRADES]
            table.add_row(words, *cells, str(total), whole_percent(counts.get("D", 0) / total))
    return table


def _sums(rows: pd.DataFrame) -> dict[Any, int]:
    return {grade: int(rows[grade].sum()) for grade in GRADES}


def _split(found: Evidence) -> Iterator[RenderableType]:
    about = found.about
    words = _("Share of each answer's variance by grade of the parameters ({parameters}, {blocks}, scale {scale:g})")
    n_parameters, n_blocks = int(about["parameters"]), int(about["blocks"])
    yield Text("\n" + words.format(
        parameters=n_("{count} parameter", "{count} parameters", n_parameters).format(count=n_parameters),
        blocks=n_("{count} block of runs", "{count} blocks of runs", n_blocks).format(count=n_blocks),
        scale=about["scale"]), style="bold")  # fmt: skip
    names = {target.id: target_name(target) for target in found.targets}
    told = dict(zip(found.quality["answer"], found.quality["told"], strict=True))
    yield _shares_table(found.shares, names, told)
    for note in _split_notes(about["ranges"]):
        yield Text(note, style="dim")


def _shares_table(shares: pd.DataFrame, names: Mapping[str, str], told: Mapping[str, bool]) -> Table:
    """Return a row an answer: the share of each grade, with the interval of what is assumed, together, and luck."""
    table = ruled_table()
    table.add_column(_("Answer"), ratio=1, min_width=24)
    for grade in ("A", "B", "C"):
        table.add_column(grade, justify="right")
    table.add_column(_("D, assumed (95 %)"), justify="right", no_wrap=True)
    table.add_column(_("Together"), justify="right")
    table.add_column(_("Luck"), justify="right")
    for answer, part in shares.groupby("answer", sort=False):
        row = part.set_index("part").to_dict("index")
        name = Text(names.get(str(answer), str(answer)))
        if not bool(told[str(answer)]):
            varies = row[LUCK]["share"] == row[LUCK]["share"]
            why = _("luck decides") if varies else _("does not vary")
            table.add_row(name, "", "", "", why, "", whole_percent(row[LUCK]["share"]))
            continue
        cells = [whole_percent(row[grade]["share"]) if grade in row else "-" for grade in ("A", "B", "C")]
        assumed = _with_interval(row["D"]) if "D" in row else "-"
        table.add_row(name, *cells, assumed, whole_percent(row[TOGETHER]["share"]), whole_percent(row[LUCK]["share"]))
    return table


def _with_interval(share: Mapping[Any, float]) -> str:
    ends = percent_range(*(min(1.0, max(0.0, share[end])) for end in ("low", "high")))
    return f"{whole_percent(share['share'])} ({ends})" if ends else whole_percent(share["share"])


def _split_notes(ranges: str) -> list[str]:
    declared = _("Every parameter of the world is equally likely anywhere in its declared range, which may be wider"
                 " than what is plausible. What policies do, and the tables of the start, do not vary.")  # fmt: skip
    priors = _("Every parameter of the world varies about its value as before a calibration: by its grade, D (assumed)"
               " widest. What policies do, and the tables of the start, do not vary.")  # fmt: skip
    return [
        _("A to D and together share what is not luck: what parameters of one grade do alone, and what grades do only"
          " together. Luck: share of the whole variance at this scale."),
        declared if ranges == DECLARED else priors,
    ]  # fmt: skip


def _next(worth: pd.DataFrame, names: Mapping[str, str]) -> Iterator[RenderableType]:
    """Yield the numbers most worth collecting, with what each would take away at most."""
    if not len(worth):
        return
    yield Text("\n" + _("Numbers most worth collecting next"), style="bold")
    table = ruled_table()
    table.add_column(_("Parameter"), min_width=24, overflow="fold")
    table.add_column(_("Grade"), justify="center")
    table.add_column(_("Now, and range"), justify="right", ratio=1)
    table.add_column(_("Takes away\n(95 %)"), justify="right", no_wrap=True)
    table.add_column(_("Most of"), ratio=1)
    for row in worth.head(MOST_WORTH).to_dict("records"):
        low, high = possible_range(str(row["parameter"]), str(row["unit"]), float(row["low"]), float(row["high"]))
        band = _("({low} to {high})").format(low=plain_number(low), high=plain_number(high))
        numbers = f"{plain_number(row['present'])} {band}"
        cut = _with_interval({"share": row["cut"], "low": row["cut_low"], "high": row["cut_high"]})
        most = f"{names.get(row['best'], row['best'])}: {whole_percent(row['best_cut'])}"
        table.add_row(
            Text(row["parameter"]), row["grade"], f"{numbers} {row['unit']}", cut, Text(most)
        )  # fmt: skip
    yield table
    shown = ", ".join(f"{grade} {weakness:.2f}" for grade, weakness in WEAKNESS.items())
    yield Text(_("Takes away: mean share of the targets' variance (of what is not luck) that goes if the number becomes"
                 " known exactly, so at most. Ranked by this times how weak its grade is ({weakness}). Ranges as far as"
                 " people would call them possible.").format(
        weakness=shown), style="dim")  # fmt: skip


def _explained(quality: pd.DataFrame) -> str:
    """Say how far to trust what is said of single parameters."""
    told = quality.loc[quality["told"], "explained"]
    return _("Single parameters are found by a regression; it explains {least} (at worst) to {most} of what is not luck"
             " (cross-validated), the rest is curved or joint.").format(
        least=whole_percent(told.min()), most=whole_percent(told.max()))  # fmt: skip


def _kept(found: Evidence, kept: pd.DataFrame, worth: pd.DataFrame) -> Iterator[RenderableType]:
    """Yield the shares that were kept earlier, with a mark if they no longer hold."""
    from labsim.experiment.opened import targets_of
    from labsim.experiment.run import indicators_known

    first = kept.iloc[0]
    words = _("Share of each answer's variance by grade of the parameters, as kept ({blocks}, scale {scale:g})")
    counted = n_("{count} block of runs", "{count} blocks of runs", int(first["blocks"]))
    yield Text("\n" + words.format(blocks=counted.format(count=int(first["blocks"])), scale=first["scale"]),
               style="bold")  # fmt: skip
    if (kept["code"] != model_hash()).any():
        yield Text(_("Stale: the code has changed since; labsim evidence --samples 64 --keep makes them again."))
    if (kept["configuration"] != configuration_of_numbers(found.config.to_dict())).any():
        yield Text(_("Made for scenario {scenario} with other settings than these.").format(scenario=first["scenario"]))
    names = {target.id: target_name(target) for target in targets_of(found.config.province.id)}
    for answer, indicator, year in kept[["answer", "indicator", "year"]].drop_duplicates().itertuples(index=False):
        info = indicators_known().get(str(indicator))
        names.setdefault(str(answer), f"{_(info.label)} {year}" if info is not None else str(answer))
    told = dict(zip(kept["answer"], kept["told"].astype(bool), strict=True))
    yield _shares_table(kept, names, told)
    for note in _split_notes(first["ranges"]):
        yield Text(note, style="dim")
    yield from _next(worth, names)
