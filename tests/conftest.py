"""What several tests share: small worlds, and how to look at a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labsim.config import Config, load
from labsim.model import LabourModel
from labsim.world import World

Arrays = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def _width_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let output have its own width; a runner in parallel sets that of its terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def son_la() -> Callable[..., Config]:
    """Configure Son La, small: `son_la("matching.selectivity=0", scale=0.02, until="2022-12")`."""

    def make(*settings: str, scale: float = 0.01, until: str = "2023-12", scenario: str = "baseline") -> Config:
        sizes = (f"scale={scale}", f"period.until={until}")
        return load("son_la", scenario=scenario, settings=[*sizes, *settings])

    return make


@pytest.fixture(scope="session")
def tables_of() -> Callable[[World], dict[str, Arrays]]:
    """Copy every column of every table of a world, by table and column."""

    def copy(world: World) -> dict[str, Arrays]:
        tables = {
            "workers": world.workers,
            "enterprises": world.enterprises,
            "institutions": world.institutions,
            "programmes": world.programmes,
        }
        return {
            name: {column: getattr(table, column).copy() for column in table.columns()}
            for name, table in tables.items()
        }

    return copy


@pytest.fixture(scope="session")
def first_difference() -> Callable[[LabourModel, LabourModel], str]:
    """Name the first thing in which two runs differ by a single bit, or return an empty text."""

    def compare(one: LabourModel, other: LabourModel) -> str:
        for name in ("workers", "enterprises", "institutions", "programmes"):
            table, twin = getattr(one.world, name), getattr(other.world, name)
            if len(table) != len(twin):
                return f"{name} are {len(table)} and {len(twin)}"
            for column in table.columns():
                if getattr(table, column).tobytes() != getattr(twin, column).tobytes():
                    n = int((getattr(table, column) != getattr(twin, column)).sum())
                    return f"{name}.{column} differs in {n} places"
        for name, value in vars(one.world.places).items():
            if isinstance(value, np.ndarray) and value.tobytes() != getattr(other.world.places, name).tobytes():
                return f"places.{name} differs"
        if one.world.demand_index.tobytes() != other.world.demand_index.tobytes():
            return "demand_index differs"
        if one.world.ledger.stocks.tolist() != other.world.ledger.stocks.tolist():
            return "the stocks differ"
        if not one.recorder.monthly().equals(other.recorder.monthly()):
            return "the recorded series differ"
        return ""

    return compare


@pytest.fixture(scope="session")
def series() -> Callable[..., pd.DataFrame]:
    """Return the recorded series of a run, one row a month and one column an indicator: `series(model, "urban")`."""

    def wide(model: LabourModel, residence: str = "all") -> pd.DataFrame:
        frame = model.recorder.monthly()
        here = frame["residence"] == residence
        for grouping in ("district", "sex", "age", "ethnicity", "field"):
            here &= frame[grouping] == "all"
        return frame[here].pivot(index="month", columns="indicator", values="value")

    return wide


@pytest.fixture(scope="session")
def with_policies() -> Callable[[Config, Mapping[str, Any]], Config]:
    """Return a configuration with these policies and no others."""

    def replace(config: Config, policies: Mapping[str, Any]) -> Config:
        return config.model_copy(update={"policies": dict(policies)})

    return replace
