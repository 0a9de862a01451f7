"""What the variance of an answer is split into, and the columns of what is most worth collecting."""

from __future__ import annotations

__all__ = ["DECLARED", "LUCK", "PRIORS", "RANGES", "TOGETHER", "WEAKNESS", "WORTH"]

TOGETHER, LUCK = "together", "luck"
RANGES = PRIORS, DECLARED = "priors", "declared"  # over which parameters vary
# how much of a parameter's uncertainty a measurement in the province could take away, by what it rests on now
WEAKNESS = {"A": 0.0, "B": 1 / 3, "C": 2 / 3, "D": 1.0}
WORTH = (
    "parameter", "grade", "cut", "cut_low", "cut_high", "worth", "best", "best_cut", "present", "low", "high", "unit",
    "source",
)  # fmt: skip
