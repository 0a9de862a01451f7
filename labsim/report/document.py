"""A report of a run or of scenarios compared: one HTML file or one PDF, in the language in use.

>>> html = html_of(labsim.open_results("first_run"))          # doctest: +SKIP
>>> pdf = pdf_of(labsim.open_study("compared"))               # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable

from labsim.report.blocks import Chapter, Paper
from labsim.report.chapters.answer import answer_chapter
from labsim.report.chapters.ground import ground_chapter
from labsim.report.chapters.money import money_chapter
from labsim.report.chapters.record import record_chapter, short_hash
from labsim.report.chapters.scenario import scenario_chapter
from labsim.report.chapters.scorecard import scorecard_chapter
from labsim.report.chapters.series import sectors_chapter, series_chapter
from labsim.report.chapters.source import Given, Source, place_of, source_of
from labsim.report.html_paper import html_text
from labsim.report.numbers import day_name, month_name, scenario_name
from labsim.text import _, current_language, n_

__all__ = ["html_of", "paper_of", "pdf_of"]

_CHAPTERS: tuple[Callable[[Source], Chapter | None], ...] = (
    answer_chapter, scorecard_chapter, series_chapter, sectors_chapter, money_chapter, ground_chapter, scenario_chapter,
    record_chapter,
)  # fmt: skip


def html_of(source: Given) -> str:
    """Return a report as the text of one HTML file; the same source gives the same text.

    `source` are the results of a run, an opened study, or a comparison. Raises ResultsError where the record of the run
    is incomplete.
    """
    return html_text(paper_of(source))


def pdf_of(source: Given) -> bytes:
    """Return a report as a PDF. Raises ResultsError as `html_of` does, and where typst is not installed."""
    from labsim.report.pdf_paper import pdf_bytes

    return pdf_bytes(paper_of(source))


def paper_of(given: Given) -> Paper:
    """Return the report before it is set on any paper; raises ResultsError where the record is incomplete."""
    source = source_of(given)
    manifest = source.manifest
    chapters = [chapter for make in _CHAPTERS if (chapter := make(source)) is not None]
    place = place_of(manifest)
    if source.compared is None:
        title = _("{place}: work, skills and targets").format(place=place)
        subtitle = scenario_name(manifest)
    else:
        title = _("{place}: scenarios compared").format(place=place)
        subtitle = ", ".join(dict.fromkeys(source.compared.scenarios[f"title_{current_language()}"]))
    n = int(manifest["replicates"])
    facts = (
        _("{start} to {until}").format(start=month_name(manifest["start"]), until=month_name(manifest["until"])),
        n_("{count} replicate", "{count} replicates", n).format(count=n),
        _("scale 1:{one_in:g}").format(one_in=1 / manifest["scale"]),
        _("simulated on {day}").format(day=day_name(str(manifest.get("started", "")))),
    )
    foot = _("labsim {version}, configuration {hash}, seed {seed}").format(
        version=manifest["versions"].get("labsim", ""), hash=short_hash(manifest), seed=manifest.get("seed", "")
    )
    return Paper(current_language(), title, subtitle, facts, tuple(chapters), foot, _("Contents"))
