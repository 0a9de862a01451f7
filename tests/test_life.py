"""One person's life: its events explain every change of the row, nothing is moved by watching, and words say why."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner
from test_contracts import BUSY

import labsim
from labsim import text
from labsim.cli import cli
from labsim.config import Config, load
from labsim.errors import RunError
from labsim.life import words
from labsim.life.choose import HAPPENED, find
from labsim.life.figures import life_files
from labsim.life.follow import follow, follow_under, life_of
from labsim.life.record import Life
from labsim.life.view import told
from labsim.life.watch import COLUMNS, Watch
from labsim.simulation import Simulation
from labsim.world import Activity, Workers

SIZE = ("scale=0.002", "period.until=2022-12")
SEED = 3
pytestmark = pytest.mark.slow


def small(*settings: str) -> Config:
    return load("son_la", settings=[*SIZE, *settings])


@cache
def crowd() -> Watch:
    """Return everybody of a small province in which every policy works hard, watched for two years."""
    config = small(*BUSY)
    return Watch(config, range(len(Simulation(config, SEED).workers)), SEED).run()


def events_of(kind: str) -> list[dict]:
    return [one.facts for life in crowd().events for one in life if one.kind == kind]


@pytest.fixture
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", None)
    text.use_language("en")


def test_watching_moves_no_number():
    plain = Simulation(small(*BUSY), SEED).run()
    for column in Workers.columns():
        watched = getattr(crowd().simulation.workers, column)
        assert np.array_equal(getattr(plain.workers, column), watched), column


def test_the_books_of_everybody_balance():
    watch = crowd()
    for k, events in enumerate(watch.events):
        row = {name: int(watch.states[0][name][k]) for name in COLUMNS}
        by_month = defaultdict(list)
        for event in events:
            by_month[event.month].append(event)
        for month in range(1, len(watch.states)):
            for event in by_month[month]:
                for name, (before, after) in event.changes.items():
                    assert row[name] == before, (k, month, event, name)
                    row[name] = after
            assert row == {name: int(watch.states[month][name][k]) for name in COLUMNS}, (k, month)


def test_every_change_has_a_reason_of_its_own():
    kinds = Counter(event.kind for events in crowd().events for event in events)
    assert "changed" not in kinds
    assert set(kinds) <= set(words._TELLERS)
    # what a small busy province does not show in two years
    rare = {"returned", "returned_early", "no_vacancy_in_reach", "firm_of_ones_own_closed", "settled_elsewhere",
            "degree_given_up", "took_reserved_post", "moved_in", "dropped_out"}  # fmt: skip
    assert set(words._TELLERS) - set(kinds) <= rare


def test_scores_are_those_that_decide_and_their_parts_sum_up():
    seen = 0
    for event in (one for events in crowd().events for one in events if "parts" in one.facts):
        facts = event.facts
        if not facts["qualified"]:
            assert event.kind == "not_qualified"
            continue
        assert sum(facts["parts"].values()) == pytest.approx(facts["score"], abs=1e-5)
        assert (facts["rank"] == 1) == (facts["best"]["person"] in _people(event))
        assert facts["best"]["score"] >= facts["score"] - 1e-9
        assert 1 <= facts["rank"] <= facts["applied"]
        seen += 1
    assert seen > 500


def _people(event) -> list[int]:
    return [k for k, events in enumerate(crowd().events) if any(one is event for one in events)]


def test_who_ranks_first_is_hired_if_the_offer_is_enough_and_nobody_else_is():
    for facts in events_of("hired"):
        assert facts["rank"] == 1
        assert facts["pay"] >= facts["least"] * (1.0 - 1e-6)
    for facts in events_of("declined_offer"):
        assert facts["rank"] == 1
        assert facts["pay"] < facts["least"] * (1.0 + 1e-6)
    assert all(facts["rank"] > 1 for facts in events_of("refused"))


def test_seats_go_to_the_first_in_the_queue_and_what_is_gained_is_above_the_cost():
    for kind in ("enrolled", "seat_refused"):
        assert events_of(kind)
        for facts in events_of(kind):
            has_seat = facts["queue_place"] <= facts["free_seats"] or facts["own_place"]
            assert has_seat == (kind == "enrolled"), facts
            assert facts["gain"] > facts["fee"] + facts["living"] - facts["support"]


def test_contracts_abroad_go_by_lot_and_lacks_are_lacks():
    assert all(facts["rank"] <= facts["places"] for facts in events_of("went_abroad"))
    assert all(facts["rank"] > facts["places"] for facts in events_of("not_drawn_abroad"))
    for facts in events_of("could_not_go_abroad"):
        assert not facts["age_fits"] or not facts["schooled"] or facts["savings"] < facts["own_part"], facts


def test_every_event_is_told_in_both_languages_and_fits_json(monkeypatch):
    watch = crowd()
    names = life_of(watch).names
    for language in text.LANGUAGES:
        monkeypatch.setattr(text, "_chosen", None)
        text.use_language(language)
        for events in watch.events:
            for event in events:
                said = words.sentences(event, names)
                assert all(said) and not any("{" in one for one in said), event
    some = [life_of(watch, k) for k in range(0, len(watch.people), 100)]
    for life in some:
        assert Life.from_dict(json.loads(json.dumps(life.to_dict(), allow_nan=False))) == life


def test_a_life_is_the_run_of_the_model(english):
    config = small()
    life = labsim.follow(config, person=123, seed=SEED)
    model = labsim.LabourModel(config, seed=SEED)
    activities = [int(model.workers[123].activity)]
    while model.month < config.period.n_months:
        model.step()
        activities.append(int(model.workers[123].activity))
    assert list(life.series["activity"]) == activities
    assert life.series["savings"][-1] == model.workers[123].savings
    assert life.calendar(12) == "2021-12"
    assert len(told(life)) == len(life.events)


def test_the_same_person_under_an_empty_policy_is_the_same():
    empty = small("policies.school_enterprise_linkage={}")
    pair = follow_under(small(), empty, 123, SEED)
    assert pair.first_number is None and pair.first_event is None and pair.differences == ()
    assert pair.life.series == pair.other.series


def test_lives_part_where_the_policy_does():
    other = small("policies.vocational_training.seats_per_year.2022=90000")
    config = small()
    person = find(config, ["differs"], SEED, other=other)
    pair = follow_under(config, other, person, SEED)
    assert pair.first_event is not None and pair.life.calendar(pair.first_event) >= "2022-01"
    assert pair.first_number is not None
    first = pair.differences[0]
    assert first.month == pair.first_event and first.here != first.there
    seats = {name: (here, there) for name, here, there, _unit in pair.levers}
    assert seats["training_seats"][1] > seats["training_seats"][0]


def test_people_are_found_by_what_they_are_and_what_happens_to_them(english):
    config = small()
    workers = Simulation(config, SEED).workers
    row = workers[find(config, ["Young", "rural", "unemployed"], SEED)]
    assert row.activity == Activity.UNEMPLOYED and not row.urban and 15 * 12 <= -row.birth_month < 25 * 12
    row = workers[find(config, ["age=30-39", "woman", "moc chau", "Thái"], SEED)]
    assert 30 * 12 <= -row.birth_month < 40 * 12 and row.sex == 1
    busy = small(*BUSY)
    kinds = {"trained": "graduated", "hired": "hired", "lost_job": "lost_job", "went_abroad": "went_abroad",
             "left_province": "left_province", "enrolled": "enrolled", "opened_business": "opened",
             "came_home": "came_home", "retired": "retired"}  # fmt: skip
    for word, kind in kinds.items():
        person = find(busy, [word], SEED)
        assert any(event.kind.startswith(kind) for event in crowd().events[person]), word
    assert set(kinds) | {"returned"} == set(HAPPENED)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["unemployd"], 'given \'unemployd\'; did you mean "unemployed"\\?'),
        (["age=x"], "allowed an age such as age=18-24"),
        (["man", "age=150"], "nobody in this run is: man, age=150"),
        (["differs"], "needs another scenario"),
    ],
)
def test_wrong_words_are_told(english, given, message):
    with pytest.raises(RunError, match=message):
        find(small(), given, SEED)


def test_other_people_are_refused():
    with pytest.raises(RunError, match="do not start from the same people"):
        follow_under(small(), load("son_la", settings=["scale=0.003", "period.until=2022-12"]), 123, SEED)


def call(*given: str):
    return CliRunner().invoke(cli, ["person", *given, "--lang", "en"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("son_la", "--who", "999999", "--scale", "0.002"), "there is no person 999999 in Son La at scale 1:500"),
        (("sonla", "--who", "1"), "sonla"),
        (("son_la",), "name the person"),
        (("son_la", "--who", "1", "--like", "young"), "name the person"),
        (("son_la", "--like", "young", "--at", "2050-01"), "--at: given '2050-01'; allowed a month from 2020-12"),
        (("son_la", "--who", "1", "--against", "no_such"), "no_such"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_message(given, message):
    done = call(*given)
    assert done.exit_code == 2
    assert message in done.output and "Traceback" not in done.output


def test_the_command_tells_a_life_and_writes_it(tmp_path):
    size = ("--scale", "0.002", "--until", "2022-12", "--seed", "3")
    done = call("son_la", "--like", "young,hired", *size, "--out", str(tmp_path / "a" / "life"))
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "Hired by" in said and "applied for this post; the person ranked at place 1" in said
    assert sorted(one.name for one in (tmp_path / "a" / "life").iterdir()) == ["life.json", "life.png", "life.svg"]
    person = str(json.loads((tmp_path / "a" / "life" / "life.json").read_text(encoding="utf-8"))["life"]["person"])
    beside = call("son_la", "--who", person, "--against", "more_seats", *size, "--json")
    data = json.loads(beside.stdout)
    assert data["life"]["scenario"] == "baseline" and data["other"]["scenario"] == "more_seats"
    assert data["told"] == data["told_other"]  # more seats only come in 2026


def test_pictures_of_a_life_are_the_same_bytes(english):
    life = follow(small(), 123, SEED)
    assert life_files(life, life) == life_files(life, life)
