"""The model description: its generated parts are those of the code, its links lead somewhere, nothing is left out."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from labsim.indicators import INDICATORS
from labsim.levers import LEVERS
from labsim.policies import BUILT_IN
from labsim.schedule import MONTH

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import model_description as tool  # noqa: E402

PAGE = tool.PAGE.read_text(encoding="utf-8")
# the seven elements of the protocol, with the eleven design concepts
ELEMENTS = (
    "Purpose and patterns", "Entities, state variables and scales", "Process overview and scheduling",
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction",
    "Stochasticity", "Collectives", "Observation", "Initialisation", "Input data", "Submodels",
)  # fmt: skip


def test_the_generated_parts_are_those_of_the_code():
    assert tool.drifted(PAGE) == [], "run python tools/model_description.py write"


def test_a_changed_default_is_drift():
    row = "| `reach` | 35 | km |"
    assert row in PAGE
    assert tool.drifted(PAGE.replace(row, "| `reach` | 36 | km |")) == ["submodels"]
    assert tool.written(PAGE.replace(row, "| `reach` | 36 | km |")) == PAGE


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("<!-- end: levers -->\n", "", "levers"),
        ("<!-- generated: month -->", "<!-- generated: monht -->", "monht"),
        ("<!-- generated: draws -->", "", "draws"),
    ],
)
def test_a_part_that_is_missing_or_not_closed_is_named(old, new, named):
    with pytest.raises(ValueError, match=named):
        tool.written(PAGE.replace(old, new))


def test_every_element_of_the_protocol_has_its_heading_in_order():
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert [heading for heading in headings if heading in ELEMENTS] == list(ELEMENTS)


def test_everything_that_is_declared_is_described():
    for name in [*(f"**`{one.name}`**" for one in MONTH), *(f"**`{name}`**" for name in BUILT_IN)]:
        assert name in PAGE
    for name in [*LEVERS, *INDICATORS]:
        assert f"| `{name}` |" in PAGE


def test_links_lead_to_files_and_headings():
    anchors = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert len(links) > 50
    for link in links:
        path, _hash, anchor = link.partition("#")
        assert not path or (tool.PAGE.parent / path).resolve().is_file(), link
        assert not anchor or anchor in anchors, link
