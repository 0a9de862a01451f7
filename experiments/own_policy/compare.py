"""Compare the baseline with the subsidy on the same people with the same luck, and print what differs in 2030.

python experiments/own_policy/compare.py [scale] [replicates]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import labsim

HERE = Path(__file__).resolve().parent
STOCKS = ("agricultural_share", "agricultural_workers", "employees", "unemployed", "mean_wage", "mean_farm_income")
YEARS = range(2026, 2031)


def main(scale: float = 0.1, replicates: int = 4) -> None:
    """Run both scenarios and print paired differences with their range over replicates."""
    # luck alone: what is not known of the parameters is another question
    how = {"scale": scale, "replicates": replicates, "by": ["sex"], "posterior": "none"}
    runs = {
        name: labsim.run(labsim.load("son_la", scenario=scenario), **how)
        for name, scenario in (("baseline", "baseline"), ("subsidy", HERE / "scenario.yaml"))
    }
    base, subsidy = runs["baseline"], runs["subsidy"]
    print(f"Son La, December 2030, {replicates} paired replicates at scale {scale:g}")
    print(f"{'':28}{'baseline':>14}{'subsidy':>14}{'difference (lowest to highest replicate)':>46}")
    for name in STOCKS:
        one, other = (run.series(name).loc["2030-12"].to_numpy()[-1] for run in (base, subsidy))
        line(name, one, other)
    hires = [run.series("hires").loc["2026-01":"2030-12"].sum().to_numpy() for run in (base, subsidy)]
    line("hires 2026-30", *hires)
    for group in ("male", "female"):
        cells = {"sex": group}
        one, other = (run.series("hires", cells).loc["2026-01":"2030-12"].sum().to_numpy() for run in (base, subsidy))
        line(f"hires 2026-30, {group}", one, other)
    print()
    costs = subsidy.costs()
    mine = costs[costs["policy"] == "hire_farmers"]
    columns = ["year", "spent", "left", "months_in_force", "months_paused", "count", "unit_cost"]
    print(mine[columns].to_string(index=False, float_format=lambda value: f"{value:,.0f}"))


def line(name: str, one: np.ndarray, other: np.ndarray) -> None:
    """Print one row: both means, and the paired difference."""
    gap = other - one
    band = f"({gap.min():,.2f} to {gap.max():,.2f})"
    print(f"{name:28}{one.mean():14,.2f}{other.mean():14,.2f}{gap.mean():20,.2f}  {band}")


if __name__ == "__main__":
    main(*(kind(word) for kind, word in zip((float, int), sys.argv[1:], strict=False)))
