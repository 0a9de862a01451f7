"""One rule for numbers: what they say, and both spellings where they may say two things."""

from __future__ import annotations

import pickle

import pytest
import yaml

from labsim.config import load
from labsim.errors import ConfigError
from labsim.number_text import Written, is_counted, is_share, range_of, read_boolean, read_number, read_whole, settled
from labsim.yaml_source import parse_value


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


def test_a_number_remembers_how_a_file_writes_it():
    found = parse_value("{2022: 25.000, 2023: 25.0, 2024: 0.250}")
    assert found == {2022: 25.0, 2023: 25.0, 2024: 0.25}
    assert [type(one) for one in found.values()] == [Written, float, float]
    again = pickle.loads(pickle.dumps(found[2022]))
    assert (again, again.text) == (25.0, "25.000")
    assert yaml.safe_dump({"a": again}) == "a: 25.000\n"


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("6,25", "share", 6.25), ("2.500.000", "VND", 2_500_000), ("28,5%", "%", 28.5), ("25.000", "km", 25.0),
        ("[1,5, 2]", "seats", [1, 5, 2]), ("{a: '1,5'}", "seats", {"a": 1.5}), ("'12'", "seats", "12"),
        ("much", "seats", "much"), ("true", "seats", True), ("2026-01", "month", "2026-01"), ("25.00", "seats", 25.0),
    ],
)  # fmt: skip
def test_values_of_files_are_settled_by_their_unit(text, unit, value):
    found = settled(parse_value(text), unit)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["25.000", "[25.000]", "{2022: 25.000}", "'25,000'", "{2022: '25,000'}"])
def test_a_spelling_in_doubt_is_refused_for_counts(text):
    with pytest.raises(ValueError, match="write 25000 or 25_000, or 25 if that is meant"):
        settled(parse_value(text), "seats")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("vocational_training.seats_per_year={2022: 25.000}",
         "--set  policies.vocational_training.seats_per_year.2022: given 25.000; it may be thousands or a fraction: "
         "write 25000 or 25_000, or 25 if that is meant"),
        ("vocational_training.seats_per_year.2022=25,000", "write 25000 or 25_000, or 25 if that is meant"),
        ("vocational_training.budget={2022: 40.000}", "write 40000 or 40_000, or 40 if that is meant"),
        ("matching.selectivity=65%", "the unit is share, from 0 to 1: a percent sign does not belong to it"),
        ("matching.selectivity='0.5'", 'given "0.5"; allowed a number'),
    ],
)  # fmt: skip
def test_settings_in_doubt_are_refused_in_one_line(setting, message):
    with pytest.raises(ConfigError) as caught:
        load("son_la", settings=[setting])
    (problem,) = caught.value.problems
    assert message in str(problem)


def test_files_in_doubt_are_refused_where_it_stands(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: son_la/baseline\npolicies:\n  vocational_training:\n    seats_per_year: {2022: 25.000}\n"
        "matching:\n  selectivity: 0,25\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"mine\.yaml:4:22  policies\.vocational_training\.seats_per_year\.2022: giv"):
        load(path)
    path.write_text(path.read_text(encoding="utf-8").replace("25.000", "2.500"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"write 2500 or 2_500, or 2\.5 if that is meant"):
        load(path)
    path.write_text(path.read_text(encoding="utf-8").replace("2.500", "25_000"), encoding="utf-8")
    config = load(path)
    assert config.matching.selectivity == 0.25
    assert config.changes[-1] == "matching.selectivity: 0.5 -> 0.25 [share]"
    assert config.policies["vocational_training"].seats_per_year[2022] == 25_000


def test_a_scenario_is_read_as_windows_and_excel_leave_it(tmp_path):
    text = "extends: son_la/baseline\ntitle: S\u01a1n La\nmatching: {selectivity: 0.25}\n"
    kinds = (text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("\n", "\r\n").encode())
    for place, data in enumerate(kinds):
        path = tmp_path / f"{place}.yaml"
        path.write_bytes(data)
        assert load(path).title.en == "S\u01a1n La"
    path.write_bytes(text.encode("cp1258"))
    with pytest.raises(ConfigError, match=r"2\.yaml:2  byte 9 \(0xf5\) is not UTF-8; the text looks like Windows-1258"):
        load(path)


def test_fees_and_seats_of_a_profile_in_doubt_are_refused():
    for key, value in (("seats", "30.000"), ("fee", "2.500")):
        with pytest.raises(ConfigError, match="it may be thousands or a fraction"):
            load("son_la", settings=[f"institutions.0.programmes.0.{key}={value}"])


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
