"""The workshop: open a room or join one; the facilitator's view of where everyone stands."""

from __future__ import annotations

import asyncio
import html
import io
import math
from functools import partial
from typing import Any

from nicegui import ui

from labsim.app.answers import Answer
from labsim.app.asked import doses_of, views_of
from labsim.app.charts import beeswarm
from labsim.app.frame import Chart, Page, box, heading, paragraph, region, table
from labsim.app.hub import Hub, Session
from labsim.app.levers import Lever
from labsim.app.limits import LONGEST_NAME, LONGEST_TITLE
from labsim.app.minutes import written
from labsim.app.reach import Reach
from labsim.app.room import GROUP, lever_spread, room_of
from labsim.app.verdict_lines import telling
from labsim.app.words import chance_words, change_words, money_words
from labsim.app.workshop import Workshop
from labsim.errors import LabsimError
from labsim.text import _, n_, speaking

__all__ = ["JoinPage", "WorkshopPage", "let_in"]

_FIRST_VIEWS = 3


class WorkshopPage(Page):
    """Open a workshop, or lead the one that this browser opened."""

    path = "/workshop"
    least_reach = Reach.GUEST

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Workshop")

    def question(self) -> str:
        """Return the one question that the page answers."""
        workshop = self.hub.workshops.of_facilitator(self.session.id)
        return workshop.title if workshop is not None and workshop.title else _("What do we think together?")

    def fill(self) -> None:
        """Build the room of this browser, or the choice between opening and joining."""
        workshop = self.hub.workshops.of_facilitator(self.session.id)
        if workshop is not None:
            self._room(workshop)
            return
        for code, why in self.hub.workshops.unread.items() if self.reach is Reach.HOST else ():
            words = _("The workshop {code} cannot be opened: {why}.").format(code=code[:20], why=why)
            paragraph(words, "wrong small")
        with region("two"):
            self._open_box()
            join_box(self, "")

    def _open_box(self) -> None:
        draft = self.session.draft
        config = self.hub.bases[draft.base].config
        doses, views = doses_of(config, draft.since), views_of(config)
        in_force = [path for path in doses if path.split(".")[1] in config.policies]
        self.views: ui.select | None = None
        with box().classes("stack"):
            heading(_("Open a workshop"), 2)
            words = _("Everyone starts from {base} in {province}; change that on the first page.")
            paragraph(words.format(base=str(config.title), province=str(config.province.name)), "soft small")
            self.title = (
                ui.input(_("What is it about?"))
                .props(f"outlined maxlength={LONGEST_TITLE}")
                .props('data-test="workshop-title"')
            )
            names = {path: f"{lever.label}" for path, lever in doses.items()}
            self.chosen = ui.select(names, value=in_force, multiple=True, label=_("Levers that participants move"))
            self.chosen.props("outlined use-chips")
            questions = {path: lever.label for path, lever in views.items()}
            if questions:
                first = list(questions)[:_FIRST_VIEWS]
                self.views = ui.select(questions, value=first, multiple=True, label=_("Assumptions to discuss"))
                self.views.props("outlined use-chips")
            else:
                paragraph(_("For this province nobody has worked out yet which assumptions weigh most."), "soft small")
            self.wrong = ui.label("").props("role=alert").classes("wrong")
            self.wrong.visible = False
            ui.button(_("Open"), on_click=self.say(self._open)).classes("main").props(
                'unelevated data-test="open-workshop"'
            )

    def _open(self) -> None:
        if self.reach < self.least_reach:
            return
        draft = self.session.draft
        views = list(self.views.value or ()) if self.views is not None else []
        try:
            self.hub.workshops.open(
                self.title.value or "", draft.base, draft.since, self.session.id, list(self.chosen.value or ()), views
            )
        except ValueError as error:
            self.wrong.text, self.wrong.visible = str(error), True
            return
        ui.navigate.reload()

    def _room(self, workshop: Workshop) -> None:
        self.workshop, self.room = workshop, room_of(self.hub, workshop)
        self.hub.visits.come(key := ("room", workshop.code), self.room)
        ui.context.client.on_delete(lambda: self.hub.visits.go(key))
        self.known = self.room.known()
        self._shape: Any = None
        with region("cols"):
            self._door()
            with box().classes("stack"):
                heading(_("Who is here"), 2)
                self.people = ui.html("", sanitize=False)
                self._troubles()
                with region("row"):
                    ui.button(_("Run our package"), on_click=self.say(self._run_group)).classes("main").props(
                        "unelevated"
                    ).props('data-test="run-group"')
                    ui.button(_("Run every plan"), on_click=self.say(self._run_all)).props("outline color=blue-10")
                    ui.button(_("Stop"), on_click=self.say(self.room.cancel)).props("flat color=grey-9")
                self.progress = ui.label("").props("role=status aria-live=polite").classes("small soft num")
                with region("row"):
                    for kind in ("HTML", "PDF"):
                        label = _("Minutes ({kind})").format(kind=kind)
                        ui.button(label, on_click=self.say(partial(self._minutes, kind))).props(
                            "outline color=grey-9"
                        ).props(f'data-test="minutes-{kind.lower()}"')
                    ui.button(_("Close the workshop"), on_click=self.say(self._close)).props("flat color=grey-9")
                self.told = ui.label("").props("role=status aria-live=polite").classes("small")
        words = _("Each point is one participant, placed between the least and the most that is asked about.")
        self.swarm = Chart(_("Where we stand"), self._swarm(), words)
        rows = len(self.workshop.levers) + len(self.workshop.views)
        self.swarm.chart.style(f"height:{120 + 46 * rows}px")
        self.spread = ui.element("div")
        self.results = ui.element("div").classes("stack")
        if any(who not in self.room.runs for who in self.workshop.ran):
            ui.timer(0.1, self.say(self._resume), once=True)
        ui.timer(1.0, self.say(self._look))

    def _troubles(self) -> None:
        """Build what went wrong at seats, and the codes that somebody tries."""
        for name, why in self.workshop.set_aside.items():
            paragraph(_("Set aside at {name}: {why}").format(name=name, why=why), "wrong small")
        with region("row"):
            self.tries = ui.label("").props("role=status aria-live=polite").classes("wrong small")
            self.forgive = ui.button(_("Let them try again"), on_click=self.say(self._forgive))
            self.forgive.props("flat color=grey-9")
        self._show_tries()

    def _show_tries(self) -> None:
        found = self.hub.attempts.trouble()
        self.tries.visible = self.forgive.visible = bool(found)
        words = _("Wrong codes: {from_where}").format(from_where=", ".join(f"{n} × {one}" for one, n in found[:5]))
        if self.tries.text != words:
            self.tries.text = words

    def _forgive(self) -> None:
        self.hub.attempts.forgive()
        self._show_tries()

    async def _resume(self) -> None:
        await asyncio.to_thread(self.room.resume)

    def _door(self) -> None:
        address = f"{self.hub.address}/join?code={self.workshop.code}"
        with box().classes("row between"):
            with region("stack"):
                alone = _("Only this computer reaches this address. For phones, start with: labsim app --host 0.0.0.0")
                paragraph(_("Join with a phone in the same network") if self.hub.is_open else alone, "soft")
                ui.html(html.escape(f"{self.hub.address}/join"), sanitize=False).style("font-size:1.25rem")
                ui.html(html.escape(self.workshop.code), sanitize=False).classes("code").props('data-test="code"')
            code = ui.html(_qr(address), sanitize=False).style("width:11rem;height:11rem")
            code.props('role=img aria-label="{}"'.format(_("QR code of the address")))

    def _swarm(self) -> dict[str, Any]:
        rows = []
        for kind, paths in (("levers", self.workshop.levers), ("views", self.workshop.views)):
            for path in paths:
                if path in self.known:
                    lever = self.known[path]
                    low, high = _ends(lever, self.workshop, kind)
                    spread = lever_spread(self.workshop, kind, lever)
                    points = [(who, 100.0 * (value - low) / ((high - low) or 1.0)) for who, value in spread.values]
                    rows.append((f"{lever.label}", points))
        return beeswarm(rows, _("% of the way from the least to the most of the slider"))

    async def _look(self) -> None:
        self._show_tries()
        people = list(self.workshop.participants.values())
        runs = [(who, run.version) for who, run in self.room.runs.items()]
        shape = [(one.name, one.touched) for one in people], runs, list(self.room.wrong.items())
        if shape == self._shape:
            return
        before, self._shape = self._shape, shape
        if before is None or before[0] != shape[0]:
            self._show_people()
        await self._show_results()

    def _show_people(self) -> None:
        people = list(self.workshop.participants.values())
        names = ", ".join(f"{html.escape(one.name)} ({one.touched})" for one in people)
        counted = n_("{count} participant", "{count} participants", len(people)).format(count=len(people))
        changes = _("(changes made)") if people else ""
        self.people.content = f"<p><strong>{counted}</strong> {changes}</p><p>{names}</p>"
        self.swarm.renew(self._swarm())
        self.spread.clear()
        with self.spread, box().classes("stack"):
            heading(_("Least, mean, most"), 2)
            head = [_("Lever or assumption"), _("Unit"), _("Baseline"), _("Least"), _("Mean"), _("Most"), _("Moved by")]
            table(head, self._spread_rows(), _("Least, mean, most"), 2)

    def _spread_rows(self) -> list[list[str]]:
        rows = []
        for kind, paths in (("levers", self.workshop.levers), ("views", self.workshop.views)):
            for path in paths:
                if path not in self.known:
                    continue
                lever = self.known[path]
                spread = lever_spread(self.workshop, kind, lever)
                values = (lever.now or 0.0, spread.least, spread.mean, spread.most)
                moved = f"{len(spread.values) - spread.untouched} / {len(spread.values)}"
                cells = [lever.words(value) for value in values]
                rows.append([lever.label, lever.shown_unit, *cells, moved])
        return rows

    async def _run_group(self) -> None:
        await asyncio.to_thread(self.room.start, GROUP)

    async def _run_all(self) -> None:
        for seat in (GROUP, *self.workshop.participants):
            await asyncio.to_thread(self.room.start, seat)

    async def _answers(self) -> dict[str, Answer]:
        with speaking(self.session.language):
            found = {who: await self.room.answer(who) for who in list(self.room.runs)}
        return {who: answer for who, answer in found.items() if answer is not None}

    async def _show_results(self) -> None:
        runs = self.room.runs
        done, total = sum(run.done for run in runs.values()), sum(run.total for run in runs.values())
        self.progress.text = _("{done} of {total} simulations").format(done=done, total=total) if runs else ""
        answers = await self._answers()
        self.results.clear()
        with self.results:
            if GROUP in answers:
                _package(answers[GROUP])
            if len(answers) > (GROUP in answers):
                _everyone(self.workshop, answers)
            names = {one.seat: one.name for one in self.workshop.participants.values()} | {GROUP: _("our package")}
            failed = {who: run.message for who, run in runs.items() if run.status == "failed"} | self.room.wrong
            for who, why in failed.items():
                paragraph(f"{names.get(who, who)}: {why}", "wrong")

    async def _minutes(self, kind: str) -> None:
        answers = await self._answers()
        language = self.session.language

        def make() -> bytes:
            with speaking(language):
                return written(self.room, answers, kind)

        try:
            content = await asyncio.to_thread(make)
        except (LabsimError, OSError) as error:
            self.told.text = str(error)
            return
        ui.download(content, f"labsim_minutes_{self.workshop.code}.{kind.lower()}")
        self.told.text = _("The minutes are in your downloads.")

    def _close(self) -> None:
        self.room.cancel()
        self.hub.workshops.close(self.workshop)
        ui.navigate.reload()


class JoinPage(Page):
    """Join a workshop."""

    path = "/join"
    in_links = False
    least_reach = Reach.NOBODY

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Join")

    def question(self) -> str:
        """Return the one question that the page answers."""
        return _("Join a workshop")

    def fill(self) -> None:
        """Build the form; the code may come with the address."""
        with region("two"):
            join_box(self, self.query.get("code", ""))


def join_box(page: Page, code: str) -> None:
    """Build the form that gives somebody a seat."""
    with box().classes("stack"):
        heading(_("Join a workshop"), 2)
        field = ui.input(_("Code"), value=code).props(
            "outlined autocapitalize=characters autocomplete=off maxlength=20"
        )
        field.props('data-test="join-code"')
        name = ui.input(_("Your name or group")).props(f"outlined maxlength={LONGEST_NAME}")
        name.props('data-test="join-name"')
        wrong = ui.label("").props("role=alert").classes("wrong")
        wrong.visible = False

        def join() -> None:
            try:
                ui.navigate.to(let_in(page.hub, page.session, page.address, field.value, name.value))
            except ValueError as error:
                wrong.text, wrong.visible = str(error), True

        ui.button(_("Join"), on_click=page.say(join)).classes("main").props("unelevated").props('data-test="join"')


def let_in(hub: Hub, session: Session, address: str, code: Any, name: Any) -> str:
    """Let a browser in with a code and return the page that it may go to.

    Raises ValueError, in words for whoever tries, for a wrong code, and for any code after too many wrong ones.
    """
    seconds = hub.attempts.wait(session.id, address)
    if seconds > 0:
        raise ValueError(_("Too many wrong codes. Try again in {n} seconds.").format(n=math.ceil(seconds)))
    if hub.is_code(code):
        hub.attempts.right(session.id)
        session.admitted = True
        session.keep()
        return "/"
    workshop = hub.workshops.get(code)
    if workshop is None:
        hub.attempts.wrong(session.id, address)
        raise ValueError(_("No workshop has this code."))
    hub.attempts.right(session.id)
    person = hub.workshops.join(workshop, name, session.id)
    if person is None:
        raise ValueError(_("The room is full or closed."))
    session.workshop, session.seat = workshop.code, person.seat
    session.run, session.answer = None, None
    session.keep()
    return "/seat"


def _package(answer: Answer) -> None:
    with box().classes("stack"):
        heading(_("What our package does"), 2)
        ui.html(html.escape(money_words(answer.extra_money)), sanitize=False).classes("big num")
        paragraph(_("Public money beyond the baseline, all years"), "soft small")
        rows = [[one.label, chance_words(one.own), change_words(one)] for one in telling(answer.verdicts)]
        table([_("Target"), _("Our package"), _("Change")], rows, _("What our package does"))


def _everyone(workshop: Workshop, answers: dict[str, Answer]) -> None:
    shown = telling(next(iter(answers.values())).verdicts)[:3]
    rows = []
    people = [(GROUP, _("our package")), *((one.seat, one.name) for one in workshop.participants.values())]
    for seat, name in people:
        answer = answers.get(seat)
        if answer is None:
            continue
        by = {one.key: one for one in answer.verdicts}
        cells = [change_words(by[one.key]) if one.key in by else "-" for one in shown]
        rows.append([name, money_words(answer.extra_money).partition(" (")[0], *cells])
    with box().classes("stack"):
        heading(_("What each plan does"), 2)
        table(
            [_("Participant"), _("Extra public money"), *(one.label for one in shown)], rows, _("What each plan does")
        )


def _ends(lever: Lever, workshop: Workshop, kind: str) -> tuple[float, float]:
    """Return the ends of a row of points: those of the slider, or what somebody set beyond them."""
    spread = lever_spread(workshop, kind, lever)
    return min(lever.low or 0.0, spread.least), max(lever.top, spread.most)


def _qr(address: str) -> str:
    """Return the QR code of an address as SVG; nothing where the library is missing: the code can be typed."""
    try:
        import qrcode
        from qrcode.image.svg import SvgPathImage
    except ImportError:
        return ""
    buffer = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=1).save(buffer)
    svg = buffer.getvalue().decode("utf-8")
    return svg[svg.index("<svg") :].replace("<svg ", '<svg style="width:100%;height:100%" ', 1)
