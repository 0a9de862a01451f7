"""What a seat may set: refused where it is stored, cleaned where an older version stored it, and no page fails."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest

from labsim.app.asked import number_for, views_of
from labsim.app.drafts import bases
from labsim.app.engine import Engine
from labsim.app.hub import Hub
from labsim.app.lever_row import shown_number
from labsim.app.limits import LONGEST_NAME, LONGEST_TITLE, MOST_KEYS, one_line, require_few_keys
from labsim.app.minutes import written
from labsim.app.room import Room, group_of, lever_spread
from labsim.app.workshop import Workshops, spread_of
from labsim.app.workspace import Workspace

SEATS = "policies.vocational_training.seats_per_year"


@pytest.fixture(scope="module")
def known():
    return bases()


@pytest.fixture
def room(tmp_path, known):
    workspace = Workspace(tmp_path / "room")
    hub = Hub(workspace, Engine(1), known)
    views = list(views_of(known["son_la/baseline"].config))[:1]
    return Room(hub, hub.workshops.open("Seats?", "son_la/baseline", 2021, "leader", [SEATS], views))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1e9, "given 1,000,000,000; allowed 0 to 200,000 persons per year"),
        (-1e308, "given -1e[+]308"), (-1, "given -1"),
        (math.nan, "given no number"), (math.inf, "given no number"), (10**400, "given no number"),
        ([1, 2], "given no number"), ({"a": 1}, "given no number"), (True, "given no number"),
        ("5", "given no number"), ("x" * 3_000_000, "given no number"),
    ],
)  # fmt: skip
def test_what_is_no_number_of_its_range_is_refused_where_it_is_stored(room, value, why):
    workshops, workshop = room.hub.workshops, room.workshop
    lan = workshops.join(workshop, "Lan", "1")
    workshops.put(workshop, lan.seat, "levers", SEATS, 20_000)
    with pytest.raises(ValueError, match=f"Seats in vocational training: {why}") as caught:
        workshops.put(workshop, lan.seat, "levers", SEATS, value)
    assert len(str(caught.value)) < 200
    assert (lan.levers, lan.touched) == ({SEATS: 20_000.0}, 1)


@pytest.mark.parametrize("path", ["policies.startups.loan", "", "x" * 1_000_000, ["a"], None, 5])
@pytest.mark.parametrize("kind", ["levers", "views", "seats", None])
def test_what_is_not_asked_about_is_refused(room, path, kind):
    lan = room.hub.workshops.join(room.workshop, "Lan", "1")
    with pytest.raises(ValueError, match="does not ask about this"):
        room.hub.workshops.put(room.workshop, lan.seat, kind, path, 1.0)
    assert (lan.levers, lan.views) == ({}, {})


def test_a_value_at_the_ends_of_the_range_is_kept_and_can_be_taken_back(room):
    workshops, workshop = room.hub.workshops, room.workshop
    lan = workshops.join(workshop, "Lan", "1")
    for end in (0, 200_000):
        workshops.put(workshop, lan.seat, "levers", SEATS, end)
        assert lan.levers == {SEATS: end}
    workshops.put(workshop, lan.seat, "levers", SEATS, None)
    assert lan.levers == {}


@pytest.mark.parametrize(("raw", "number"), [(None, None), (5, 5.0), (0.25, 0.25), ("12.5", 12.5), ("-3e2", -300.0)])
def test_a_browser_sends_a_number_or_nothing(raw, number):
    assert shown_number(raw) == number


@pytest.mark.parametrize(
    "raw", ["nan", "inf", "-Infinity", "1e999", "", "abc", "9" * 1_000_000, [1.0], {"value": 1}, True, math.nan]
)
def test_anything_else_that_a_browser_sends_is_refused(raw):
    with pytest.raises(ValueError, match="something that is no number"):
        shown_number(raw)


def test_money_and_shares_are_refused_in_the_unit_that_the_seat_shows(room):
    share = SimpleNamespace(label="Pay floor", low=0.5, high=0.9, factor=100.0, shown_unit="%",
                            range_words=lambda: "50 to 90", words=lambda value: f"{100 * value:g}")  # fmt: skip
    with pytest.raises(ValueError, match="Pay floor: given 120; allowed 50 to 90 %"):
        number_for(share, 1.2)


def poisoned(room, tmp_path, known, **seats):
    """Write seats into the workshop's file as an older version would, and return what opens."""
    file = room.hub.workspace.folder / "workshops" / f"{room.workshop.code}.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    for seat, what in seats.items():
        data["participants"].setdefault(seat, {"seat": seat, "name": seat, "session": seat, "touched": 1})
        data["participants"][seat] = data["participants"][seat] | what if isinstance(what, dict) else what
    file.write_text(json.dumps(data), encoding="utf-8")
    return Workshops(room.hub.workspace, known).get(room.workshop.code)


@pytest.mark.parametrize(
    "levers",
    [{SEATS: 1e9}, {SEATS: -1e308}, {SEATS: math.nan}, {SEATS: None}, {SEATS: [1]}, {SEATS: "x" * 100_000},
     {"policies.unknown.lever": 1.0}, [1, 2], "text", None],
)  # fmt: skip
def test_a_poisoned_workshop_opens_and_names_the_seat(room, tmp_path, known, levers):
    view = room.workshop.views[0]
    good = room.hub.workshops.join(room.workshop, "good", "1")
    room.hub.workshops.put(room.workshop, good.seat, "levers", SEATS, 20_000)
    again = poisoned(room, tmp_path, known, bad={"levers": levers, "views": {view: known_high(room, view)}})
    assert set(again.set_aside) == {"bad"}
    assert again.participants["bad"].levers == {}
    assert again.participants["bad"].views == {view: known_high(room, view)}
    assert again.participants[good.seat].levers == {SEATS: 20_000.0}


def known_high(room, view):
    return room.known()[view].high


@pytest.mark.parametrize("seat", [None, 5, [], "text", {"name": None}, {"session": 7}, {"seat": "other"}, {"name": ""}])
def test_a_seat_that_is_none_is_left_out_and_named(room, tmp_path, known, seat):
    again = poisoned(room, tmp_path, known, bad=seat)
    assert "bad" not in again.participants
    assert list(again.set_aside.values()) == ["the seat is damaged"]


def test_no_page_of_a_room_fails_for_one_seat_after_a_restart_either(room, tmp_path, known):
    poisoned(room, tmp_path, known, bad={"levers": {SEATS: 1e9}}, worse=None, worst={"levers": {SEATS: math.nan}})
    hub = Hub(Workspace(room.hub.workspace.folder), Engine(1), known)
    again = Room(hub, hub.workshops.of_facilitator("leader"))
    levers, views = group_of(again.workshop, again.known())
    assert (levers, views) == ({}, {})
    assert lever_spread(again.workshop, "levers", again.known()[SEATS]).most == 14_000
    assert b"2 participants" in written(again, {}, "HTML")
    assert set(Workshops(hub.workspace, known).get(again.workshop.code).set_aside) == {"bad", "worse", "worst"}


def test_numbers_that_are_none_do_not_reach_the_spread(room):
    lan = room.hub.workshops.join(room.workshop, "Lan", "1")
    for wrong in (math.nan, None, "x", [1], 10**400):
        lan.levers[SEATS] = wrong
        found = spread_of(room.workshop, "levers", SEATS, 15_000)
        assert (found.least, found.most, found.untouched) == (15_000, 15_000, 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"base": "gone/baseline"}, "starts from gone/baseline, which is not on offer"), ({"base": ["a"]}, "not on offer"),
     ({"since": "2026"}, "damaged"), ({"since": True}, "damaged"), ({"code": "OTHER"}, "damaged"),
     ({"facilitator": None}, "damaged")],
)  # fmt: skip
def test_a_workshop_that_cannot_open_leaves_the_others_and_is_told(room, known, change, why):
    other = room.hub.workshops.open("Other", "son_la/baseline", 2026, "leader", [SEATS], [])
    file = room.hub.workspace.folder / "workshops" / f"{room.workshop.code}.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | change), encoding="utf-8")
    found = Workshops(room.hub.workspace, known)
    assert found.get(room.workshop.code) is None
    assert why in found.unread[room.workshop.code]
    assert found.get(other.code) == other


def test_what_a_facilitator_opens_is_on_offer(room):
    workshops = room.hub.workshops
    with pytest.raises(ValueError, match=r"not on offer: policies\.unknown\.lever"):
        workshops.open("x", "son_la/baseline", 2026, "leader", ["policies.unknown.lever"], [])
    with pytest.raises(ValueError, match="not on offer"):
        workshops.open("x", "gone/baseline", 2026, "leader", [SEATS], [])
    workshop = workshops.open("t" * 1_000_000 + "\n<b>", "son_la/baseline", 2026, "leader", [SEATS], [])
    assert len(workshop.title) == LONGEST_TITLE


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  Lan \n Minh ", "Lan Minh"), ("x" * 1_000_000, "x" * LONGEST_NAME), ("a\x00b\u202ec", "a b c"), (["a"], ""),
     (None, "")],
)  # fmt: skip
def test_names_are_one_short_line(typed, kept):
    assert one_line(typed, LONGEST_NAME) == kept


def test_a_plan_of_too_many_keys_is_refused_at_every_depth():
    require_few_keys({"a": dict.fromkeys(range(MOST_KEYS - 1))})
    for many in ({"a": dict.fromkeys(range(MOST_KEYS))}, {"a": {"b": [0] * MOST_KEYS}}, {"a": [{}] * MOST_KEYS}):
        with pytest.raises(ValueError, match="more than 1000 keys"):
            require_few_keys(many)
