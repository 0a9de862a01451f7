"""The app below its pages: workspace, drafts, levers, engine, runs and workshops."""

from __future__ import annotations

import html
import json
import os
import re
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import labsim
from labsim.app import engine as engine_module
from labsim.app.answers import answer_of
from labsim.app.asked import views_of
from labsim.app.charts import beeswarm, fan_chart, for_phones
from labsim.app.drafts import Draft, bases, draft_of_file
from labsim.app.engine import Engine, Task
from labsim.app.hub import Hub
from labsim.app.levers import levers_of, slider_top
from labsim.app.limits import MOST_SEATS
from labsim.app.names import PARAMETERS, UNITS
from labsim.app.paired_report import _names, _write_study, report_of
from labsim.app.room import GROUP, Room, draft_of, group_of
from labsim.app.runs import BASE, OWN, PairedRun, Precision, sized
from labsim.app.tiles import tiles_of
from labsim.app.workshop import Workshops, spread_of
from labsim.app.workspace import Workspace, safe_name
from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, ResultsError
from labsim.experiment.compare import compare, comparison_of
from labsim.experiment.executor import Stop, heed
from labsim.experiment.opened import open_study
from labsim.policies import BUILT_IN
from labsim.results import GROUPS, joined, wide
from labsim.text import _, current_language, speaking

SEATS = "policies.vocational_training.seats_per_year"
TINY = Precision("quick", 0.001, 2)
OWN_POLICY = '''from labsim.policies.base import Policy
from labsim.quantity import Yearly, quantity
from labsim.text import mark


class BusTickets(Policy):
    """The province pays for bus tickets. Lever: search_effort."""

    tickets: Yearly = quantity({2021: 0.0}, unit="tickets per year", low=0, high=1000, source="assumed", grade="D")
'''


def thread_pool() -> tuple[Executor, Stop]:
    stop = threading.Event()
    return ThreadPoolExecutor(1, initializer=heed, initargs=(stop,)), stop


@pytest.fixture(scope="module")
def known():
    return bases()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "room")


@pytest.fixture
def engine():
    """Return an engine that queues what it is asked for and simulates nothing."""
    made = Engine(2, thread_pool)
    yield made
    made.close()


def small(config):
    return sized(config, TINY, "2022-12")


def wait_for(condition, seconds=900.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.02)
    assert condition()


# --- workspace


@pytest.mark.parametrize(
    ("words", "name"),
    [("Thêm chỗ học", "them_cho_hoc"), ("../../etc/passwd", "etc_passwd"), ("Đào tạo 2", "dao_tao_2"),
     ("a" * 300, "a" * 60), ("C:\\x.yaml", "c_x_yaml")],
)  # fmt: skip
def test_names_are_made_harmless(words, name):
    assert safe_name(words) == name


@pytest.mark.parametrize("words", ["", "...", "/", "CON", "lpt1", "profile", "日本"])
def test_what_is_no_name_is_refused(words):
    with pytest.raises(ValueError, match="allowed a name"):
        safe_name(words)


def test_nothing_is_written_through_a_link(workspace, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("extends: son_la/baseline\n", encoding="utf-8")
    try:
        os.symlink(outside, workspace.folder / "scenarios" / "evil.yaml")
    except OSError:
        pytest.skip("no links here")
    assert workspace.scenarios() == []
    with pytest.raises(ValueError, match="link"):
        workspace.save_scenario("evil", "x: 1\n")
    with pytest.raises(ValueError, match="link"):
        workspace.read_scenario("evil")
    assert outside.read_text(encoding="utf-8") == "extends: son_la/baseline\n"


@pytest.mark.parametrize("key", ["../x", "a/b", "", "x" * 65, "a.b"])
def test_keys_cannot_leave_the_folder(workspace, key):
    with pytest.raises(ValueError, match="allowed letters"):
        workspace.write("sessions", key, {})


def test_a_damaged_file_of_one_leaves_the_others(workspace):
    workspace.write("sessions", "good", {"language": "vi"})
    (workspace.folder / "sessions" / "bad.json").write_text("{half", encoding="utf-8")
    assert workspace.read("sessions") == {"good": {"language": "vi"}}


def test_secret_and_code_outlive_a_restart(workspace):
    again = Workspace(workspace.folder)
    assert (again.secret(), again.code()) == (workspace.secret(), workspace.code())


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match="cannot be written"):
        Workspace(tmp_path / "file")


# --- drafts


def test_a_draft_is_the_file_that_the_command_line_takes(known, workspace):
    draft = Draft("son_la/baseline", title="Thêm chỗ học")
    draft.set(SEATS, {2026: 25_000})
    file = workspace.save_scenario("more", draft.text())
    here = draft.config(known, workspace.draft_file("me"))
    assert here.hash == load("son_la", scenario=file).hash
    assert here.policies["vocational_training"].seats_per_year == {2021: 14_000, 2022: 15_500, 2026: 25_000}
    again = draft_of_file(file, known)
    assert (again.data, again.title, again.base) == (draft.data, draft.title, draft.base)


def test_a_change_taken_back_leaves_nothing(known, workspace):
    draft = Draft("son_la/baseline")
    draft.set(SEATS, {2026: 25_000})
    draft.set(SEATS, None)
    assert not draft.is_changed
    assert draft.config(known, workspace.draft_file("me")) is known["son_la/baseline"].config


@pytest.mark.parametrize(
    "text",
    [
        'policies: {mine: {use: "evil.py:Evil"}}',
        'policies: {value: {mine: {use: "evil.py:Evil"}}}',
        'policies: {mine: {use: {value: "evil.py:Evil"}}}',
    ],
)
def test_no_code_of_a_scenario_file_runs(known, workspace, tmp_path, text):
    ran = workspace.folder / "scenarios" / "ran"
    code = f"from pathlib import Path\nPath({str(ran)!r}).write_text('x', encoding='utf-8')\n"
    (workspace.folder / "scenarios" / "evil.py").write_text(code, encoding="utf-8")
    file = workspace.save_scenario("bad", f"extends: son_la/baseline\n{text}\n")
    with pytest.raises(ConfigError, match="policies in files are not allowed here"):
        draft_of_file(file, known)
    assert not ran.exists()


@pytest.mark.parametrize("text", ["folder: /etc", "institutions: []", "scale: 1", "replicates: 100000"])
def test_a_draft_cannot_say_where_files_lie_or_how_large_a_run_is(known, workspace, text):
    file = workspace.save_scenario("bad", f"extends: son_la/baseline\n{text}\n")
    with pytest.raises(ConfigError, match="not changed in the app"):
        draft_of_file(file, known)


@pytest.mark.parametrize("base", ["../../etc/x.yaml", "reference/urn_ball", "nothing", "son_la/start_2010"])
def test_a_draft_extends_only_what_is_on_offer(known, workspace, base):
    file = workspace.save_scenario("bad", f"extends: {base}\n")
    with pytest.raises(ConfigError, match="allowed here"):
        draft_of_file(file, known)


def test_problems_are_those_of_a_file(known, workspace):
    draft = Draft("son_la/baseline")
    draft.set(SEATS, {2026: 900_000})
    with pytest.raises(ConfigError, match="allowed 0 to 200000"):
        draft.config(known, workspace.draft_file("me"))


def test_an_operators_own_policy_shows_up_and_a_users_does_not(tmp_path):
    (tmp_path / "own.py").write_text(OWN_POLICY, encoding="utf-8")
    file = tmp_path / "tickets.yaml"
    file.write_text('extends: son_la/baseline\npolicies: {tickets: {use: "own.py:BusTickets"}}\n', encoding="utf-8")
    known = bases((file,))
    base = known[str(file.resolve())]
    policy = next(one for one in levers_of(base.config, 2026) if one.name == "tickets")
    assert [(one.label, one.unit, one.high) for one in policy.doses] == [("Tickets", "tickets per year", 1000)]
    draft = Draft(base.key)
    draft.set("policies.tickets.tickets", {2026: 5.0})
    config = draft.config(known, Workspace(tmp_path / "room").draft_file("me"))
    assert config.policies["tickets"].tickets == {2021: 0.0, 2026: 5.0}
    draft.set("policies.more", {"use": "own.py:BusTickets"})
    with pytest.raises(ConfigError, match="not allowed here"):
        draft.config(known, Workspace(tmp_path / "room").draft_file("me"))


# --- levers


def test_every_lever_of_a_built_in_policy_has_words(known):
    config = known["son_la/baseline"].config
    levers = [lever for policy in levers_of(config, 2026) for lever in policy.levers]
    names = {f"{lever.policy}.{lever.path.rpartition('.')[2]}" for lever in levers}
    assert {name for name in names if name not in PARAMETERS and not name.endswith(".budget")} == set()
    assert {lever.unit for lever in levers} - set(UNITS) == set()
    assert {policy.name for policy in levers_of(config, 2026)} == set(BUILT_IN)


def test_levers_say_what_holds_in_the_year(known):
    config = known["son_la/baseline"].config
    now = {year: lever.now for year in (2021, 2026) for policy in levers_of(config, year)
           for lever in policy.doses if lever.path == SEATS}  # fmt: skip
    assert now == {2021: 14_000, 2026: 15_500}


@pytest.mark.parametrize(
    ("now", "low", "high", "top"),
    [(15_500, 0, 200_000, 50_000), (0, 0, 500_000, 50_000), (0.3, 0, 1, 1), (10, 0, 12, 12)],
)
def test_sliders_end_at_round_numbers(now, low, high, top):
    assert slider_top(now, low, high) == top


# --- engine


class Taker:
    def __init__(self) -> None:
        self.got: list[object] = []
        self.failed: list[str] = []

    def take(self, key, replicate) -> None:
        self.got.append(key)

    def fail(self, key, message) -> None:
        self.failed.append(message)


@pytest.fixture
def slow(monkeypatch):
    """Replace the simulation: a job is a function, called in the worker."""
    monkeypatch.setattr(engine_module, "warm_up", lambda *a, **k: None)
    monkeypatch.setattr(engine_module, "scored", lambda job: job())
    return lambda key, act=lambda: "done": Task(key, lambda: act)


def test_people_take_turns(slow):
    order: list[str] = []
    gate = threading.Event()
    one = Engine(1, thread_pool)
    first, taker = Taker(), Taker()
    one.ask("zero", first, [slow("hold", gate.wait)])
    one.start()
    wait_for(lambda: "hold" in one._running)
    for person in ("a", "b", "c"):
        one.ask(person, taker, [slow((person, n), lambda person=person: order.append(person) or "x") for n in range(3)])
    gate.set()
    wait_for(lambda: len(taker.got) == 9)
    one.close()
    assert order == ["a", "b", "c"] * 3


def test_the_same_replicate_is_simulated_once(slow):
    count: list[int] = []
    two = Engine(2, thread_pool)
    takers = [Taker(), Taker()]
    for number, taker in enumerate(takers):
        two.ask(str(number), taker, [slow(n, lambda: count.append(1) or "x") for n in range(5)])
    two.start()
    wait_for(lambda: all(len(taker.got) == 5 for taker in takers))
    two.close()
    assert len(count) == 5


def test_a_failure_and_a_dead_process_touch_nobody_else(slow):
    def fail():
        raise ZeroDivisionError("by zero")

    def die():
        raise BrokenProcessPool

    two = Engine(2, thread_pool)
    bad, dead, good = Taker(), Taker(), Taker()
    two.ask("bad", bad, [slow("bad", fail)])
    two.ask("dead", dead, [slow("dead", die)])
    two.ask("good", good, [slow(n) for n in range(6)])
    two.start()
    wait_for(lambda: len(good.got) == 6 and bad.failed and dead.failed)
    two.close()
    assert bad.failed == ["ZeroDivisionError: by zero"]
    assert "died" in dead.failed[0]
    assert good.failed == []


def test_cancel_stops_what_runs_unless_another_needs_it(slow):
    started = threading.Event()
    stops: list[bool] = []

    def work():
        started.set()
        time_out = time.monotonic() + 20
        from labsim.experiment.executor import stop_requested

        while not stop_requested() and time.monotonic() < time_out:
            threading.Event().wait(0.01)
        stops.append(stop_requested())
        return "x"

    one = Engine(1, thread_pool)
    mine, theirs = Taker(), Taker()
    one.ask("me", mine, [slow("long", work), slow("never", lambda: stops.append(False))])
    one.start()
    assert started.wait(20)
    one.cancel(mine)
    wait_for(lambda: stops == [True])
    one.ask("them", theirs, [slow("next")])
    wait_for(lambda: theirs.got == ["next"])
    one.close()
    assert stops == [True]  # what was queued never ran


# --- runs: the numbers of the command line


@pytest.fixture(scope="module")
def paired(known, tmp_path_factory):
    made = Engine(2, thread_pool)
    made.start()
    place = Workspace(tmp_path_factory.mktemp("paired"))
    draft = Draft("son_la/baseline", title="more")
    draft.set(SEATS, {2021: 30_000})
    file = place.save_scenario("more", draft.text())
    own = small(draft.config(known, place.draft_file("me")))
    run = PairedRun(made, "me", own, small(known["son_la/baseline"].config))
    run.start()
    wait_for(lambda: not run.is_running)
    made.close()
    assert run.status == "done", run.message
    return SimpleNamespace(run=run, file=file, answer=answer_of(run))


def test_app_python_and_command_line_give_the_same_numbers(paired):
    from_python = labsim.run(
        load("son_la", scenario=paired.file), scale=TINY.scale, replicates=2, until="2022-12", by=["district"],
        executor="serial",
    )
    arguments = ["run", "son_la", "--scenario", str(paired.file), "--scale", "0.001", "--replicates", "2", "--until",
                 "2022-12", "--json", "--executor", "serial"]  # fmt: skip
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    printed = {(row["id"], row["year"]): row for row in json.loads(done.stdout.splitlines()[-1])["scorecard"]}
    of_app = paired.run.results(OWN)
    pd.testing.assert_frame_equal(of_app.scorecard, from_python.scorecard)
    pd.testing.assert_frame_equal(of_app.ledger, from_python.ledger)
    assert of_app.manifest["config_hash"] == from_python.manifest["config_hash"]
    # of zeros anything would agree
    assert any(0.0 < one.own.low < one.own.high for one in paired.answer.verdicts)
    for one in paired.answer.verdicts:
        row = printed[one.target.id, one.target.year]
        shown = [one.own.value, one.own.low, one.own.high, one.own.chance, one.own.persons]
        said = [row[name] for name in ("value", "low", "high", "chance", "shortfall_persons")]
        np.testing.assert_allclose(shown, [np.nan if one is None else one for one in said], rtol=1e-12)
        if one.other is not None:
            assert row["otherwise_value"] == pytest.approx(one.other.value, rel=1e-12)


def test_differences_are_those_of_compare(paired, tmp_path):
    found = compare(
        "son_la", ["baseline", str(paired.file)], folder=tmp_path / "compared", scale=TINY.scale, replicates=2,
        until="2022-12", executor="serial",
    )  # fmt: skip
    rows = found.differences[found.differences["measure"] == "target"]
    by = {(row["id"], str(row["when"])[-4:]): row for row in rows.to_dict("records")}
    for one in paired.answer.verdicts:
        row = by[one.target.id, str(one.target.year)]
        said = [row["difference"], row["low"], row["high"], row["chance"], row["base_chance"]]
        shown = [one.gap.mean, one.gap.low, one.gap.high, one.own.chance, one.base.chance]
        np.testing.assert_allclose(shown, said, rtol=1e-12)
    whole = found.costs[(found.costs["policy"] == "all") & (found.costs["money"] == "public")].iloc[0]
    assert paired.answer.extra_money.mean == pytest.approx(whole["difference"], rel=1e-12)


def plain(page):
    """Return the words of a report without pictures and marks."""
    text = re.sub(r"<(style|svg|script).*?</\1>|<img[^>]*>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "\n", text))


def test_the_report_of_a_plan_is_its_comparison_with_the_base(paired):
    title = "More <b>seats</b>"
    page = report_of(paired.run, title, "HTML", "en").decode("utf-8")
    words = plain(page)
    assert f"<title>{html.escape(title)}</title>" in page
    assert "<b>seats</b>" not in page
    assert 'Against "Baseline"' in words
    assert 'Son La: compared with "Baseline"' in words
    assert "What changes against the base" in words
    assert "from 2021: 14,000; from 2022: 15,500" in words.partition("The scenario in words")[2]
    assert "from 2021: 30,000" in words.partition("The scenario in words")[2]
    assert "labsim compare" not in words
    assert "labsim run" not in words
    assert "see labsim evidence" not in words


def test_the_report_has_the_numbers_of_compare(paired, tmp_path):
    found = compare(
        "son_la", ["baseline", str(paired.file)], folder=tmp_path / "compared", scale=TINY.scale, replicates=2,
        until="2022-12", executor="serial",
    )  # fmt: skip
    _write_study(paired.run, "more", tmp_path / "plan")
    of_app = comparison_of(open_study(tmp_path / "plan"))
    numbers = ["id", "when", "base_value", "value", "difference", "low", "high", "cost_difference"]
    main = [one.differences[one.differences["main"]][numbers] for one in (of_app, found)]
    pd.testing.assert_frame_equal(main[0].reset_index(drop=True), main[1].reset_index(drop=True), rtol=1e-12)
    assert list(of_app.scenarios["title_en"]) == ["Baseline", "more"]
    hashes = [[point["config_hash"] for point in one.about["points"]] for one in (of_app, found)]
    assert hashes[0] != hashes[1]  # districts are told apart, so that a map can be drawn


@pytest.mark.parametrize("title", ["", "   ", "Baseline", "Kịch bản cơ sở"])
def test_a_plan_without_a_title_is_not_called_as_its_base(paired, title):
    names = _names(paired.run.base, title)
    assert (names.en, names.vi) == ("A plan without a title", "Phương án chưa đặt tên")
    assert _names(paired.run.base, " More\nseats ").vi == "More seats"


def test_the_report_of_the_base_alone_names_no_command(paired):
    base = PairedRun(Engine(1, thread_pool), "me", paired.run.base, paired.run.base)
    for number in (1, 2):
        base._keys[number] = (BASE, number)
        base.take(number, paired.run._found[BASE][number])
    words = plain(report_of(base, "", "HTML", "en").decode("utf-8"))
    assert "Baseline" in words
    assert "This is about one scenario alone" in words
    assert "labsim compare" not in words


def test_before_anything_has_run_there_is_no_report(known):
    config = small(known["son_la/baseline"].config)
    with pytest.raises(ResultsError, match="Run the plan first"):
        report_of(PairedRun(Engine(1, thread_pool), "me", config, config), "", "HTML", "en")


def test_pictures_name_their_units(paired):
    options = fan_chart(paired.answer, "trained_share", paired.answer.verdicts)
    assert options["yAxis"]["name"] == "%"
    assert options["legend"]["top"] == 0
    swarm = beeswarm([("Seats", [("Lan", 10.0), ("Minh", 10.0), ("Hoa", 11.0)])], "%")
    places = [tuple(one["value"]) for one in swarm["series"][0]["data"]]
    assert len(set(places)) == 3  # nobody hides behind another
    assert for_phones(options | {"legend": {"data": ["x" * 30] * 4}})["media"]


def test_every_district_has_a_square_of_its_own(known):
    for base in known.values():
        tiles = tiles_of(base.config)
        assert len(set(tiles.values())) == len(tiles) >= 8


def test_series_in_the_fixed_order_are_read_as_any_other():
    months, every = pd.date_range("2021-01-31", periods=3, freq="ME"), dict.fromkeys(GROUPS, "all")
    rows = [
        {"scenario": "s", "replicate": r, "month": m, "indicator": "x", **every, "value": r * 10.0 + n}
        for r in (1, 2) for n, m in enumerate(months)
    ]  # fmt: skip
    ordered = joined([pd.DataFrame(rows)])
    mixed = pd.DataFrame(rows).sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(wide(ordered, "x"), wide(mixed, "x"), check_index_type=False)
    holed = ordered.drop(index=4)
    assert wide(holed, "x")[2].isna().tolist() == [False, True, False]


# --- workshops


@pytest.fixture
def room(workspace, known, engine):
    hub = Hub(workspace, engine, known)
    config = known["son_la/baseline"].config
    views = list(views_of(config))[:1]
    workshop = hub.workshops.open("Seats?", "son_la/baseline", 2021, "leader", [SEATS], views)
    return Room(hub, workshop)


def test_a_workshop_outlives_a_restart(room, workspace, known):
    lan = room.hub.workshops.join(room.workshop, "  Lan  ", "browser-1")
    room.hub.workshops.put(room.workshop, lan.seat, "levers", SEATS, 20_000)
    again = Workshops(workspace, known).get(f" {room.workshop.code.lower()} ")
    assert again == room.workshop
    assert again.participants[lan.seat].levers == {SEATS: 20_000.0}


def test_what_a_workshop_ran_is_run_again_after_a_restart(room, workspace, known, engine):
    """The package as it was: what somebody moves later belongs to the next run."""
    lan = room.hub.workshops.join(room.workshop, "Lan", "browser-1")
    room.hub.workshops.put(room.workshop, lan.seat, "levers", SEATS, 20_000)
    room.start(GROUP)
    room.hub.workshops.put(room.workshop, lan.seat, "levers", SEATS, 30_000)
    hub = Hub(workspace, engine, known)
    again = Room(hub, hub.workshops.get(room.workshop.code))
    again.resume()
    assert [(who, run.own.hash) for who, run in again.runs.items()] == [(GROUP, room.runs[GROUP].own.hash)]
    again.cancel()
    assert Workshops(workspace, known).get(room.workshop.code).ran == {}


def test_a_browser_has_one_seat_and_names_are_told_apart(room):
    workshops, workshop = room.hub.workshops, room.workshop
    one, two = (workshops.join(workshop, "Lan", f"browser-{n}") for n in (1, 2))
    assert workshops.join(workshop, "Other", "browser-1") is one
    assert (one.name, two.name) == ("Lan", "Lan 2")
    for n in range(3, MOST_SEATS + 3):
        last = workshops.join(workshop, "x", f"browser-{n}")
    assert last is None


def test_the_spread_counts_who_touched_what(room):
    workshops, workshop = room.hub.workshops, room.workshop
    seats = [workshops.join(workshop, name, name).seat for name in ("a", "b", "c")]
    workshops.put(workshop, seats[0], "levers", SEATS, 30_000)
    workshops.put(workshop, seats[1], "levers", SEATS, 60_000)
    found = spread_of(workshop, "levers", SEATS, 15_000)
    assert (found.least, found.mean, found.most, found.untouched) == (15_000, 35_000, 60_000, 1)
    levers, views = group_of(workshop, room.known())
    assert levers == {SEATS: pytest.approx((14_000 + 30_000 + 60_000) / 3)}
    assert views == {}


def test_nobody_writes_for_others_or_what_is_not_asked(room):
    workshops, workshop = room.hub.workshops, room.workshop
    lan = workshops.join(workshop, "Lan", "1")
    for seat, path, why in (("nobody", SEATS, "no seat"), (lan.seat, "policies.startups.loan", "does not ask")):
        with pytest.raises(ValueError, match=why):
            workshops.put(workshop, seat, "levers", path, 1.0)
    workshops.close(workshop)
    with pytest.raises(ValueError, match="is closed"):
        workshops.put(workshop, lan.seat, "levers", SEATS, 1.0)
    assert workshops.join(workshop, "Minh", "2") is None


def test_one_participants_bad_input_touches_nobody_else(room):
    workshops, workshop = room.hub.workshops, room.workshop
    bad, good = (workshops.join(workshop, name, name) for name in ("bad", "good"))
    bad.levers[SEATS] = 9e9  # as no seat can set it
    workshops.put(workshop, good.seat, "levers", SEATS, 20_000)
    room.start(bad.seat)
    room.start(good.seat)
    assert list(room.wrong) == [bad.seat]
    assert "out of range" in room.wrong[bad.seat]
    assert list(room.runs) == [good.seat]
    room.cancel()


def test_a_view_holds_in_both_worlds(room):
    workshop, known = room.workshop, room.known()
    view = workshop.views[0]
    person = room.hub.workshops.join(workshop, "Lan", "1")
    room.hub.workshops.put(workshop, person.seat, "views", view, known[view].high)
    room.hub.workshops.put(workshop, person.seat, "levers", SEATS, 20_000)
    run = room.paired("me", person.levers, person.views, known)
    section, name = view.split(".")
    assert getattr(getattr(run.own, section), name) == getattr(getattr(run.base, section), name) == known[view].high
    assert run.own.hash != run.base.hash
    with pytest.raises(ValueError, match="out of range"):
        draft_of(workshop, known, {}, {view: known[view].high * 2})


def test_the_minutes_name_everyone(room):
    pytest.importorskip("labsim.report.blocks")
    from labsim.app.minutes import written

    workshops, workshop = room.hub.workshops, room.workshop
    workshops.put(workshop, workshops.join(workshop, "Lan <b>", "1").seat, "levers", SEATS, 30_000)
    text = written(room, {}, "HTML").decode("utf-8")
    assert "Seats in vocational training" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert GROUP not in room.runs


# --- sessions and languages


def test_a_session_outlives_a_restart(workspace, known, engine):
    hub = Hub(workspace, engine, known)
    mine = hub.session("browser-1")
    mine.draft.set(SEATS, {2026: 30_000})
    mine.language, mine.precision, mine.admitted = "vi", "careful", True
    mine.keep()
    again = Hub(Workspace(workspace.folder), engine, known).session("browser-1")
    assert (again.language, again.precision, again.admitted) == ("vi", "careful", True)
    assert again.draft.get(SEATS) == {2026: 30_000}
    assert Hub(workspace, engine, known).session("browser-2").draft.data == {}


def test_a_language_is_spoken_in_its_own_thread_only():
    before = current_language()
    heard: list[str] = []

    def other() -> None:
        heard.append(current_language())

    with speaking("vi"):
        assert _("persons") == "người"
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert heard == [before]
    assert current_language() == before
    with pytest.raises(ValueError, match="allowed en, vi"), speaking("xx"):
        pass


# --- the command


def test_without_nicegui_there_is_one_message(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "nicegui", None)
    done = CliRunner().invoke(cli, ["app", "--workspace", str(tmp_path / "w")])
    assert done.exit_code == 2
    assert "labsim[app]" in done.output


def test_a_port_that_is_taken_is_said(tmp_path):
    import socket

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = CliRunner().invoke(cli, ["app", "--port", str(port), "--workspace", str(tmp_path / "w")])
    assert done.exit_code == 2
    assert "cannot be served on" in done.output
    assert not Path(tmp_path / "w").exists()
