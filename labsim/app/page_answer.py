"""Are the targets met? Every target with its chance in the plan and the baseline, and the main series as fans."""

from __future__ import annotations

import html
import math

from nicegui import ui

from labsim.app.answers import Answer, Score, Verdict
from labsim.app.charts import fan_chart
from labsim.app.frame import Chart, RunPage, box, heading, paragraph, region, trust_words
from labsim.app.words import (
    chance_with_interval,
    chance_words,
    change_words,
    goal_words,
    missing_words,
    value_words,
)
from labsim.errors import ResultsError
from labsim.evidence.shares_file import Rest, rests_of
from labsim.report.chances import meaning_of, word_of
from labsim.report.console import LATER, OUTSIDE, beyond_calibrated
from labsim.report.numbers import number
from labsim.report.rests import rest_line
from labsim.report.words import capital
from labsim.targets import said
from labsim.text import _
from labsim.verdicts import ABSENT, LIKELY, TOO_FEW, UNLIKELY, UNSAID

__all__ = ["AnswerPage"]

# a series, those of its people, and what it is called
_SERIES = (
    ("trained_share", None), ("certified_share", None), ("agricultural_share", None),
    ("unemployment_rate", {"residence": "urban"}), ("jobs_created", None), ("people_trained", None),
    ("sent_abroad", None), ("mean_income", None),
)  # fmt: skip


class AnswerPage(RunPage):
    """Show whether the targets are met."""

    path = "/answer"

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Targets")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("Are the targets met?")

    def draw(self, answer: Answer) -> None:
        """Build the summary, the series and the table."""
        self._summary = ui.element("div").classes("stack")
        with region("two"):
            self._charts = [
                (Chart(_title(name), options), name, groups)
                for name, groups in _SERIES
                if (options := _options(answer, name, groups)) is not None
            ]
        self._table = ui.element("div").classes("stack")
        self._words(answer)

    def renew(self, answer: Answer) -> None:
        """Show newer numbers in the same pictures."""
        for chart, name, groups in self._charts:
            options = _options(answer, name, groups)
            if options is not None:
                chart.renew(options)
        self._words(answer)

    def _words(self, answer: Answer) -> None:
        self._summary.clear()
        with self._summary:
            _summary(answer)
        self._table.clear()
        with self._table:
            _scorecard(answer)


def _summary(answer: Answer) -> None:
    verdicts = answer.verdicts
    concluded = [one.concluded for one in verdicts]
    likely, unlikely = concluded.count(LIKELY), concluded.count(UNLIKELY)
    better = sum(one.is_better is True for one in verdicts)
    worse = sum(one.is_better is False for one in verdicts)
    with region("three"):
        _fact(str(likely), _("of {n} targets are likely met").format(n=len(verdicts)))
        _fact(str(unlikely), _("are unlikely to be met"))
        if answer.is_paired:
            words = _("come clearly closer than in the baseline; {worse} move clearly away").format(worse=worse)
            _fact(str(better), words)
        else:
            _fact("0", _("changes: this is the baseline itself"))
    for none in (UNSAID, TOO_FEW, ABSENT):
        if n := concluded.count(none):
            words = _("{verdict}: {n} of {total} targets; {meaning}.")
            said_of = words.format(verdict=capital(word_of(none)), n=n, total=len(verdicts), meaning=meaning_of(none))
            paragraph(said_of, "soft small")


def _fact(value: str, words: str) -> None:
    with box().classes("stack").style("gap:.2rem"):
        ui.html(html.escape(value), sanitize=False).classes("big num")
        paragraph(words, "soft small")


def _scorecard(answer: Answer) -> None:
    posterior = answer.manifest["posterior"]
    rests = _rests(answer)
    with box().classes("stack"):
        heading(_("Every target"), 2)
        value = _("Your plan, 90 % band") if answer.is_paired else _("Baseline, 90 % band")
        head = [_("Target"), _("Asked for"), value,
                _("Met in"), *([_("Baseline"), _("Change")] if answer.is_paired else []),
                _("People missing where missed"), _("Rests on assumption")]  # fmt: skip
        rows = []
        for one in answer.verdicts:
            marks = beyond_calibrated(str(one.target.year), posterior)
            kind = {True: "good", False: "bad", None: ""}[one.is_better]
            rest = rests.get((one.target.id, one.target.year))
            cells = [
                ("", f"<strong>{_safe(one.label)}</strong>{_readings(one)}"), ("num", _safe(goal_words(one.target))),
                ("num", f"{_safe(_banded(one.own, one.target.unit))}{_safe(marks)}"),
                ("num", _safe(chance_with_interval(one.own))),
            ]  # fmt: skip
            if answer.is_paired:
                cells += [("num", _safe(chance_with_interval(one.base))), (f"num {kind}", _safe(change_words(one)))]
            cells.append(("num", _safe(missing_words(one.own))))
            cells.append(("num", _safe(rest_line(rest).partition("\n")[2] if rest else "-")))
            rows.append("<tr>" + "".join(f'<td class="{kind}">{text}</td>' for kind, text in cells) + "</tr>")
        titles = "".join(f"<th scope=col>{_safe(one)}</th>" for one in head)
        ui.html(
            f"<table class=plain><caption class=sr>{_safe(_('Every target'))}</caption><thead><tr>{titles}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>", sanitize=False,
        ).classes("scroll wide").props('data-test="scorecard"')  # fmt: skip
        for line in trust_words(answer):
            paragraph(line, "soft small")
        marked = _("{outside} rests on a parameter outside the region calibrated; {later} lies after the figures "
                   "calibrated on.").format(outside=OUTSIDE, later=LATER)  # fmt: skip
        if posterior:
            paragraph(marked, "soft small")


def _rests(answer: Answer) -> dict[tuple[str, int], Rest]:
    try:
        return rests_of(answer.manifest)
    except ResultsError:
        return {}


def _readings(one: Verdict) -> str:
    target = one.target
    if not target.ambiguous:
        return ""
    other = "" if isinstance(target.ambiguous, bool) else said(target.ambiguous)
    words = _("The wording is unclear. Read as: {reading}. Or else: {other}.").format(
        reading=said(target.reading) or _("not said"), other=other or _("not said")
    )
    if one.other is not None:
        words += " " + _("By the other reading: {value}, {met}.").format(
            value=value_words(one.other.value, target.unit), met=chance_words(one.other)
        )
    return f"<br><span class='soft small'>{_safe(words)}</span>"


def _banded(score: Score, unit: str) -> str:
    value = value_words(score.value, unit)
    if not math.isfinite(score.low):
        return value
    factor = 1e-6 if unit.startswith("VND") else 1.0
    kind = "million" if unit.startswith("VND") else unit
    band = _("({low} to {high})").format(low=number(score.low * factor, kind), high=number(score.high * factor, kind))
    return f"{value} {band}"


def _options(answer: Answer, name: str, groups: dict[str, str] | None) -> dict[str, object] | None:
    wanted = {"residence": "all"} | (groups or {})
    about = [
        one for one in answer.verdicts
        if one.target.indicator == name and one.target.groups["residence"] == wanted["residence"]
        and one.target.cumulate_from is None
    ]  # fmt: skip
    try:
        return fan_chart(answer, name, about, groups)
    except (ResultsError, KeyError):
        return None


def _title(name: str) -> str:
    return {
        "trained_share": _("Trained labour"), "certified_share": _("Labour with a degree or certificate"),
        "agricultural_share": _("Agricultural labour"), "unemployment_rate": _("Urban unemployment"),
        "jobs_created": _("Jobs created in a year"), "people_trained": _("People trained in a year"),
        "sent_abroad": _("People sent abroad in a year"), "mean_income": _("Mean income from work"),
    }[name]  # fmt: skip


def _safe(text: str) -> str:
    return html.escape(text).replace(" %", "\N{NO-BREAK SPACE}%")  # a per cent sign stays with its number
