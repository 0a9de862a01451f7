"""What is no YAML is told in labsim's own words, with line and column, whichever reader PyYAML has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from labsim import yaml_source
from labsim.errors import ConfigError
from labsim.yaml_source import parse_value, read_yaml


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(autouse=True, params=["as installed", "in Python"])
def yaml_reader(request, monkeypatch) -> None:
    """Read with libyaml where PyYAML has it, and with PyYAML's own reader, with other words and places."""
    if request.param == "in Python":
        strict = type("Strict", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {}})
        monkeypatch.setattr(yaml_source, "_StrictLoader", strict)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: \x07\n", "1:4  not text that YAML can read: the character U+0007"),
        ("a: 1\nb: [1\n", "2:4  not YAML: the bracket [ is not closed, or a comma is missing after it"),
        ("a: {b: 1\nc: 2\n", "1:4  not YAML: the bracket { is not closed, or a comma is missing after it"),
        ("a: ]\n", "1:4  not YAML: the bracket ] closes nothing"),
        ("a: 'x\nb: 1\n\n", "1:4  not YAML: the quotation mark ' is not closed"),
        ("a: 'it's'\n", "1:8  not YAML: more after the closing '; put the whole text between quotation marks"),
        (
            "a: b: c\n",
            "1:5  not YAML: a second colon in one line; a text that holds one stands between quotation marks",
        ),
        ("a:\n\tb: 1\n", "2:1  not YAML: a tab; indent with spaces"),
        ("a: @x\n", "1:4  not YAML: a text that begins with @ stands between quotation marks"),
        (
            "a:\n  b: 1\n c: 2\n",
            "3:2  not YAML: the line does not fit the lines above it; look at how far they are indented",
        ),
        ("a: x\nb\n", "2:1  not YAML: a line without a colon; allowed `key: value`"),
        ("a: |9x\n  x\n", "1:6  not YAML: cannot be read from here on; put the text between quotation marks"),
        ("a: &x 1\nb: &x 2\n", "2:4  not YAML: an anchor (&name) given twice; write the values out"),
    ],
)
def test_what_is_no_yaml_is_explained_whatever_the_library_says(content: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_yaml(write("x.yaml", content))
    assert str(refused.value) == f"x.yaml:{message}"


def test_a_backslash_between_double_quotes_is_explained() -> None:
    # where it points at in `\\q` depends on the reader
    with pytest.raises(ConfigError, match=r"x\.yaml:1:\d+  not YAML: a backslash between double quotes; write single"):
        read_yaml(write("x.yaml", 'a: "C:\\queries"\n'))


@pytest.mark.parametrize("levels", [33, 900, 3000])
@pytest.mark.parametrize(
    "nested",
    [
        lambda levels: "[" * levels + "]" * levels,
        lambda levels: "a: " + "[" * (levels - 1),
        lambda levels: "{a: " * levels + "}" * levels,
        lambda levels: "".join(" " * level + "a:\n" for level in range(levels + 1)),
        lambda levels: "- " * levels + "1",
    ],
)
def test_deep_nesting_is_refused_before_any_library_does(nested: Callable[[int], str], levels: int) -> None:
    with pytest.raises(ConfigError, match=r"^x\.yaml:\d+:\d+  nested too deeply; allowed at most 32 levels$"):
        read_yaml(write("x.yaml", nested(levels)))


def test_nesting_within_the_limit_is_read() -> None:
    value = parse_value("[" * 32 + "1" + "]" * 32)
    for _level in range(32):
        (value,) = value
    assert value == 1


def test_a_link_to_itself_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"x\.yaml:1:8  aliases"):
        read_yaml(write("x.yaml", "a: &x [*x]\n"))
