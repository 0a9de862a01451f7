"""Texts of users in spreadsheets: what would be a formula is none, and what was meant comes back."""

from __future__ import annotations

import pytest

from labsim.spreadsheet_cells import cell_text, text_of_cell

FORMULAS = (
    "=1+1", '=HYPERLINK("http://evil.example")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
    "＝1", "-seats", "+",
)  # fmt: skip
PLAIN = ("", "Thêm chỗ học", "a=b", "3 - 4", "'quoted'", "-5", "+1.5", "-1,234.5", "-0.5%", "1e-9", "-2.5E+3", "-")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_written_as_text(text: str) -> None:
    assert cell_text(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_and_numbers_with_a_sign_stay_as_they_are(text: str) -> None:
    assert cell_text(text) == text


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN, "'=1", "''=1", "'", "''"])
def test_what_was_meant_comes_back(text: str) -> None:
    assert text_of_cell(cell_text(text)) == text
