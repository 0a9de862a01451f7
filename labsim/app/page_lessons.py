"""Six lessons on labour restructuring: the list, and each as a page with pictures, questions and hints."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from labsim.app.classroom import Shown, call_to_check, call_to_show, lesson_options
from labsim.app.desk import Errand
from labsim.app.frame import Chart, Page, box, heading, paragraph, region, table
from labsim.errors import RunError
from labsim.lessons import lesson, lessons
from labsim.lessons.blackboard import written
from labsim.lessons.content import Lesson, Question
from labsim.number_text import read_number
from labsim.text import _

__all__ = ["LessonsPage", "asked_lesson"]

_EVERY = 0.3  # seconds between looks at the desk
_CSS = """
.lesson-list { list-style: none; margin: 0; padding: 0; display: grid; gap: 1.1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
.lesson-list a { display: block; height: 100%; text-decoration: none; color: var(--ink); }
.lesson-list a:hover h2 { text-decoration: underline; } .lesson-list .box { height: 100%; }
.lesson-list .no { color: var(--own-dark); font-weight: 700; }
.lesson-list p, .prose { font-size: 1rem; } .lesson-list p.small { font-size: .875rem; }
.question { gap: .5rem; border-top: 1px solid #EEF0F2; padding-top: .9rem; }
.verdict { white-space: pre-wrap; } .verdict.right { border-left: 4px solid var(--good); background: #EAF6F1;
  padding: .6rem .9rem; border-radius: 0 10px 10px 0; }
"""


class LessonsPage(Page):
    """List the lessons, or show one of them."""

    path = "/lessons"

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Lessons")

    def question(self) -> str:
        """Return the title of the lesson, or the question that all answer."""
        one, _wrong = asked_lesson(self.query.get("n"))
        if one is None:
            return _("How does a labour market change?")
        return _("Lesson {n}: {title}").format(n=one.number, title=_(one.title))

    def lead(self) -> str:
        """Return a sentence below the question."""
        one, _wrong = asked_lesson(self.query.get("n"))
        if one is None:
            return _("Six lessons; each adds one process to the one before, runs in seconds and asks for numbers.")
        return _(one.about)

    def fill(self) -> None:
        """Build the list or the lesson."""
        ui.add_css(_CSS)
        self.desk = self.hub.desks["lessons"]
        one, wrong = asked_lesson(self.query.get("n"))
        if wrong:
            ui.label(wrong).props("role=alert").classes("wrong")
        if one is None:
            _list()
            return
        self.lesson = one
        self._shown: Errand | None = None
        self._checks: dict[int, Errand] = {}
        self._inputs: dict[int, Any] = {}
        self._verdicts: dict[int, ui.label] = {}
        self._steps = [self._step(place) for place in range(len(one.steps))]
        self._noise = paragraph(_("Numbers are means over replicates, in brackets their least and greatest: random "
                                  "noise only, no uncertainty of parameters."), "soft small")  # fmt: skip
        self._noise.visible = False
        self._state = ui.label("").props('role=status aria-live=polite data-test="lesson-state"').classes("small")
        self._questions()
        self._links()
        self._errand = self.desk.ask(("lesson", self.session.id), call_to_show(one.number))
        self._look()
        ui.timer(_EVERY, self.say(self._look))

    def _step(self, place: int) -> tuple[ui.element, ui.element]:
        """Build a step and return the places of its numbers and of its picture."""
        step = self.lesson.steps[place]
        with ui.element("div").classes("stack"):
            with box().classes("stack").style("gap:.6rem"):
                heading(f"{place + 1}. " + _(step.title), 2)
                paragraph(_(step.text), "prose")
                numbers = ui.element("div")
            return numbers, ui.element("div")

    def _questions(self) -> None:
        with box().classes("stack"):
            heading(_("Questions"), 2)
            paragraph(_("Right is what lies within the noise of the replicates and rounding to two digits."),
                      "soft small")  # fmt: skip
            for place, question in enumerate(self.lesson.questions, start=1):
                self._ask(place, question)

    def _ask(self, place: int, question: Question) -> None:
        """Build a question with its input; the verdict comes below."""
        name, unit = _("Question {n}").format(n=place), _("Your answer, {unit}").format(unit=_(question.unit))
        check = _("Check")
        with ui.element("div").classes("stack question"):
            paragraph(f"{place}. " + _(question.text), "prose")
            with region("row"):
                answer = ui.input(label=unit).props("outlined dense inputmode=decimal maxlength=40")
                answer.props(f'aria-label="{name}: {html.escape(unit)}" data-test="answer-{place}"')
                answer.style("width:15rem")
                answer.on("keydown.enter", self.say(partial(self._check, place)))
                button = ui.button(check, on_click=self.say(partial(self._check, place)))
                button.props(f'outline color=blue-10 aria-label="{check}: {name}" data-test="check-{place}"')
            verdict = ui.label("").props(f'role=status aria-live=polite data-test="verdict-{place}"')
        self._inputs[place], self._verdicts[place] = answer, verdict.classes("verdict")

    def _links(self) -> None:
        with region("row"):
            ui.link(_("All lessons"), "/lessons")
            for number, words in ((self.lesson.number - 1, _("The lesson before")),
                                  (self.lesson.number + 1, _("The next lesson"))):  # fmt: skip
                if asked_lesson(str(number))[0] is not None:
                    ui.link(words, f"/lessons?n={number}")

    def _check(self, place: int) -> None:
        try:
            unit = self.lesson.questions[place - 1].unit
            given = read_number(str(self._inputs[place].value or ""), unit)
        except ValueError as error:
            self._checks.pop(place, None)
            self._say(place, str(error), "wrong")
            return
        self._say(place, _("Checking ..."), "")
        call = call_to_check(self.lesson.number, place, given)
        # not one at a time: who checks a second answer still waits for the first
        self._checks[place] = self.desk.ask(("check", self.session.id, self.lesson.number, place), call)
        self._look()

    def _say(self, place: int, words: str, kind: str) -> None:
        label = self._verdicts[place]
        label.text = words
        label.classes(remove="right note wrong", add=kind)

    def _look(self) -> None:
        errand = self._errand
        if errand is not self._shown and not errand.is_open:
            self._shown = errand
            if errand.value is not None:
                self._draw(errand.value)
        words = self.hub.engine.compiling if errand.is_open else errand.message
        if errand.is_open and not words:
            words = _("The worlds of this lesson are being simulated; that takes seconds.")
        if self._state.text != words:
            self._state.text = words
        for place, check in list(self._checks.items()):
            if check.is_open:
                continue
            del self._checks[place]
            verdict = check.value
            if verdict is None:
                self._say(place, check.message, "wrong")
            else:
                self._say(place, verdict.words, "right" if verdict.right else "note")

    def _draw(self, found: Shown) -> None:
        for (below, beside), numbers, drawing in zip(self._steps, found.numbers, found.drawings, strict=True):
            if numbers:
                with below:
                    rows = [
                        (one.label, written(one.value, one.unit),
                         _("({low} to {high})").format(low=written(one.low, ""), high=written(one.high, "")))
                        for one in numbers
                    ]  # fmt: skip
                    table([_("From the worlds"), _("mean"), _("(range)")], rows, _("Numbers"))
            if drawing is not None:
                with beside:
                    words = _("Mean and range of replicates; across: {x}.").format(x=drawing.x)
                    Chart(drawing.title, lesson_options(drawing), words)
        self._noise.visible = True


def asked_lesson(given: str | None) -> tuple[Lesson | None, str]:
    """Return the lesson that an address names, or None and what is wrong with it if it names none."""
    if given is None:
        return None, ""
    try:
        return lesson(int(given) if given.isdecimal() and len(given) < 4 else -1), ""
    except RunError:
        message = _("given {given!r}; allowed a lesson from 1 to {last}")
        return None, message.format(given=given[:20], last=len(lessons()))


def _list() -> None:
    with ui.element("ol").classes("lesson-list"):
        for one in lessons():
            adds = _("What it adds: {adds}").format(adds=_(one.adds))
            words = [
                f'<span class="no">{one.number}</span>', f"<h2>{html.escape(_(one.title))}</h2>",
                f"<p>{html.escape(_(one.about))}</p>", f'<p class="soft small">{html.escape(adds)}</p>',
            ]  # fmt: skip
            link = f'<a class="box stack" style="gap:.4rem" href="/lessons?n={one.number}">{"".join(words)}</a>'
            ui.html(link, tag="li", sanitize=False)
