"""Files as Excel, Windows and statistics offices write them: read where they mean one thing, else refused in a line."""

from __future__ import annotations

import codecs
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from labsim.errors import ConfigError
from labsim.text_files import decoded, json_object, read_json, read_table, read_text

TEXT = "id,en,vi\nson_la_city,Son La city,Thành phố Sơn La\n"
NEEDED = ("id", "en", "vi")
ROW = ("son_la_city", "Son La city", "Thành phố Sơn La")


def written(folder: Path, content: str | bytes, name: str = "districts.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        unicodedata.normalize("NFD", TEXT).encode(),
        codecs.BOM_UTF8 + codecs.BOM_UTF8 + TEXT.encode(),
        (TEXT + ",,\n,,\n\n").encode(),
        TEXT.replace("\n", ",,,\n").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("utf-16"),
        ("sep=;\n" + TEXT.replace(",", ";")).encode(),
        ("Bảng 1. Các huyện\n\n" + TEXT).encode(),
        ("Bảng 1. Các huyện;;\n" + TEXT.replace(",", ";")).encode(),
        ("\n\n" + TEXT).encode(),
        TEXT.replace("id,en", '" id\u00a0", en ').encode(),
        TEXT.replace("Son La city", '"Son La city"').encode(),
    ],
)
def test_what_means_one_thing_is_read(tmp_path, data):
    table = read_table(written(tmp_path, data), needed=NEEDED)
    assert table.header == NEEDED
    assert table.rows == (ROW,)


def test_lines_count_as_in_an_editor(tmp_path):
    content = 'Title\n\nid,en,vi\n\na,"two\nlines",c\nd,e,f\n'
    table = read_table(written(tmp_path, content), needed=NEEDED)
    assert table.header_line == 3
    assert table.lines == (6, 7)
    assert table.rows[0] == ("a", "two\nlines", "c")
    assert str(table.problem(1, "vi", "wrong")).endswith(":7:3  vi: wrong")
    assert str(table.problem(-1, "age", "wrong")).endswith(":3  age: wrong")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (TEXT.encode("utf-16-le"), "looks like UTF-16 text without a mark at its start; save it as UTF-8"),
        (TEXT.encode("utf-16-be"), "looks like UTF-16 text without a mark"),
        (TEXT.encode("utf-32"), "UTF-32 text; save it as UTF-8"),
        (TEXT.encode("utf-16") + b"\0", ":3  this is UTF-16 text with a fault at byte"),
        # Sơn and Hưng as Windows-1258 has them; the place is that of the first such byte
        ("id,en,vi\na,b,S\u01a1n La H\u01b0ng\n".encode("cp1258"),
         ":2  byte 6 (0xf5) is not UTF-8; the text looks like Windows-1258 (cp1258); save it as UTF-8"),
        ("id,en,vi\r\na,b,Qu\u1ef3nh Nhai Th\u00e0nh\r\n".replace("\u1ef3", "y\u0300").encode("cp1258"), "cp1258"),
        ("id,en,vi\na,caf\u00e9 \u2013 x,c\n".encode("cp1252"), "looks like Windows-1252 (cp1252); save it as UTF-8"),
        ("id,en,vi\na,caf\u00e9,c\n".encode("latin-1"), "byte 6 (0xe9) is not UTF-8; the text looks like Latin-1"),
        (b"id,en\n" + bytes(range(128, 256)) * 3, "looks like no text"),
        (b"id,en,vi\na,b\0,c\n", ":2  byte 4 is NUL, so this is not text"),
        (b"", "the file is empty; its first line must name the columns"),
        (b"\n\n;;\n", "the file is empty"),
        (b"id,en,en\na,b,c\n", ":1:3  en: this column is given twice"),
        (b"id,,vi\na,b,c\n", ":1:2  this column has no name"),
        (b"id,en,vi\na,b,c,d\n", ':2  4 cells, but 3 columns; a cell with "," in it must stand in quotes'),
        (b"id;en;vi\na;b\n", ':2  2 cells, but 3 columns (cells are separated by ";")'),
        (b'id,en,vi\na,"b,c\nd,e,f\n', "a quote is not closed"),
        (b"id,en,vi\na,b," + b"x" * 200_000 + b"\n", ":2  cannot be told into cells: .* more than 131072 characters"),
        (b"a,b,c\nd,e,f\nid,en,vi\n", ":1  this line stands above the names of the columns"),
    ],
)  # fmt: skip
def test_the_rest_is_refused_in_one_line(tmp_path, data, message):
    with pytest.raises(ConfigError) as caught:
        read_table(written(tmp_path, data), needed=NEEDED)
    (problem,) = caught.value.problems
    assert "\n" not in str(problem)
    assert "districts.csv" in str(problem)
    start, gap, end = message.partition(" .* ")
    assert start in str(problem)
    assert not gap or end in str(problem)


def test_every_ragged_row_is_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_table(written(tmp_path, "id,en,vi\na,b\nc,d,e\nf,g,h,i\n"))
    assert [problem.line for problem in caught.value.problems] == [2, 4]


@pytest.mark.parametrize(
    ("rows", "decimal"),
    [
        ("a;1,5", ","), ("a;0,250", ","), ("a;1.234,5", ","), ("a;1,5\nb;2.5", "."), ("a;1,234", "."), ("a;1.5", "."),
        ("a;28,5 %", ","), ("a;1.234", "."),
    ],
)  # fmt: skip
def test_the_decimal_mark_is_what_the_cells_say(tmp_path, rows, decimal):
    assert read_table(written(tmp_path, f"id;value\n{rows}\n")).decimal == decimal


def test_an_apostrophe_before_a_formula_is_taken_off(tmp_path):
    table = read_table(written(tmp_path, "id,note\na,'=1+1\nb,'tis\nc,'-5\n"))
    assert table.cells("note") == ["=1+1", "'tis", "-5"]


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        read_text(written(tmp_path, b"x" * (2**20 + 1)), most=2**20)


def test_a_folder_is_refused_and_no_file_is_told_apart(tmp_path):
    with pytest.raises(ConfigError, match="this is a folder"):
        read_text(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", ":1:2  this is not JSON"),
        (b'{"a": 1,\n "b": }', ":2:7  this is not JSON"),
        (b"[1]", 'must hold one JSON object, {"key": value, ...}'),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 10_000, "this is not JSON"),
        (b'{"a": "caf\xe9"}', "is not UTF-8"),
    ],
)
def test_json_that_is_none_is_refused_in_one_line(tmp_path, data, message):
    with pytest.raises(ConfigError) as caught:
        json_object(written(tmp_path, data, "about.json"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_json_is_read_with_a_mark_and_composed(tmp_path):
    words = {"a\u0301": ["S\u01a1n".replace("\u01a1", "o\u031b"), {"b": 1}]}
    for escaped in (True, False):
        text = json.dumps(words, ensure_ascii=escaped)
        found = read_json(written(tmp_path, codecs.BOM_UTF8 + text.encode(), "about.json"))
        assert found == {"\u00e1": ["S\u01a1n", {"b": 1}]}


def test_text_is_composed_and_its_lines_end_alike():
    assert decoded("a\u0301\r\nb\rc\n".encode(), "x") == "\u00e1\nb\nc\n"


def test_a_scenario_may_end_in_capital_letters(tmp_path):
    from labsim.config import check, load

    path = tmp_path / "A.YAML"
    path.write_text("extends: son_la/baseline\nmatching: {selectivity: 0.25}\n", encoding="utf-8")
    for name in (str(path), path):
        assert load("son_la", scenario=name).matching.selectivity == 0.25
        assert load(name).matching.selectivity == 0.25
    assert check(path) == []
    below = tmp_path / "b.yml"
    below.write_text("extends: A.YAML\n", encoding="utf-8")
    assert load("son_la", scenario=str(below)).matching.selectivity == 0.25


def test_a_name_that_the_terminal_cannot_read_is_one_line():
    from labsim.cli import unreadable_name

    assert unreadable_name(["run", "--scenario", "S\u01a1n La/a.yaml"]) is None
    undecoded = "S\u01a1n La".encode().decode("ascii", "surrogateescape")
    assert unreadable_name(["run", f"{undecoded}/a.yaml"]) == "S\u01a1n La/a.yaml"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locale C")
def test_letters_of_vietnamese_in_the_locale_c_are_one_line(tmp_path):
    folder = tmp_path / "S\u01a1n La"
    folder.mkdir()
    (folder / "a.yaml").write_text("extends: son_la/baseline\n", encoding="utf-8")
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "labsim", "check", str(folder / "a.yaml")]
    done = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 1
    utf8 = subprocess.run(command, env=environment | {"PYTHONUTF8": "1"}, capture_output=True, check=False)
    assert utf8.returncode == 0
