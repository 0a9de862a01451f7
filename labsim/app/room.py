"""What a workshop has the engine do: each participant's plan in the world they believe in, and the group's package."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from labsim.app.answers import Answer, answer_of
from labsim.app.drafts import Draft
from labsim.app.hub import Hub, Session
from labsim.app.levers import Lever
from labsim.app.runs import PRECISIONS, PairedRun, sized
from labsim.app.workshop import Participant, Spread, Workshop, spread_of
from labsim.errors import LabsimError
from labsim.quantity import within
from labsim.text import _

__all__ = ["GROUP", "Room", "draft_of", "group_of", "lever_spread", "room_of", "start_seat"]

GROUP = "group"


def draft_of(
    workshop: Workshop, known: Mapping[str, Lever], levers: Mapping[str, float], views: Mapping[str, float]
) -> Draft:
    """Return the scenario of somebody's levers in the world of their views; raises ValueError out of range."""
    draft = Draft(workshop.base, since=workshop.since)
    for path, value in {**views, **levers}.items():
        lever = known.get(path)
        if lever is None or not within(value, lever.low, lever.high):
            raise ValueError(_("{path}: given {given:g}, out of range").format(path=path, given=value))
        draft.set(path, lever.given(value, workshop.since))
    return draft


def group_of(workshop: Workshop, known: Mapping[str, Lever]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the group's package: the mean of every lever and view, each person once."""
    found: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for place, (kind, paths) in enumerate((("levers", workshop.levers), ("views", workshop.views))):
        for path in paths:
            lever = known.get(path)
            if lever is None:
                continue
            spread = spread_of(workshop, kind, path, lever.now or 0.0)
            if spread.values and spread.untouched < len(spread.values):
                found[place][path] = round(spread.mean) if lever.whole else spread.mean
    return found


def lever_spread(workshop: Workshop, kind: str, lever: Lever) -> Spread:
    """Return how far apart participants stand on a lever."""
    return spread_of(workshop, kind, lever.path, lever.now or 0.0)


@dataclass
class Room:
    """The runs of a workshop: one of the group and one of each participant, by `GROUP` or the seat."""

    hub: Hub
    workshop: Workshop
    runs: dict[str, PairedRun] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    precision: str = "quick"
    _answers: dict[str, tuple[int, Answer]] = field(default_factory=dict)

    def known(self) -> dict[str, Lever]:
        """Return the levers and assumptions that the workshop asks about, by path."""
        return self.hub.workshops.asked(self.workshop)

    def start(self, who: str) -> None:
        """Run the package of the group or of a participant; what is wrong with it is kept in `wrong`."""
        known = self.known()
        person: Participant | None = self.workshop.participants.get(who)
        if person is not None:
            levers, views = dict(person.levers), dict(person.views)
        else:
            levers, views = group_of(self.workshop, known)
        self.hub.workshops.note_run(self.workshop, who, (levers, views))
        self._start(who, levers, views, known)

    def resume(self) -> None:
        """Run again what was on show before the server was restarted: the same packages give the same numbers."""
        known = self.known()
        for who, package in list(self.workshop.ran.items()):
            if who not in self.runs:
                self._start(who, package["levers"], package["views"], known)

    def _start(
        self, who: str, levers: Mapping[str, float], views: Mapping[str, float], known: Mapping[str, Lever]
    ) -> None:
        self.wrong.pop(who, None)
        try:
            run = self.paired(f"{self.workshop.code}-{who}", levers, views, known)
        except (LabsimError, ValueError, OSError) as error:
            self.wrong[who] = str(error)
            return
        before = self.runs.get(who)
        self.runs[who] = run
        run.start()
        if before is not None:
            before.cancel()

    def paired(
        self, person: str, levers: Mapping[str, float], views: Mapping[str, float], known: Mapping[str, Lever]
    ) -> PairedRun:
        """Return the run of a package; the world without it has the same views."""
        file = self.hub.workspace.draft_file(person)
        size = PRECISIONS[self.precision]
        own = draft_of(self.workshop, known, levers, views).config(self.hub.bases, file)
        base = draft_of(self.workshop, known, {}, views).config(self.hub.bases, file)
        return PairedRun(self.hub.engine, person, sized(own, size), sized(base, size))

    async def answer(self, who: str) -> Answer | None:
        """Return what is known of a run by now, read in a thread of its own."""
        run = self.runs.get(who)
        if run is None:
            return None
        known = self._answers.get(who)
        version = run.version + 1_000_000 * id(run)
        if known is None or known[0] != version:
            answer = await asyncio.to_thread(answer_of, run)
            if answer is None:
                return None
            self._answers[who] = version, answer
        return self._answers[who][1]

    def rest(self) -> None:
        """Stop what nobody looks at; whoever comes back finds it going on."""
        for who, run in list(self.runs.items()):
            if run.is_running:
                run.cancel()
                del self.runs[who]

    def forget(self) -> None:
        """Let go of the runs: they are made again from the packages that the workshop keeps."""
        self.hub.rooms.pop(self.workshop.code, None)
        self.runs, self._answers = {}, {}

    def cancel(self) -> None:
        """Stop every run; one that was not done is not taken up again."""
        for who, run in self.runs.items():
            if run.is_running:
                self.hub.workshops.note_run(self.workshop, who, None)
            run.cancel()


def room_of(hub: Hub, workshop: Workshop) -> Room:
    """Return the runs of a workshop, kept while somebody visits it."""
    known = hub.rooms.get(workshop.code)
    room = known if isinstance(known, Room) and known.workshop is workshop else Room(hub, workshop)
    hub.rooms[workshop.code] = room
    hub.visits.touch(("room", workshop.code), room)
    return room


async def start_seat(session: Session, room: Room, person: Participant) -> None:
    """Run a participant's own plan in their session, in the world of their views."""
    known = room.known()

    def make() -> PairedRun:
        return room.paired(session.id, person.levers, person.views, known)

    await session.start(make)
