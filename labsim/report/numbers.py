"""Numbers, units and concepts as a reader of the language in use writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from labsim.text import _, current_language, mark

__all__ = [
    "concept_name", "day_name", "money", "month_name", "number", "percent", "percent_range", "scale_name",
    "scenario_name", "unit_name", "with_unit",
]

_UNITS = {
    "persons": mark("persons"),
    "posts": mark("posts"),
    "employers": mark("employers"),
    "applications": mark("applications"),
    "VND": mark("VND"),
    "VND per month": mark("VND per month"),
    "per 1,000": mark("per 1,000"),
    "0 to 100": mark("0 to 100"),
    "share": "%",
}
_CONCEPTS = {"administrative": mark("administrative count"), "survey": mark("survey"), "model": mark("model")}


def unit_name(unit: str) -> str:
    """Return a unit in the language in use; one that is not known stays as it is."""
    return _(_UNITS.get(unit, unit))


def concept_name(concept: str) -> str:
    """Return the statistical concept of an indicator in the language in use."""
    return _(_CONCEPTS.get(concept, concept))


def scenario_name(manifest: Mapping[str, Any]) -> str:
    """Return the title of the scenario of a run in the language in use, or its name where it has none."""
    titles = manifest.get("config", {}).get("title", {})
    return str(titles.get(current_language()) or manifest.get("scenario", ""))


def number(value: float, unit: str) -> str:
    """Write a number as its unit asks: whole persons, shares in per cent with one or two decimals."""
    if not math.isfinite(value):
        return "-"
    if unit == "share":
        value, unit = 100 * value, "%"
    if unit == "persons":
        return str(format_decimal(value, "#,##0", locale=current_language()))
    pattern = ("#,##0.00" if abs(value) < 10 else "#,##0.0") if unit.startswith(("%", "per ")) else "#,##0.##"
    if not unit.startswith("%") and abs(value) >= 100:
        pattern = "#,##0"
    return str(format_decimal(value, pattern, locale=current_language()))


def with_unit(value: float, unit: str) -> str:
    """Write a number with its unit; a share gets its per cent sign after a space."""
    if not math.isfinite(value):
        return "-"
    if unit == "share" or unit.startswith("%"):
        return f"{number(value, unit)} %"
    if unit == "VND":
        return money(value)
    return f"{number(value, unit)} {unit_name(unit)}"


def percent(share: float) -> str:
    """Write a share of 0 to 1 in whole per cent."""
    if not math.isfinite(share):
        return "-"
    return f"{format_decimal(100 * share, '0', locale=current_language())} %"


def percent_range(low: float, high: float) -> str:
    """Write an interval of shares of 0 to 1 in whole per cent, as "0 % to 49 %"; "" where it is not known."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return _("{low} to {high}").format(low=percent(low), high=percent(high))


def scale_name(scale: float) -> str:
    """Write a scale as people per simulated person: 1:20."""
    return f"1:{1.0 / scale:g}" if scale < 1.0 else "1:1"


def money(amount: float) -> str:
    """Write an amount in VND the way it is said: in billions or millions, below that in full."""
    if not math.isfinite(amount):
        return "-"
    for divisor, words in ((1e9, _("VND {number} billion")), (1e6, _("VND {number} million"))):
        if abs(amount) >= divisor:
            value = amount / divisor
            pattern = "#,##0" if abs(value) >= 100 else "#,##0.#"
            return words.format(number=format_decimal(value, pattern, locale=current_language()))
    return _("VND {number}").format(number=format_decimal(amount, "#,##0", locale=current_language()))


def day_name(day: str) -> str:
    """Write a day given as "2026-11-22" or with a time behind it; a text that is no day stays as it is."""
    try:
        found = date.fromisoformat(day[:10])
    except ValueError:
        return day
    vietnamese = current_language() == "vi"
    return str(format_date(found, "dd/MM/yyyy" if vietnamese else "d MMMM y", locale=current_language()))


def month_name(month: str) -> str:
    """Write a month given as "2030-12"; a text that is no month stays as it is."""
    try:
        found = date.fromisoformat(f"{month}-01")
    except ValueError:
        return month
    pattern = "'tháng' M/yyyy" if current_language() == "vi" else "MMMM y"
    return str(format_date(found, pattern, locale=current_language()))
