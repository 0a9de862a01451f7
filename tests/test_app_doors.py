"""Who gets in, under which name, after how many wrong codes, and how far they reach then."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from labsim.app.attempts import ADDRESS_BUDGET, BROWSER_FREE, LOCKED, LONGEST_WAIT, OVERALL_BUDGET, Attempts
from labsim.app.drafts import bases
from labsim.app.engine import Engine
from labsim.app.guard import Guard, Hosts, host_name, own_names
from labsim.app.hub import Hub
from labsim.app.limits import LARGEST_PLAN, LARGEST_REQUEST, MOST_PLANS_OF_ONE
from labsim.app.page_workshop import let_in
from labsim.app.pages import PAGES
from labsim.app.plans import Plans
from labsim.app.reach import Reach, reach_of
from labsim.app.workshop import plain_code
from labsim.app.workspace import Workspace, new_code
from labsim.errors import ResultsError

SEATS = "policies.vocational_training.seats_per_year"
AWAY = "192.168.1.77"  # a telephone in the same network
PLAN = "extends: son_la/baseline\n"


# --- names under which the app is served, and pages that may ask


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read whatever comes and say that it was served."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"served"})


def asked(kind: str = "http", *, hosts: Hosts | None = None, method: str = "GET", path: str = "/",
          server: str = "10.0.0.5", parts: tuple[bytes, ...] = (b"",), **headers: str) -> tuple[int, str]:  # fmt: skip
    """Return status and words of an answer; of a socket 101 where it is accepted."""
    sent: list[Any] = []
    scope = {
        "type": kind, "path": path, "method": method, "server": (server, 8080),
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": one, "more_body": at < len(parts)} for at, one in enumerate(parts, 1)]

    async def receive() -> Any:
        return waiting.pop(0) if kind == "http" else {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guard(app, hosts or Hosts.of(["10.0.0.5"]))(scope, receive, send))
    if kind == "websocket":
        return (101, "") if sent[0]["type"] == "websocket.accept" else (403, sent[0]["reason"])
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    "host", ["localhost:8080", "LOCALHOST", "127.0.0.1:8080", "[::1]:8080", "10.0.0.5:8080", "localhost.:8080"]
)
def test_this_computers_names_are_served(host):
    assert asked(host=host) == (200, "served")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "10.9.9.9", "", ":8080",
     "evil.example@127.0.0.1", "[::1", "127.0.0.1:8080@evil.example", "evil.example/@localhost",
     "localhost evil.example"],
)  # fmt: skip
def test_a_foreign_name_is_refused_in_plain_words(host):
    status, words = asked(host=host)
    assert status == 400
    assert "is not served under the name" in words
    assert "--allow-host" in words
    assert asked("websocket", host=host)[0] == 403


def test_a_request_without_a_name_or_with_two_is_refused():
    assert asked()[0] == 400
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"host", b"localhost"), (b"host", b"evil.example")], "method": "GET"}
    asyncio.run(Guard(app, Hosts.of([]))(scope, None, send))
    assert sent[0]["status"] == 400


def test_the_address_that_a_request_arrived_at_is_served_and_what_the_operator_allows():
    """A computer has addresses that it does not know by name, such as that of a hotspot."""
    assert asked(host="10.42.0.1:8080", server="10.42.0.1")[0] == 200
    assert asked(host="hotspot:8080", server="hotspot")[0] == 400
    assert asked(host="labs.example", hosts=Hosts.of([], ["Labs.Example:443"]))[0] == 200
    assert asked(host="[fd00::7]:8080", hosts=Hosts.of([], ["https://[fd00::7]:8080"]))[0] == 200


def test_the_computers_own_name_is_among_its_names():
    import socket

    assert socket.gethostname().lower() in own_names()
    assert {"localhost", "127.0.0.1", "::1"} <= own_names()
    assert host_name("[FE80::1]:80") == "fe80::1"


@pytest.mark.parametrize(
    ("origin", "served"),
    [("http://localhost:8080", True), ("https://localhost:8080", True), ("http://LOCALHOST:8080", True),
     ("http://evil.example", False), ("http://localhost:3000", False), ("http://localhost", False), ("null", False),
     ("", False), ("file://", False), ("http://localhost:8080.evil.example", False),
     ("javascript://localhost:8080", False)],
)  # fmt: skip
def test_only_pages_from_here_may_open_a_socket_or_change_anything(origin, served):
    assert (asked("websocket", host="localhost:8080", origin=origin)[0] == 101) is served
    assert (asked(method="POST", host="localhost:8080", origin=origin)[0] == 200) is served
    polling = asked(path="/_nicegui_ws/socket.io/", host="localhost:8080", origin=origin)
    assert (polling[0] == 200) is served


def test_a_page_behind_a_proxy_that_the_operator_allows_may_ask():
    hosts = Hosts.of([], ["labs.example"])
    assert asked("websocket", hosts=hosts, host="127.0.0.1:8080", origin="https://labs.example")[0] == 101


def test_following_a_link_from_elsewhere_is_no_harm():
    assert asked(host="localhost:8080", origin="http://evil.example")[0] == 200


def test_a_request_that_is_too_large_is_refused_announced_or_not():
    part = b"x" * (LARGEST_REQUEST // 3)
    assert asked(method="POST", host="localhost", content_length=str(LARGEST_REQUEST))[0] == 200
    for size in (str(LARGEST_REQUEST + 1), "9" * 5000, "-1", "1e3", "x"):
        assert asked(method="POST", host="localhost", content_length=size)[0] == 413
    assert asked(method="POST", host="localhost", parts=(part,) * 3)[0] == 200
    status, words = asked(method="POST", host="localhost", parts=(part,) * 4)
    assert (status, "larger than the 300 kB" in words) == (413, True)


# --- wrong codes


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_four_hundred_wrong_codes_at_once_are_not_looked_at(clock):
    """From one address, each under a name of its own as a script without cookies would."""
    attempts, looked_at = Attempts(clock), 0
    for number in range(400):
        clock.now += 0.009
        if attempts.wait(f"browser {number}", AWAY) == 0:
            looked_at += 1
            attempts.wrong(f"browser {number}", AWAY)
    assert looked_at == ADDRESS_BUDGET
    assert attempts.trouble() == [(AWAY, ADDRESS_BUDGET)]


def test_one_browser_waits_longer_each_time_and_then_no_longer(clock):
    attempts, waits = Attempts(clock), []
    for _number in range(12):
        attempts.wrong("me", AWAY)
        waits.append(attempts.wait("me", AWAY))
        clock.now += 100  # so that the address is never out of budget
    assert waits[: BROWSER_FREE - 1] == [0] * (BROWSER_FREE - 1)
    assert waits[BROWSER_FREE - 1 :] == [1, 2, 4, 8, 16, 32, *[LONGEST_WAIT] * 3]
    assert attempts.wait("me", AWAY) == 0


def test_a_class_behind_one_address_is_not_shut_out_for_long(clock):
    attempts = Attempts(clock)
    for number in range(ADDRESS_BUDGET):
        attempts.wrong(f"browser {number}", AWAY)
    assert attempts.wait("somebody else", AWAY) == LOCKED
    assert attempts.wait("somebody else", "192.168.1.8") == 0
    clock.now += LOCKED
    assert attempts.wait("somebody else", AWAY) == 0


def test_a_mistyped_code_of_each_of_forty_people_locks_nobody_out_who_types_it_right(clock):
    attempts = Attempts(clock)
    for number in range(40):
        clock.now += 5  # forty people in three minutes
        assert attempts.wait(f"browser {number}", AWAY) == 0
        attempts.wrong(f"browser {number}", AWAY)
        attempts.right(f"browser {number}")
    assert attempts.wait("the next", AWAY) == 0


def test_many_addresses_together_are_slowed_too_and_the_facilitator_may_forgive(clock):
    attempts = Attempts(clock)
    for number in range(OVERALL_BUDGET):
        attempts.wrong(f"browser {number}", f"10.0.{number}.1")
    assert attempts.wait("new", "10.9.9.9") == LOCKED
    attempts.forgive()
    assert attempts.wait("new", "10.9.9.9") == 0
    assert attempts.trouble() == []


def test_what_is_remembered_of_wrong_codes_is_bounded(clock):
    attempts = Attempts(clock)
    for number in range(5_000):
        clock.now += 1
        attempts.wrong(f"browser {number}", f"address {number}")
    assert max(map(len, (attempts._browsers, attempts._times, attempts._locked))) <= 2_000


def test_codes_are_long_and_read_as_they_are_typed():
    assert len(new_code()) >= 8
    assert plain_code(" abcd-efgh ") == "ABCDEFGH"
    assert plain_code(["a"]) == plain_code(None) == ""
    assert len(plain_code("x" * 10_000_000)) <= 40


# --- how far somebody reaches


@pytest.fixture(scope="module")
def known():
    return bases()


@pytest.fixture
def hub(tmp_path, known):
    return Hub(Workspace(tmp_path / "room"), Engine(1), known, is_open=True)


@pytest.fixture
def workshop(hub):
    return hub.workshops.open("Seats?", "son_la/baseline", 2026, "leader", [SEATS], [])


def test_a_code_of_the_server_lets_a_guest_in_and_that_of_a_workshop_a_participant(hub, workshop):
    guest, participant, nobody = (hub.session(name) for name in ("guest", "participant", "nobody"))
    assert let_in(hub, guest, AWAY, hub.code.lower(), "Minh") == "/"
    assert let_in(hub, participant, AWAY, workshop.code, "Lan") == "/seat"
    with pytest.raises(ValueError, match="No workshop has this code"):
        let_in(hub, nobody, AWAY, "WRONG", "x")
    assert [reach_of(hub, one, AWAY) for one in (guest, participant, nobody)] == [
        Reach.GUEST, Reach.PARTICIPANT, Reach.NOBODY,
    ]  # fmt: skip
    assert reach_of(hub, nobody, "127.0.0.1") is Reach.HOST


def test_how_far_somebody_reaches_outlives_a_restart_and_ends_with_the_seat(hub, workshop, known):
    let_in(hub, hub.session("guest"), AWAY, hub.code, "")
    let_in(hub, hub.session("participant"), AWAY, workshop.code, "Lan")
    again = Hub(Workspace(hub.workspace.folder), Engine(1), known, is_open=True)
    assert reach_of(again, again.session("guest"), AWAY) is Reach.GUEST
    assert reach_of(again, again.session("participant"), AWAY) is Reach.PARTICIPANT
    thief = again.session("thief")
    thief.workshop, thief.seat = workshop.code, again.session("participant").seat
    assert reach_of(again, thief, AWAY) is Reach.NOBODY


def test_after_too_many_wrong_codes_not_even_the_right_one_is_looked_at(hub, workshop):
    session = hub.session("me")
    for _number in range(BROWSER_FREE):
        with pytest.raises(ValueError, match="No workshop has this code"):
            let_in(hub, session, AWAY, "WRONG", "x")
    with pytest.raises(ValueError, match=r"Too many wrong codes\. Try again in 1 seconds"):
        let_in(hub, session, AWAY, workshop.code, "x")
    assert not workshop.participants


def test_every_page_says_how_far_one_must_reach():
    reaches = {page.path: page.least_reach for page in PAGES}
    assert reaches.pop("/join") is Reach.NOBODY
    assert reaches.pop("/workshop") is Reach.GUEST
    assert set(reaches.values()) == {Reach.PARTICIPANT}


# --- plans of others


@pytest.fixture
def plans(hub):
    def of(session: str, reach: Reach = Reach.PARTICIPANT) -> Plans:
        return Plans(hub.workspace, session, reach)

    return of


def test_a_participant_sees_opens_and_deletes_own_plans_only(plans, hub):
    hub.workspace.save_scenario("of_the_province", PLAN)
    plans("lan").save("mine", PLAN)
    plans("minh", Reach.GUEST).save("theirs", PLAN)
    assert plans("lan").names() == ["mine"]
    assert plans("minh", Reach.GUEST).names() == ["theirs"]
    assert plans("anybody", Reach.HOST).names() == ["mine", "of_the_province", "theirs"]
    for other in ("theirs", "of_the_province", "nothing", "../theirs"):
        for act in (plans("lan").text, plans("lan").delete, plans("lan").require):
            with pytest.raises(ResultsError, match="no file"):
                act(other)
    plans("lan").delete("mine")
    assert hub.workspace.scenarios() == ["of_the_province", "theirs"]
    plans("anybody", Reach.HOST).delete("theirs")
    assert hub.workspace.scenarios() == ["of_the_province"]


def test_nobody_writes_over_a_plan_of_somebody_else(plans, hub):
    plans("lan").save("plan", PLAN)
    for other in (plans("minh"), plans("minh", Reach.GUEST), plans("minh", Reach.HOST)):
        with pytest.raises(ValueError, match="somebody else has a plan of this name"):
            other.save("plan", PLAN + "title: x\n")
    assert hub.workspace.read_scenario("plan") == PLAN
    plans("lan").save("plan", PLAN + "title: mine\n")
    assert "mine" in hub.workspace.read_scenario("plan")


def test_one_browser_saves_so_many_plans_and_no_more(plans):
    for number in range(MOST_PLANS_OF_ONE):
        plans("lan").save(f"plan {number}", PLAN)
    with pytest.raises(ValueError, match="too many plans"):
        plans("lan").save("one more", PLAN)
    plans("lan").save("plan 0", PLAN)
    plans("minh").save("another", PLAN)


def test_a_file_that_is_larger_than_a_plan_is_not_opened(plans, hub):
    hub.workspace.save_scenario("huge", PLAN + "#" * LARGEST_PLAN)
    with pytest.raises(ResultsError, match="larger than a plan"):
        plans("me", Reach.HOST).text("huge")
