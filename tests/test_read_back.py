"""What labsim writes it reads, also when a spreadsheet or another system has had it in between."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from labsim.app.drafts import Draft
from labsim.cli import cli
from labsim.config import Config, load
from labsim.errors import ResultsError
from labsim.experiment.about import read_about
from labsim.experiment.observed_series import read_figures
from labsim.experiment.posterior import read_posterior
from labsim.population.reading import read_margins
from labsim.results import open_results
from labsim.target_file import load_targets
from labsim.text_files import read_table

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
TINY = ["--scale", "0.002", "--replicates", "1", "--until", "2021-01", "--posterior", "none", "--quiet"]
FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d+(e[-+]?\d+)?")


@dataclass(frozen=True)
class Handling:
    """Say what a program did to a file before it was saved again."""

    encoding: str = "utf-8"
    line_end: str = "\n"
    separator: str = ","
    decimal_comma: bool = False
    letters: str = "NFC"
    capitals: bool = False
    empty_columns: int = 0
    empty_rows: int = 0
    title: bool = False

    def table(self, path: Path) -> None:
        """Save a table anew as the program would."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = [[self._cell(cell) for cell in row] for row in csv.reader(file)]
        rows = [[*row, *[""] * self.empty_columns] for row in rows]
        rows += [[""] * len(rows[0])] * self.empty_rows
        text = io.StringIO()
        csv.writer(text, delimiter=self.separator, lineterminator="\n").writerows(rows)
        self.text(path, ("Bảng 1\n\n" if self.title else "") + text.getvalue())

    def text(self, path: Path, text: str) -> None:
        """Save a text anew as the program would."""
        text = unicodedata.normalize(self.letters, text).replace("\n", self.line_end)
        path.write_bytes(text.encode(self.encoding))

    def _cell(self, cell: str) -> str:
        if self.capitals and cell in ("true", "false", "True", "False"):
            return cell.upper()
        return cell.replace(".", ",") if self.decimal_comma and _NUMBER.fullmatch(cell) else cell


ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
LINE_ENDS, LETTERS = st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["NFC", "NFD"])
TEXTS = st.builds(Handling, encoding=ENCODINGS, line_end=LINE_ENDS, letters=LETTERS)
TABLES = st.builds(
    Handling, encoding=ENCODINGS, line_end=LINE_ENDS, separator=st.sampled_from([",", ";", "\t"]),
    decimal_comma=st.booleans(), letters=LETTERS, capitals=st.booleans(), empty_columns=st.integers(0, 3),
    empty_rows=st.integers(0, 3), title=st.booleans(),
)  # fmt: skip
EXCEL = Handling("utf-8-sig", "\r\n", ";", True, "NFC", True, 2, 3)


def flat(value: Any) -> list[Any]:
    """Return everything inside a record of arrays, to compare it bit for bit."""
    if dataclasses.is_dataclass(value):
        return [flat(getattr(value, one.name)) for one in dataclasses.fields(value)]
    if isinstance(value, dict):
        return [(key, flat(one)) for key, one in value.items()]
    return [value.dtype.str, value.shape, value.tobytes()] if isinstance(value, np.ndarray) else [value]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a tiny province once."""
    folder = tmp_path_factory.mktemp("ran") / "result"
    done = CliRunner().invoke(cli, ["run", *TINY, "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def config() -> Config:
    return load("son_la")


@pytest.mark.parametrize("start", ["son_la", "bac_kan"])
def test_margins_of_a_spreadsheet_give_the_same_people(tmp_path, start):
    config = load(start)

    @FEW
    @given(TABLES)
    def check(handling: Handling) -> None:
        folder = tmp_path / "margins"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(config.province.folder, folder)
        for file in folder.glob("*.csv"):
            handling.table(file)
        again = config.province.model_copy(update={"folder": folder, "files": {}})
        assert flat(read_margins(again)) == flat(read_margins(config.province))

    check()


@FEW
@given(TABLES)
def test_a_run_s_own_figures_can_be_compared_with(ran, config, tmp_path, handling):
    shipped = CONFIGS / "son_la" / "observed.csv"
    path = tmp_path / "my.csv"
    for source in (ran / "observed.csv", shipped):
        shutil.copy(source, path)
        handling.table(path)
        beyond: dict[str, str] = {}
        found = read_figures(path, config, passed_over=beyond)
        assert found == read_figures(shipped, config, leave_unknown=True)
        assert "poverty_share" in beyond


def test_a_name_that_no_file_of_the_province_has_is_still_refused(ran, config, tmp_path):
    text = (ran / "observed.csv").read_text(encoding="utf-8").replace("poverty_share", "poverty_shar")
    (tmp_path / "my.csv").write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match="no indicator 'poverty_shar'"):
        read_figures(tmp_path / "my.csv", config)


def test_backcast_takes_the_figures_of_a_run_out_of_a_spreadsheet(ran, tmp_path):
    path = tmp_path / "my.csv"
    shutil.copy(ran / "observed.csv", path)
    EXCEL.table(path)
    options = ["--from", "2020", "--to", "2021", "--draws", "10", "--replicates", "1", "--scale", "0.002", "--json"]
    done = CliRunner().invoke(cli, ["backcast", "--observed", str(path), *options, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "the model has no such indicator" in done.output


def test_results_are_read_back_with_their_truth_values(ran):
    found = open_results(ran)
    told = read_table(ran / "observed.csv")
    plans = [cell == "True" for cell in told.cells("plan_following")]
    assert found.observed["plan_following"].tolist() == plans and len(set(plans)) == 2
    assert load_targets(CONFIGS / "son_la" / "targets.yaml")


def test_tables_marked_for_spreadsheets_are_read_back_the_same(ran, tmp_path):
    found = open_results(ran)
    found.scorecard.loc[0, "note"] = "=1+1"
    found.scorecard.loc[1, "note"] = "'quoted"
    found.save(tmp_path / "marked", for_spreadsheets=True)
    assert (tmp_path / "marked" / "scorecard.csv").read_bytes().startswith("\ufeffid,label".encode())
    assert "'=1+1" in (tmp_path / "marked" / "scorecard.csv").read_text(encoding="utf-8")
    again = open_results(tmp_path / "marked")
    for name in ("scorecard", "observed", "ledger", "policies", "population", "monthly"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))


def test_a_table_that_a_spreadsheet_has_saved_is_told_from_what_was_written(ran, tmp_path):
    shutil.copytree(ran, tmp_path / "result")
    EXCEL.table(tmp_path / "result" / "scorecard.csv")
    with pytest.raises(Exception, match=r"scorecard\.csv: damaged") as caught:
        open_results(tmp_path / "result")
    assert "\n" not in str(caught.value)


@FEW
@given(TABLES)
def test_draws_are_read_out_of_a_spreadsheet(tmp_path, handling):
    path = tmp_path / "posterior.csv"
    shutil.copy(CONFIGS / "son_la" / "posterior.csv", path)
    known = read_posterior(path)
    handling.table(path)
    found = read_posterior(path)
    assert found.names == known.names
    assert (found.draws == known.draws).all() and (found.weights == known.weights).all()


@FEW
@given(TEXTS)
def test_a_scenario_of_the_app_is_read_in_any_letters(tmp_path, handling):
    title = "Thêm chỗ học ở Sơn La"
    data = {"policies": {"vocational_training": {"seats_per_year": {2022: 25000}}}}
    path = tmp_path / "plan.yaml"
    handling.text(path, Draft("son_la/baseline", data, title).text())
    found = load("son_la", scenario=path)
    assert found.title.vi == title
    assert found.policies["vocational_training"].seats_per_year[2022] == 25000


def test_a_description_of_a_study_that_another_program_saved_is_told_in_one_line(studied, tmp_path):
    """It is no file that people edit: it carries a checksum of every byte."""
    (tmp_path / "study.json").write_bytes(b"\xef\xbb\xbf" + (studied / "study.json").read_bytes())
    with pytest.raises(ResultsError, match=r"study\.json: damaged"):
        read_about(tmp_path)


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compare two tiny scenarios once, with a workbook."""
    folder = tmp_path_factory.mktemp("studied") / "study"
    own = folder.parent / "A.YAML"
    own.write_text(yaml.safe_dump({"extends": "baseline", "title": "=Nhiều hơn"}, allow_unicode=True), encoding="utf-8")
    words = ["compare", "--scenarios", f"baseline,{own}", *TINY, "--format", "csv-bom", "--out", str(folder)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return folder


def test_names_in_a_marked_table_are_no_formulas(studied):
    text = (studied / "compare_scenarios.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert "'=Nhiều hơn".encode() in text
    assert "=Nhiều hơn" in read_table(studied / "compare_scenarios.csv").cells("title_vi")


def test_a_workbook_has_a_sheet_for_each_table_and_no_formula(ran, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    from labsim.spreadsheets import workbook_bytes

    found = open_results(ran)
    found.scorecard.loc[0, "note"] = "=HYPERLINK(\"http://x\")\x07"
    found.scorecard.loc[1, "note"] = "@x"
    content = workbook_bytes(found.tables(), found.manifest)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["notes", *(name for name, table in found.tables().items() if len(table.columns))]
    sheet = book["scorecard"]
    names = [cell.value for cell in sheet[1]]
    row = dict(zip(names, sheet[2], strict=True))
    assert row["note"].value == '=HYPERLINK("http://x")' and row["note"].data_type == "s"
    assert row["label_vi"].value == found.scorecard["label_vi"].iloc[0]
    assert row["target"].data_type == "n" and row["target"].value == found.scorecard["target"].iloc[0]
    notes = [tuple(cell.value for cell in line) for line in book["notes"]]
    assert ("costs", "spent", "VND") in notes and ("province", "son_la", None) in notes
    assert [cell.value for cell in book["costs"]["B"]][1] == 2021


def test_a_table_too_long_for_a_sheet_is_left_out_and_said(monkeypatch):
    openpyxl = pytest.importorskip("openpyxl")
    from labsim import spreadsheets

    monkeypatch.setattr(spreadsheets, "_MOST_ROWS", 2)
    tables = {"long": pd.DataFrame({"a": [1, 2, 3]}), "short": pd.DataFrame({"a": [1, np.nan], "b": [1, 2]})}
    book = openpyxl.load_workbook(io.BytesIO(spreadsheets.workbook_bytes(tables, {})))
    assert book.sheetnames == ["notes", "short"]
    assert "long.csv" in str([cell.value for cell in book["notes"]["C"]])
    assert [cell.value for cell in book["short"]["A"]] == ["a", 1, None]


def test_a_format_that_would_do_nothing_is_refused():
    done = CliRunner().invoke(cli, ["run", *TINY[:-1], "--json", "--format", "csv-bom"])
    assert done.exit_code == 2 and "--format has no place there" in done.output
