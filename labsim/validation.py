"""Turn what pydantic found wrong into problems with a place, what was given and what is allowed."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

import pydantic

from labsim.errors import Problem
from labsim.quantity import GRADES, allowed_range, describe, numbers_in, quantity_facts, within
from labsim.text import _, did_you_mean, nearest
from labsim.yaml_source import KeyPath, Place, find_place

__all__ = ["as_given", "evidence_problems", "problems_of", "read_strictly", "unknown_name", "unknown_top_key"]


_MOST_PROBLEMS = 100  # of one group; who has more has not meant such a file
Model = TypeVar("Model", bound=pydantic.BaseModel)


def read_strictly(model: type[Model], data: Mapping[Any, Any]) -> Model:
    """Build a model from plain data without converting types: "0.5" and true are no numbers, 3.0 is no integer.

    Raises ``pydantic.ValidationError``.
    """
    # JSON is the strict mode that still lets lists be tuples and "2024" be a year, as a manifest needs
    return model.model_validate_json(json.dumps(data, default=str), strict=True)


def problems_of(
    error: pydantic.ValidationError,
    model: type[pydantic.BaseModel],
    data: Any,
    places: Mapping[KeyPath, Place],
    prefix: KeyPath = (),
) -> list[Problem]:
    """List what is wrong with ``data``, which stands at ``prefix`` in the files, once for each key."""
    allowed: dict[KeyPath, list[str]] = {}
    details = error.errors(include_url=False)
    for detail in details[:_MOST_PROBLEMS]:
        path = _real_path(detail["loc"], data)
        key = (*path, str(detail["ctx"]["key"]).split(".")[0]) if detail.get("ctx", {}).get("key") else path
        words = _words(detail, model, path, prefix)
        if words not in allowed.setdefault(key, []):
            allowed[key].append(words)
    found = []
    for path, messages in allowed.items():
        try:
            place: tuple[str | None, int | None, int | None] = find_place(places, (*prefix, *path))
        except KeyError:
            place = (None, None, None)
        found.append(Problem(*place, ".".join((*prefix, *path)), _joined(messages)))
    if len(details) > _MOST_PROBLEMS:
        message = _("... and {n} more problems").format(n=len(details) - _MOST_PROBLEMS)
        found.append(Problem(None, None, None, ".".join(prefix), message))
    return found


def as_given(value: Any) -> str:
    """Write a value as a user would in YAML, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _joined(messages: list[str]) -> str:
    # the branches of a union each say what they allow; what was given is said once
    head, separator, _rest = messages[0].partition(_("allowed") + " ")
    if len(messages) == 1 or not separator or not all(one.startswith(head + separator) for one in messages):
        return "; ".join(messages)
    return head + separator + _(" or ").join(one.removeprefix(head + separator) for one in messages)


def _real_path(location: tuple[int | str, ...], data: Any) -> KeyPath:
    """Drop what pydantic adds to a location (tags of union members, "[key]")."""
    path: list[str] = []
    here: Any = data
    for position, part in enumerate(location):
        if isinstance(here, dict):
            key = _key_of(here, part)
            last = position == len(location) - 1
            if key is not None:
                here = here[key]
            elif not last or str(part).startswith(("dict[", "[key]", "float", "int", "str", "list[", "tuple[")):
                continue
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part] if part < len(here) else None
        else:
            continue
        path.append(str(part))
    return tuple(path)


def _key_of(group: Mapping[Any, Any], part: int | str) -> int | str | None:
    """Return the key of a group that a location names: a name, or a year as its digits; None if there is none."""
    if part in group or str(part) in group:
        return part if part in group else str(part)
    is_number = isinstance(part, str) and re.fullmatch(r"-?[0-9]{1,9}", part)
    return int(part) if is_number and int(part) in group else None


def _words(detail: Any, model: type[pydantic.BaseModel], path: KeyPath, prefix: KeyPath) -> str:
    kind: str = detail["type"]
    context: dict[str, Any] = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(path, model, prefix)
    if kind == "missing":
        return _("this key is required")
    if kind == "unknown_name":
        return unknown_name(context["name"], context["names"])
    if kind == "out_of_range":
        given, allowed = context["given"], context["allowed"]
    elif kind in ("value_error", "assertion_error"):
        return str(context["error"])
    elif detail["loc"] and detail["loc"][-1] == "[key]":
        given, words = as_given(detail["input"]), _ALLOWED.get(kind)
        is_number = kind in ("greater_than_equal", "less_than_equal") and words is not None
        allowed = words(context) if is_number and words else _("a whole number, such as a year, as the key")
    else:
        words = _ALLOWED.get(kind)
        given = as_given(detail["input"])
        allowed = words(context) if words is not None else _("another kind of value")
        if kind in ("literal_error", "enum") and isinstance(detail["input"], str):
            close = nearest(detail["input"], _options(context))
            allowed += "; " + _('did you mean "{nearest}"?').format(nearest=close) if close else ""
        facts = _facts(model, path)
        if facts is not None and kind in _NUMBER_KINDS:
            allowed = f"{allowed}, {allowed_range(facts['low'], facts['high'], facts['unit'])}"
    return _("given {given}; allowed {allowed}").format(given=given, allowed=allowed)


_NUMBER_KINDS = ("float_type", "float_parsing", "int_type", "int_parsing", "int_from_float", "finite_number")
_ALLOWED: dict[str, Callable[[dict[str, Any]], str]] = {
    "float_type": lambda _context: _("a number"),
    "float_parsing": lambda _context: _("a number"),
    "finite_number": lambda _context: _("a finite number"),
    "int_type": lambda _context: _("a whole number"),
    "int_parsing": lambda _context: _("a whole number"),
    "int_from_float": lambda _context: _("a whole number"),
    "bool_type": lambda _context: _("true or false"),
    "bool_parsing": lambda _context: _("true or false"),
    "string_type": lambda _context: _("text"),
    "none_required": lambda _context: _("nothing (null)"),
    "dict_type": lambda _context: _("a group of `key: value`"),
    "model_type": lambda _context: _("a group of `key: value`"),
    "list_type": lambda _context: _("a list"),
    "tuple_type": lambda _context: _("a list"),
    "set_type": lambda _context: _("a list"),
    "frozen_set_type": lambda _context: _("a list"),
    "mapping_type": lambda _context: _("a group of `key: value`"),
    "model_attributes_type": lambda _context: _("a group of `key: value`"),
    "string_pattern_mismatch": lambda _context: _("a month, such as 2020-12"),  # the only pattern that labsim asks for
    "string_too_short": lambda context: _("at least {count} letters").format(count=context["min_length"]),
    "string_too_long": lambda context: _("at most {count} letters").format(count=context["max_length"]),
    "path_type": lambda _context: _("text"),
    "int_parsing_size": lambda _context: _("a whole number"),
    "greater_than": lambda context: _("more than {bound}").format(bound=_bound(context["gt"])),
    "greater_than_equal": lambda context: _("{bound} or more").format(bound=_bound(context["ge"])),
    "less_than": lambda context: _("less than {bound}").format(bound=_bound(context["lt"])),
    "less_than_equal": lambda context: _("{bound} or less").format(bound=_bound(context["le"])),
    "literal_error": lambda context: ", ".join(_options(context)),
    "enum": lambda context: ", ".join(_options(context)),
    "too_long": lambda context: _("at most {count} values").format(count=context["max_length"]),
    "too_short": lambda context: _("at least {count} values").format(count=context["min_length"]),
}


def _options(context: dict[str, Any]) -> list[str]:
    """Return the words that a choice allows, without the grammar of another library."""
    return re.findall(r"'([^']*)'", str(context["expected"]))


def _bound(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def unknown_name(name: str, names: Sequence[str]) -> str:
    """Word the key of a group of numbers that stands for nothing."""
    return _("unknown name; {hint}").format(hint=did_you_mean(name, names))


def _unknown_key(path: KeyPath, model: type[pydantic.BaseModel], prefix: KeyPath) -> str:
    owner = _model_at(model, path[:-1])
    options = list(owner.model_fields) if owner is not None else []
    return "; ".join(part for part in (_("unknown key"), did_you_mean(path[-1], options)) if part)


def unknown_top_key(
    key: str, options: list[str], composed: type[pydantic.BaseModel], policies: Sequence[str] = ()
) -> str:
    """Word an unknown key of a file: it may be a parameter that belongs inside a section, or the name of a policy."""
    inside = list(_paths_by_name(composed).get(key, ()))
    policy = nearest(key, policies) if nearest(key, options) is None else None
    inside += [f"policies.{policy}"] if policy else []
    hint = _('did you mean "{nearest}"?').format(nearest=inside[0]) if inside else did_you_mean(key, options)
    return f"{_('unknown key')}; {hint}"


@cache  # describing every section takes as long for each unknown key as for one
def _paths_by_name(composed: type[pydantic.BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return the dotted paths of all parameters by the last name in them."""
    found: dict[str, tuple[str, ...]] = {}
    for info in describe(composed):
        name = info.path.rpartition(".")[2]
        found[name] = (*found.get(name, ()), info.path)
    return found


def evidence_problems(
    path: KeyPath, value: Any, evidence: Mapping[str, Any], facts: Mapping[str, Any], place: Place
) -> list[Problem]:
    """Check the evidence given with a value: types, a grade for each source, a range that holds the value."""
    messages: list[str] = []
    if "source" in evidence and not (isinstance(evidence["source"], str) and evidence["source"].strip()):
        messages.append(_("source: given {given}; allowed text").format(given=as_given(evidence["source"])))
    grade = evidence.get("grade")
    if ("source" in evidence or "grade" in evidence) and grade not in GRADES:
        text = _("grade: given {given}; allowed {allowed}")
        messages.append(text.format(given=as_given(grade), allowed=", ".join(GRADES)))
    year = evidence.get("year")
    if year is not None and (isinstance(year, bool) or not isinstance(year, int)):
        messages.append(_("year: given {given}; allowed a whole number").format(given=as_given(year)))
    messages += _range_messages(value, evidence, facts)
    return [Problem(*place, ".".join(path), message) for message in messages]


def _range_messages(value: Any, evidence: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    messages: list[str] = []
    bounds = {name: evidence[name] for name in ("low", "high") if evidence.get(name) is not None}
    for name, bound in bounds.items():
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            messages.append(_("{name}: given {given}; allowed a number").format(name=name, given=as_given(bound)))
        elif not within(bound, facts["low"], facts["high"]):
            allowed = allowed_range(facts["low"], facts["high"], facts["unit"])
            text = _("{name}: given {given:g}; allowed {allowed}")
            messages.append(text.format(name=name, given=bound, allowed=allowed))
    if messages or not bounds:
        return messages
    low, high = bounds.get("low"), bounds.get("high")
    outside = [number for _key, number in numbers_in(value) if not within(number, low, high)]
    if outside:
        text = _("the value {value:g} lies outside the range given with it, {allowed}")
        messages.append(text.format(value=outside[0], allowed=allowed_range(low, high, facts["unit"])))
    return messages


def _facts(model: type[pydantic.BaseModel], path: KeyPath) -> dict[str, Any] | None:
    for length in range(len(path), 0, -1):
        owner = _model_at(model, path[: length - 1])
        field = owner.model_fields.get(path[length - 1]) if owner is not None else None
        if field is not None:
            return quantity_facts(field)
    return None


def _model_at(model: type[pydantic.BaseModel], path: KeyPath) -> type[pydantic.BaseModel] | None:
    """Return the class whose keys stand at ``path``, stepping through lists and dicts; None if there is none."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, pydantic.BaseModel):
            field = here.model_fields.get(part)
            here = _without_none(field.annotation) if field is not None else None
        else:
            members = [one for one in get_args(here) if one is not Ellipsis]
            here = _without_none(members[-1]) if members else None
    return here if isinstance(here, type) and issubclass(here, pydantic.BaseModel) else None


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        members = [one for one in get_args(annotation) if one is not type(None)]
        return members[0] if len(members) == 1 else annotation
    return annotation
