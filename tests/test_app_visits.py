"""Sessions that nobody visits are let go, work that nobody waits for ends, and what anybody may send is bounded."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from functools import partial

import pytest

from labsim.app.desk import Call, Desk
from labsim.app.drafts import Draft, bases, draft_of_file
from labsim.app.engine import Engine
from labsim.app.hub import Hub, beside
from labsim.app.limits import LARGEST_PLAN
from labsim.app.room import GROUP, room_of
from labsim.app.runs import PRECISIONS, PairedRun, sized
from labsim.app.visits import FORGET, MOST_KEPT, REST, Visits
from labsim.app.workspace import Workspace

SEATS = "policies.vocational_training.seats_per_year"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def known():
    return bases()


@pytest.fixture
def hub(tmp_path, known, clock):
    """Return a hub whose engine queues and simulates nothing."""
    made = Hub(Workspace(tmp_path / "room"), Engine(1), known)
    made.visits = Visits(clock)
    return made


class Thing:
    def __init__(self) -> None:
        self.did: list[str] = []

    def rest(self) -> None:
        self.did.append("rest")

    def forget(self) -> None:
        self.did.append("forget")


def test_what_nobody_visits_rests_and_is_forgotten_later(clock):
    visits, thing = Visits(clock), Thing()
    visits.come("a", thing)
    clock.now += FORGET
    visits.tidy()
    assert thing.did == []  # a page is open
    visits.go("a")
    clock.now += REST - 1
    visits.tidy()
    assert thing.did == []  # somebody reloads
    clock.now += 1
    visits.tidy()
    visits.tidy()
    assert thing.did == ["rest"]
    clock.now += FORGET - REST
    visits.tidy()
    assert thing.did == ["rest", "rest", "forget"]
    assert len(visits) == 0


def test_two_pages_of_one_browser_count_as_two(clock):
    visits, thing = Visits(clock), Thing()
    for act in (visits.come, visits.come):
        act("a", thing)
    visits.go("a")
    clock.now += FORGET
    visits.tidy()
    assert thing.did == []


def test_of_a_hundred_that_nobody_visits_those_left_last_are_kept(clock):
    visits, things = Visits(clock), [Thing() for _number in range(100)]
    for number, thing in enumerate(things):
        visits.come(number, thing)
        visits.go(number)
    clock.now += REST
    visits.tidy()
    assert len(visits) == MOST_KEPT
    assert [("forget" in one.did) for one in things] == [True] * (100 - MOST_KEPT) + [False] * MOST_KEPT


def test_a_hundred_visits_leave_no_more_sessions_than_are_kept(hub, clock):
    left = []
    config = sized(hub.bases[hub.first_base()].config, PRECISIONS["quick"])
    for number in range(100):
        session = hub.session(f"browser-{number}")
        asyncio.run(session.start(partial(PairedRun, hub.engine, session.id, config, config)))
        assert session.run is not None
        left.append(weakref.ref(session.run))
        hub.visits.come(("session", session.id), session)
        hub.visits.go(("session", session.id))
        hub.desks["lives"]._errands["person", session.id] = hub.desks["lives"].ask(
            ("person", session.id), Call(("x",), print)
        )
        clock.now += REST
        hub.visits.tidy()
    del session
    gc.collect()
    assert len(hub._sessions) == len(hub.visits) <= MOST_KEPT + 1
    assert sum(one() is not None for one in left) <= MOST_KEPT + 1
    assert len(hub.desks["lives"]._errands) <= MOST_KEPT + 1
    assert len(list((hub.workspace.folder / "drafts").iterdir())) <= MOST_KEPT + 1
    assert hub.engine.waiting() <= 16  # what the last one waits for
    clock.now += FORGET
    hub.visits.tidy()
    assert (len(hub._sessions), hub.engine.waiting()) == (0, 0)


def test_who_comes_back_finds_what_they_chose(hub, clock):
    session = hub.session("lan")
    session.draft.set(SEATS, {2026: 30_000})
    session.language = "vi"
    asyncio.run(session.start())
    clock.now += FORGET
    hub.visits.tidy()
    again = hub.session("lan")
    assert again is not session
    assert (again.language, again.draft.get(SEATS), again.run) == ("vi", {2026: 30_000}, None)


def test_a_run_that_nobody_looks_at_is_cancelled_and_begins_anew(hub, clock):
    session = hub.session("lan")
    asyncio.run(session.start())
    run = session.run
    clock.now += REST
    hub.visits.tidy()
    assert (run.status, session.run, hub.engine.waiting()) == ("cancelled", None, 0)
    assert hub.session("lan") is session


def test_a_room_that_nobody_leads_rests_and_goes_on_when_somebody_comes_back(hub, clock):
    workshop = hub.workshops.open("Seats?", "son_la/baseline", 2021, "leader", [SEATS], [])
    person = hub.workshops.join(workshop, "Lan", "1")
    hub.workshops.put(workshop, person.seat, "levers", SEATS, 20_000)
    room = room_of(hub, workshop)
    assert room_of(hub, workshop) is room
    room.start(GROUP)
    before = room.runs[GROUP].own.hash
    clock.now += REST
    hub.visits.tidy()
    assert (room.runs, hub.engine.waiting()) == ({}, 0)
    assert set(workshop.ran) == {GROUP}
    room.resume()
    assert room.runs[GROUP].own.hash == before
    clock.now += FORGET
    hub.visits.tidy()
    assert (hub.rooms, hub.engine.waiting()) == ({}, 0)
    assert room_of(hub, workshop) is not room


def test_what_somebody_asked_of_a_desk_is_cancelled_for_them_alone():
    desk = Desk(lambda: pytest.fail("nothing is done here"))
    desk._begin = lambda: None
    mine = [desk.ask(("check", "me", number), Call((number,), print)) for number in range(3)]
    theirs = desk.ask(("check", "them", 1), Call(("x",), print))
    desk.rest("me")
    assert [one.status for one in (*mine, theirs)] == ["cancelled"] * 3 + ["waiting"]
    desk.forget("me")
    assert desk.of(("check", "me", 1)) is None
    assert desk.of(("check", "them", 1)) is theirs


# --- plans that are too large


def test_a_plan_of_8000_keys_is_refused_before_anything_is_looked_up(hub, known, tmp_path):
    keys = "".join(f"  key_{number}: 1\n" for number in range(8000))
    file = tmp_path / "many.yaml"
    file.write_text(f"extends: son_la/baseline\nmatching:\n{keys}", encoding="utf-8")
    assert file.stat().st_size > 94_000
    with pytest.raises(ValueError, match=r"plan of 1.. kB; allowed at most 50 kB"):
        draft_of_file(file, known)
    draft = Draft("son_la/baseline", {"matching": {f"key_{number}": 1 for number in range(8000)}})
    with pytest.raises(ValueError, match="more than 1000 keys"):
        draft.config(known, tmp_path / "draft.yaml")
    assert not (tmp_path / "draft.yaml").exists()


def test_a_draft_of_many_keys_says_little_at_the_browser(hub):
    session = hub.session("lan")
    session.draft.data = {"matching": {f"key_{number}": 1 for number in range(900)}}
    asyncio.run(session.start())
    assert session.run is None
    assert 0 < len(session.problems) <= 30
    assert max(map(len, session.problems)) <= 400


@pytest.mark.parametrize("text", ["#" * (LARGEST_PLAN + 1), "x: 1", "extends: [a]\n", "extends: {a: 1}\n", "{" * 900])
def test_a_session_whose_draft_is_damaged_opens_as_a_newcomers(hub, text):
    hub.workspace.write("sessions", "lan", {"language": "vi", "draft": {"text": text, "since": [1]}})
    session = hub.session("lan")
    assert (session.language, session.draft.data, session.draft.base) == ("vi", {}, hub.first_base())


@pytest.mark.parametrize("since", [0, -5, 10**30, "2026", [1], None, 2041, True])
def test_a_year_that_no_page_offers_is_not_taken_from_a_file(hub, since):
    hub.workspace.write("sessions", "lan", {"draft": {"text": "extends: son_la/baseline\n", "since": since}})
    assert hub.session("lan").draft.since == 2026


def test_pages_go_on_while_a_plan_is_checked_and_a_long_check_is_given_up(monkeypatch):
    monkeypatch.setattr("labsim.app.hub.PATIENCE", 0.01)
    release = threading.Event()

    async def both() -> str:
        waiting = asyncio.create_task(beside(release.wait, 30))
        with pytest.raises(ValueError, match="was given up"):
            await waiting
        release.set()
        return await beside(str, 5)

    assert asyncio.run(both()) == "5"
