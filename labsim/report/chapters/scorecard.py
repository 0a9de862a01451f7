"""The scorecard: every target with what was found, both readings where its wording is unclear, and its marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labsim.errors import ResultsError
from labsim.evidence.shares_file import Rest, rests_of
from labsim.report.blocks import Block, Cell, Chapter, Column, Listed, Table
from labsim.report.chances import SIGNS, meaning_of, word_of
from labsim.report.chapters.source import Source
from labsim.report.console import beyond_calibrated, trust
from labsim.report.numbers import concept_name, number, percent, percent_range
from labsim.report.rests import rest_notes
from labsim.report.target_words import Scored, scored_of
from labsim.text import _
from labsim.verdicts import ORDER

__all__ = ["scorecard_chapter"]

Rests = Mapping[tuple[str, int], Rest]


def scorecard_chapter(source: Source) -> Chapter | None:
    """Return the scorecard of the run, or of the base of a comparison; None where there are no targets."""
    if source.results is None or not len(source.results.scorecard):
        return None
    rows = scored_of(source.results)
    scored = [one for one in rows if one.is_scored]
    rests, damage = _rests(source)
    notes: list[str] = []
    blocks: list[Block] = [Listed(tuple((SIGNS[said], f"{word_of(said)}: {meaning_of(said)}") for said in ORDER))]
    if scored:
        blocks.append(_table(scored, notes, rests, source))
    if notes:
        blocks.append(Listed(tuple((f"[{place}]", note) for place, note in enumerate(notes, start=1))))
    left_out = [one for one in rows if not one.is_scored]
    if left_out:
        blocks.append(_left_out(left_out))
    lines = [*trust(source.manifest, bool(scored)), *rest_notes(rests, for_readers=source.is_for_readers), *damage]
    blocks.append(Listed(tuple(("*", line) for line in lines)))
    title = _("Targets: what is met and what is missing")
    return Chapter("targets", title, tuple(blocks))


def _rests(source: Source) -> tuple[Rests, list[str]]:
    try:
        return rests_of(source.manifest), []
    except ResultsError as error:
        return {}, [str(error)]


def _table(scored: Sequence[Scored], notes: list[str], rests: Rests, source: Source) -> Table:
    columns = (
        Column(_("Target"), wide=True), Column(_("Wanted"), right=True), Column(_("Simulated (90 % band)"), right=True),
        Column(_("Met in (95 % interval)"), right=True), Column(_("Persons short where missed"), right=True),
        *([Column(_("Rests on assumption"), right=True)] if rests else []),
    )  # fmt: skip
    body: list[tuple[Cell, ...]] = []
    for one in scored:
        body.append(_row(one, notes, rests, source))
        if one.otherwise is not None:
            wanted, found, met = one.otherwise
            cells = (Cell(_("or else, as the other reading has it"), tone="soft"), Cell(wanted), Cell(found), Cell(met),
                     Cell(""), *([Cell("")] if rests else []))  # fmt: skip
            body.append(cells)
    return Table(columns, tuple(body))


def _row(one: Scored, notes: list[str], rests: Rests, source: Source) -> tuple[Cell, ...]:
    row = one.row
    marks = "".join(f" [{_place_of(note, notes)}]" for note in (one.note, *_readings(one)) if note)
    beyond = beyond_calibrated(str(row["year"]), source.manifest.get("posterior"))
    rest = rests.get((str(row["id"]), int(row["year"])))
    cells = [
        Cell(f"{SIGNS[one.verdict]} {one.label}{marks}", "; ".join(_definition(one)), tone=one.tone),
        Cell(one.wanted), Cell(f"{one.found}{beyond}", one.band, strong=True),
        Cell(one.why_none or one.met_in, one.chance_interval), Cell(number(one.missing, "persons")),
    ]  # fmt: skip
    if rests:
        cells.append(Cell(_share(rest), _interval(rest)))
    return tuple(cells)


def _readings(one: Scored) -> Iterator[str]:
    if one.readings:
        yield (
            one.readings
            if one.otherwise
            else _("{readings} The other reading is not measured.").format(readings=one.readings)
        )


def _definition(one: Scored) -> Iterator[str]:
    yield concept_name(str(one.row["concept"]))
    since = one.row["cumulate_from"]
    if isinstance(since, int | float) and since == since:
        yield _("sum from {year}").format(year=int(since))


def _share(rest: Rest | None) -> str:
    if rest is None:
        return "-"
    marks = ([_("stale")] if rest.is_stale else []) + ([_("of another scenario")] if rest.is_of_another else [])
    return percent(min(1.0, max(0.0, rest.share))) + (f" [{', '.join(marks)}]" if marks else "")


def _interval(rest: Rest | None) -> str:
    if rest is None:
        return ""
    return percent_range(*(min(1.0, max(0.0, end)) for end in (rest.low, rest.high)))


def _place_of(note: str, notes: list[str]) -> int:
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1


def _left_out(rows: Sequence[Scored]) -> Table:
    labels: dict[str, list[str]] = {}
    for one in rows:
        labels.setdefault(one.note, []).append(one.label)
    body = tuple((Cell("; ".join(named)), Cell(note)) for note, named in labels.items())
    columns = (Column(_("Target"), wide=True), Column(_("Why it is not scored"), wide=True))
    return Table(columns, body, title=_("Targets that are not scored"), folded=True)
