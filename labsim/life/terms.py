"""The names of what facts of a life point at, in the language in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labsim.report.numbers import number
from labsim.text import _, current_language, mark, n_
from labsim.world import Activity

__all__ = ["COLOURS", "Names", "months", "named", "per_cent", "scale_name", "term", "vnd"]

Names = Mapping[str, Mapping[str, Mapping[str, str]]]

# Okabe and Ito's colours; activities that few have in one life share greys.
COLOURS = {
    Activity.FARMING: "#009E73", Activity.HOUSEHOLD_BUSINESS: "#E69F00", Activity.EMPLOYEE: "#0072B2",
    Activity.UNEMPLOYED: "#D55E00", Activity.IN_TRAINING: "#CC79A7", Activity.OUT_OF_LABOUR_FORCE: "#BBBBBB",
    Activity.AWAY_IN_VIET_NAM: "#56B4E9", Activity.ABROAD: "#F0E442", Activity.CHILD: "#E6E6E6",
    Activity.OUTSIDE: "#E6E6E6", Activity.LEFT: "#666666",
}  # fmt: skip

_TERMS = {
    "male": mark("man"),
    "female": mark("woman"),
    "farming": mark("farming"),
    "household_business": mark("household business"),
    "employee": mark("employee"),
    "unemployed": mark("unemployed"),
    "in_training": mark("in full-time training"),
    "out_of_labour_force": mark("out of the labour force"),
    "away_in_viet_nam": mark("working in another province"),
    "abroad": mark("working abroad"),
    "child": mark("child"),
    "outside": mark("living outside the province"),
    "left": mark("gone for good"),
    "none": mark("no training"),
    "short_course": mark("short course"),
    "elementary": mark("elementary level"),
    "intermediate": mark("intermediate level"),
    "college": mark("college"),
    "university": mark("university"),
    "postgraduate": mark("postgraduate"),
    "below_primary": mark("less than primary school"),
    "primary": mark("primary school"),
    "lower_secondary": mark("lower secondary school"),
    "upper_secondary": mark("upper secondary school"),
    "unskilled": mark("unskilled post"),
    "skilled": mark("skilled post"),
    "professional": mark("professional post"),
    "private": mark("a private employer"),
    "cooperative": mark("a cooperative"),
    "public": mark("a public body"),
    "fair": mark("a job fair"),
    "counselling": mark("counselling at a job centre"),
    "portal": mark("the job portal"),
    "japan": mark("Japan"),
    "taiwan": mark("Taiwan"),
    "korea": mark("South Korea"),
    "other": mark("another country"),
    "lot": mark("lot"),
    "field": mark("match of field"),
    "skill": mark("skill"),
    "level": mark("training level"),
    "partner": mark("trained at the employer's partner school"),
}


def term(name: str) -> str:
    """Return a term in the language in use."""
    return _(_TERMS[name]) if name in _TERMS else name


def named(names: Names, what: str, one: Any) -> str:
    """Return the name of a field, district, institution or ethnic group in the language in use, or its id."""
    known = names.get(what, {}).get(str(one))
    return known[current_language()] if known else str(one)


def vnd(amount: float) -> str:
    """Write an amount of money: millions of VND above a million, else thousands."""
    if abs(amount) < 500.0:
        return _("0 VND")
    if abs(amount) >= 0.95e6:
        return _("{amount} million VND").format(amount=number(round(amount / 1e6, 1), ""))
    return _("{amount} thousand VND").format(amount=number(round(amount / 1e3), ""))


def per_cent(share: float) -> str:
    """Write a share in per cent."""
    return _("{value} %").format(value=number(share, "share"))


def months(n: int) -> str:
    """Write a number of months."""
    return n_("{n} month", "{n} months", n).format(n=number(n, "persons"))


def scale_name(scale: float) -> str:
    """Write a scale as 1:200, one simulated person for so many."""
    return f"1:{number(round(1.0 / scale, 2), '')}"
