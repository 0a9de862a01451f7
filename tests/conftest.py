"""What several tests share: small worlds, and how to look at a run."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
import pytest

from labsim.config import Config, load
from labsim.evidence import common_draws
from labsim.evidence.common_draws import differences
from labsim.model import LabourModel
from labsim.text import current_language, use_language

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # so it is in what a shell starts beside other things, and Ctrl-C would then be tested for nothing
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Put the language back that a command in this process was asked for."""
    before = current_language()
    yield
    use_language(before)


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
def first_difference() -> Callable[[LabourModel, LabourModel], str]:
    """Name the first thing in which two runs differ by a single bit, or return an empty text."""
    return lambda one, other: next(differences(one, other), "")


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
    return common_draws.with_policies
