"""Reports: one file that needs nothing else, the same bytes for the same input, and the numbers of the command line."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

import labsim
from labsim import text
from labsim.cli import cli
from labsim.errors import ResultsError
from labsim.experiment.compare import compare, comparison_of
from labsim.experiment.opened import open_study
from labsim.policies import BUILT_IN
from labsim.report import words
from labsim.report.chances import verdict_of, why_none
from labsim.report.chapters.scenario import _changes as changes_of
from labsim.report.chapters.scenario import _last, _said
from labsim.report.console import scorecard_view
from labsim.report.document import html_of, paper_of, pdf_of
from labsim.report.html_paper import html_text
from labsim.report.numbers import day_name, money, month_name, number, percent, with_unit
from labsim.report.tiles import districts_of, tiles_of
from labsim.results import Results, open_results
from labsim.targets import wilson
from labsim.verdicts import LIKELY, OPEN, UNLIKELY, UNSAID, verdict

SIZE = ["scale=0.002", "period.until=2023-12"]
PROVINCES = ("son_la", "lao_cai", "bac_kan")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return the result folder of a tiny Son La that tells districts and sexes apart."""
    place = tmp_path_factory.mktemp("run") / "result"
    text.use_language("en")
    config = labsim.load("son_la", settings=SIZE)
    labsim.run(config, replicates=2, by=["district", "sex"], executor="serial").save(place)
    return place


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Return the folder of two scenarios that differ from 2021 on."""
    place = tmp_path_factory.mktemp("study")
    scenario = place / "many.yaml"
    scenario.write_text(
        "extends: son_la/baseline\ntitle: {en: Many seats, vi: Nhiều chỗ học}\n"
        "policies: {vocational_training: {seats_per_year: {2021: 60000}}}\n",
        encoding="utf-8",
    )
    compare(
        "son_la", ["baseline", str(scenario)], folder=place / "compared", replicates=3, scale=0.002, until="2022-12",
        executor="serial",
    )  # fmt: skip
    return place / "compared"


@pytest.fixture(autouse=True)
def english(monkeypatch) -> None:
    monkeypatch.setattr(text, "_chosen", None)
    text.use_language("en")


@pytest.fixture(scope="module")
def results(folder) -> Results:
    return open_results(folder)


@pytest.fixture(scope="module")
def page_of_run(results) -> Page:
    text.use_language("en")
    return Page(html_of(results))


@pytest.fixture(scope="module")
def page_of_study(study) -> Page:
    text.use_language("en")
    return Page(html_of(open_study(study)))


class Page(HTMLParser):
    """Collect what a page points to, its ids, its tags, its words, and the cells of its tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.pointers: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.words = ""
        self.rows: list[list[str]] = []
        self.chapters: list[str] = []  # of each row
        self._inside, self._chapter = False, ""
        self.feed(html)
        self.rows = [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in self.rows]

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data", "action", "srcset", "poster"):
                self.pointers.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag == "section":
            self._chapter = self.ids[-1]
        if tag == "tr":
            self.rows.append([])
            self.chapters.append(self._chapter)
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._inside = True

    def handle_data(self, data) -> None:
        self.words += data
        if self._inside:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def row(self, chapter: str, words: str) -> list[str]:
        """Return the cells of the first row of a chapter whose first cell holds some words."""
        rows = zip(self.chapters, self.rows, strict=True)
        return next(row for where, row in rows if where == chapter and row and words in row[0])


def invoke(*arguments: str):
    return CliRunner().invoke(cli, ["report", *map(str, arguments)])


def test_nothing_leads_out_of_the_page(page_of_run, page_of_study) -> None:
    for page in (page_of_run, page_of_study):
        assert page.tags & {"script", "link", "img", "iframe", "object", "embed", "base"} == set()
        assert all(pointer.startswith("#") for pointer in page.pointers)
        assert set(page.pointers) <= {f"#{one}" for one in page.ids}
        assert re.findall(r"url\(\s*['\"]?(?!#)", page.html) == []
        assert re.findall(r"@import|(?:src|href)\s*=\s*['\"]?\s*(?:https?:)?//", page.html) == []
        assert len(page.ids) == len(set(page.ids))


def test_the_same_run_gives_the_same_page(folder, study, page_of_run, page_of_study) -> None:
    assert html_of(open_results(folder)) == page_of_run.html
    assert html_of(open_study(study)) == page_of_study.html
    assert "<dc:date>" not in page_of_run.html


def test_every_chapter_is_there_in_vietnamese(results) -> None:
    text.use_language("vi")
    paper = paper_of(results)
    assert [chapter.id for chapter in paper.chapters] == [
        "answer", "targets", "series", "sectors", "flows", "gains", "money", "districts", "evidence", "scenario",
        "record",
    ]  # fmt: skip
    html = html_text(paper)
    assert '<html lang="vi">' in html and "Sơn La" in html and "Lao động qua đào tạo" in html


def test_the_scorecard_is_that_of_the_command_line(results, page_of_run) -> None:
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as printed:
        for part in scorecard_view(results):
            console.print(part)
    scored = results.scorecard[results.scorecard["status"] == "scored"].to_dict("records")
    assert scored
    for row in scored:
        cells = page_of_run.row("targets", row["label"])
        value, short = number(row["value"], row["unit"]), number(row["shortfall_where_missed"], "persons")
        assert value in cells[2] and value in printed.get()
        assert cells[4] == short and short in printed.get()
        counted = f"{int(row['n_met'])} of {int(row['n_replicates'])}"
        assert (why_none(row["verdict"], row["telling_scale"]) or counted) in cells[3]


def test_money_and_districts_are_those_of_python(results, page_of_run) -> None:
    page = page_of_run
    whole = results.costs().query("year == 'all'")
    for row in whole.drop_duplicates("policy").to_dict("records"):
        cells = page.row("money", words.capital(words.policy_name(row["policy"])))
        assert cells[1] == money(row["spent"])
        assert cells[3].startswith(number(row["count"], "persons"))
    spent = float(whole.drop_duplicates("policy")["spent"].sum())
    assert money(spent) in page.words
    table = results.by("district").query("year == 2023 and indicator == 'agricultural_share'")
    names = {one.id: one.name for one in districts_of("son_la")}
    for row in table[table["group"] != "all"].to_dict("records"):
        assert page.row("districts", names[row["group"]])[2] == number(row["value"], "%")


def test_differences_are_those_of_the_comparison(study, page_of_study) -> None:
    found, page = comparison_of(open_study(study)), page_of_study
    moved = found.differences[found.differences["main"] & (found.differences["n_equal"] < found.differences["n"])]
    row = moved[moved["id"] == "people_trained"].iloc[0].to_dict()
    cells = page.row("changes", "People who completed training")
    assert cells[1:3] == [number(row["base_value"], "persons"), number(row["value"], "persons")]
    assert cells[3].startswith(number(row["difference"], "persons"))
    costs = found.costs.query("policy == 'all' and money == 'public'").iloc[0]
    heads = page.row("answer", "Scenario")
    assert page.row("answer", "Many seats")[heads.index("Public money")] == money(costs["spent"])
    scenario = page.row("scenario", "Vocational training: training seats a year")
    assert scenario[1:3] == ["from 2021: 0", "from 2021: 14,000; from 2022: 15,500"]
    mine = [row for row in page.rows if row and row[0] == scenario[0]][-1]
    assert mine[1:] == ["from 2021: 14,000; from 2022: 15,500", "from 2021: 60,000", "persons a year"]


def test_a_comparison_alone_can_be_reported(study) -> None:
    html = html_of(comparison_of(open_study(study)))
    assert "Many seats" in html and "People who completed training" in html


def test_a_report_without_its_record_is_refused(results) -> None:
    manifest = {key: value for key, value in results.manifest.items() if key != "config_hash"}
    bare = Results(results.monthly, results.scorecard, manifest, results.indicators)
    with pytest.raises(ResultsError, match="no report without its record: the manifest lacks config_hash"):
        html_of(bare)


def test_the_command_writes_one_page_beside_the_folder(folder, tmp_path) -> None:
    place = tmp_path / "result"
    shutil.copytree(folder, place)
    before = sorted(place.iterdir())
    done = invoke(place, "--lang", "vi")
    assert done.exit_code == 0 and done.output.strip() == str(tmp_path / "result-vi.html")
    assert sorted(tmp_path.iterdir()) == [place, tmp_path / "result-vi.html"]
    assert sorted(place.iterdir()) == before
    assert '<html lang="vi">' in (tmp_path / "result-vi.html").read_text(encoding="utf-8")


def test_what_cannot_be_reported_writes_nothing(folder, study, tmp_path) -> None:
    foreign, damaged, broken = tmp_path / "foreign", tmp_path / "damaged", tmp_path / "broken"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("mine", encoding="utf-8")
    shutil.copytree(folder, damaged)
    with (damaged / "scorecard.csv").open("a", encoding="utf-8") as stream:
        stream.write("x")
    shutil.copytree(study, broken)
    (broken / "study.json").write_text("{", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    for place, said in (
        (tmp_path / "nowhere", "no such folder"), (foreign / "notes.txt", "no such folder"),
        (foreign, "neither the result of a run nor a study"), (damaged, "scorecard.csv: damaged"),
        (broken, "study.json: damaged"),
    ):  # fmt: skip
        failed = invoke(place, "--out", tmp_path / "report.html")
        assert failed.exit_code == 2, place
        assert said in failed.output and "Traceback" not in failed.output
        assert len(failed.output.strip().splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_that_takes_no_file_is_named(folder, tmp_path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    failed = invoke(folder, "--out", tmp_path / "file" / "report.html")
    assert failed.exit_code == 2 and "cannot be written" in failed.output
    failed = invoke(folder, "--out", tmp_path / "report.docx")
    assert failed.exit_code == 2 and ".docx" in failed.output
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_pdf_without_its_library_says_what_to_install(folder, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    failed = invoke(folder, "--pdf", "--out", tmp_path / "report.html")
    assert failed.exit_code == 2 and "pip install 'labsim[pdf]'" in failed.output
    assert list(tmp_path.iterdir()) == []


def test_the_pdf_holds_vietnamese_letters_and_is_the_same_each_time(results) -> None:
    pytest.importorskip("typst")
    pypdf = pytest.importorskip("pypdf")
    text.use_language("vi")
    printed = pdf_of(results)
    assert printed == pdf_of(results)
    pages = pypdf.PdfReader(io.BytesIO(printed)).pages
    said = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    assert "Sơn La" in said and "Kịch bản cơ sở" in said
    assert "Tỷ lệ lao động nông nghiệp" in said


def test_a_pdf_alone_is_written_where_asked(study, tmp_path) -> None:
    pytest.importorskip("typst")
    done = invoke(study, "--out", tmp_path / "report.pdf")
    assert done.exit_code == 0
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert list(tmp_path.iterdir()) == [tmp_path / "report.pdf"]


@pytest.mark.parametrize(
    ("met", "n", "said"),
    [(20, 20, LIKELY), (14, 20, OPEN), (16, 20, LIKELY), (10, 20, OPEN), (0, 20, UNLIKELY), (3, 3, OPEN), (0, 2, OPEN)],
)
def test_a_word_for_a_chance_takes_enough_replicates(met: int, n: int, said: str) -> None:
    # 14 of 20: the interval of Wilson begins at 0.48, so that an even chance is not ruled out
    assert verdict(met / n, *wilson(met, n)) == said


def test_readings_that_disagree_have_no_verdict() -> None:
    low, high = wilson(20, 20)
    row = {"chance": 1.0, "chance_low": low, "chance_high": high, "n_replicates": 20, "otherwise_n_met": 0}
    assert verdict_of({**row, "otherwise_chance": float("nan")}) == LIKELY
    assert verdict_of({**row, "otherwise_chance": 0.0}) == UNSAID
    assert verdict_of({**row, "otherwise_chance": 1.0, "otherwise_n_met": 20}) == LIKELY
    assert verdict_of({**row, "chance": float("nan"), "otherwise_chance": float("nan")}) == UNSAID


def test_amounts_and_days_are_written_as_people_there_write_them() -> None:
    assert money(35.6e9) == "VND 35.6 billion" and money(1.166e12) == "VND 1,166 billion"
    assert day_name("2026-11-22T09:38:19+00:00") == "22 November 2026" and month_name("2030-12") == "December 2030"
    text.use_language("vi")
    assert money(35.6e9) == "35,6 tỷ đồng" and money(1.166e12) == "1.166 tỷ đồng" and money(2.5e6) == "2,5 triệu đồng"
    assert money(-500.0) == "-500 đồng" and money(1_103.4e9) == "1.103 tỷ đồng"
    assert day_name("2026-11-22T09:38:19+00:00") == "22/11/2026" and month_name("2030-12") == "tháng 12/2030"
    assert day_name("some day") == "some day" and month_name("") == ""
    assert (percent(0.66), with_unit(62.39, "%"), with_unit(1234.0, "persons")) == ("66 %", "62,4 %", "1.234 người")


def test_a_scenario_is_told_from_its_first_value_to_its_last() -> None:
    log = (
        "replicates: not set -> 20", "policies.a.seats: {2021: 0.0} -> {2021: 14000} [persons per year]",
        "policies.a.seats: {2021: 14000} -> {2021: 14000, 2026: 25000.0} [persons per year]", "policies.a: off -> on",
    )  # fmt: skip
    told = _last(changes_of(log))
    assert list(told) == ["policies.a.seats", "policies.a"]
    seats = told["policies.a.seats"]
    assert _said(seats.old, seats.unit) == "from 2021: 0"
    assert _said(seats.new, seats.unit) == "from 2021: 14,000; from 2026: 25,000"
    assert _said("2026-01", "") == "January 2026" and _said("0.4", "share") == "0.4" and _said("{a: [", "") == "{a: ["


def test_every_policy_and_amount_has_a_name() -> None:
    assert set(BUILT_IN) == set(words._POLICIES)
    for policy in BUILT_IN.values():
        assert set(policy.doses()) <= set(words._AMOUNTS)
    assert words.parameter_name("policies.my_policy.my_amount") == "my policy: my amount"
    assert words.parameter_name("matching.selectivity") == "matching.selectivity"


@pytest.mark.parametrize("province", PROVINCES)
def test_tiles_stand_apart_and_north_is_up(province: str) -> None:
    districts = districts_of(province)
    tiles = tiles_of(districts)
    assert len(districts) >= 8 and len(set(tiles.values())) == len(districts)
    by_latitude = sorted(districts, key=lambda one: one.latitude)
    by_longitude = sorted(districts, key=lambda one: one.longitude)
    assert tiles[by_latitude[-1].id][0] == 0 < tiles[by_latitude[0].id][0]
    assert tiles[by_longitude[0].id][1] == 0 < tiles[by_longitude[-1].id][1]
    # who lies clearly further north stands no lower
    for one in districts:
        for other in districts:
            if one.latitude - other.latitude > 0.35:
                assert tiles[one.id][0] <= tiles[other.id][0]


def test_what_a_run_did_not_tell_apart_is_said(page_of_study) -> None:
    assert "Districts were not told apart. With by: [district] they are" in page_of_study.words
    assert "With by: [sex, age, ethnicity, residence]" in page_of_study.words


def test_the_command_writes_what_python_returns(folder, page_of_run, tmp_path) -> None:
    done = invoke(folder, "--out", tmp_path / "report.html")
    assert done.exit_code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page == page_of_run.html
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["config_hash"] in page and manifest["code_hash"] in page
