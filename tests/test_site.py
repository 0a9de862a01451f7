"""The documentation site: it builds without a warning, takes nothing from outside, and tells what the program has.

Needs the extra `docs`; `.ci/run` installs it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_readme import ROOT, blocks_of, file_of

pytest.importorskip("furo")
pytest.importorskip("myst_parser")

DOCS = ROOT / "docs"
OUTSIDE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
FETCHED_BY_STYLE = re.compile(r"(?:url\(|@import)[\s'\"(url]*(?:https?:)?//", re.IGNORECASE)


class Assets(HTMLParser):
    """Collect what a browser fetches by itself to show a page, and the ids that it can jump to."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.styles: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "link":
            self.fetched.append(given.get("href", ""))
        self.fetched += [given[name] for name in ("src", "data", "poster") if name in given]
        self.fetched += [part.split()[0] for part in given.get("srcset", "").split(",") if part.split()]
        self.styles.append(given.get("style", ""))


def read(page: str) -> Assets:
    found = Assets()
    found.feed(page)
    return found


def from_outside(page: str) -> list[str]:
    found = read(page)
    styles = [*found.styles, *re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)]
    return [*filter(OUTSIDE.match, found.fetched), *filter(FETCHED_BY_STYLE.search, styles)]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Return the folder of the site, built as CI builds it."""
    folder = tmp_path_factory.mktemp("site")
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", str(folder / "trees"),
         str(DOCS), str(folder / "html")],
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "LABSIM_LANG": "vi"},
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=600,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site) -> dict[str, str]:
    return {page.name: page.read_text(encoding="utf-8") for page in site.glob("*.html")}


@pytest.mark.slow
def test_every_page_is_built(pages):
    assert {page.with_suffix(".html").name for page in DOCS.glob("*.md")} <= set(pages)


@pytest.mark.slow
def test_nothing_is_fetched_from_outside(site, pages):
    found = {name: wrong for name, text in pages.items() if (wrong := from_outside(text))}
    assert found == {}
    styles = [*site.rglob("*.css")]
    assert styles and [str(style) for style in styles if FETCHED_BY_STYLE.search(style.read_text("utf-8"))] == []


@pytest.mark.slow
def test_what_is_fetched_and_linked_within_the_site_is_there(site, pages):
    read_pages = {name: read(text) for name, text in pages.items()}
    wrong = []
    for name, page in read_pages.items():
        for target in {*page.fetched, *page.links}:
            place, _hash, anchor = target.partition("#")
            if re.match(r"^[a-z]+:", target) or not target:
                continue
            place = place.partition("?")[0] or name
            is_anchor_lost = anchor and place in read_pages and anchor not in read_pages[place].ids
            if is_anchor_lost or not (site / place).exists():
                wrong.append(f"{name}: {target}")
    assert wrong == []


@pytest.mark.slow
def test_every_command_and_public_name_is_told(pages):
    import labsim
    from labsim.cli import cli

    for name in cli.commands:
        assert f'id="labsim-{name}"' in pages["command_line.html"], name
    assert "--replicates" in pages["command_line.html"]
    for name in set(labsim.__all__) - {"__version__"}:
        assert f'id="labsim.{name}"' in pages["python.html"], name


@pytest.mark.slow
def test_commands_are_told_in_the_language_of_the_site_whatever_the_computer_speaks(pages):
    assert "Simulate a province" in pages["command_line.html"] and "Mô phỏng một tỉnh" not in pages["command_line.html"]


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://example.org/a.js"></script>',
        '<link rel="stylesheet" href="//example.org/a.css">',
        '<img src="a.png" srcset="a.png 1x, https://example.org/b.png 2x">',
        "<style>@import url('https://example.org/font.css');</style>",
        '<p style="background: url(http://example.org/a.png)">a</p>',
    ],
)
def test_an_asset_from_outside_is_seen(page):
    assert from_outside(page)


def test_a_link_in_the_text_may_lead_outside():
    assert from_outside('<a href="https://example.org">a</a><img src="_images/a.png">') == []


def test_every_page_stands_in_the_contents():
    listed = set(re.findall(r"^(\w+)$", (DOCS / "index.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert {page.stem for page in DOCS.glob("*.md")} - {"index"} <= listed


def test_the_policy_shown_is_the_one_of_the_experiment():
    shown = {file_of(block): block.text for block in blocks_of((DOCS / "own_policy.md").read_text(encoding="utf-8"))}
    for name in ("hire_farmers.py", "scenario.yaml"):
        assert shown[name] == (ROOT / "experiments" / "own_policy" / name).read_text(encoding="utf-8")
