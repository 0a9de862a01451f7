"""The minutes of a workshop on one page: who stood where, what the group's package does, and each one's plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from labsim.app.answers import Answer
from labsim.app.levers import Lever
from labsim.app.room import GROUP, Room, lever_spread
from labsim.app.verdict_lines import telling
from labsim.app.words import chance_words, change_words, goal_words, money_words
from labsim.app.workshop import Participant
from labsim.report.blocks import Block, Cell, Chapter, Column, Listed, Paper, Table, Words
from labsim.report.html_paper import html_text
from labsim.report.numbers import day_name, number
from labsim.report.pdf_paper import pdf_bytes
from labsim.text import _, current_language, n_

__all__ = ["minutes_of", "written"]


def written(room: Room, answers: Mapping[str, Answer], kind: str) -> bytes:
    """Return the minutes as "HTML" or "PDF". Raises ResultsError where typst is not installed."""
    paper = minutes_of(room, answers)
    return pdf_bytes(paper) if kind == "PDF" else html_text(paper).encode("utf-8")


def minutes_of(room: Room, answers: Mapping[str, Answer]) -> Paper:
    """Return the minutes; `answers` are by seat, that of the group under `GROUP`."""
    workshop, known = room.workshop, room.known()
    config = room.hub.bases[workshop.base].config
    people = list(workshop.participants.values())
    touched = [one for one in people if one.touched]
    counted = n_("{count} participant", "{count} participants", len(people)).format(count=len(people))
    blocks: list[Block] = [
        Words(_("{n} of {total} moved something. Whoever did not is counted where the baseline stands.").format(
            n=len(touched), total=len(people)), "lead"),
        _spread_table(room, "levers", workshop.levers, known, _("Levers")),
    ]  # fmt: skip
    if any(path in known for path in workshop.views):
        blocks.append(_spread_table(room, "views", workshop.views, known, _("Views of uncertain assumptions")))
    chapters = [Chapter("spread", _("How far apart we stand"), tuple(blocks))]
    group = answers.get(GROUP)
    if group is not None:
        chapters.append(Chapter("group", _("What our package does"), tuple(_package(group))))
    seats = [(one, answers[one.seat]) for one in people if one.seat in answers]
    if seats:
        chapters.append(Chapter("each", _("What each plan does"), (_plans(seats, group),)))
    scale = number(1 / room_scale(answers), "persons") if answers else "-"
    return Paper(
        current_language(), workshop.title or _("Minutes of a workshop"), str(config.title),
        (str(config.province.name), counted, day_name(datetime.now(UTC).isoformat(timespec="seconds"))),
        tuple(chapters), _("labsim workshop {code}, changes hold from {year}, 1 simulated person for {scale}").format(
            code=workshop.code, year=workshop.since, scale=scale),
        _("Contents"),
    )  # fmt: skip


def room_scale(answers: Mapping[str, Answer]) -> float:
    """Return the scale that the runs of a room have."""
    return float(next(iter(answers.values())).manifest["scale"])


def _spread_table(room: Room, kind: str, paths: list[str], known: Mapping[str, Lever], title: str) -> Table:
    columns = (Column(title, wide=True), Column(_("Baseline"), True), Column(_("Least"), True), Column(_("Mean"), True),
               Column(_("Most"), True), Column(_("Moved by"), True))  # fmt: skip
    rows = []
    for path in paths:
        if path not in known:
            continue
        lever = known[path]
        spread = lever_spread(room.workshop, kind, lever)
        cells = [
            lever.words(value) for value in (lever.now or 0.0, spread.least, spread.mean, spread.most)
        ]
        moved = f"{len(spread.values) - spread.untouched} / {len(spread.values)}"
        rows.append((Cell(lever.label, lever.shown_unit), *(Cell(cell) for cell in cells), Cell(moved)))
    return Table(columns, tuple(rows))


def _package(answer: Answer) -> list[Block]:
    lines = tuple(
        ("-", f"{one.label} ({goal_words(one.target)}): {chance_words(one.own)}; {change_words(one)}")
        for one in telling(answer.verdicts)
    )
    money = _("Public money beyond the baseline, all years: {money}.").format(money=money_words(answer.extra_money))
    runs = _("From {n} pairs of replicates; each pair has the same people with the same luck.").format(n=answer.n)
    return [Words(money, "lead"), Listed(lines), Words(runs, "note")]


def _plans(seats: list[tuple[Participant, Answer]], group: Answer | None) -> Table:
    source = group or seats[0][1]
    shown = telling(source.verdicts)[:3]
    columns = (Column(_("Participant"), wide=True), Column(_("Extra public money"), True),
               *(Column(one.label, True) for one in shown))  # fmt: skip
    rows = []
    for person, answer in seats:
        by = {one.key: one for one in answer.verdicts}
        cells = [Cell(change_words(by[one.key]).partition(" (")[0] if one.key in by else "-") for one in shown]
        money = money_words(answer.extra_money).partition(" (")[0]
        rows.append((Cell(person.name), Cell(money), *cells))
    return Table(columns, tuple(rows))
