"""A small province and a run of the fake model, for tests of what stands above the model."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import fake_model

from labsim.config_base import ConfigBase
from labsim.experiment.run import simulate as real_simulate
from labsim.profile import Names, Period, Profile
from labsim.results import IndicatorInfo

LABELS = {"farmers": "own-account farming", "employees": "employees", "household_businesses": "household businesses"}


def info(name):
    kind = "flow" if name in fake_model.FLOWS else "stock"
    unit = "share" if fake_model.LEVELS[name][0] < 1 else "persons"
    base = "labour_force" if unit == "share" and name != "unemployment_rate" else None
    label = LABELS.get(name, name.replace("_", " "))
    return IndicatorInfo(name, label, unit, "administrative", None, base, kind)


INDICATORS = {name: info(name) for name in fake_model.LEVELS}


def config(folder=None, **changes):
    profile = Profile(id="toy", name=Names(en="Toy province", vi="Tỉnh thử nghiệm"), folder=folder)
    given = {"period": Period(until="2023-12"), "replicates": 3, "scale": 0.1} | changes
    return ConfigBase(province=profile, **given)


def install():
    """Put the fake model and its indicators where labsim looks for the real ones; return the names replaced."""
    modules = {
        "labsim.model": fake_model,
        "labsim.simulation": fake_model,
        "labsim.indicators": SimpleNamespace(INDICATORS=INDICATORS),
    }
    sys.modules.update(modules)
    return modules


def simulate(job):
    """Run one replicate of the fake model, also in a new process."""
    install()
    return real_simulate(job)
