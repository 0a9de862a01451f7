"""A file of thousands of wrong keys is refused with work that grows as the file does, and in a list one can read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labsim import text
from labsim.config import load
from labsim.errors import ConfigError
from labsim.overlay import Layer, conflicts
from labsim.text import nearest
from labsim.yaml_source import Place, Source

# what stands before each key, and the key with its value
SHAPES = {
    "parameters": ("matching:\n", "  key_{n}: 1\n"),
    "sections": ("", "key_{n}: 1\n"),
    "policies": ("policies:\n", "  key_{n}: {{x: 1}}\n"),
    "weights": ("policies:\n  industrial_parks:\n    districts:\n", "      key_{n}: 1\n"),
    "years": ("policies:\n  vocational_training:\n    seats_per_year:\n", "      {n}: -1\n"),
}


def calls_to_refuse(folder: Path, head: str, line: str, count: int) -> int:
    file = folder / f"many_{count}.yaml"
    keys = "".join(line.format(n=n) for n in range(3000, 3000 + count))
    file.write_text(f"extends: son_la/baseline\n{head}{keys}", encoding="utf-8")
    calls = 0

    def count_one(_frame, event, _argument) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count_one)
    try:
        with pytest.raises(ConfigError):
            load("son_la", scenario=file)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("shape", SHAPES)
def test_the_work_grows_as_the_file_does(tmp_path, shape):
    load("son_la")
    none, some, more = (calls_to_refuse(tmp_path, *SHAPES[shape], count) for count in (1, 80, 160))
    assert more - none < 2.6 * (some - none)


def test_who_has_thousands_of_problems_in_a_group_is_told_of_a_hundred(tmp_path):
    file = tmp_path / "many.yaml"
    keys = "".join(f"  key_{n}: 1\n" for n in range(300))
    file.write_text(f"extends: son_la/baseline\nmatching:\n{keys}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\.\.\. and 200 more problems") as caught:
        load("son_la", scenario=file)
    assert len(caught.value.problems) == 101


def test_a_word_much_longer_than_every_option_is_like_none(monkeypatch):
    monkeypatch.setattr(text.difflib, "get_close_matches", lambda *_, **__: pytest.fail("searched"))
    assert nearest("matching" * 100_000, ["matching", "demand"]) is None


@pytest.mark.parametrize(
    ("one", "two", "clash"),
    [({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b"]),
     ({"a": {"b": 1}}, {"a": {"c": 2}}, []), ({"a": {"b": 1}}, {"a": 5}, ["a"]),
     ({"a": 5}, {"a": {"b": 1, "c": 2}}, ["a.b", "a.c"]), ({"ab": 1}, {"a": 1}, [])],
)  # fmt: skip
def test_two_scenarios_clash_where_one_sets_what_the_other_sets_or_holds(one, two, clash):
    layers = [Layer(Source(name, None, data), data) for name, data in (("one", one), ("two", two))]
    layers[1].places[()] = Place("two", 1, 1)
    found = conflicts(layers, {"one": set(), "two": set()})
    assert [problem.path for problem in found] == clash
