"""What happens to one person, and why? A life month by month, in the baseline and under the plan on screen."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Sequence
from functools import partial
from typing import Any

from nicegui import ui

from labsim.app.desk import Call, Errand
from labsim.app.drafts import Draft
from labsim.app.frame import Chart, Page, box, heading, paragraph, region
from labsim.app.lives import KINDS, Month, call_for, life_options, months_of, plan_key
from labsim.errors import ConfigError, LabsimError
from labsim.life.record import Life, Paired
from labsim.life.view import notes, parting
from labsim.life.words import introduction
from labsim.report.numbers import number
from labsim.text import _, current_language, speaking

__all__ = ["PersonPage"]

_EVERY = 0.4  # seconds between looks at the desk
_CSS = """
.life { list-style: none; margin: 0; padding: 0; }
.life > li { display: grid; grid-template-columns: 9.2rem minmax(0,1fr); gap: .15rem 1.2rem; padding: .6rem .8rem;
  border-top: 1px solid #EEF0F2; border-left: 5px solid transparent; }
.life > li.pair { grid-template-columns: 9.2rem repeat(2, minmax(0,1fr)); }
.life > li.apart { border-left-color: #D55E00; background: #FFFAF6; }
.life > li.first { border: 2px solid #D55E00; border-left-width: 5px; border-radius: 8px; }
.life h3 { font-size: .95rem; } .life .tag { display: block; color: #A63600; font-weight: 650; font-size: .82rem; }
.life .side { display: none; font-weight: 650; font-size: .82rem; color: var(--soft); }
.life p { margin: 0 0 .35rem; font-size: .96rem; } .life .why { color: var(--soft); font-size: .88rem; }
.life .state { font-weight: 600; background: #F1F4F6; border-radius: 8px; padding: .3rem .6rem; font-size: .9rem; }
.life .head { font-weight: 650; color: var(--soft); }
.kinds { gap: .45rem; } .kinds .q-btn { min-height: 2.2rem; }
@media (max-width: 900px) {
  .life > li, .life > li.pair { grid-template-columns: minmax(0,1fr); padding: .6rem .5rem; }
  .life .side { display: block; margin-top: .25rem; } .life > li.head { display: none; }
}
"""


class PersonPage(Page):
    """Follow one person through the baseline, and through the plan beside it."""

    path = "/person"

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("One person")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("What happens to one person, and why?")

    def lead(self) -> str:
        """Return a sentence below the question."""
        if self.session.draft.is_changed:
            return _("The same person, with the same luck: once in the baseline, once under your plan.")
        return _("You have changed nothing yet, so that this is the baseline alone. Move a lever on the first page to "
                 "see the same life under your plan too.")  # fmt: skip

    def fill(self) -> None:
        """Build the choice of a person, and the life that was asked for last."""
        ui.add_css(_CSS)
        self.everything = False
        self._shown: Errand | None = None
        self._who = "person", self.session.id
        self._choice()
        self.body = ui.element("div").classes("stack").style("gap:1.5rem")
        kept = self.hub.desks["lives"].of(self._who)
        # what went wrong was said in the language of then
        is_said = kept is not None and (kept.status == "done" or kept.language == self.session.language)
        self.errand = kept if is_said else None
        self._look()
        ui.timer(_EVERY, self.say(self._look))

    def _choice(self) -> None:
        with box().classes("stack").style("gap:.8rem"):
            with region("row"):
                self.asked = ui.input(label=_("Number of a person, or words: young, rural, hired"))
                self.asked.props('outlined maxlength=200 data-test="whom"').style("flex:1 1 19rem")
                self.asked.on("keydown.enter", self.say(self._follow))
                self.go = ui.button(_("Follow"), on_click=self.say(self._follow)).classes("main").props("unelevated")
                self.stop = ui.button(_("Stop"), on_click=self.say(self._cancel)).props("outline color=grey-9")
            paragraph(_("Or somebody of a kind, by chance; what happens to people is looked for in the baseline:"),
                      "soft small")  # fmt: skip
            with region("row kinds"):
                for words in KINDS if self.session.draft.is_changed else KINDS[1:]:
                    said = ", ".join(_(word) for word in words)
                    label = _("an adult whose life your plan changes") if words == KINDS[0] else said
                    ui.button(label, on_click=self.say(partial(self._follow_kind, said))).props("outline color=blue-10")
            with ui.element("details"):
                ui.html(html.escape(_("All words")), tag="summary", sanitize=False)
                paragraph(_words(), "soft small")
            self.said = ui.label("").props('role=status aria-live=polite data-test="person-state"').classes("small num")
            self.wrong = ui.label("").props("role=alert").classes("wrong")

    async def _follow_kind(self, words: str) -> None:
        self.asked.value = words
        await self._follow()

    async def _follow(self) -> None:
        try:
            with speaking(self.session.language):
                call = await asyncio.to_thread(self._call, str(self.asked.value or ""), self.session.draft)
        except (LabsimError, OSError, ValueError) as error:
            self._refuse(_problems(error))
            return
        self.errand = self.hub.desks["lives"].ask(self._who, call)
        self._look()

    def _call(self, text: str, draft: Draft) -> Call:
        return call_for(text, draft, self.hub.bases, self.hub.workspace.draft_file(self.session.id))

    def _cancel(self) -> None:
        if self.errand is not None:
            self.hub.desks["lives"].cancel(self.errand)
        self._look()

    def _refuse(self, words: str) -> None:
        self.wrong.text, self.wrong.visible = words, bool(words)

    def _look(self) -> None:
        """Show how far the errand is, and the life once it is there."""
        errand = self.errand
        is_open = errand is not None and errand.is_open
        self.stop.visible, self.go.visible = is_open, not is_open
        words = _state_words(errand, self.hub.engine.compiling)
        if self.said.text != words:
            self.said.text = words
        if errand is None or errand is self._shown or is_open:
            self.wrong.visible = bool(self.wrong.text) and not is_open
            return
        self._shown = errand
        self._refuse(errand.message)
        if errand.value is not None:
            self._draw()

    def _draw(self) -> None:
        assert self._shown is not None
        found = self._shown.value
        self.body.clear()
        with self.body:
            if self._shown.call.key[:3] != ("life", *plan_key(self.session.draft)):
                paragraph(_("Your plan has changed since: follow the person again to see the life under it."), "note")
            _summary(found)
            titles = [_("Baseline"), _("Your plan")] if isinstance(found, Paired) else [_("Baseline")]
            Chart(_("The months of this life"), life_options(found, titles),
                  _("Above what the person does, below the income from work in the province."), "tall")  # fmt: skip
            with box().classes("stack").style("gap:.5rem"):
                with region("row between"):
                    heading(_("What happened, and why"), 2)
                    chosen = ui.switch(_("Also months in which they only did not apply"), value=self.everything)
                    chosen.on_value_change(self.say(self._tell))
                self._told = ui.element("div")
            self._write(found)
            with box().classes("stack").style("gap:.3rem"):
                for line in notes(_life(found)):
                    paragraph(line, "soft small")

    def _tell(self, event: Any) -> None:
        self.everything = bool(event.value)
        if self._shown is not None:
            self._write(self._shown.value)

    def _write(self, found: Life | Paired) -> None:
        months = months_of(found, everything=self.everything)
        self._told.clear()
        with self._told:
            ui.html(_list(months, isinstance(found, Paired)), sanitize=False).props('data-test="life"')


def _life(found: Life | Paired) -> Life:
    return found.life if isinstance(found, Paired) else found


def _summary(found: Life | Paired) -> None:
    life = _life(found)
    words = _("Person {person} of {province}").format(
        person=life.person, province=life.province[current_language()]
    )
    with box().classes("stack").style("gap:.5rem"):
        heading(words, 2)
        paragraph(introduction(life))
        if isinstance(found, Paired):
            for line in parting(found, [_("Baseline"), _("Your plan")]):
                paragraph(line, "soft")


def _list(months: Sequence[Month], is_pair: bool) -> str:
    sides = [_("Baseline"), _("Your plan")] if is_pair else [""]
    head = "".join(f"<div>{html.escape(one)}</div>" for one in (_("Month"), *sides))
    rows = [f'<li class="head pair" aria-hidden="true">{head}</li>'] if is_pair else []
    return f'<ol class="life">{"".join(rows + [_row(one, sides) for one in months])}</ol>'


def _row(month: Month, sides: Sequence[str]) -> str:
    classes = " ".join(name for name, holds in (("pair", month.there is not None), ("apart", month.apart),
                                                ("first", month.first)) if holds)  # fmt: skip
    tag = _("Here the two lives part") if month.first else _("Something else happens") if month.apart else ""
    cells = [f'<div><h3>{html.escape(month.name)}</h3><span class="tag">{html.escape(tag)}</span></div>']
    is_same = month.there is not None and not month.apart and bool(month.here)
    for place, (side, told) in enumerate(zip(sides, (month.here, month.there), strict=False)):
        label = f'<span class="side">{html.escape(side)}</span>' if side else ""
        if place == 1 and is_same:
            body = f'<p class="why">{html.escape(_("the same"))}</p>'
        else:
            body = "".join(_event(one) for one in told or ())
        if month.states:
            body += f'<p class="state num">{html.escape(month.states[place])}</p>'
        cells.append(f"<div>{label}{body or '<p class=why>-</p>'}</div>")
    return f'<li class="{classes}">{"".join(cells)}</li>'


def _event(sentences: Sequence[str]) -> str:
    what, *why = (html.escape(one) for one in sentences)
    return f"<p>{what}{' <span class=why>' + ' '.join(why) + '</span>' if why else ''}</p>"


def _words() -> str:
    """Return every word that may be asked for, as it is typed."""
    from labsim.life.choose import HAPPENED
    from labsim.life.terms import term
    from labsim.world import Activity

    are = [_("man"), _("woman"), _("young"), _("adult"), _("older"), _("rural"), _("urban"), _("poor")]
    do = [term(one.name.lower()) for one in Activity if one < Activity.LEFT]
    happens = [_(_HAPPENS[one]) for one in HAPPENED]
    words = _("People are: {are}. They do: {do}. It happens to them: {happens}. Also an age such as age=18-24, a "
              "district, a field of skill or an ethnic group by its name. Words are parted by commas, and all must "
              "fit.")  # fmt: skip
    return words.format(are=", ".join(are), do=", ".join(do), happens=", ".join(happens))


_HAPPENS = {
    "enrolled": "enrolled", "trained": "trained", "hired": "hired", "lost_job": "lost a job",
    "went_abroad": "went abroad", "returned": "returned from abroad", "left_province": "left the province",
    "came_home": "came home", "opened_business": "opened a business", "retired": "retired",
}  # fmt: skip


def _state_words(errand: Errand | None, compiling: str) -> str:
    if errand is None:
        return ""
    if errand.is_open and compiling:
        return compiling
    seconds = number(round(errand.seconds), "")
    return {
        "waiting": _("Waiting: others are before you."),
        "running": _("Simulating this life: {seconds} s so far").format(seconds=seconds),
        "cancelled": _("Stopped"), "failed": "", "done": "",
    }[errand.status]  # fmt: skip


def _problems(error: Exception) -> str:
    if isinstance(error, ConfigError):
        return "\n".join(f"{one.path}: {one.message}" if one.path else one.message for one in error.problems)
    return str(error)
