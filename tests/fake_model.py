"""A stand-in for the model: a few series that wander, with numbers keyed to the seed."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import numpy as np
import pandas as pd

LEVELS = {
    "agricultural_share": (0.689, -0.0185, 0.004),
    "trained_share": (0.55, 0.02, 0.006),
    "certified_share": (0.25, 0.012, 0.004),
    "unemployment_rate": (0.038, -0.0003, 0.002),
    "underemployment_rate": (0.06, -0.002, 0.004),
    "people_trained": (1500, 20, 90),
    "jobs_created": (2300, 40, 120),
    "sent_abroad": (16, 5, 4),
    "labour_force": (770_500, 9_000, 900),
    "farmers": (520_000, -9_000, 2_000),
    "household_businesses": (60_000, 2_500, 800),
    "employees": (150_000, 11_000, 1_500),
    "unemployed": (12_000, 100, 700),
}
FLOWS = ("people_trained", "jobs_created", "sent_abroad")


class LabourModel:
    def __init__(self, config, seed):
        self.config, self.seed, self.month = config, seed, 0
        self.timing = {"population_s": 0.25}
        table = [{"margin": "age_sex", "mean": 0.5}, {"margin": "district", "mean": seed % 7 / 7}]
        self.misfit = SimpleNamespace(table=lambda: table)
        payment = SimpleNamespace(
            month=1,
            policy="vocational_training",
            purpose="fees",
            payer="province",
            recipient="college",
            persons=10.0,
            amount=seed % 1_000_000,
        )
        self.world = SimpleNamespace(ledger=SimpleNamespace(payments=[payment, payment]))
        self.recorder = SimpleNamespace(monthly=self._monthly)
        self.achievements = SimpleNamespace(table=lambda payments, years: [])
        killers = os.environ.get("LABSIM_TEST_KILL", "").split(",")
        if str(seed) in killers:
            flag = os.environ.get("LABSIM_TEST_KILL_ONCE")
            if flag is None or not os.path.exists(flag):
                if flag:
                    open(flag, "w", encoding="utf-8").close()
                os.kill(os.getpid(), signal.SIGKILL)

    def step(self):
        self.month += 1

    def _monthly(self):
        rng = np.random.default_rng(self.seed)
        n = self.month + 1
        first = pd.Period(self.config.period.start, "M")
        months = pd.period_range(first, periods=n, freq="M").to_timestamp(how="end").normalize()
        frames = []
        for name, (level, slope, noise) in LEVELS.items():
            years = np.arange(n) / 12
            values = level + slope * years + noise * np.cumsum(rng.normal(size=n)) / 6
            if name == "unemployment_rate":
                values = values + 0.003 * np.sin(2 * np.pi * years)
            if name in FLOWS:
                values[0] = 0
            frames.append(pd.DataFrame({"month": months, "indicator": name, "value": values}))
        frame = pd.concat(frames, ignore_index=True)
        urban = frame["indicator"].str.startswith("unemployment_").map({True: "urban", False: "all"})
        for group in ("district", "sex", "age", "ethnicity", "field"):
            frame[group] = "all"
        frame["residence"] = urban
        columns = ["month", "indicator", "district", "sex", "age", "ethnicity", "residence", "field", "value"]
        return frame[columns].sample(frac=1, random_state=self.seed % 1000)


Simulation = LabourModel
