"""Text is opened and numbers are read in one place each; what else does so is listed here with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "labsim"
READERS = ("text_files", "number_text", "frames", "yaml_source")

# Module and call, and why it may. Writing goes through binary streams, so every `open` here is named.
ALLOWED: dict[tuple[str, str], str] = {
    ("compiled", "read_bytes"): "hashes the source of the kernels",
    ("profile", "read_bytes"): "hashes the content of margins",
    ("results", "read_bytes"): "hashes the files of a result folder",
    ("experiment.about", "read_bytes"): "hashes study.json",
    ("experiment.code", "read_bytes"): "hashes the model's own source",
    ("experiment.posterior", "read_bytes"): "hashes the observed figures",
    ("experiment.executor", "open"): "reads /proc/self/status, which the kernel writes in ASCII",
    ("experiment.store", "open"): "opens shards, which are binary",
    ("experiment.shards", "open"): "writes shards, which are binary",
    ("results", "open"): "writes files of bytes",
    ("results", "read_table"): "pyarrow's reader of parquet",
    ("app.page_workshop", "open"): "opens a workshop, not a file",
    ("folders", "open"): "opens a folder to flush it",
    ("report.comparison_figures", "open"): "opens a picture drawn in memory",
    ("report.html_paper", "read_text"): "reads the style sheet that ships inside the package",
    ("results", "json.loads"): "reads the metadata inside a parquet file",
    ("experiment.seals", "open"): "opens shards, which are binary",
    ("experiment.seals", "json.loads"): "reads the seal inside a parquet file",
    ("experiment.displacement", "read_bytes"): "reads a text under its seal, byte by byte",
    ("experiment.memory", "read_bytes"): "reads /proc and /sys, which the kernel writes in ASCII",
    ("own_code", "read_bytes"): "hashes and compiles the source of a policy",
    ("writing", "open"): "makes a lock",
    ("gate.check", "open"): "looks at the last byte of a file",
    ("writing", "json.loads"): "reads a lock, which another process may be writing",
    ("writing", "read_text"): "reads a lock, and /proc/*/stat of the process that holds it",
    ("experiment.ask", "json.loads"): "turns a frame into plain values",
    ("cli.calibrate", "json.loads"): "reads what this process just wrote",
    ("app.drafts", "yaml.safe_dump"): "writes YAML",
}
FORBIDDEN_CALLS = {"open", "read_text", "read_bytes", "read_csv", "read_table", "read_json", "genfromtxt", "loadtxt"}
MODULES = {"csv": None, "json": {"load", "loads"}, "yaml": None}
OWN = {"read_table", "read_text", "read_json"}  # of labsim.text_files, called by their bare names


def calls_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each call that opens or parses text, and of `float` or `int` of words of a user."""
    tree = ast.parse(source)
    bare = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called(node.func)
        if name is None:
            continue
        head, _dot, last = name.rpartition(".")
        if head in MODULES and (MODULES[head] is None or last in (MODULES[head] or ())):
            yield node.lineno, name
        elif not head and bare.get(last, "").rpartition(".")[0] in MODULES:
            yield node.lineno, bare[last]
        elif last in FORBIDDEN_CALLS:
            if head or last not in OWN:
                yield node.lineno, last
        elif last in ("float", "int") and not head and node.args and is_text(node.args[0]):
            yield node.lineno, last


def called(function: ast.expr) -> str | None:
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        head = called(function.value) if isinstance(function.value, ast.Name) else ""
        return f"{head}.{function.attr}" if head in MODULES else f"x.{function.attr}"
    return None


def is_text(argument: ast.expr) -> bool:
    """Say whether an expression is surely text: a part of one, or a name that only text has."""
    if isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute):
        return argument.func.attr in ("strip", "rstrip", "lstrip", "replace", "removeprefix", "removesuffix", "group")
    return isinstance(argument, ast.Name) and argument.id in ("text", "word", "words", "cell", "part")


def violations(package: Path) -> list[str]:
    found = []
    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package).with_suffix("").parts)
        if module in READERS:
            continue
        for line, name in calls_of(path.read_text(encoding="utf-8")):
            if (module, name) not in ALLOWED and (module, name) not in NUMBERS:
                found.append(f"labsim.{module}:{line} calls {name}")
    return found


# `int` and `float` of text whose form was looked at before, or that labsim wrote.
NUMBERS: dict[tuple[str, str], str] = {
    ("config_build", "int"): "the place in a list that a path of this module's own making names",
    ("validation", "int"): "a year, known to be digits",
    ("overlay", "int"): "a year or a place, known to be digits",
    ("policies.demand_path", "int"): "a part of a month that the schema has checked",
    ("experiment.effect_of_seat", "int"): "a part of a month that is a constant of the module",
}


def test_text_and_numbers_are_read_in_one_place():
    assert "\n".join(violations(PACKAGE)) == ""


def test_the_exceptions_are_still_needed():
    needed = {
        (".".join(path.relative_to(PACKAGE).with_suffix("").parts), name)
        for path in PACKAGE.rglob("*.py")
        for _line, name in calls_of(path.read_text(encoding="utf-8"))
    }
    assert sorted({*ALLOWED, *NUMBERS} - needed) == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("open('a')", "open"),
        ("from pathlib import Path\nPath('a').read_text()", "read_text"),
        ("path.open()", "open"),
        ("import csv\ncsv.reader(x)", "csv.reader"),
        ("from csv import DictReader\nDictReader(x)", "csv.DictReader"),
        ("import pandas as pd\npd.read_csv(x)", "read_csv"),
        ("import json\njson.loads(x)", "json.loads"),
        ("from json import loads\nloads(x)", "json.loads"),
        ("import yaml\nyaml.safe_load(x)", "yaml.safe_load"),
        ("float(text)", "float"),
        ("float(text.replace(',', '.'))", "float"),
        ("int(match.group(1))", "int"),
    ],
)
def test_a_reader_elsewhere_is_caught(source, name):
    assert [found for _line, found in calls_of(source)] == [name]


@pytest.mark.parametrize(
    "source",
    ["from labsim.text_files import read_text\nread_text(p)", "import json\njson.dumps(x)", "float(values.sum())"],
)
def test_what_is_allowed_passes(source):
    assert list(calls_of(source)) == []
