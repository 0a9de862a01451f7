"""Time a month of Son La with every built-in policy beside the same month with those of its baseline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

# doses beside those of the baseline, of the size that the sources speak of
DOSES: Mapping[str, Mapping[str, Any]] = {
    "job_placement": {"share_per_year": {2021: 0.35}},
    "labour_information": {"institutions": {2021: 0.5}, "workers": {2021: 0.5}},
    "school_enterprise_linkage": {"share": {2021: 0.5}},
    "digital_skills": {"persons_per_year": {2021: 20_000.0}},
    "officials_degrees": {"officials_per_year": {2021: 300.0}, "masters_per_year": {2021: 100.0}},
    "industrial_parks": {"posts_per_year": {2021: 3_000.0}},
    "startups": {
        "loans_per_year": {2021: 5_000.0},
        "digital_support_per_year": {2021: 2_000.0},
        "cooperatives_per_year": {2021: 50.0},
    },
    "rural_minority_training": {"quotas": {"minority": 0.8}, "campaign_days_per_year": {2021: 2_000.0}},
}


def seconds_with_and_without(n_months: int) -> tuple[float, float]:
    """Return the seconds of some months with all policies and with those of the baseline, at one row a person.

    Both worlds step in turn, so that a slow spell of the machine meets both.
    """
    import labsim
    from labsim.experiment.run import warm_up
    from labsim.policies import BUILT_IN
    from labsim.simulation import Simulation

    config = labsim.load("son_la", settings=["scale=1"])
    more = {name: BUILT_IN[name](**dose) for name, dose in DOSES.items()}
    every = config.model_copy(update={"policies": {**config.policies, **more}})
    if missing := set(BUILT_IN) - {"demand_path"} - set(every.policies):  # a scenario to try policies in, no policy
        raise RuntimeError(f"no dose for {', '.join(sorted(missing))}")
    warm_up(this_process=True)
    worlds = [Simulation(every, seed=1), Simulation(config, seed=1)]
    seconds = [0.0, 0.0]
    for _month in range(n_months):
        for k, world in enumerate(worlds):
            began = time.perf_counter()
            world.step()
            seconds[k] += time.perf_counter() - began
    return seconds[0], seconds[1]
