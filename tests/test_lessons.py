"""The lessons: answers come out of runs and agree with theory, mistakes are refused, notebooks are up to date."""

from __future__ import annotations

import importlib.util
import json
import math
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

from labsim import lessons, text
from labsim.cli import cli
from labsim.errors import RunError
from labsim.evidence.formulas import erlang_b, frictional_fixed_point, urn_ball_mean
from labsim.lessons.blackboard import Board
from labsim.lessons.content import Answer, Number, measured
from labsim.lessons.notebook import code_of, notebook_of
from labsim.lessons.view import as_json

NUMBERS = range(1, len(lessons.NAMES) + 1)
pytestmark = pytest.mark.slow


def _tool() -> ModuleType:
    path = Path(__file__).parents[1] / "tools" / "lessons.py"
    spec = importlib.util.spec_from_file_location("tool_of_lessons", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _tool()


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(text, "_chosen", None)
    text.use_language("en")


@cache
def board(number: int) -> Board:
    """Return the board of a lesson; its worlds run once for all tests."""
    return Board(lessons.lesson(number))


def settled(posts: float) -> float:
    """Return unemployment in per cent where posts for 100 people are so many, by the fixed point of two flows."""
    return 100.0 * (1.0 - frictional_fixed_point(8_000, posts * 8_000, 0.02)[0] / 8_000)


BLOCKED = erlang_b(25 / 12 * 11.5, 20)
# Lesson, question, what a student works out on paper, and a mistake that students make.
ON_PAPER = [
    (1, 1, 100 * 0.02 / 0.32, 100 * 0.02 / 0.30),
    (1, 2, 100 * 0.04 / 0.34, 2 * 100 * 0.02 / 0.32),
    (1, 3, 0.02 * 20_000 * 0.30 / 0.32, 400),
    (1, 4, math.log(0.5) / math.log(0.68), 1 / 0.32),
    (2, 1, urn_ball_mean(2_000, 1_000), 1_000),
    (2, 2, 100 * (urn_ball_mean(4_000, 1_000) / urn_ball_mean(2_000, 1_000) - 1), 100),
    (2, 3, settled(1.0), 0),
    (2, 4, settled(1.0) - settled(1.05), 5),
    (4, 1, 100 * BLOCKED, 100 * 4 / 24 - 1),
    (4, 2, 25 / 12 * 11.5 * (1 - BLOCKED), 20),
    (4, 3, 25 * (BLOCKED - erlang_b(25 / 12 * 11.5, 30)), 10),
    (5, 1, 3_600, 6_000),
    (5, 2, 100 * (1 - 0.97**36) / 0.03, 3_600),
    (5, 3, None, 30),
    (6, 2, None, 100),
]


@pytest.mark.parametrize(("number", "question", "right", "wrong"), ON_PAPER)
def test_answers_on_paper_are_taken_and_mistakes_are_not(number, question, right, wrong):
    assert board(number).check(question, wrong).right is False
    assert "A hint:" in board(number).check(question, wrong).words
    if right is not None:
        verdict = board(number).check(question, right)
        assert verdict.right, verdict.words
        # rounded to two digits as well
        assert board(number).check(question, float(f"{right:.2g}")).right


@pytest.mark.parametrize("number", NUMBERS)
def test_every_answer_is_sharp_and_accepts_itself(number):
    for question in range(1, len(board(number).lesson.questions) + 1):
        known = board(number).answer(question)
        assert 0.0 < known.tolerance < 0.35 * abs(known.value), (number, question, known)
        assert board(number).check(question, known.value).right
        assert not known.accepts(0.0)
    assert board(number).check(1, None).right is None


def test_tolerance_is_students_interval_and_rounding():
    known = measured(np.array([10.0, 12.0, 14.0, 12.0]))
    half_width = 5.8409 * math.sqrt(8.0 / 3.0) / 2.0
    assert known.tolerance == pytest.approx(half_width + 0.5, rel=1e-4)
    assert measured([3_600.0, 3_600.0]).tolerance == pytest.approx(50.0)
    assert Answer(12.0, 0.5).accepts(12.5) and not Answer(12.0, 0.5).accepts(12.6)


def test_tolerances_hold_what_they_promise():
    # of many means of six normal numbers, 99 % lie within the interval; rounding only widens it
    rng = np.random.default_rng(1)
    inside = [measured(1_000.0 + 100.0 * rng.standard_normal(6)).accepts(1_000.0) for _ in range(2_000)]
    assert np.mean(inside) > 0.99 - 4.0 * math.sqrt(0.99 * 0.01 / 2_000)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_do_not_give_the_answers_away(number):
    shown = {
        one.value for step in range(1, len(board(number).lesson.steps) + 1) for one in board(number).numbers(step)
    }
    for question in range(1, len(board(number).lesson.questions) + 1):
        value = board(number).answer(question).value
        assert all(abs(one - value) > 1e-9 for one in shown), question


@pytest.mark.parametrize("number", NUMBERS)
def test_pictures_have_units_and_are_the_same_bytes(number):
    for place, step in enumerate(board(number).lesson.steps, start=1):
        if step.drawing is not None:
            drawing = step.drawing(board(number).runs)
            assert drawing.title and drawing.x and drawing.y and all(curve.label for curve in drawing.curves)
            assert board(number).picture(place).png == board(number).picture(place).png


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("language", text.LANGUAGES)
def test_notebooks_run(number, language, monkeypatch):
    text.use_language(language)
    notebook = notebook_of(lessons.lesson(number))
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    text.use_language("en")
    # one board for both languages: what is run does not depend on words
    monkeypatch.setattr(lessons, "board", board)
    space: dict = {}
    *cells, by_hand = code_of(notebook)
    for code in cells:
        exec(compile(code, f"lesson {number}", "exec"), space)
        assert text.current_language() == language
    assert space["board"].lesson.number == number
    if language == "en":
        exec(compile(by_hand, f"lesson {number} by hand", "exec"), space)
        first = next(iter(board(number).lesson.worlds))
        series = "abroad" if number == 5 else "hires" if number == 2 else "unemployment_rate"
        found = space["results"].series(series).to_numpy()
        assert np.array_equal(found, board(number).runs.series(first, series))


def test_committed_notebooks_are_what_the_lessons_say():
    assert tool.check() == []


def test_a_stale_notebook_is_found(tmp_path):
    tool.write(tmp_path)
    assert tool.check(tmp_path) == []
    path = tmp_path / "en" / "1_bathtub.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("bathtub", "basin"), encoding="utf-8")
    (tmp_path / "en" / "7_more.ipynb").write_text("{}", encoding="utf-8")
    assert tool.check(tmp_path) == ["en/1_bathtub.ipynb", "en/7_more.ipynb"]


def call(*given: str):
    return CliRunner().invoke(cli, ["lessons", *given, "--lang", "en"])


def test_the_command_lists_runs_and_checks(tmp_path, monkeypatch):
    listed = call()
    assert listed.exit_code == 0
    assert all(lessons.lesson(number).title in listed.output for number in NUMBERS)
    monkeypatch.chdir(tmp_path)
    shown = call("5", "--out", "pictures")
    assert shown.exit_code == 0, shown.output
    assert sorted(path.name for path in Path("pictures").iterdir()) == ["1.png", "2.png"]
    assert "Questions" in shown.stdout and "100 x 36" not in shown.stdout
    right = call("5", "--check", "1=3600", "--check", "2=2.2e3")
    assert right.exit_code == 0 and right.stdout.count("Right:") == 2
    wrong = call("5", "--check", "1=6000")
    assert wrong.exit_code == 1 and "Not yet: 6,000 persons" in wrong.stdout


def test_answers_are_for_who_teaches():
    told = as_json(board(5), answers=False)
    assert "answer" not in told["questions"][0] and told["steps"][0]["numbers"]
    with_answers = json.loads(json.dumps(as_json(board(5), answers=True), allow_nan=False))
    assert with_answers["questions"][0]["answer"] == 3_600.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("7",), "there is no lesson 7; allowed 1 to 6"),
        (("1", "--check", "9=1"), "lesson 1 has no question 9; allowed 1 to 4"),
        (("1", "--check", "2"), "given '2'; allowed the number of a question and an answer"),
        (("1", "--check", "2=nan"), "2: given 'nan'; allowed"),
        (("--check", "1=2"), "name the lesson first"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(given, message):
    done = call(*given)
    assert done.exit_code == 2 and "Traceback" not in done.output
    assert message in " ".join(done.output.replace("│", " ").split())


def test_a_step_that_is_not_there_is_refused():
    with pytest.raises(RunError, match="lesson 1 has no step 3; allowed 1 to 2"):
        board(1).numbers(3)


def test_a_number_holds_the_range_of_replicates():
    assert Number.of("x", [1.0, 3.0], "%") == Number("x", 2.0, 1.0, 3.0, "%")
