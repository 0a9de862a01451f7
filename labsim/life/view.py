"""What `labsim person` prints: a life month by month, or two lives side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from labsim.levers import LEVERS
from labsim.life.record import Event, Life, Paired
from labsim.life.terms import per_cent, scale_name, term, vnd
from labsim.life.words import introduction, sentences
from labsim.report.console import listed, ruled_table
from labsim.report.numbers import number, unit_name
from labsim.text import _, current_language
from labsim.world import Activity

__all__ = ["life_view", "notes", "pair_view", "parting", "state", "told"]


def told(life: Life) -> list[dict[str, Any]]:
    """Return the events of a life with their months and sentences in the language in use, ready for JSON."""
    return [
        {"month": life.calendar(event.month), "kind": event.kind, "minor": event.minor,
         "sentences": sentences(event, life.names)}
        for event in life.events
    ]  # fmt: skip


def life_view(life: Life, *, everything: bool = False) -> Iterator[RenderableType]:
    """Yield the parts of what is printed of one life: who, year by year what happened and why, how to read it."""
    yield from _head(life, life.title.get(current_language()) or life.scenario)
    table = ruled_table()
    table.add_column(_("Month"), no_wrap=True)
    table.add_column(_("What happened, and why"), ratio=1)
    for month in range(life.n_months + 1):
        events = [event for event in life.in_month(month) if everything or not event.minor]
        for place, event in enumerate(events):
            table.add_row(life.calendar(month) if place == 0 else "", _event(event, life))
        if month == 0 or life.calendar(month).endswith("-12") or month == life.n_months:
            table.add_row(Text(life.calendar(month), style="bold"), Text(state(life, month), style="bold"))
    yield table
    yield Text("")
    yield listed(("-", line) for line in notes(life))


def pair_view(pair: Paired, *, everything: bool = False) -> Iterator[RenderableType]:
    """Yield what is printed of one person under two scenarios: where they part, why, and both lives side by side."""
    life, other, titles = pair.life, pair.other, _titles(pair)
    yield from _head(life, " | ".join(titles))
    yield listed(("-", line) for line in parting(pair, titles))
    yield Text("")
    table = ruled_table()
    table.add_column(_("Month"), no_wrap=True)
    for title in titles:
        table.add_column(title, ratio=1)
    apart = {one.month for one in pair.differences}
    for month in range(min(life.n_months, other.n_months) + 1):
        here, there = ([one for one in each.in_month(month) if everything or not one.minor] for each in (life, other))
        if month in apart:
            mark_ = "=>" if month == pair.first_event else " *"
            table.add_row(f"{mark_} {life.calendar(month)}", _cell(here, life), _cell(there, other))
        elif here:
            table.add_row(f"   {life.calendar(month)}", _cell(here, life, short=True), Text(_("the same"), style="dim"))
        if month == 0 or life.calendar(month).endswith("-12"):
            cells = (Text(state(each, month), style="bold") for each in (life, other))
            table.add_row(Text(f"   {life.calendar(month)}", style="bold"), *cells)
    yield table
    yield Text("")
    marks = _("=> the first month in which something else happened; * other such months")
    yield listed(("-", line) for line in [marks, *notes(life)])


def _head(life: Life, title: str) -> Iterator[RenderableType]:
    language = current_language()
    words = _("Person {person} of {province}, {start} to {end}: {title}")
    yield Text(words.format(person=life.person, province=life.province[language], start=life.start,
                            end=life.calendar(life.n_months), title=title), style="bold")  # fmt: skip
    yield Text(introduction(life))
    yield Text("")


def _event(event: Event, life: Life) -> Text:
    what, *why = sentences(event, life.names)
    text = Text(what)
    if why:
        text.append(" " + " ".join(why), style="dim")
    return text


def _cell(events: list[Event], life: Life, *, short: bool = False) -> Text:
    if not events:
        return Text("-", style="dim")
    if short:
        return Text("\n".join(sentences(event, life.names)[0] for event in events))
    return Text("\n").join(_event(event, life) for event in events)


def state(life: Life, month: int) -> str:
    """Return what the person does at the end of a month, with income, savings and skill."""
    activity, income, savings, skill = (life.series[name][month] for name in ("activity", "income", "savings", "skill"))
    doing = term(Activity(int(activity)).name.lower())
    if activity == Activity.LEFT:
        return doing
    if activity in (Activity.AWAY_IN_VIET_NAM, Activity.ABROAD):  # what is earned there is known by what is saved
        return _("{activity}; savings {savings}, skill {skill}").format(
            activity=doing, savings=vnd(savings), skill=per_cent(skill))  # fmt: skip
    earns = _("income {income} a month").format(income=vnd(income)) if income else _("no income from work")
    words = _("{activity}; {earns}, savings {savings}, skill {skill}")
    return words.format(activity=doing, earns=earns, savings=vnd(savings), skill=per_cent(skill))


def _titles(pair: Paired) -> list[str]:
    language = current_language()
    titles = [each.title.get(language) or each.scenario for each in (pair.life, pair.other)]
    return titles if titles[0] != titles[1] else [each.scenario for each in (pair.life, pair.other)]


def parting(pair: Paired, titles: Sequence[str]) -> Iterator[str]:
    """Yield where two lives part: the first number, the first event, and what policies offered otherwise then.

    `titles` are what the two scenarios are called.
    """
    life = pair.life
    if pair.first_number is None:
        yield _("Nothing differs in this life, not by a single dong.")
        return
    yield _("Income, savings or skill differ for the first time in {month}, often by a little: wages and crowding "
            "answer what others do.").format(month=life.calendar(pair.first_number))  # fmt: skip
    if pair.first_event is None:
        yield _("The same things happen in both lives.")
        return
    yield _("Something else happens for the first time in {month}; in {n} months altogether.").format(
        month=life.calendar(pair.first_event), n=len(pair.differences))  # fmt: skip
    if not pair.levers:
        yield _("No policy offers this person anything else in that month: others, whom a policy reached before, "
                "took another post, seat or place, and so on down the line.")  # fmt: skip
    for name, here, there, unit in pair.levers:
        words = _("In that month the two differ in what policies offer - {meaning}: {here} in {first}, {there} in "
                  "{second} ({unit}).")  # fmt: skip
        yield words.format(
            meaning=_(LEVERS[name].meaning), here=number(here, ""), there=number(there, ""), unit=unit_name(unit),
            first=titles[0], second=titles[1],
        )  # fmt: skip


def notes(life: Life) -> Iterator[str]:
    """Yield how a life is to be read."""
    yield _("Person {person} is one simulated row at scale {scale} and seed {seed}; another scale or seed has "
            "other people. One life is no evidence for a policy: that takes all people and several replicates.").format(
        person=life.person, scale=scale_name(life.scale), seed=life.seed)  # fmt: skip
    yield _("Chances, incomes and rankings are those the model worked with; parameters are the configuration's own.")


