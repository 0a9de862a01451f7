"""Son La from 2020 on: the baseline lies where the reports say, and each indicator moves with what drives it.

Bands are those of configs/son_la/observed.csv. Where a figure follows the province's plan in a straight line, to lie
in its band is no evidence that the model is right; it only says that it is not wrong by more than the band.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labsim.config import load
from labsim.indicators import INDICATORS
from labsim.model import LabourModel

OBSERVED = Path(__file__).parent.parent / "configs" / "son_la" / "observed.csv"
CHECKED = ("agricultural_share", "unemployment_rate", "trained_share", "people_trained", "jobs_created", "sent_abroad")
SCALE, SEEDS = 0.05, (1, 2, 3)
pytestmark = pytest.mark.slow


def bands() -> list[dict[str, str]]:
    """Return the observed rows of the indicators checked, within the period of the model and of the same concept."""
    with OBSERVED.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["indicator"] in CHECKED and int(row["year"]) >= 2021]
    return [row for row in rows if row["concept"] == INDICATORS[row["indicator"]].concept]


def name_of(row: dict[str, str]) -> str:
    return "-".join((row["indicator"], row["residence"], row["year"]))


@pytest.fixture(scope="module")
def runs(series) -> dict[str, list[pd.DataFrame]]:
    """Return the series of three runs of the baseline to 2025, of all people and by residence."""
    config = load("son_la", settings=[f"scale={SCALE}", "period.until=2025-12"])
    models = [LabourModel(config, seed).run() for seed in SEEDS]
    return {residence: [series(model, residence) for model in models] for residence in ("all", "urban", "rural")}


def in_year(frame: pd.DataFrame, indicator: str, year: int) -> float:
    """Return December of a stock, the sum of a flow."""
    values = frame[indicator][frame.index.year == year]
    return float(values.sum() if INDICATORS[indicator].kind == "flow" else values.iloc[-1])


def test_every_indicator_of_the_list_has_a_band():
    assert {row["indicator"] for row in bands()} == set(CHECKED)


# Flows are not counted by residence.
IN_PROVINCE = [
    row for row in bands() if not (INDICATORS[row["indicator"]].kind == "flow" and row["residence"] != "all")
]


@pytest.mark.parametrize("row", IN_PROVINCE, ids=name_of)
def test_the_baseline_lies_within_the_plausible_band(runs, row):
    """The mean of three runs lies in the band."""
    indicator, year = row["indicator"], int(row["year"])
    values = [in_year(frame, indicator, year) for frame in runs[row["residence"]]]
    assert float(row["low"]) <= np.mean(values) <= float(row["high"]), [round(value, 2) for value in values]


def test_rural_unemployment_lies_far_below_urban(runs):
    """By the farm that takes people back: the regional survey of 2016 has 0.77 % against 3.2 %."""
    urban, rural = (np.mean([in_year(f, "unemployment_rate", 2022) for f in runs[r]]) for r in ("urban", "rural"))
    assert rural < urban / 2


# what drives, lower value and higher value, indicator, residence, sign of the effect
DRIVERS = [
    ("demand.growth_services", {2021: 0.0}, {2021: 0.20}, "agricultural_share", "all", -1),
    ("demand.growth_industry", {2021: 0.0}, {2021: 0.25}, "agricultural_share", "all", -1),
    ("firms.separation_rate", 0.005, 0.03, "unemployment_rate", "urban", +1),
    ("own_account.necessity", 0.1, 0.5, "unemployment_rate", "urban", -1),
    ("policies.vocational_training.seats_per_year", {2021: 5_000.0}, {2021: 25_000.0}, "trained_share", "all", +1),
    ("extension.extension_rate", 0.0, 0.05, "trained_share", "all", +1),
    ("policies.vocational_training.seats_per_year", {2021: 5_000.0}, {2021: 25_000.0}, "people_trained", "all", +1),
    ("training.dropout_rate", 0.0, 0.1, "people_trained", "all", -1),
    ("own_account.opening_rate", 0.001, 0.005, "jobs_created", "all", +1),
    ("demand.growth_services", {2021: 0.0}, {2021: 0.20}, "jobs_created", "all", +1),
    ("policies.labour_export.places_per_year", {2021: 100.0}, {2021: 2_000.0}, "sent_abroad", "all", +1),
    ("migration.outside_wage", 4e6, 14e6, "left_for_other_provinces", "all", +1),
]


@pytest.fixture(scope="module")
def level_of(series):
    """Return an indicator in 2022 with one parameter set, over three seeds; each run once.

    It is the mean of the year's twelve months: a December alone is noisier.
    """
    found: dict[str, list[dict[str, pd.DataFrame]]] = {}

    def level(path: str, value: object, indicator: str, residence: str) -> np.ndarray:
        key = f"{path}={value}"
        if key not in found:
            config = load("son_la", settings={"scale": SCALE, "period.until": "2022-12", path: value})
            models = [LabourModel(config, seed).run() for seed in SEEDS]
            found[key] = [{place: series(model, place) for place in ("all", "urban")} for model in models]
        months = [frames[residence][indicator] for frames in found[key]]
        return np.array([values[values.index.year == 2022].mean() for values in months])

    return level


# Student's t that is exceeded once in 40 (one side, 2 degrees of freedom); the sign is stated beforehand.
T_2 = 4.30


@pytest.mark.parametrize(
    ("path", "low", "high", "indicator", "residence", "sign"), DRIVERS, ids=[f"{d[0]}-{d[3]}" for d in DRIVERS]
)
def test_each_indicator_moves_the_right_way_with_its_driver(level_of, path, low, high, indicator, residence, sign):
    """The paired difference over three seeds has the stated sign, beyond its standard error."""
    effect = sign * (level_of(path, high, indicator, residence) - level_of(path, low, indicator, residence))
    assert effect.mean() > T_2 * effect.std(ddof=1) / np.sqrt(len(effect)), effect
