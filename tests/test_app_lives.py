"""The app's pages of one person and of the lessons, below the pages: what they show is what labsim.follow and the
boards of lessons say.
"""

from __future__ import annotations

import math
import threading
from types import SimpleNamespace

import pytest

import labsim
from labsim.app.classroom import call_to_check, call_to_show, checked, lesson_options, shown
from labsim.app.desk import Call, Desk, answered
from labsim.app.drafts import Draft, bases
from labsim.app.lives import KINDS, SIZE, call_for, life_for, life_options, months_of, whom
from labsim.app.page_lessons import asked_lesson
from labsim.app.runs import sized
from labsim.config import load
from labsim.errors import ConfigError, RunError
from labsim.lessons import board
from labsim.lessons.content import Curve, Drawing
from labsim.life.record import Paired
from labsim.life.view import told
from labsim.text import _, speaking

UNTIL = "2021-06"
SEATS = "policies.vocational_training.seats_per_year"


class Here:
    """A worker that calls functions in the thread of the desk."""

    def __init__(self) -> None:
        self.is_stopped = threading.Event()

    def run(self, language, call):
        return answered(language, call)

    def stop(self):
        self.is_stopped.set()


@pytest.fixture
def desk():
    made = Desk(Here)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def done(errand, seconds=600.0):
    wait = threading.Event()
    for _attempt in range(int(seconds / 0.01)):
        if not errand.is_open:
            return errand
        wait.wait(0.01)
    raise AssertionError(errand.status)


def tiny(**policies):
    settings = {"scale": 0.002, "period.until": UNTIL}
    return load("son_la", settings=settings | {f"policies.vocational_training.{key}": v for key, v in policies.items()})


# --- who is meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [("123", 123), (" 1.234 ", 1234), ("1,234", 1234), ("young", ("young",)), ("young,  rural;hired",
     ("young", "rural", "hired")), ("Differs", ("differs",)), ("age=18-24", ("age=18-24",))],
)  # fmt: skip
def test_a_number_or_words_are_read(text, meant):
    assert whom(text) == meant


@pytest.mark.parametrize("text", ["", " , ;", "-5", "12.5"])
def test_what_names_nobody_is_refused(text):
    with pytest.raises(RunError, match="allowed the number of a person, or words"):
        whom(text)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_kind_offered_is_known(language, monkeypatch):
    from labsim.life import choose

    with speaking(language):
        for kind in KINDS[1:]:
            words = whom(", ".join(_(word) for word in kind))
            assert len(words) == len(kind)
            for word in words:
                choose._known(tiny(), word)
        assert whom(_("differs")) == ("differs",)


# --- lives


def test_a_life_of_the_page_is_that_of_follow():
    known = bases()
    call = call_for("12", Draft("son_la/baseline"), known, None, UNTIL)
    life = call.function(*call.arguments)
    assert life == labsim.follow(sized(load("son_la"), SIZE, UNTIL), 12)
    rows = months_of(life, everything=True)
    shown_ = [list(one) for row in rows for one in row.here]
    assert shown_ == [one["sentences"] for one in told(life)]
    assert all(row.there is None and not row.apart for row in rows)


def test_two_lives_stand_side_by_side_and_part_where_they_do():
    base, own = tiny(), tiny(seats_per_year={2021: 60000.0})
    found = life_for(("differs",), base, own)
    assert isinstance(found, Paired)
    rows = months_of(found)
    assert [row.apart for row in rows].count(True) == len(found.differences)
    first = [row for row in rows if row.first]
    assert len(first) == 1
    month = found.first_event
    expected = [event for event in found.other.in_month(month) if not event.minor]
    assert len(first[0].there) == len(expected)
    options = life_options(found, ["one", "two"])
    cells = options["series"][0]["data"]
    assert [one["value"][2] for one in cells] == [*found.life.series["activity"], *found.other.series["activity"]]
    assert options["series"][2]["markLine"]["data"] == [{"xAxis": found.life.calendar(month)}]


def test_bad_input_is_one_message(desk, tmp_path):
    known = bases()
    with pytest.raises(ConfigError):
        draft = Draft("son_la/baseline")
        draft.set(SEATS, {2026: -1.0})
        call_for("1", draft, known, tmp_path / "draft.yaml", UNTIL)
    base = tiny()
    for who, words in (((999_999,), "there is no person 999999"), ((("yung",),), "given 'yung'"),
                       ((("differs",),), "Nothing is changed yet")):  # fmt: skip
        errand = done(desk.ask("somebody", Call(("life", *who), life_for, (*who, base, None))))
        assert (errand.status, errand.value) == ("failed", None)
        assert words in errand.message
        assert "\n" not in errand.message


# --- desk


def test_answers_are_kept_and_failures_are_not(desk):
    calls = []

    def once(value):
        calls.append(value)
        if value < 0:
            raise RunError("too small")
        return value

    assert done(desk.ask("one", Call(("a",), once, (1,)))).value == 1
    assert desk.ask("two", Call(("a",), once, (1,))).value == 1
    assert calls == [1]
    for _attempt in range(2):
        assert done(desk.ask("one", Call(("b",), once, (-1,)))).message == "too small"
    assert calls == [1, -1, -1]


def test_a_later_question_of_the_same_person_wins_and_others_keep_their_turn():
    begun, go, order = threading.Event(), threading.Event(), []

    def slow(name):
        begun.set()
        go.wait(60)
        order.append(name)
        return name

    workers = []
    desk = Desk(lambda: workers.append(Here()) or workers[-1])
    first = desk.ask("one", Call(("1",), slow, ("first",)))
    assert begun.wait(60)
    other = desk.ask("two", Call(("2",), slow, ("other",)))
    second = desk.ask("one", Call(("3",), slow, ("second",)))
    assert first.status == "cancelled"
    assert workers[0].is_stopped.is_set()
    waiting = desk.ask("three", Call(("4",), slow, ("waiting",)))
    desk.cancel(waiting)
    go.set()
    assert (done(other).value, done(second).value) == ("other", "second")
    assert order == ["first", "other", "second"]
    assert (first.value, waiting.status, len(workers)) == (None, "cancelled", 2)
    desk.close()


def test_a_worker_that_dies_fails_one_errand_only():
    class Dying(Here):
        def run(self, language, call):
            if call.key == ("deadly",):
                raise EOFError
            return super().run(language, call)

    desk = Desk(Dying)
    failed = done(desk.ask("one", Call(("deadly",), len, ((),))))
    assert "worker process died" in failed.message
    assert done(desk.ask("two", Call(("good",), len, ((1, 2),)))).value == 2
    desk.close()


# --- lessons


def test_a_lesson_of_the_page_is_that_of_the_board(desk):
    page = done(desk.ask("class", call_to_show(1))).value
    real = board(1)
    for place, step in enumerate(real.lesson.steps, start=1):
        assert list(page.numbers[place - 1]) == real.numbers(place)
        drawing = page.drawings[place - 1]
        assert (drawing is None) == (step.drawing is None)
        if drawing is not None:
            drawn = step.drawing(real.runs)
            lines = [one for one in lesson_options(drawing)["series"] if one["name"]]
            assert [one["name"] for one in lines] == [curve.label for curve in drawn.curves]
            for line, curve in zip(lines, drawn.curves, strict=True):
                assert [y for _x, y in line["data"]] == pytest.approx(list(curve.y), abs=1e-5)
    right = real.answer(1).value
    for given in (right, right + 50.0):
        errand = done(desk.ask("pupil", call_to_check(1, 1, given)))
        assert (errand.value.right, errand.value.words) == (given == right, real.check(1, given).words)


def test_points_have_bars_and_ranges_are_filled_between_least_and_greatest():
    import numpy as np

    x, y = np.array([10.0, 20.0]), np.array([1.0, 2.0])
    points = Curve("points", x, y, y - 0.5, y + 0.25, "points")
    fan = Curve("fan", x, y, y - 0.5, y + 0.25)
    options = lesson_options(Drawing("title", "seats", "persons", (points, fan), months=False))
    bars = [one["data"] for one in options["series"] if one["name"] == "" and "stack" not in one]
    assert bars == [[[10.0, 0.5], [10.0, 1.25]], [[20.0, 1.5], [20.0, 2.25]]]
    low, span = (one["data"] for one in options["series"] if "stack" in one)
    assert (low, span) == ([[10.0, 0.5], [20.0, 1.5]], [[10.0, 0.75], [20.0, 0.75]])
    assert options["xAxis"]["name"] == "seats" and options["yAxis"]["name"] == "persons"
    assert all(math.isfinite(options["xAxis"][end]) for end in ("min", "max"))


@pytest.mark.parametrize("given", ["0", "7", "x", "", "-1", "1.5", "９", "1" * 400])
def test_a_lesson_that_is_not_there_is_said(given):
    one, wrong = asked_lesson(given)
    assert one is None
    assert ("allowed a lesson from 1 to 6" in wrong) and len(wrong) < 120


def test_lessons_are_found():
    assert asked_lesson(None) == (None, "")
    assert asked_lesson("3")[0].number == 3
    with pytest.raises(RunError):
        shown(9)
    with pytest.raises(RunError):
        checked(1, 99, 1.0)


def test_desks_of_lives_and_lessons_are_apart():
    from labsim.app.hub import Hub

    workspace = SimpleNamespace(code=lambda: "", read=lambda _part: {}, folder=None, sweep=lambda _part, _days: None)
    hub = Hub(workspace, SimpleNamespace(close=lambda: None), {}, language="en")  # type: ignore[arg-type]
    assert hub.desks["lives"] is not hub.desks["lessons"]
    hub.close()
