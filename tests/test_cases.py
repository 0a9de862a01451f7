"""Cases that an analyst can read and write: a few people in YAML, a month, and what is expected of them.

A case says which processes run (`only`), the `settings` by section, the `people` and `employers`, and what is expected
after some `months`. Words stand for codes (`unemployed`, `short_course`); what a case leaves out is that of the
reference world: 25 years old, skill 0.5, one field, one district. Amounts are compared to 1e-6 of their size, ten times
the rounding of the 32 bits in which they are kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from labsim.columns import Table
from labsim.config import load
from labsim.model import LabourModel
from labsim.processes import counting
from labsim.schedule import MONTH
from labsim.world import N_ACTIVITIES, Tier

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
KEYS = {"title", "why", "only", "settings", "accessibility", "hazard_rate", "people", "employers", "months", "expect"}
pytestmark = pytest.mark.tiny


def written(table: Table, column: str, value: Any) -> Any:
    """Return the number that stands for a value of a case, which may be a word."""
    codes = Tier if column == "tier" else table.columns()[column].codes
    return codes[value.upper()] if isinstance(value, str) and codes is not None else value


def lay_out(table: Table, rows: list[dict[str, Any]]) -> None:
    for row, values in enumerate(rows):
        for column, value in values.items():
            name, number = ("birth_month", -value) if column == "months_old" else (column, value)
            getattr(table, name)[row] = written(table, name, number)


def build(case: dict[str, Any]) -> LabourModel:
    """Build the world of a case, with the books opened on its people."""
    only, people, employers = case["only"], case["people"], case.get("employers", [])
    off = [one.name for one in MONTH if one.section != "counting" and not {one.name, one.section} & set(only)]
    settings: dict[str, Any] = {"switched_off": off}
    for section, values in case.get("settings", {}).items():
        settings |= {f"{section}.{name}": value for name, value in values.items()}
    sizes = {"people": len(people), "fields": max(1, len(employers)), "unemployed": 1.0, "vacancies": 0.0}
    settings |= {f"reference.{name}": value for name, value in sizes.items()}
    model = LabourModel(load("reference/urn_ball", settings=settings), seed=1)
    world, w, e = model.world, model.workers, model.enterprises
    w.field[:] = 0
    lay_out(w, people)
    lay_out(e, employers)
    at_work = w.employer >= 0
    w.tier[at_work] = Tier.UNSKILLED
    w.work_field[at_work] = e.field[w.employer[at_work]]
    e.headcount[:, 0] = np.bincount(w.employer[at_work], minlength=len(e))
    world.programmes.taken[:] = np.bincount(w.programme[w.programme >= 0], minlength=len(world.programmes))
    world.programmes.seats[:] = np.round(world.programmes.base_seats)
    world.ledger.stocks[:] = np.bincount(w.activity, minlength=N_ACTIVITIES)
    if "accessibility" in case:
        world.accessibility[:] = case["accessibility"]
    if "hazard_rate" in case:
        world.places.hazard_rate[:, 0] = case["hazard_rate"]
    counting.count_people(world, model.config.counting, model.draws.at(0))
    assert model.imbalance() == []
    return model


def check(table: Table, expected: list[dict[str, Any]], kind: str) -> None:
    for row, values in enumerate(expected):
        for column, value in values.items():
            found = getattr(table, column)[row]
            assert np.ravel(found)[0] == pytest.approx(written(table, column, value), rel=1e-6), (
                f"{kind} {row}: {column} is {found}, expected {value}"
            )


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_case(file: Path):
    case = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert set(case) <= KEYS
    model = build(case)
    for _ in range(case["months"]):
        model.step()
        assert model.imbalance() == []
    expect = case["expect"]
    assert set(expect) <= {"people", "employers", "programmes", "counts"}
    check(model.workers, expect["people"], "person")
    check(model.enterprises, expect.get("employers", []), "employer")
    check(model.programmes, expect.get("programmes", []), "programme")
    counts = model.world.ledger.counts
    assert {name: counts.get(name, 0) for name in expect.get("counts", {})} == expect.get("counts", {})


def test_there_are_cases_and_each_has_a_title_of_its_own():
    titles = [yaml.safe_load(file.read_text(encoding="utf-8"))["title"] for file in CASES]
    assert len(titles) >= 8
    assert len(set(titles)) == len(titles)
