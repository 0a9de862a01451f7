"""Tables for the console about a back-cast: errors beside two rules without a model, and how often the bands held."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from labsim.report.console import ruled_table
from labsim.report.numbers import concept_name, number, unit_name
from labsim.text import _, current_language, mark, n_

if TYPE_CHECKING:
    import pandas as pd

    from labsim.evidence.backcast import Backcast

__all__ = ["backcast_view", "method_name", "series_name", "verdicts_of"]

_METHODS = {"model": mark("Model"), "last_value": mark("Last value"), "linear_trend": mark("Linear trend")}


def backcast_view(found: Backcast) -> Iterator[RenderableType]:
    """Yield the errors of model and rules, where a rule wins, the share of figures inside the bands, and notes."""
    about = found.about
    title = _(
        "{province} from the end of {start} to {until}: the model beside what was observed ({scenario}, 1:{one_in:g})"
    )
    place = about[f"name_{current_language()}"] or about["province"]
    yield Text(title.format(**{**about, "province": place, "one_in": 1 / about["scale"]}), style="bold")
    yield _errors(found)
    for line in verdicts_of(found.errors):
        yield Text(line)
    yield Text("")
    yield _coverage(found)
    for note in _notes(found):
        yield Text(note, style="dim")


def method_name(method: str) -> str:
    """Return what a method is called in the language in use."""
    return _(_METHODS[method])


def series_name(row: Mapping[Any, Any] | pd.Series) -> str:
    """Return a series by its label, with the group it is about and a concept that is not the indicator's."""
    here = str(row["key"]).split(", ")[1:]
    said = _(str(row["label"]))
    return f"{said} ({', '.join(concept_name(word) for word in here)})" if here else said


def verdicts_of(errors: pd.DataFrame) -> list[str]:
    """Say of each series in a table of errors who was closest, and whether that could be the error of the figures."""
    lines = []
    for _key, part in errors.groupby("key", sort=False):
        rows = {row["method"]: row for row in part.to_dict("records")}
        name = series_name(rows["model"])
        rules = {method: row for method, row in rows.items() if method != "model" and row["n"]}
        ahead = {method: row for method, row in rules.items() if row["rmse"] < rows["model"]["rmse"]}
        if not rules:
            continue
        if not ahead:
            told = all(row["told"] for row in rules.values())
            words = _("{series}: the model is closest.") if told else _(
                "{series}: the model is closest, but the error of the figures could have turned the order."
            )
            lines.append(words.format(series=name))
        for method, row in ahead.items():
            words = _("{series}: the model loses to a rule without a model ({rule}).") if row["told"] else _(
                "{series}: a rule without a model ({rule}) is closer, within the error of the figures."
            )
            lines.append(words.format(series=name, rule=method_name(method).lower()))
    return lines


def _errors(found: Backcast) -> RenderableType:
    table = ruled_table()
    table.add_column(_("Root mean square error (mean absolute error)"), ratio=1, overflow="fold")
    table.add_column(_("Figures"), justify="right")
    for method in _METHODS:
        table.add_column(method_name(method), justify="right", no_wrap=True)
    for _key, part in found.errors.groupby("key", sort=False):
        rows = {row["method"]: row for row in part.to_dict("records")}
        cells = []
        for method in _METHODS:
            row = rows[method]
            if not row["n"]:
                cells.append(_("not known"))
                continue
            size, mean = (number(row[name], row["unit"]) for name in ("rmse", "mae"))
            cells.append(f"{size} ({mean})" + (" *" if row["closest"] else "  "))
        unit = unit_name(rows["model"]["unit"])
        table.add_row(Text(f"{series_name(rows['model'])} [{unit}]"), str(rows["model"]["n"]), *cells)
    return table


def _coverage(found: Backcast) -> RenderableType:
    table = ruled_table()
    table.add_column(_("Observed figures inside the bands"), ratio=1, overflow="fold")
    table.add_column("50 %", justify="right", no_wrap=True)
    table.add_column("90 %", justify="right", no_wrap=True)
    table.add_column(_("Mean width of 90 %"), justify="right", no_wrap=True)
    for key, part in found.coverage.groupby("key", sort=False):
        rows = {int(row["band"]): row for row in part.to_dict("records")}
        cells = [_("{inside} of {n}").format(inside=rows[level]["inside"], n=rows[level]["n"]) for level in (50, 90)]
        if key:
            unit = rows[90]["unit"]
            name = Text(f"{series_name(rows[90])} [{unit_name(unit)}]")
            table.add_row(name, *cells, number(rows[90]["width"], unit))
            continue
        shares = [f"{cell} ({100 * rows[level]['share']:.0f} %)" for level, cell in zip((50, 90), cells, strict=True)]
        table.add_row(Text(_("all"), style="bold"), *shares, "")
    return table


def _notes(found: Backcast) -> Iterator[str]:
    about, scored = found.about, found.series[found.series["scored"]]
    yield ""
    if about["posterior"]:
        yield n_("Forecast and bands: {n} draw of a posterior.", "Forecast and bands: {n} draws of a posterior.",
                 about["draws"]).format(n=about["draws"])  # fmt: skip
    else:
        words = _(
            "Forecast: mean of {declared} runs with the declared parameters. Bands: {draws} runs, each with its own"
            " luck and its own draw of {varied} parameters of grades C and D about their declared values."
        )
        yield words.format(declared=about["declared"], draws=about["draws"], varied=about["varied"])
    yield _("The error of the figure is in the bands, and that of the figure a run starts from; the other margins of"
            " the start, and what the model leaves out, are not.")  # fmt: skip
    yield _("Last value: the figure at the start carried on. Linear trend: the straight line through it and the"
            " earliest figure of the five years before; not known where there is none.")  # fmt: skip
    late = found.series.loc[found.series["late"], ["key", "label"]].drop_duplicates()
    if len(late):
        names = "; ".join(series_name(row) for row in late.to_dict("records"))
        yield _("Nothing was known at the start, so that the rule takes the first figure after it, an advantage over"
                " the model, and is compared on the later ones: {names}.").format(names=names)  # fmt: skip
    if scored["plan_following"].any():
        n = int(scored["plan_following"].sum())
        words = n_(
            "{n} of {total} figures follows the plan: to be near it proves nothing.",
            "{n} of {total} figures follow the plan: to be near them proves nothing.", n,
        )  # fmt: skip
        yield words.format(n=n, total=len(scored))
    if not math.isclose(float(scored["error"].min()), 0.0):
        yield _("Figures of one series share errors: so many figures are fewer tests.")
    else:
        yield _("Figures without a band (low, high) are taken as exact.")
    for key, why in found.left_out.items():
        yield _("Not compared: {series}: {why}.").format(series=key, why=why)
