"""Everything that README.md shows is executed, as it stands.

- A ```python block runs as a script.
- A ```console block runs line by line: `$ labsim ...` is a command; other lines are its output and are not compared.
- A ```yaml block after `<!-- file: NAME -->` is the file NAME for all of them.
- A ```bash block is one of the two command lines that install labsim and run it or its tests. A test cannot install the
  program or start the tests it belongs to, so here only the form is checked; `.ci/run` runs both, word for word.

Any other block is an error, and so is a link to a file that is not there. The examples are small enough to run as is.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from labsim.cli import cli

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

FENCE = re.compile(r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
VENV = r"python3 -m venv \.venv && \.venv/bin/python -m pip install -c constraints\.txt "
FORMS = {
    "install-and-run": re.compile(VENV + r"\. && \.venv/bin/labsim run"),
    "install-and-test": re.compile(VENV + r'"\.\[(?P<extra>\w+)\]" && \.venv/bin/python -m pytest( -n auto)?'),
}


@dataclass(frozen=True)
class Block:
    """One fenced block: the comment above it, its language, its text and the line it starts at."""

    mark: str
    kind: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"line_{self.line}_{self.kind}"


def blocks_of(readme: str) -> list[Block]:
    found = FENCE.finditer(readme)
    return [Block(m["mark"] or "", m["kind"], m["text"], readme.count("\n", 0, m.start("text"))) for m in found]


def file_of(block: Block) -> str | None:
    return block.mark.removeprefix("file: ") if block.mark.startswith("file: ") else None


def problem_with(block: Block) -> str | None:
    """Return why a block can neither be executed nor recognised, or None."""
    if block.kind == "python":
        return None
    if block.kind == "yaml":
        return None if file_of(block) else "a yaml block needs the comment <!-- file: NAME --> above it"
    if block.kind == "console":
        wrong = [line for line in block.text.splitlines() if line.startswith("$ ") and not line.startswith("$ labsim ")]
        return f"only labsim commands are executed, not {wrong[0]!r}" if wrong else None
    if block.kind == "bash":
        form = FORMS.get(block.mark)
        if form is None:
            return f"a bash block needs one of the comments {', '.join(FORMS)} above it"
        if not form.fullmatch(block.text.strip()):
            return f"this is not the command line that <!-- {block.mark} --> promises: {block.text.strip()!r}"
        return None
    return f"nobody executes a block of kind {block.kind!r}"


BLOCKS = blocks_of(README)


@pytest.fixture
def folder(tmp_path):
    """Return a folder that holds the files README shows."""
    for block in BLOCKS:
        name = file_of(block)
        if name:
            (tmp_path / name).write_text(block.text, encoding="utf-8")
    return tmp_path


def type_in(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `labsim ...` as typed in a folder, in this process, which has the model loaded; it must end well."""
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, shlex.split(line)[1:])
    assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception!r}"


def run(arguments: list[str], folder: Path) -> None:
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.join(arguments)}\n{done.stdout}\n{done.stderr}"


def test_every_block_is_executed_or_recognised():
    problems = [f"README.md:{block.line}: {problem}" for block in BLOCKS if (problem := problem_with(block))]
    assert "\n".join(problems) == ""
    assert len(BLOCKS) == README.count("\n```") / 2, "a fence is not closed, or not at the start of a line"


def test_each_command_line_is_shown_once():
    assert sorted(block.mark for block in BLOCKS if block.kind == "bash") == sorted(FORMS)


def test_the_extra_that_readme_installs_exists_and_brings_the_runner():
    extra = next(m["extra"] for block in BLOCKS if (m := FORMS["install-and-test"].fullmatch(block.text.strip())))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[^\w-]", requirement)[0] for requirement in project["optional-dependencies"][extra]}
    assert {"pytest", "pytest-xdist"} <= names


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "python"], ids=str)
def test_python(block, folder):
    (folder / "from_readme.py").write_text(block.text, encoding="utf-8")
    run(["from_readme.py"], folder)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "console"], ids=str)
def test_console(block, folder, monkeypatch):
    for line in block.text.splitlines():
        if line.startswith("$ "):
            type_in(line.removeprefix("$ "), folder, monkeypatch)


def test_links_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```sh\nls\n```\n", "nobody executes a block of kind 'sh'"),
        ("```\nls\n```\n", "nobody executes a block of kind ''"),
        ("```yaml\na: 1\n```\n", "needs the comment <!-- file: NAME -->"),
        ("```console\n$ rm -rf build\n```\n", "only labsim commands are executed"),
        ("```bash\nmake\n```\n", "needs one of the comments install-and-run"),
        ("<!-- install-and-run -->\n```bash\npip install .\n```\n", "not the command line that"),
        ("<!-- install-and-test -->\n```bash\npip install . && pytest\n```\n", "not the command line that"),
    ],
)
def test_a_block_nobody_executes_is_caught(text, message):
    (block,) = blocks_of(f"# Title\n\n{text}")
    assert message in (problem_with(block) or "")
