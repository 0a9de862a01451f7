"""A participant's page: the levers and assumptions that the workshop asks about, and their own first answer."""

from __future__ import annotations

from nicegui import ui

from labsim.app.answers import Answer
from labsim.app.frame import RunPage, box, heading, paragraph, region
from labsim.app.lever_row import lever_row
from labsim.app.levers import Lever
from labsim.app.room import room_of, start_seat
from labsim.app.verdict_lines import chance_line, telling
from labsim.app.words import money_words
from labsim.text import _, current_language

__all__ = ["SeatPage"]


class SeatPage(RunPage):
    """Let a participant set levers and views."""

    path = "/seat"
    in_links = False

    @classmethod
    def link(cls) -> str:
        """Return what the link to the page says."""
        return _("Your seat")

    def question(self) -> str:
        """Return the one question that the page answers."""
        workshop = self.hub.workshops.get(self.session.workshop)
        return workshop.title if workshop is not None and workshop.title else _("What would you do?")

    def fill(self) -> None:
        """Build the levers of this seat, or say that there is none."""
        workshop = self.hub.workshops.get(self.session.workshop)
        person = workshop.participants.get(self.session.seat) if workshop is not None else None
        if workshop is None or person is None or person.session != self.session.id:
            with box():
                paragraph(_("You have no seat in a workshop."))
                ui.link(_("Join a workshop"), "/join")
            return
        self.workshop, self.person, self.room = workshop, person, room_of(self.hub, workshop)
        known = self.room.known()
        with region("cols"):
            with region("stack"):
                paragraph(_("{name}, your changes are kept as you make them.").format(name=person.name), "soft")
                self._rows("levers", _("Your levers"), [known[path] for path in workshop.levers if path in known])
                self._rows("views", _("What do you think is true?"),
                           [known[path] for path in workshop.views if path in known])  # fmt: skip
            with region("stick"):
                super().fill()

    def draw(self, answer: Answer) -> None:
        """Build the first answer to this participant's plan."""
        with box().classes("stack").style("gap:.4rem"):
            heading(_("What your plan does"), 2)
            paragraph(_("Beyond the baseline: {money}").format(money=money_words(answer.extra_money)), "num")
            for verdict in telling(answer.verdicts):
                chance_line(verdict, answer.is_paired)

    def _rows(self, kind: str, title: str, levers: list[Lever]) -> None:
        if not levers:
            return
        with box():
            heading(title, 2)
            for lever in levers:
                self._row(kind, lever)

    def _row(self, kind: str, lever: Lever) -> None:
        mine = self.person.levers if kind == "levers" else self.person.views

        async def moved(value: float | None) -> None:
            if mine.get(lever.path) == value:
                return
            self.hub.workshops.put(self.workshop, self.person.seat, kind, lever.path, value)
            await start_seat(self.session, self.room, self.person)
            self.state.show()

        # sources stand in the language of the declarations, which not everyone here reads
        source = lever.source if kind == "views" and current_language() == "en" else ""
        lever_row(self, lever, mine.get(lever.path), moved, source)
