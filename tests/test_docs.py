"""The how-tos in docs are executed from top to bottom, each in a folder of its own, by the rules of test_readme."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_readme import ROOT, blocks_of, file_of, run, type_in

PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if "\n```" in page.read_text(encoding="utf-8")]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_followed(page: Path, tmp_path, monkeypatch) -> None:
    for block in blocks_of(page.read_text(encoding="utf-8")):
        where = f"{page.name}:{block.line}"
        if name := file_of(block):
            (tmp_path / name).write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            (tmp_path / "page.py").write_text(block.text, encoding="utf-8")
            run(["page.py"], tmp_path)
        elif block.kind == "console":
            for line in block.text.splitlines():
                if line.startswith("$ "):
                    assert line.startswith("$ labsim "), f"{where}: only labsim commands are executed"
                    type_in(line.removeprefix("$ "), tmp_path, monkeypatch)
        else:
            assert block.mark.startswith("not executed: "), f"{where}: nobody executes this block"
