"""Files as offices save them and arguments as people type them: each is read whole, refused in one line or noted."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, LabsimError
from labsim.experiment.asked import targets_asked
from labsim.population.reading import read_margins
from labsim.text_files import table_of

ROOT = Path(__file__).resolve().parents[1]
SON_LA = ROOT / "configs" / "son_la"
TINY = ("--scale", "0.002", "--replicates", "1", "--until", "2021-02", "--posterior", "none", "--quiet")
Rows = list[list[str]]


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a province needs to be read."""
    folder = tmp_path_factory.mktemp("own") / "own"
    shutil.copytree(SON_LA / "margins", folder / "margins")
    shutil.copy(SON_LA / "profile.yaml", folder)
    return folder


@pytest.fixture
def margins(province: Path) -> Iterator[Callable[[str, Callable[[Rows], object]], list[str]]]:
    """Return a function that changes the rows of a margin and returns what reading says; the file is put back."""
    kept: dict[Path, bytes] = {}

    def change(name: str, edit: Callable[[Rows], object]) -> list[str]:
        path = province / "margins" / f"{name}.csv"
        kept[path] = path.read_bytes()
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        edit(rows)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        try:
            read_margins(load(province / "profile.yaml").province)
        except ConfigError as error:
            return [str(one) for one in error.problems]
        except LabsimError as error:
            return [str(error)]
        return []

    yield change
    for path, content in kept.items():
        path.write_bytes(content)


def put(row: int, column: str, text: str) -> Callable[[Rows], object]:
    """Return an edit of one cell; row 1 is the first below the header."""

    def edit(rows: Rows) -> None:
        rows[row][rows[0].index(column)] = text

    return edit


def more(*cells: str) -> Callable[[Rows], object]:
    """Return an edit that adds a row, with the other cells of the first row that is there."""
    return lambda rows: rows.append([*cells, *rows[1][len(cells) :]])


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("start", more("nonsense", "0.5", "share"), "start.csv:36:1  quantity: given 'nonsense'; allowed: farm_income"),
        ("start", put(3, "quantity", "high tech farmers"), "start.csv:4:1  quantity: given 'high tech farmers'; did"),
        ("outsiders", more("tourists", "number", "5000"), "people: given 'tourists'; allowed: abroad, away, outside"),
        ("poverty", more("Ghi chú: số liệu sơ bộ"), "poverty.csv:18:1  group: given 'Ghi chú: số liệu sơ bộ'; allowed"),
        ("businesses", more("all", "share of towns"), "quantity: given 'share of towns'; allowed: income, share"),
        ("poverty", put(2, "unit", ""), "poverty.csv:3:4  unit: given ''; allowed share, log-odds"),
        ("poverty", put(2, "unit", "persons"), "poverty.csv:3:4  unit: given 'persons'; allowed share, log-odds"),
        ("district_age", put(1, "unit", "thousand persons"), "age.csv:2:5  unit: given 'thousand persons'; allowed"),
        ("roads", more("muong_la", "son_la_city", "500", "km by road", "2019", "D", "", ""),
         "roads.csv:68:3  value: given 500; from son_la_city to muong_la another row says 41"),
        ("roads", more("moc_chau", "moc_chau", "500", "km by road", "2019", "D", "", ""),
         "roads.csv:68:2  destination: a road from moc_chau to itself"),
        ("roads", put(3, "destination", "Mường La"), "roads.csv:4:2  destination: given 'Mường La'; allowed"),
        ("roads", put(3, "destination", "Mường La"), 'did you mean "muong_la"?'),
        ("poverty", put(3, "year", "31/12/2020"), "poverty.csv:4:5  year: given '31/12/2020'; allowed 1900 to 2100"),
        ("poverty", put(3, "grade", "Z"), "poverty.csv:4:6  grade: given 'Z'; allowed A, B, C, D"),
        ("districts", put(2, "lat", "103.9"), "districts.csv:3:6  lat: given 103.9; allowed -90 to 90"),
        ("districts", put(2, "lon", "N21°19"), "districts.csv:3:7  lon: given 'N21°19'; allowed a number"),
    ],
)  # fmt: skip
def test_what_nothing_reads_or_means_is_told_with_its_row(margins, name: str, edit, message: str) -> None:
    said = margins(name, edit)
    assert any(message in one for one in said), said


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("poverty", put(3, "year", "2020.0")), ("districts", put(2, "lat", "21,6461")),
        ("roads", more("muong_la", "son_la_city", "41", "km by road", "2019", "D", "", "")),  # the same both ways
    ],
)  # fmt: skip
def test_what_means_one_thing_stays(margins, name: str, edit) -> None:
    assert margins(name, edit) == []


def test_bars_separate_cells_too() -> None:
    table = table_of("indicator|year|value\nlabour_force|2021|660000\n", "x.csv", needed=("indicator", "year", "value"))
    assert table.header == ("indicator", "year", "value") and table.separator == "|"


def invoke(*arguments: object, language: str = "en") -> tuple[int, str]:
    result = CliRunner().invoke(cli, [*map(str, arguments), "--lang", language])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("arguments", "en", "vi"),
    [
        (("run", "son_la", "--seed", "abc"), "--seed  given 'abc'; allowed a whole number, 0 or more",
         "--seed  đã cho 'abc'; cho phép một số nguyên từ 0 trở lên"),
        (("run", "son_la", "--replicates", "1.000"), "--replicates  given '1.000'; allowed a whole number, 1 or more",
         "--replicates  đã cho '1.000'; cho phép một số nguyên từ 1 trở lên"),
        (("backcast", "son_la", "--from", "2010.0"), "--from  given '2010.0'; allowed 1900 to 2100",
         "--from  đã cho '2010.0'; cho phép từ 1900 đến 2100"),
        (("run", "son_la", "--executor", "serial", "--scale", "1:1.000"),
         "--scale  given '1:1.000'; allowed 1, 0.1 or 1:10", "--scale  đã cho '1:1.000'; cho phép"),
        (("run", "son_la", "--format", "xls"), "--format  given 'xls'; allowed csv, csv-bom, xlsx",
         "--format  đã cho 'xls'; cho phép csv, csv-bom, xlsx"),
        (("run", "a", "b c"), "given more than the command takes: b c", "đã cho nhiều hơn những gì lệnh nhận: b c"),
        (("run", "son_la", "--seeds", "1"), '--seeds: no such option; did you mean "--seed"?',
         '--seeds: không có tùy chọn này; có phải ý bạn là "--seed"?'),
        (("report",), "RESULT_OR_STUDY is missing", "thiếu RESULT_OR_STUDY"),
        (("lessons", "1.0"), "NUMBER  given '1.0'; allowed a whole number", "NUMBER  đã cho '1.0'"),
        (("ask", "--target", "x", "--vary", "y", "--chance", "80%"), "--chance  given '80%'", "--chance  đã cho '80%'"),
        (("compare", "son_la", "--scenarios", ","), "name the scenarios", "hãy"),
        (("run", SON_LA / "targets.yaml"), "targets: these are targets; a scenario or a profile is needed",
         "targets: đây là tệp chỉ tiêu; cần một kịch bản hoặc hồ sơ tỉnh"),
        (("run", "son_la", "--scenario", SON_LA / "targets.yaml"), "targets: these are targets; a scenario",
         "targets: đây là tệp chỉ tiêu"),
    ],
)  # fmt: skip
def test_arguments_are_refused_in_one_line_in_both_languages(arguments, en: str, vi: str) -> None:
    for language, words in (("en", en), ("vi", vi)):
        code, said = invoke(*arguments, language=language)
        assert code == 2 and said.count("\n") == 1, said
        assert words in said


def test_a_command_that_there_is_not_is_told_with_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["rum"])
    assert result.exit_code == 2 and result.output == 'rum: no such command; did you mean "run"?\n'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[0.2, 0.4]", "[]"), "values: given nothing; allowed a list of values"),
        (("[0.2, 0.4]", "[0.2, 0.2]"), "values: 0.2 is given twice"),
        (("replicates: 1", "scenarios: [baseline, baseline]"), "scenarios: baseline is named twice"),
        (("replicates: 1", "provinces: [son_la, son_la]"), "provinces: son_la is named twice"),
    ],
)  # fmt: skip
def test_a_study_that_would_run_the_same_twice_or_something_else_is_refused(tmp_path: Path, change, message) -> None:
    text = (
        "name: t\nsettings: {scale: 0.002, period.until: 2021-01}\n"
        "vary:\n  matching.selectivity: {values: [0.2, 0.4]}\nreplicates: 1\n"
    )
    (tmp_path / "study.yaml").write_text(text.replace(*change), encoding="utf-8")
    for command in (("check",), ("sweep", "--dry-run")):
        code, said = invoke(*command, tmp_path / "study.yaml")
        assert code == 2 and "study.yaml:" in said and message in said


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("trained_share@2021>=6500", "given 6,500; allowed 0 to 100 %"),
        ("labour_force@2021>=660.000", "it may be thousands or a fraction"),
        ("labour_force@2021>=9e9", "given 9,000,000,000; allowed 0 to"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        targets_asked(load("son_la"), [word], with_limit=True)


def test_a_decimal_comma_in_a_list_of_targets_is_no_separator() -> None:
    found = targets_asked(load("son_la"), ["trained_share@2021>=65,5%,unemployed@2022<=9000"], with_limit=True)
    assert [(one.indicator, one.value) for one in found] == [("trained_share", 65.5), ("unemployed", 9000)]


def test_check_notes_figures_that_nothing_compares_and_targets_that_are_none(tmp_path: Path) -> None:
    figures = tmp_path / "observed.csv"
    figures.write_text("indicator,year,value\nlực lượng lao động,2021,660000\n", encoding="utf-8")
    code, said = invoke("check", figures)
    assert code == 0 and "'lực lượng lao động' is passed over: the model has no such indicator" in said
    assert "there is no figure that labsim can compare" in said
    (tmp_path / "mine.yaml").write_text("targets: []\n", encoding="utf-8")
    code, said = invoke("check", tmp_path / "mine.yaml")
    assert code == 0 and "there are no targets, so that a run has nothing to score" in said


def test_what_will_stop_a_run_is_a_problem_before_it_begins(tmp_path: Path) -> None:
    text = "extends: son_la/baseline\npolicies:\n  vocational_training: {fields: {tourism: 0}}\n"
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    for arguments in (("check", tmp_path / "s.yaml"), ("run", tmp_path / "s.yaml", *TINY)):
        code, said = invoke(*arguments)
        assert code == 2 and "is taught in the fields and districts named: the run will stop" in said
        assert "replicate 1" not in said


def test_a_year_of_two_digits_is_told_what_is_allowed(tmp_path: Path) -> None:
    text = "extends: son_la/baseline\npolicies:\n  vocational_training: {seats_per_year: {22: 5000}}\n"
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    code, said = invoke("check", tmp_path / "s.yaml")
    assert code == 2 and 's.yaml:3:42  policies.' in said and 'year.22: given "22"; allowed 2000 or more' in said
