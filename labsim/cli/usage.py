"""What the command line says of arguments that it cannot take, in the words and the language of labsim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import rich_click as click

from labsim.number_text import read_number
from labsim.text import LANGUAGES, _, did_you_mean

__all__ = ["Whole", "language_in", "no_such_command", "read_chance", "words_of_usage"]

_QUOTED = re.compile(r"'(?P<value>[^']*)'")


class Whole(click.IntRange):
    """Take a whole number of a range; any other text is refused with what was given and what is allowed."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number that an argument says."""
        text: Any = str(value).strip()
        low = self.min if self.min is not None else 0
        if re.fullmatch(r"[-+]?[0-9]{1,19}", text, re.ASCII):  # no 1_000 and no digits of other scripts
            with suppress(click.BadParameter):
                return super().convert(text, param, ctx)
        if self.max is None:
            message = _("given {given!r}; allowed a whole number, {low} or more").format(given=text, low=low)
        else:
            message = _("given {given!r}; allowed {low} to {high}").format(given=text, low=low, high=self.max)
        self.fail(message, param, ctx)


def read_chance(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Read a chance by the rule of all numbers: 0.8 or 0,8."""
    try:
        return read_number(value, "chance")
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def language_in(arguments: Sequence[str]) -> str | None:
    """Return the language that arguments ask for with --lang; None without, or for one that there is not."""
    words = [part for argument in arguments for part in argument.split("=", 1)]
    asked = [after for word, after in pairwise(words) if word == "--lang"]
    return asked[-1] if asked and asked[-1] in LANGUAGES else None


def words_of_usage(error: click.UsageError) -> str:
    """Return what was wrong with the arguments of a command, in one line."""
    if isinstance(error, click.NoSuchOption):
        hint = did_you_mean(error.option_name, error.possibilities or ())
        return "; ".join(filter(None, [_("{name}: no such option").format(name=error.option_name), hint]))
    if isinstance(error, click.MissingParameter):
        return _("{name} is missing").format(name=_name_of(error))
    if isinstance(error, click.BadOptionUsage):
        return _("{name} needs a value").format(name=error.option_name)
    if isinstance(error, click.BadParameter):
        return f"{_name_of(error)}  {_about_value(error)}"
    extra = re.fullmatch(r"Got unexpected extra arguments? \((?P<given>.*)\)", error.message)
    return _("given more than the command takes: {given}").format(given=extra["given"]) if extra else error.message


def no_such_command(name: str, known: Sequence[str]) -> click.UsageError:
    """Return the error of a command that there is not, with the nearest."""
    return click.UsageError(f"{_('{name}: no such command').format(name=name)}; {did_you_mean(name, known)}")


def _name_of(error: click.BadParameter) -> str:
    if error.param_hint is not None:
        return error.param_hint if isinstance(error.param_hint, str) else " / ".join(error.param_hint)
    if error.param is None:
        return ""
    return max(error.param.opts, key=len) if isinstance(error.param, click.Option) else error.param.human_readable_name


def _about_value(error: click.BadParameter) -> str:
    given = _QUOTED.match(error.message)
    if error.param is None or not isinstance(error.param.type, click.Choice) or given is None:
        return error.message
    allowed = ", ".join(map(str, error.param.type.choices))
    return _("given {given!r}; allowed {allowed}").format(given=given["value"], allowed=allowed)
