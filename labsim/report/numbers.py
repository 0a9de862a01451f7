"""Numbers as a reader of the language in use writes them."""

from __future__ import annotations

import math

from babel.numbers import format_decimal

from labsim.text import current_language

__all__ = ["number"]


def number(value: float, unit: str) -> str:
    """Write a number as its unit asks: whole persons, shares in per cent with one or two decimals."""
    if not math.isfinite(value):
        return "-"
    if unit == "share":
        value, unit = 100 * value, "%"
    if unit == "persons":
        return str(format_decimal(value, "#,##0", locale=current_language()))
    pattern = ("#,##0.00" if abs(value) < 10 else "#,##0.0") if unit.startswith("%") else "#,##0.##"
    if not unit.startswith("%") and abs(value) >= 100:
        pattern = "#,##0"
    return str(format_decimal(value, pattern, locale=current_language()))
