"""Assumptions in plain words: the numbers that answers rest on most, as questions that a room can argue about."""

from __future__ import annotations

from labsim.text import _, mark

__all__ = ["ASSUMPTIONS", "assumption_label"]

ASSUMPTIONS = {
    "training.oldest": mark("Up to which age do people think of training?"),
    "counting.reported_share": mark("Which share of new jobs does the province get to know of?"),
    "training.consider_rate": mark("How many think of training in a month?"),
    "demand.elasticity": mark("How strongly do employers hire when the economy grows?"),
    "own_account.necessity": mark("How fast do the unemployed take up petty trade?"),
    "abroad.application_rate": mark("How many apply to work abroad in a month?"),
    "matching.pay_floor": mark("How far below a usual offer may pay lie?"),
    "demand.productivity_services": mark("How fast does productivity in services grow?"),
    "own_account.closing_rate": mark("How many household businesses close in a month?"),
    "training.paper_share": mark("Which share of the trained has a certificate?"),
}


def assumption_label(path: str) -> str:
    """Return an assumption as a question, or by its name where no question is written."""
    known = ASSUMPTIONS.get(path)
    return _(known) if known else path.replace("_", " ").replace(".", ": ").capitalize()
