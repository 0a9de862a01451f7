"""What policies promise is what they hand out, what they hand out is what somebody pays, and each counts its own part.

Two policies of one kind are the sharpest test: what they do together must be paid and counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from labsim.config import Config
from labsim.model import LabourModel
from labsim.policies import BUILT_IN

SCALE = 0.02
PER_ROW = round(1 / SCALE)  # persons


@pytest.fixture(scope="module")
def world_with(son_la, with_policies) -> Callable[..., LabourModel]:
    """Build a small province with these policies alone: `world_with({"a": ("startups", {...})}, "setting=1")`."""

    def build(policies: dict[str, tuple[str, dict]], *settings: str, scale: float = SCALE, seed: int = 3):
        config: Config = son_la(*settings, scale=scale, until="2030-12")
        chosen = {name: BUILT_IN[kind](**amounts) for name, (kind, amounts) in policies.items()}
        return LabourModel(with_policies(config, chosen), seed)

    return build


def twice(kind: str, **amounts: object) -> dict[str, tuple[str, dict]]:
    return {"one": (kind, amounts), "other": (kind, amounts)}


def months(model: LabourModel, number: int) -> Iterator[dict[str, int]]:
    """Step through months; yield what was paid in each by purpose, in VND."""
    for _ in range(number):
        seen = len(model.world.ledger.payments)
        model.step()
        paid: dict[str, int] = {}
        for payment in model.world.ledger.payments[seen:]:
            paid[payment.purpose] = paid.get(payment.purpose, 0) + payment.amount
        yield paid


def test_courses_in_digital_skills_take_the_ages_that_are_named(world_with):
    model = world_with(
        {"a": ("digital_skills", {"persons_per_year": {2021: 20_000.0}, "by_age": (1.0, 0.0, 0.0, 0.0, 0.0)})}
    )
    model.step()
    age = (model.month - model.workers.birth_month[model.workers.digital_course > 0]) / 12
    assert age.min() >= 15
    assert 20 < age.max() < 25
    model = world_with(
        {"a": ("digital_skills", {"persons_per_year": {2021: 20_000.0}, "by_age": (0.0, 0.0, 0.0, 0.0, 1.0)})}
    )
    model.step()
    age = (model.month - model.workers.birth_month[model.workers.digital_course > 0]) / 12
    assert 55 <= age.min() < 56


def test_the_ledger_counts_degree_holders_with_a_supplement_as_persons(world_with):
    model = world_with({"a": ("talent_attraction", {"places_per_year": {2021: 9_000.0}})})
    came = 0
    for _ in months(model, 6):
        came += int(model.world.events["talent_came"].sum()) * PER_ROW
    persons = {
        purpose: sum(payment.persons for payment in model.world.ledger.payments if payment.purpose == purpose)
        for purpose in ("lump sum", "wage supplement")
    }
    assert came > 0
    assert persons == {"lump sum": pytest.approx(came), "wage supplement": pytest.approx(came)}
