"""The command line: what it prints where, what it writes, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import fake_study
import pytest
from click.testing import CliRunner, Result

from labsim import text
from labsim.cli import cli
from labsim.config_base import Evidence
from labsim.errors import ConfigError, Problem
from labsim.experiment import run as run_module
from labsim.results import open_results

ROOT = Path(__file__).parent.parent
TARGETS = """targets:
  - {id: ag, label: {en: Agricultural share, vi: Tỷ trọng nông nghiệp}, indicator: agricultural_share,
     direction: at_most, value: 65, year: 2023, unit: "%", source: s, reading: "of all labour",
     ambiguous: "or of rural labour"}
  - {id: jobs, label: {en: Jobs created, vi: Việc làm}, indicator: jobs_created, direction: at_least, value: 90_000,
     year: 2023, cumulate_from: 2021, unit: persons, source: s}
  - {id: late, label: {en: Trained share, vi: Lao động qua đào tạo}, indicator: trained_share, direction: at_least,
     value: 75, year: 2030, unit: "%", source: s}
  - {id: officials, label: {en: Officials with degrees, vi: Cán bộ}, direction: at_least, value: 100, year: 2023,
     unit: "%", source: s, note: officials are not told apart}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in an empty folder, with the fake model and a small province with targets."""
    for name in ("labsim.model", "labsim.simulation", "labsim.indicators"):
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    fake_study.install()
    monkeypatch.setattr(run_module, "is_cold", lambda: False)
    monkeypatch.setattr(text, "_chosen", None)
    monkeypatch.setenv("LABSIM_LANG", "en")
    province = tmp_path / "province"
    province.mkdir()
    (province / "targets.yaml").write_text(TARGETS, encoding="utf-8")

    def load(name, *, scenario=(), settings=()):
        if settings:
            raise ConfigError([Problem("--set", None, None, "matching.selectivty", "unknown key")])
        return fake_study.config(province)

    monkeypatch.setitem(sys.modules, "labsim.config", SimpleNamespace(load=load))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def call(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_run_prints_the_scorecard_and_writes_a_folder(place) -> None:
    result = call("run", "--executor", "serial")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0] == "Toy province, baseline: 3 replicates at scale 1:10, 2020-12 to 2023-12"
    assert any("Agricultural share, 2023 [1]" in line and "at most" in line for line in lines)
    assert any("3 of 3" in line or "2 of 3" in line or "1 of 3" in line or "0 of 3" in line for line in lines)
    assert "(44 % to 100 %)" in result.stdout  # the chance after 3 of 3
    assert "from 2021" in result.stdout
    both = "[1] The wording is unclear. Read as: of all labour. Or else: or of rural labour. The other reading"
    assert both in " ".join(result.stdout.split())
    assert "- Officials with degrees, 2023: officials are not told apart" in " ".join(result.stdout.split())
    assert "- Trained share, 2030: the run covers 2020-12 to 2023-12" in " ".join(result.stdout.split())
    assert "random noise only" in result.stdout
    assert result.stdout.isascii()
    (folder,) = (place / "labsim-results").iterdir()
    assert folder.name.startswith("toy-baseline-20") and folder.name.endswith("-1")
    assert folder.name in "".join(lines[-3:])
    expected = {"manifest.json", "monthly.parquet", "scorecard.csv", "overview.svg", "overview.png"}
    assert expected <= {entry.name for entry in folder.iterdir()}
    assert open_results(folder).manifest["command"].startswith("labsim ")
    call("run", "--executor", "serial", "--quiet")
    assert len(list((place / "labsim-results").iterdir())) == 2


def test_json_is_one_object_and_nothing_else(place) -> None:
    result = call("run", "--executor", "serial", "--json")
    found = json.loads(result.stdout)
    assert set(found) == {
        "scenario", "scale", "replicates", "months", "timing", "posterior", "scorecard", "costs", "spending",
        "notes",
    }  # fmt: skip
    assert (found["scenario"], found["scale"], found["replicates"], found["months"]) == ("baseline", 0.1, 3, 36)
    assert set(found["timing"]) == {"population_s", "months_s", "total_s", "peak_memory_mb"}
    keys = [
        "id", "label", "concept", "year", "direction", "target", "value", "low", "high", "chance", "shortfall_persons",
        "shortfall_where_missed", "verdict", "telling_scale", "reading", "otherwise", "otherwise_target",
        "otherwise_value", "otherwise_chance",
    ]  # fmt: skip
    assert [list(row) for row in found["scorecard"]] == [keys] * 4
    assert found["scorecard"][0]["low"] <= found["scorecard"][0]["value"] <= found["scorecard"][0]["high"]
    assert found["scorecard"][2]["value"] is None
    assert list(place.iterdir()) == []
    call("run", "--executor", "serial", "--json", "--out", "here")
    assert open_results(place / "here").manifest["province"] == "toy"


def test_quiet_prints_only_where_the_files_are(place) -> None:
    result = call("run", "--executor", "serial", "--quiet", "--out", "here")
    assert (result.stdout, result.stderr) == ("here\n", "")


def test_the_scorecard_speaks_vietnamese(place) -> None:
    result = call("run", "--executor", "serial", "--lang", "vi", "--out", "here")
    assert "Tỷ trọng nông nghiệp" in result.stdout
    assert "90.000" in result.stdout  # thousands as they are written there
    assert "Agricultural share" not in result.stdout


@pytest.mark.parametrize(("given", "scale"), [("1", 1.0), ("0.01", 0.01), ("1:1000", 0.001)])
def test_scales_are_read_as_a_share_or_a_ratio(place, given: str, scale: float) -> None:
    result = call("run", "--executor", "serial", "--json", "--scale", given, "--replicates", "1", "--until", "2021")
    found = json.loads(result.stdout)
    assert (found["scale"], found["replicates"], found["months"]) == (scale, 1, 12)


@pytest.mark.parametrize("given", ["10", "0", "1:0", "ten", "-1"])
def test_other_scales_are_refused(place, given: str) -> None:
    result = call("run", f"--scale={given}")
    assert result.exit_code == 2
    assert f"given '{given}'; allowed 1, 0.1 or 1:10" in " ".join(result.stderr.replace("│", " ").split())


def test_errors_go_to_stderr_with_exit_code_2(place) -> None:
    result = call("run", "--set", "matching.selectivty=1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "--set  matching.selectivty: unknown key\n"
    (place / "mine").mkdir()
    (place / "mine" / "thesis.txt").write_text("", encoding="utf-8")
    result = call("run", "--out", "mine")
    assert result.exit_code == 2
    assert "mine: not overwritten, as it holds files that are no labsim result (thesis.txt)" in result.stderr


def test_an_interrupt_leaves_nothing(place, monkeypatch) -> None:
    def interrupt(self) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fake_model.LabourModel.step", interrupt)
    result = call("run", "--executor", "serial", "--out", "here")
    assert (result.exit_code, result.stderr) == (130, "interrupted; nothing was written\n")
    assert list(place.iterdir()) == []


def process(name: str, reads: str, writes: str) -> SimpleNamespace:
    section = name.partition(".")[0]
    return SimpleNamespace(
        name=name, section=section, summary="End jobs.", reads=tuple(reads.split()), writes=tuple(writes.split())
    )


def test_schedule_prints_what_each_process_reads_and_writes(monkeypatch) -> None:
    month = (
        process("firms.separate", "workers.spell events workers.urban levers.labour_demand", "ledger workers.activity"),
        process("abroad.go", "", "ledger"),
    )
    monkeypatch.setitem(sys.modules, "labsim.schedule", SimpleNamespace(MONTH=month))
    result = call("schedule", "--lang", "en")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "The month: 2 processes, in this order"
    start = lines.index("EMPLOYERS")
    assert lines[start + 1 : start + 5] == [
        " 1  firms.separate",
        "    End jobs.",
        "      reads   workers: spell, urban; levers: labour_demand; events",
        "      writes  workers: activity; ledger",
    ]
    start = lines.index("WORKING AWAY")
    assert lines[start + 1 : start + 4] == [" 2  abroad.go", "    End jobs.", "      writes  ledger"]
    words = lines[lines.index("Words") + 1 :]
    explained = [line.split()[0] for line in words[: words.index("")] if not line.startswith(" ")]
    assert explained == ["workers", "levers", "events", "ledger"]


def test_schedule_prints_who_makes_and_who_reads_each_event() -> None:
    lines = call("schedule", "--lang", "en").stdout.splitlines()
    start = lines.index("completed  persons, over programmes")
    assert lines[start + 2 : start + 4] == [
        "    made by: training.progress",
        "    read by: policies that pay for it",
    ]
    start = next(place for place, line in enumerate(lines) if line.startswith("helped_since  "))
    assert lines[start + 2] == "    made by: services.reach"
    assert lines[start + 3] == "    read by: search.search, services.introduce"


def test_schedule_of_a_reference_world_says_what_is_switched_off() -> None:
    lines = call("schedule", "reference/urn_ball", "--lang", "en").stdout.splitlines()
    assert " 1  demography.come_of_age  (switched off)" in lines
    (matching,) = (place for place, line in enumerate(lines) if line.endswith("matching.hire"))
    assert lines[matching + 1].startswith("    ")
    n_off = sum(line.endswith("(switched off)") for line in lines)
    assert f"{n_off} processes are switched off here." in lines
    son_la = call("schedule", "son_la", "--lang", "en").stdout
    assert "(switched off)" not in son_la
    assert "Policies here: climate_retraining, labour_export, talent_attraction, vocational_training." in son_la


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_listings_of_the_real_model_fit_the_page(monkeypatch, columns: int, language: str) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for command in ("schedule", "params"):
        lines = call(command, "--lang", language).stdout.splitlines()
        assert len(lines) > 100
        # a name of a column or parameter is never cut, so none may need more than the page
        assert max(map(len, lines)) <= columns


def test_params_prints_value_default_range_grade_and_source(monkeypatch) -> None:
    from labsim.quantity import Parameters, quantity

    class Section(Parameters):
        """How things end."""

        rate: float = quantity(0.1, unit="share", low=0, high=1, grade="D", source="assumed")

    def evidence(grade: str) -> Evidence:
        return Evidence("section.rate", 0.25, "share", 0, 1, grade, "a survey of 2019", 2019, "")

    class Config(Parameters):
        section: Section = Section()
        policies: dict[str, Section] = {}  # noqa: RUF012

        @classmethod
        def sections(cls) -> dict[str, type[Section]]:
            return {"section": Section}

        def evidence(self) -> list[Evidence]:
            return [evidence("D"), evidence("A")]

    monkeypatch.setitem(sys.modules, "labsim.config", SimpleNamespace(load=lambda *_names, **_options: Config()))
    monkeypatch.setattr("labsim.experiment.parameters.evidence_in_use", lambda config: config.evidence())
    result = call("params", "--lang", "en", "--grade", "D")
    words = " ".join(result.stdout.split())
    assert "section How things end. rate 0.25 share 0 .. 1 D default 0.1 a survey of 2019 (2019)" in words
    assert words.count("rate 0.25") == 1
    assert "2 parameters by grade: 1 A (measured in this province), 0 B" in words
    assert words.endswith("1 D (assumed)")
    found = json.loads(call("params", "--json").stdout)
    assert [row["grade"] for row in found] == ["D", "A"]
    assert (found[0]["value"], found[0]["default"], found[0]["source"]) == (0.25, 0.1, "a survey of 2019")


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "numba", "mesa", "matplotlib", "pyarrow", "pydantic", "rich.progress", "yaml", "babel")
    code = (
        "import sys; from click.testing import CliRunner; from labsim.cli import cli;"
        "assert 'Simulate' in CliRunner().invoke(cli, ['--help']).output;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_the_module_runs_and_the_package_is_light() -> None:
    done = subprocess.run([sys.executable, "-m", "labsim", "run", "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "--replicates" in done.stdout
    code = "import sys, labsim; assert labsim.__version__; assert 'numpy' not in sys.modules; labsim.lod"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "module 'labsim' has no attribute 'lod'" in done.stderr
