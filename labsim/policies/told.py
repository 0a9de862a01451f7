"""What goes wrong in a policy, told in a line: its name, file and line, class and method, and the month."""

from __future__ import annotations

import traceback
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pydantic

from labsim.chance import no_shared_chance
from labsim.errors import LabsimError, PolicyError, RunError
from labsim.policies.base import Policy
from labsim.text import _

__all__ = ["chance_kept", "is_own", "told_of"]

_PACKAGE = Path(__file__).resolve().parents[1]
_LONGEST = 400
_READ_ONLY = "read-only"  # as numpy calls a column that cannot be written


def is_own(policy: Policy) -> bool:
    """Say whether a policy is a user's own and not one of labsim's."""
    return type(policy).__module__.partition(".")[0] != "labsim"


def chance_kept(policy: Policy, method: str) -> AbstractContextManager[None]:
    """Refuse draws from shared generators in a method of a user's own policy; raises PolicyError."""
    return no_shared_chance(f"{type(policy).__name__}.{method}") if is_own(policy) else nullcontext()


def told_of(error: BaseException, name: str, policy: Policy, method: str, calendar: tuple[int, int]) -> RunError | None:
    """Return what to raise in place of an error of the policy `name`, or None if it is to pass as it is."""
    if isinstance(error, KeyboardInterrupt) or not (is_own(policy) or isinstance(error, PolicyError)):
        return None
    place = _place(error, policy, method)
    where = f"{type(policy).__name__}.{method}" + (f", {place}" if place else "")
    year, month = calendar
    if isinstance(error, LabsimError):
        what = _in_a_line(error)
    else:
        what = _("raised {kind}: {error}").format(kind=type(error).__name__, error=_in_a_line(error) or "-")
        if isinstance(error, ValueError) and _READ_ONLY in what:
            what += "; " + _("a policy reads the world, and writes by its levers and its account")
    message = _("policies.{name} ({where}) in {year}-{month:02d}: {what}")
    return RunError(message.format(name=name, where=where, year=year, month=month, what=what))


def _place(error: BaseException, policy: Policy, method: str) -> str:
    """Return file and line of the innermost place of an error that lies in the policy's own folder."""
    code = getattr(getattr(type(policy), method), "__code__", None)
    if code is None or not is_own(policy):
        return ""
    folder = Path(code.co_filename).parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(folder) and not path.is_relative_to(_PACKAGE) and "site-packages" not in path.parts:
            return f"{path.relative_to(folder).as_posix()}:{frame.lineno}"
    return ""


def _in_a_line(error: BaseException) -> str:
    if isinstance(error, pydantic.ValidationError):
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        if first["type"] == "frozen_instance":
            return _("{field}: a parameter does not change during a run").format(field=field)
        text = f"{field}: {first['msg']}"
    else:
        try:
            text = " ".join(str(error).split())
        except Exception:  # an error of a user's own that cannot be written
            text = ""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
