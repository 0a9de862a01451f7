"""Errors say where, what was given and what is allowed, in the language in use."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from labsim import text
from labsim.errors import ConfigError, LabsimError, PopulationError, Problem, ResultsError, RunError


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(text, "_chosen", None)
    monkeypatch.setenv("LABSIM_LANG", "en")
    yield


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem("a.yaml", 3, 5, "matching.selectivity", "wrong"), "a.yaml:3:5  matching.selectivity: wrong"),
        (Problem("--set", None, None, "seed", "wrong"), "--set  seed: wrong"),
        (Problem("a.yaml", 3, None, "", "wrong"), "a.yaml:3  wrong"),
        (Problem(None, None, None, "seed", "wrong"), "seed: wrong"),
        (Problem(None, None, None, "", "wrong"), "wrong"),
    ],
)
def test_problem_is_one_line(problem: Problem, line: str) -> None:
    assert str(problem) == line


def test_config_error_has_one_line_per_problem_and_pickles() -> None:
    problems = [Problem("a.yaml", 1, 1, "x", "one"), Problem("a.yaml", 2, 1, "y", "two")]
    error = pickle.loads(pickle.dumps(ConfigError(problems)))
    assert error.problems == problems
    assert str(error) == "a.yaml:1:1  x: one\na.yaml:2:1  y: two"


def test_config_error_without_problems_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="needs at least one problem"):
        ConfigError([])


@pytest.mark.parametrize("kind", [ConfigError, PopulationError, RunError, ResultsError])
def test_every_error_is_below_the_root(kind: type[Exception]) -> None:
    assert issubclass(kind, LabsimError)
    module = __import__("labsim.errors", fromlist=["errors"])
    assert kind.__name__ in (module.__doc__ or "")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match=r"given 'xx'; allowed en, vi"):
        text.use_language("xx")


@pytest.mark.parametrize(
    ("asked", "language"),
    [("vi", "vi"), ("vi_VN.UTF-8", "vi"), ("Vietnamese_Vietnam", "vi"), ("en_GB", "en"), ("fr_FR.UTF-8", "en")],
)
def test_language_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, asked: str, language: str) -> None:
    monkeypatch.setenv("LABSIM_LANG", asked)
    assert text.current_language() == language


def test_messages_are_translated_where_a_catalogue_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    catalogue = Catalog(locale="vi")
    catalogue.add("unknown key", "khoá lạ")
    catalogue.add(("{count} person", "{count} persons"), ("{count} người",))
    mo = tmp_path / "vi" / "LC_MESSAGES" / "labsim.mo"
    mo.parent.mkdir(parents=True)
    with mo.open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(text, "LOCALE_FOLDER", tmp_path)
    assert text._("unknown key") == "unknown key"
    assert text.n_("{count} person", "{count} persons", 2) == "{count} persons"
    text.use_language("vi")
    assert text._("unknown key") == "khoá lạ"
    assert text._("not translated") == "not translated"
    assert text._("") == ""
    assert text.n_("{count} person", "{count} persons", 2) == "{count} người"


def test_nearest_word() -> None:
    assert text.did_you_mean("selectivty", ["reach", "selectivity"]) == 'did you mean "selectivity"?'
    assert text.did_you_mean("zzz", ["reach", "selectivity"]) == "allowed: reach, selectivity"
    assert text.did_you_mean("zzz", []) == ""
