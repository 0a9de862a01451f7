"""Plain values of Python at the edge of labsim: numbers of numpy become numbers, arrays become lists."""

from __future__ import annotations

import inspect
from collections import abc
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import UnionType
from typing import Any, ParamSpec, TypeVar, Union, get_args, get_origin

from labsim.errors import ConfigError, Problem
from labsim.text import _

__all__ = ["plain_arguments", "plain_value", "require_seed", "require_whole_number"]

Given = ParamSpec("Given")
Result = TypeVar("Result")
MOST_SEED = 2**63 - 1
_CHECKED_LATER = ("executor", "workers")  # by what uses them, with the nearest name


def plain_value(value: Any) -> Any:
    """Return a value of numpy as Python's own, also within lists, tuples and dicts; all else as it is."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    if kind is dict:
        return {plain_value(key): plain_value(item) for key, item in value.items()}
    if kind in (list, tuple):
        return kind(plain_value(item) for item in value)
    return value


def plain_arguments(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a function be called with numbers of numpy, and refuse what its annotations do not allow.

    It is given Python's own numbers. Raises ConfigError naming the argument, what was given and what is allowed.
    """
    signature = inspect.signature(function)
    hints: dict[str, Any] = {}

    @wraps(function)
    def called(*given: Given.args, **named: Given.kwargs) -> Result:
        if not hints:
            hints.update(_hints_of(function, signature))
        plain_given: Any = tuple(plain_value(one) for one in given)
        plain_named: Any = {name: plain_value(one) for name, one in named.items()}
        bound = signature.bind(*plain_given, **plain_named)  # TypeError for names that the function does not have
        for name, value in bound.arguments.items():
            if name in hints and not _fits(value, hints[name]):
                message = _("given {given!r}; allowed {allowed}").format(given=value, allowed=_words(hints[name]))
                raise ConfigError([Problem(None, None, None, name, message)])
        return function(*plain_given, **plain_named)

    return called


def _hints_of(function: Callable[..., Any], signature: inspect.Signature) -> dict[str, Any]:
    """Return the annotations that can be looked up here; a class known to type checkers only is checked by no one."""
    found = {}
    for name, parameter in signature.parameters.items():
        hint = parameter.annotation
        if name in _CHECKED_LATER or hint is parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD
        ):  # fmt: skip
            continue
        try:
            found[name] = eval(hint, function.__globals__) if isinstance(hint, str) else hint
        except NameError:
            continue
    return found or {"": Any}


def _fits(value: Any, hint: Any) -> bool:
    """Say whether a value is of an annotated type; what is not known is let through."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    if hint in (None, type(None)):
        return value is None
    if origin is abc.Sequence:
        inner = get_args(hint)[0]
        is_list = isinstance(value, abc.Sequence | abc.Set) and not isinstance(value, str | bytes)
        return is_list and all(_fits(one, inner) for one in value)
    if origin is abc.Mapping:
        return isinstance(value, abc.Mapping) and all(_fits(key, get_args(hint)[0]) for key in value)
    return not isinstance(hint, type) or isinstance(value, hint)


def _words(hint: Any) -> str:
    """Write an annotated type in words."""
    if get_origin(hint) in (Union, UnionType):
        return _(" or ").join(dict.fromkeys(_words(one) for one in get_args(hint) if one is not type(None)))
    if get_origin(hint) is abc.Sequence:
        return _("a list, each {one}").format(one=_words(get_args(hint)[0]))
    if get_origin(hint) is abc.Mapping:
        return _("a mapping from a path to a value")
    words = {
        str: _("text"),
        Path: _("a path"),
        int: _("a whole number"),
        float: _("a number"),
        bool: _("true or false"),
    }
    return words.get(hint, getattr(hint, "__name__", str(hint)))


def require_whole_number(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return a whole number within a range; raises ConfigError for anything else, truth values included."""
    value = plain_value(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        allowed = _("a whole number of {low} or more").format(low=low)
        if high is not None:
            allowed = _("a whole number from {low} to {high}").format(low=low, high=high)
        message = _("given {given!r}; allowed {allowed}").format(given=value, allowed=allowed)
        raise ConfigError([Problem(None, None, None, name, message)])
    return value


def require_seed(seed: Any) -> int:
    """Return a seed: a whole number from 0 to 2**63 - 1; raises ConfigError for anything else."""
    return require_whole_number("seed", seed, 0, MOST_SEED)
