"""One rule for numbers: what they say, and both spellings where they may say two things."""

from __future__ import annotations

import pytest

from labsim.number_text import check_spelling, is_counted, is_share, range_of, read_boolean, read_number, read_whole


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1234.5", "", 1234.5), ("1_000", "persons", 1000.0), ("40_000_000", "VND", 4e7), ("40e9", "VND", 4e10),
        ("6,25", "", 6.25), ("28,5", "%", 28.5), ("28,5%", "%", 28.5), ("28.5 %", "% of people", 28.5),
        ("0,250", "share", 0.25), ("0.250", "persons", 0.25), ("106.052", "factor", 106.052), ("1.125", "", 1.125),
        ("2.500.000", "VND", 2_500_000.0), ("1.234.567,8", "VND per month", 1_234_567.8),
        ("1,234,567.8", "persons", 1_234_567.8), ("1.234,5", "persons", 1234.5), ("1 234 567", "persons", 1_234_567.0),
        ("1\u202f234", "persons", 1234.0), ("1\u00a0234,5", "persons", 1234.5), ("1'234", "persons", 1234.0),
        ("\uff11\uff12", "persons", 12.0), ("\u22125", "", -5.0), ("+5", "", 5.0), (" 7 ", "", 7.0), ("-.5", "", -0.5),
        ("5.", "", 5.0), ("25.0", "persons", 25.0), ("25.0000", "persons", 25.0), ("1234.567", "persons", 1234.567),
        ("-2.500.000", "VND", -2_500_000.0), ("1e3", "persons", 1000.0), ("007", "persons", 7.0),
    ],
)  # fmt: skip
def test_numbers_are_read(text, unit, value):
    assert read_number(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("106.052", "persons", "given 106.052 [persons]; it may be thousands or a fraction: write 106052 or 106_052"),
        ("25.000", "seats", "write 25000 or 25_000, or 25 if that is meant"),
        ("660,000", "persons", "write 660000 or 660_000, or 660 if that is meant"),
        ("10.000", "persons per year", "write 10000 or 10_000, or 10 if that is meant"),
        ("2.500", "VND per month", "write 2500 or 2_500, or 2.5 if that is meant"),
        ("2.500", "million VND per programme", "write 2500 or 2_500, or 2.5 if that is meant"),
        ("-1.000", "posts", "write -1000 or -1_000, or -1 if that is meant"),
        ("28,500", "%", "given 28,500 [%]; it may be thousands or a fraction: write 28.5"),
        ("28,500%", "%", "write 28.5"),
        ("1,125", "factor", "write 1125 or 1_125, or 1.125 if that is meant"),
        ("65%", "share", "the unit is share, from 0 to 1: a percent sign does not belong to it"),
        ("65%", "persons", "the unit is persons, without a percent sign"),
        ("nan", "", "given 'nan'; allowed a number"),
        ("inf", "", "allowed a number"),
        ("-Infinity", "", "allowed a number"),
        ("1e999", "", "allowed a finite number"),
        ("", "", "given ''; allowed a number"),
        ("%", "%", "allowed a number"),
        ("12,34,567", "", "allowed a number"),
        ("1.2.3", "", "allowed a number"),
        ("1,2,3", "", "allowed a number"),
        ("1.234,567.8", "", "allowed a number"),
        ("1__0", "", "allowed a number"),
        ("_10", "", "allowed a number"),
        ("12 34", "", "allowed a number"),
        ("\u0663", "", "allowed a number"),
        ("0x10", "", "allowed a number"),
        ("1 500 VND", "VND", "allowed a number"),
        ("9" * 500, "", "allowed a number"),
    ],
)
def test_what_is_none_or_may_be_two_is_refused(text, unit, message):
    with pytest.raises(ValueError) as caught:
        read_number(text, unit)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_decimal_mark_of_a_file_settles_measures_but_not_counts():
    assert read_number("1,125", "factor", decimal=",") == 1.125
    with pytest.raises(ValueError, match=r"or 1,125 if that is meant"):
        read_number("1.125", "factor", decimal=",")
    with pytest.raises(ValueError, match="write 106052 or 106_052"):
        read_number("106,052", "persons", decimal=",")


@pytest.mark.parametrize(("text", "value"), [("2021", 2021), ("2021.0", 2021), ("2_021", 2021)])
def test_whole_numbers_are_read(text, value):
    assert read_whole(text, 1900, 2200) == value


@pytest.mark.parametrize("text", ["25", "2021.5", "2,021", "2.021", "", "soon", "1e9"])
def test_other_years_are_refused(text):
    with pytest.raises(ValueError, match="allowed 1900 to 2200"):
        read_whole(text, 1900, 2200)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("TRUE", True), ("False", False), (" FALSE ", False)])
def test_booleans_are_read_as_spreadsheets_write_them(text, value):
    assert read_boolean(text) is value


@pytest.mark.parametrize("text", ["yes", "1", "", "wahr"])
def test_other_booleans_are_refused(text):
    with pytest.raises(ValueError, match="allowed true, false"):
        read_boolean(text)


def test_a_spelling_is_refused_for_counts_only():
    check_spelling("25.000", "share")
    check_spelling("25.00", "seats")
    with pytest.raises(ValueError, match="write 25000 or 25_000, or 25 if that is meant"):
        check_spelling("25.000", "seats")


def test_units_are_told_apart():
    assert all(map(is_counted, ("persons", "persons per year", "VND", "VND per person", "million VND", "seats")))
    assert not any(map(is_counted, ("per year", "share of people", "employers; persons; shares", "", "%", "km")))
    assert all(map(is_share, ("share", "%", "% of people", "share of seats", "chance")))
    assert range_of("share of seats") == (0.0, 1.0)
    assert range_of("% of people") == (0.0, 100.0)
    assert range_of("% per year") == (None, None)
    assert range_of("persons") == (0.0, None)
    assert range_of("year") == (1900.0, 2200.0)
    assert range_of("log-odds") == (None, None)
