"""A report of a run or of scenarios compared: one HTML file or one PDF, in the language in use.

>>> html = html_of(labsim.open_results("first_run"))          # doctest: +SKIP
>>> pdf = pdf_of(labsim.open_study("compared"))               # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from labsim.report.blocks import Chapter, Paper, Words
from labsim.report.chapters.answer import answer_chapter
from labsim.report.chapters.changed import changed_chapter
from labsim.report.chapters.districts import districts_chapter
from labsim.report.chapters.flows import flows_chapter
from labsim.report.chapters.gains import gains_chapter
from labsim.report.chapters.ground import ground_chapter
from labsim.report.chapters.money import money_chapter
from labsim.report.chapters.points import name_of_study, points_chapter
from labsim.report.chapters.record import record_chapter, short_hash
from labsim.report.chapters.scenario import scenario_chapter
from labsim.report.chapters.scorecard import scorecard_chapter
from labsim.report.chapters.series import sectors_chapter, series_chapter
from labsim.report.chapters.source import Given, Source, place_of, source_of
from labsim.report.html_paper import html_text
from labsim.report.numbers import day_name, month_name, scenario_name
from labsim.text import _, current_language, n_

__all__ = ["html_of", "paper_of", "pdf_of"]

_PLAN_AND_BASE = 2  # scenarios: the report is about the second of them
Maker = Callable[[Source], Chapter | None]
_FIRST: tuple[Maker, ...] = (answer_chapter, changed_chapter, points_chapter)
# what is told of one run: of a study, that of its base
_OF_RUN: tuple[Maker, ...] = (
    scorecard_chapter, series_chapter, sectors_chapter, flows_chapter, gains_chapter, money_chapter, districts_chapter,
)  # fmt: skip
_LAST: tuple[Maker, ...] = (ground_chapter, scenario_chapter, record_chapter)


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
    of_run = [_of_base(chapter, source) for chapter in _made(_OF_RUN, source)]
    chapters = (*_made(_FIRST, source), *of_run, *_made(_LAST, source))
    title, subtitle = _titles(source)
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
    return Paper(current_language(), title, subtitle, facts, chapters, foot, _("Contents"))


def _titles(source: Source) -> tuple[str, str]:
    """Return what the report is about, and what stands below that."""
    place, found = place_of(source.manifest), source.compared
    if found is not None:
        places = ", ".join(dict.fromkeys(found.scenarios[f"place_{current_language()}"]))
        titles = [str(one) for one in found.scenarios[f"title_{current_language()}"]]
        if len(titles) == _PLAN_AND_BASE and found.scenarios["province"].nunique() == 1:
            return titles[1], _('{place}: compared with "{base}"').format(place=places, base=titles[0])
        scenarios = ", ".join(dict.fromkeys(titles))
        return _("{place}: scenarios compared").format(place=places), scenarios
    if source.study is not None:
        return _("{place}: a study of many runs").format(place=place), name_of_study(source.study)
    has_targets = source.results is not None and len(source.results.scorecard) > 0
    title = _("{place}: work, skills and targets").format(place=place) if has_targets else place
    return title, scenario_name(source.manifest)


def _made(makers: Iterable[Maker], source: Source) -> list[Chapter]:
    return [chapter for make in makers if (chapter := make(source)) is not None]


def _of_base(chapter: Chapter, source: Source) -> Chapter:
    """Return a chapter about one run; of a study it says about which."""
    if source.study is None:
        return chapter
    if source.compared is not None:
        base = f"{place_of(source.manifest)}, {scenario_name(source.manifest)}"
        words = _("This chapter is about the base: {scenario}.").format(scenario=base)
    else:
        words = _("This chapter is about the first point: {name}.").format(name=source.manifest["scenario"])
    return replace(chapter, blocks=(Words(words, "note"), *chapter.blocks))
