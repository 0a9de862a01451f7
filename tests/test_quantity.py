"""A number has a unit, a range, a date and a source next to it, and is checked against them."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pydantic
import pytest

from labsim.quantity import (
    Parameters,
    QuantityInfo,
    Yearly,
    allowed_range,
    amount_in,
    describe,
    monthly_probability,
    quantity,
    yearly_rate,
)


class Search(Parameters):
    """A section with every shape of value."""

    effort: float = quantity(
        0.5, unit="share", low=0, high=1, grade="B", source="survey 2021", year=2021, help="0 is none"
    )
    seats: Yearly = quantity({2021: 100.0}, unit="persons per year", low=0, grade="A", source="plan")
    reach: tuple[float, float] = quantity((1, 2), unit="km", low=0, high=10, grade="D", source="assumed")
    weights: dict[str, float] = quantity({"a": 0.1}, unit="share", low=0, high=1, grade="D", source="assumed")
    draws: list[int] = quantity([1, 2], unit="1", high=5, grade="D", source="assumed")
    ceiling: float | None = quantity(None, unit="VND", low=0, grade="D", source="assumed")
    on: bool = True
    start: str | None = None


class Outer(Parameters):
    """A section with a section inside."""

    search: Search = Search()
    pace: int = quantity(3, unit="months", low=1, high=12, grade="C", source="Card 2018")


ANYTHING: dict[str, Any] = {"unit": "share", "source": "assumed", "grade": "D"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"effort": 1.4}, r"given 1\.4; allowed 0 to 1 \[share\]"),
        ({"effort": -0.1}, r"given -0\.1; allowed 0 to 1 \[share\]"),
        ({"seats": {2021: 1, 2022: -5}}, r"given 2022: -5; allowed 0 or more \[persons per year\]"),
        ({"reach": (0, 11)}, r"given 1: 11; allowed 0 to 10 \[km\]"),
        ({"weights": {"a": 0.5, "b": 2}}, r"given b: 2; allowed 0 to 1 \[share\]"),
        ({"draws": [6]}, r"given 0: 6; allowed 5 or less \[1\]"),
        ({"ceiling": -1}, r"given -1; allowed 0 or more \[VND\]"),
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        Search(**values)


@pytest.mark.parametrize(
    ("values", "kind"), [({"effort": math.nan}, "finite_number"), ({"effrt": 0.1}, "extra_forbidden")]
)
def test_values_of_another_kind_are_refused(values: dict[str, Any], kind: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        Search(**values)
    assert [one["type"] for one in refused.value.errors()] == [kind]


def test_bounds_themselves_are_allowed() -> None:
    found = Search(effort=1, reach=(0, 10), ceiling=None, seats={2021: 0}, draws=[5])
    assert (found.effort, found.reach, found.draws) == (1.0, (0.0, 10.0), [5])


def test_parameters_are_frozen_and_pickle() -> None:
    found = Outer(pace=4)
    with pytest.raises(pydantic.ValidationError) as refused:
        found.pace = 5  # type: ignore[misc]
    assert [one["type"] for one in refused.value.errors()] == ["frozen_instance"]
    assert pickle.loads(pickle.dumps(found)) == found


def test_objects_do_not_share_a_default() -> None:
    Search().seats[2030] = 1.0
    assert Search().seats == {2021: 100.0}


@pytest.mark.parametrize("left_out", ["unit", "source", "grade"])
def test_a_quantity_needs_its_evidence(left_out: str) -> None:
    facts = {name: value for name, value in ANYTHING.items() if name != left_out}
    with pytest.raises(TypeError, match=left_out):
        quantity(0.5, **facts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": " "}, "needs a unit"),
        ({"source": ""}, "needs a source"),
        ({"grade": "E"}, "given 'E'; allowed A, B, C, D"),
        ({"low": 1, "high": 0}, "low 1 lies above high 0"),
        ({"low": 0.6}, r"default 0\.5 lies outside its own range, 0\.6 or more \[share\]"),
    ],
)
def test_a_quantity_refuses_empty_evidence(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quantity(0.5, **(ANYTHING | change))


@pytest.mark.parametrize("annotation", [float, int | None, dict[int, float], tuple[float, ...], list[int]])
def test_a_bare_number_cannot_be_declared(annotation: Any) -> None:
    body = {"__annotations__": {"rate": annotation}, "rate": None, "__module__": __name__}
    with pytest.raises(TypeError, match=r"Bad\.rate is a number without evidence: declare it with quantity"):
        type("Bad", (Parameters,), body)


def test_describe_lists_nested_quantities_with_dotted_paths() -> None:
    found = {info.path: info for info in describe(Outer)}
    names = ("effort", "seats", "reach", "weights", "draws", "ceiling")
    assert list(found) == [*(f"search.{name}" for name in names), "pace"]
    assert found["search.effort"] == QuantityInfo(
        "search.effort", 0.5, "share", 0, 1, "B", "survey 2021", 2021, "0 is none"
    )
    assert found["search.seats"].default == {2021: 100.0}


def test_schema_tells_editors_the_range_and_unit() -> None:
    schema = Search.model_json_schema()["properties"]["effort"]
    assert (schema["minimum"], schema["maximum"], schema["quantity"]["unit"]) == (0, 1, "share")
    assert schema["description"] == "0 is none [share]"


@pytest.mark.parametrize(("year", "amount"), [(2019, 0.0), (2020, 5.0), (2023, 5.0), (2024, 7.0), (2099, 7.0)])
def test_amount_in_a_year(year: int, amount: float) -> None:
    assert amount_in({2024: 7.0, 2020: 5.0}, year) == amount


def test_twelve_months_make_a_year() -> None:
    assert monthly_probability(0.0) == 0.0
    assert monthly_probability(1.0) == 1.0
    assert yearly_rate(1.0) == 1.0
    assert 1 - (1 - monthly_probability(0.3)) ** 12 == pytest.approx(0.3, abs=1e-15)
    assert yearly_rate(monthly_probability(1e-12)) == pytest.approx(1e-12, rel=1e-12)


@pytest.mark.parametrize("convert", [monthly_probability, yearly_rate])
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_only_probabilities_convert(convert: Any, value: float) -> None:
    with pytest.raises(ValueError, match=rf"given {value}; allowed 0 to 1 \[probability\]"):
        convert(value)


def test_ranges_in_words() -> None:
    words = [allowed_range(low, high, "km") for low, high in ((0, 1), (0, None), (None, 1), (None, None))]
    assert words == ["0 to 1 [km]", "0 or more [km]", "1 or less [km]", "any number [km]"]
