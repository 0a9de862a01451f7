"""Numbers, units and concepts as a reader of the language in use writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal

from labsim.text import _, current_language, mark

__all__ = ["concept_name", "number", "scenario_name", "unit_name"]

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
