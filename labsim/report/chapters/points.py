"""A study of many points: what varies, and how each point scores the targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from labsim.experiment.opened import OpenedStudy, targets_of
from labsim.report.blocks import Block, Cell, Chapter, Column, Table, Words
from labsim.report.chances import why_none, word_of
from labsim.report.chapters.source import Source
from labsim.report.numbers import money, number, percent, percent_range
from labsim.report.target_words import label_of
from labsim.report.words import capital, parameter_name
from labsim.text import _, current_language, n_
from labsim.verdicts import ORDER, UNSAID

__all__ = ["name_of_study", "points_answer", "points_chapter"]

_MOST_ROWS = 60  # points told one by one
_MOST_COLUMNS = 6  # points side by side; of more, the range is told
_MOVES = 0.005  # a chance that differs by less between points is no difference

_NOT_VARIED = ("point", "name", "province", "scenario", "config_hash")

Row = Mapping[Any, Any]
Labels = Mapping[Any, str]


def name_of_study(study: OpenedStudy) -> str:
    """Return the title of a study in the language in use, or its name."""
    about = study.about["study"]
    return str(about["title"].get(current_language()) or about["name"])


def points_answer(study: OpenedStudy) -> Iterator[Block]:
    """Yield what stands on the first page of a study: its question, and the points by their verdicts."""
    question = study.about["study"]["question"].get(current_language())
    if question:
        yield Words(str(question), "lead")
    scored, n = study.targets(), len(study.points)
    words = n_("The study visits {count} point.", "The study visits {count} points.", n).format(count=n)
    varied = [parameter_name(name) for name in _varied(study)]
    if varied:
        words += " " + _("What varies: {names}.").format(names="; ".join(varied))
    yield Words(words)
    if len(scored):
        yield _points_table(study, scored)


def points_chapter(source: Source) -> Chapter | None:
    """Return each target at every point; None for a run, a comparison, or a study without targets."""
    study = source.study
    if study is None or source.compared is not None:
        return None
    scored = study.targets()
    if not len(scored):
        return None
    names = list(dict.fromkeys(scored["name"]))
    labels = _labels(study)
    table = _side_by_side(scored, names, labels) if len(names) <= _MOST_COLUMNS else _ranges(scored, labels)
    return Chapter("points", _("The targets at every point"), (table,))


def _varied(study: OpenedStudy) -> list[str]:
    return [name for name in study.points.columns if name not in _NOT_VARIED]


def _points_table(study: OpenedStudy, scored: pd.DataFrame) -> Table:
    """Return a row a point: what holds there, its verdicts, and public money."""
    spent = study.costs().groupby("point")["spent"].sum().to_dict()
    varied = _varied(study)
    seen = set(scored["verdict"])
    verdicts = [said for said in ORDER if said in seen and said != UNSAID]
    columns = (
        Column(_("Point"), wide=True), *(Column(capital(parameter_name(name)), right=True) for name in varied),
        *(Column(capital(word_of(said)), right=True) for said in verdicts), Column(_("Public money"), right=True),
    )  # fmt: skip
    rows = []
    for point in study.points.head(_MOST_ROWS).to_dict("records"):
        mine = scored[scored["point"] == point["point"]].to_dict("records")
        counts = Counter(row["verdict"] for row in mine)
        values = (Cell(_value(point[name])) for name in varied)
        rows.append((
            Cell(str(point["name"])), *values, *(Cell(str(counts[said])) for said in verdicts),
            Cell(money(float(spent.get(point["point"], 0.0)))),
        ))  # fmt: skip
    left = len(study.points) - len(rows)
    note = n_("and {count} more point", "and {count} more points", left).format(count=left) if left else ""
    return Table(columns, tuple(rows), title=_("Points by the verdicts of their targets"), note=note)


def _value(value: Any) -> str:
    return number(float(value), "") if isinstance(value, int | float) else str(value)


def _side_by_side(scored: pd.DataFrame, names: list[str], labels: Labels) -> Table:
    columns = (Column(_("Target"), wide=True), *(Column(name, right=True) for name in names))
    rows = []
    for key, part in scored.groupby(["id", "year"], sort=False):
        cells = {row["name"]: row for row in part.to_dict("records")}
        shown = (_cell(cells[name]) if name in cells else Cell("-") for name in names)
        rows.append((Cell(labels[key]), *shown))
    note = _("Mean over replicates; below it the share of replicates that meet the target.")
    return Table(columns, tuple(rows), note=note)


def _cell(row: Row) -> Cell:
    none = why_none(row["verdict"], row["telling_scale"])
    return Cell(number(row["value"], row["unit"]), none or percent(row["chance"]))


def _ranges(scored: pd.DataFrame, labels: Labels) -> Table:
    columns = (
        Column(_("Target"), wide=True), Column(_("Least"), right=True), Column(_("Most"), right=True),
        Column(_("Met in, least to most"), right=True), Column(_("Most often met at"), wide=True),
    )  # fmt: skip
    rows = []
    for key, part in scored.groupby(["id", "year"], sort=False):
        unit = str(part["unit"].iloc[0])
        best = part.sort_values("chance", kind="stable", na_position="first").iloc[-1]
        moves = part["chance"].max() - part["chance"].min() > _MOVES
        rows.append((
            Cell(labels[key]), Cell(number(part["value"].min(), unit)), Cell(number(part["value"].max(), unit)),
            Cell(percent_range(part["chance"].min(), part["chance"].max()) or _none_of(part)),
            Cell(str(best["name"]) if moves else "-" if part["chance"].isna().all() else _("no difference")),
        ))  # fmt: skip
    return Table(columns, tuple(rows), note=_("Means over replicates, over all points of the study."))


def _none_of(part: pd.DataFrame) -> str:
    """Say why no point has a chance: the verdict that most of them have."""
    row = part[part["verdict"] == part["verdict"].mode().iloc[0]].iloc[0]
    return why_none(row["verdict"], row["telling_scale"]) or "-"


def _labels(study: OpenedStudy) -> dict[tuple[str, int], str]:
    """Return the names of the targets of all provinces of a study by id and year."""
    return {
        (one.id, one.year): label_of({"label": one.label.en, "label_vi": one.label.vi, "year": one.year})
        for province in dict.fromkeys(study.points["province"])
        for one in targets_of(str(province))
    }
