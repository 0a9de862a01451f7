"""A parameter of the model: its default next to its unit, range, source, date and grade.

Grades of evidence: A measured in this province; B in Viet Nam or the region; C elsewhere; D assumed.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import pydantic
import pydantic_core

from labsim.text import _

__all__ = [
    "GRADES",
    "Grade",
    "Parameters",
    "QuantityInfo",
    "Yearly",
    "allowed_range",
    "amount_in",
    "describe",
    "monthly_probability",
    "quantity",
    "quantity_facts",
    "yearly_rate",
]

Grade = Literal["A", "B", "C", "D"]
GRADES: tuple[str, ...] = get_args(Grade)

Yearly = dict[Annotated[int, pydantic.Field(ge=2000, le=2100)], float]
"""Amounts by the year from which they hold; see `amount_in`."""

_FACTS, _NAMES = "quantity", "names"


@dataclass(frozen=True, slots=True)
class QuantityInfo:
    """Describe one declared quantity; ``path`` is dotted, ``low`` and ``high`` are None where open."""

    path: str
    default: Any
    unit: str
    low: float | None
    high: float | None
    grade: str
    source: str
    year: int | None
    help: str


class Parameters(pydantic.BaseModel):
    """Hold the frozen parameters of one process or policy.

    Every number must be declared with `quantity`; other fields (names, switches, nested Parameters) are free.
    Unknown keys and values out of range raise ``pydantic.ValidationError``; an undeclared number raises TypeError
    when the class is written.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        for name, field in cls.model_fields.items():
            if quantity_facts(field) is None and _holds_numbers(field.annotation):
                raise TypeError(
                    f"{cls.__name__}.{name} is a number without evidence: declare it with "
                    "quantity(default, unit=..., source=..., grade=...)"
                )

    @pydantic.field_validator("*", mode="after")
    @classmethod
    def _within_range(cls, value: Any, info: pydantic.ValidationInfo) -> Any:
        facts = quantity_facts(cls.model_fields[info.field_name]) if info.field_name else None
        if facts is None:
            return value
        names = names_in(cls.model_fields[info.field_name]) if info.field_name else ()
        for key in value if isinstance(names, tuple) and names and isinstance(value, Mapping) else ():
            if key not in names:
                problem = {"name": str(key), "names": list(names), "key": str(key)}
                raise pydantic_core.PydanticCustomError("unknown_name", "unknown name {name}", problem)
        for key, number in numbers_in(value):
            if not within(number, facts["low"], facts["high"]):
                given = f"{number:g}" if key == "" else f"{key}: {number:g}"
                raise pydantic_core.PydanticCustomError(
                    "out_of_range",
                    "given {given}; allowed {allowed}",
                    {"given": given, "allowed": allowed_range(facts["low"], facts["high"], facts["unit"]), "key": key},
                )
        return value


def quantity(
    default: Any,
    *,
    unit: str,
    source: str,
    grade: Grade,
    low: float | None = None,
    high: float | None = None,
    year: int | None = None,
    help: str = "",
    names: str | tuple[str, ...] = (),
) -> Any:
    """Declare a parameter of a `Parameters` class with its evidence.

    ``default`` is a number, None, or a dict, tuple or list of numbers; ``low`` and ``high`` [same unit, None is open]
    then bound each of them. ``year`` is the year the source describes. ``names`` are the keys that a dict may have, or
    "fields" or "districts" for those of the province, which a configuration checks. Raises TypeError or ValueError,
    when the class is written, if the unit, source or grade is missing or the default lies outside its own range.
    """
    if not unit.strip():
        raise ValueError('a quantity needs a unit; write unit="1" for a pure number')
    if not source.strip():
        raise ValueError('a quantity needs a source; write source="assumed" (grade "D") when there is none')
    if grade not in GRADES:
        raise ValueError(f"grade: given {grade!r}; allowed {', '.join(GRADES)}")
    if low is not None and high is not None and low > high:
        raise ValueError(f"low {low:g} lies above high {high:g}")
    for _key, number in numbers_in(default):
        if not within(number, low, high):
            raise ValueError(f"default {number:g} lies outside its own range, {allowed_range(low, high, unit)}")
    facts = {"unit": unit, "low": low, "high": high, "grade": grade, "source": source, "year": year, "help": help}
    extra: dict[str, Any] = {_FACTS: facts, _NAMES: names} if names else {_FACTS: facts}
    if isinstance(default, int | float) and not isinstance(default, bool):
        # the range is checked by Parameters for every shape of value; here it only tells editors
        extra |= {key: bound for key, bound in (("minimum", low), ("maximum", high)) if bound is not None}
    # pydantic gives every object its own copy of a dict or list
    return pydantic.Field(default, description=f"{help} [{unit}]".strip(), json_schema_extra=extra)


def describe(model_class: type[pydantic.BaseModel], prefix: str = "") -> list[QuantityInfo]:
    """List every quantity of a class and of the classes nested in it, with dotted paths."""
    found: list[QuantityInfo] = []
    for name, field in model_class.model_fields.items():
        facts = quantity_facts(field)
        if facts is not None:
            default = field.get_default(call_default_factory=True)
            found.append(QuantityInfo(path=prefix + name, default=default, **facts))
        elif isinstance(field.annotation, type) and issubclass(field.annotation, pydantic.BaseModel):
            found += describe(field.annotation, f"{prefix}{name}.")
    return found


def quantity_facts(field: pydantic.fields.FieldInfo) -> dict[str, Any] | None:
    """Return the unit, low, high, grade, source, year and help of a field, or None if it is no quantity."""
    extra = field.json_schema_extra
    facts = extra.get(_FACTS) if isinstance(extra, dict) else None
    return typing.cast("dict[str, Any] | None", facts)


def names_in(field: pydantic.fields.FieldInfo) -> str | tuple[str, ...]:
    """Return the keys that a quantity's dict may have, the word for those of the province, or () for any."""
    extra = field.json_schema_extra
    return typing.cast("str | tuple[str, ...]", extra.get(_NAMES, ())) if isinstance(extra, dict) else ()


def amount_in(yearly: Mapping[int, float], year: int) -> float:
    """Return the amount that holds in ``year``: that of the latest given year not after it, 0 before the first."""
    given = [first for first in yearly if first <= year]
    return float(yearly[max(given)]) if given else 0.0


def monthly_probability(yearly_rate: float) -> float:
    """Return the monthly probability that gives ``yearly_rate`` (a probability per year) over twelve months.

    1 - (1 - r)^(1/12). Raises ValueError outside 0 to 1.
    """
    _require_probability(yearly_rate)
    return 1.0 if yearly_rate == 1 else -math.expm1(math.log1p(-yearly_rate) / 12)


def yearly_rate(monthly_probability: float) -> float:
    """Return the probability per year that twelve months of ``monthly_probability`` add up to.

    1 - (1 - p)^12. Raises ValueError outside 0 to 1.
    """
    _require_probability(monthly_probability)
    return 1.0 if monthly_probability == 1 else -math.expm1(12 * math.log1p(-monthly_probability))


def allowed_range(low: float | None, high: float | None, unit: str) -> str:
    """Write a range in words, as ``0 to 1 [share]``."""
    if low is None and high is None:
        words = _("any number")
    elif high is None:
        words = _("{bound:g} or more").format(bound=low)
    elif low is None:
        words = _("{bound:g} or less").format(bound=high)
    else:
        words = _("{low:g} to {high:g}").format(low=low, high=high)
    return f"{words} [{unit}]"


def within(number: float, low: float | None, high: float | None) -> bool:
    """Tell whether a number lies in a closed range; None leaves an end open."""
    return (low is None or number >= low) and (high is None or number <= high)


def numbers_in(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number in a value of any shape with its dotted key ("" for a bare number)."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from numbers_in(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from numbers_in(inner, f"{key}.{position}" if key else str(position))


def _holds_numbers(annotation: Any) -> bool:
    if annotation in (int, float):
        return True
    parts = get_args(annotation)
    if typing.get_origin(annotation) in (Literal, Annotated):
        parts = parts[:1] if typing.get_origin(annotation) is Annotated else ()
    return any(_holds_numbers(part) for part in parts)


def _require_probability(value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"given {value:g}; allowed 0 to 1 [probability]")
