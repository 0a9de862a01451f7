"""Where does it change? A tile map of the districts."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from labsim.app.answers import DISTRICT_MEASURES, Answer
from labsim.app.charts import tile_map
from labsim.app.frame import Chart, RunPage, box, heading, paragraph, region, table
from labsim.app.runs import BASE, OWN
from labsim.app.tiles import district_names, tiles_of
from labsim.app.words import signed
from labsim.report.numbers import number
from labsim.text import _

__all__ = ["DistrictsPage"]


class DistrictsPage(RunPage):
    """Show where something changes."""

    path = "/districts"
    measure = DISTRICT_MEASURES[0]

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Districts")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("Where does it change?")

    def draw(self, answer: Answer) -> None:
        """Build the choice of a measure, the maps and the table."""
        with box(), region("row"):
            options = {name: _label(name) for name in DISTRICT_MEASURES}
            chosen = ui.select(options, value=self.measure, label=_("What to show"), on_change=self.say(self._choose))
            chosen.props("outlined").style("min-width:16rem")
            paragraph(_("December of the last year, mean over replicates."), "soft small")
        shown = _measured(self, answer)
        with region("two" if answer.is_paired else "stack"):
            title = _("Your plan") if answer.is_paired else _("Baseline")
            self._map = Chart(title, shown["map"], _label(self.measure), "map")
            words = _("Blue: higher than in the baseline; brown: lower.")
            self._change = Chart(_("Change"), shown["change"], words, "map") if answer.is_paired else None
        self._rows = ui.element("div")
        self._numbers(shown)

    def renew(self, answer: Answer) -> None:
        """Show newer numbers in the same maps."""
        shown = _measured(self, answer)
        self._map.renew(shown["map"])
        if self._change is not None:
            self._change.renew(shown["change"])
        self._numbers(shown)

    def _numbers(self, shown: dict[str, Any]) -> None:
        self._rows.clear()
        with self._rows, box().classes("stack"):
            heading(_("Numbers"), 2)
            table(shown["head"], shown["rows"], _label(self.measure))
            people = _("A district has about {n} simulated people of working age: read small changes as luck.")
            paragraph(people.format(n=number(shown["people"], "persons")), "note small")

    def _choose(self, event: Any) -> None:
        self.measure = event.value
        answer = self.session.answer
        if answer is not None:
            with self.body:
                self.renew(answer)


def _measured(page: DistrictsPage, answer: Answer) -> dict[str, Any]:
    measure, config = page.measure, page.hub.bases[page.session.draft.base].config
    factor, unit = (1e-6, _("million VND a month")) if measure == "mean_income" else (1.0, "%")
    own, base = (answer.districts(measure, side) * factor for side in (OWN, BASE))
    names, tiles = district_names(config), tiles_of(config)
    gap = (own - base).mean(axis=1)
    noise = (own - base).std(axis=1, ddof=1) / max(1, answer.n) ** 0.5 if answer.n > 1 else gap * float("nan")
    rows = []
    for name in own.index:
        row = [names.get(name, name), number(float(own.loc[name].mean()), "%")]
        if answer.is_paired:
            error = float(noise[name])
            row += [signed(float(gap[name]), "%"), number(error, "%") if error == error else "-"]
        rows.append(row)
    head = [_("District"), f"{_label(measure)}, {unit}"]
    head += [_("Change"), _("Standard error of the change")] if answer.is_paired else []
    people = answer.yearly("working_age", OWN).iloc[-1].mean() * answer.manifest["scale"] / max(1, len(own))
    change_unit = _("points") if unit == "%" else unit
    return {
        "map": tile_map(tiles, names, _plain(own.mean(axis=1)), unit), "head": head, "rows": rows,
        "change": tile_map(tiles, names, _plain(gap), change_unit, around_zero=True), "people": float(people),
    }  # fmt: skip


def _plain(series: Any) -> dict[str, float]:
    return {str(name): float(value) for name, value in series.items()}


def _label(measure: str) -> str:
    return {
        "trained": _("Trained people of working age"), "unemployment_rate": _("Unemployment"),
        "agricultural_share": _("Agricultural labour"), "mean_income": _("Mean income from work"),
    }[measure]  # fmt: skip
