"""What calibration itself assumes: how wide a prior is by grade, and how far figure and model are from the truth."""

from __future__ import annotations

from labsim.quantity import Parameters, quantity

__all__ = ["Assumptions"]

_ASSUMED = "assumed: no elicitation was made; a wider prior gives wider bands and never narrower ones"


class Assumptions(Parameters):
    """Hold what a calibration takes for granted; every posterior says these numbers beside its draws."""

    ratio_of_d: float = quantity(
        2.0, unit="ratio", low=1.01, high=10, grade="D", source=_ASSUMED,
        help="a rate of grade D may be so many times larger or smaller than its value; a share, its odds",
    )  # fmt: skip
    ratio_of_c: float = quantity(
        1.5, unit="ratio", low=1.01, high=10, grade="D", source=_ASSUMED, help="the same for grade C"
    )
    ratio_of_b: float = quantity(
        1.25, unit="ratio", low=1.01, high=10, grade="D", source=_ASSUMED, help="the same for grades B and A"
    )
    width_of_d: float = quantity(
        0.1, unit="share of the declared range", low=0.001, high=0.5, grade="D", source=_ASSUMED,
        help="a number of grade D that may be negative or is zero lies within so much on each side of its value",
    )  # fmt: skip
    width_of_others: float = quantity(
        0.05, unit="share of the declared range", low=0.001, high=0.5, grade="D", source=_ASSUMED,
        help="the same for the other grades",
    )  # fmt: skip
    plan_following: float = quantity(
        2.0, unit="ratio", low=1, high=10, grade="D",
        source="assumed: yearly provincial figures follow the plan in straight lines, and say less than they seem to",
        help="the error of a figure that follows the plan is so many times larger",
    )  # fmt: skip
    discrepancy: float = quantity(
        0.05, unit="share of the observed value", low=0, high=0.5, grade="D",
        source="assumed: no model of this kind has been held against the truth of such a province",
        help="standard deviation of what the model leaves out, beside the error of the figure",
    )  # fmt: skip
    limit: float = quantity(
        3.0, unit="standard deviations", low=1, high=10, grade="B", year=1994,
        source="Pukelsheim 1994, The American Statistician 48:88: 95 % of any unimodal distribution; "
        "used by Vernon, Goldstein and Bower 2010, Bayesian Analysis 5:619",
        help="a point is ruled out when it is implausible by more than this",
    )  # fmt: skip
