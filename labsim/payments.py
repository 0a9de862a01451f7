"""What a policy pays, looked at before it is entered: words that name it, persons and money that can be counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from labsim.errors import PolicyError
from labsim.quantity import allowed_range
from labsim.text import _

__all__ = ["checked_persons", "checked_rows_paid", "checked_sum", "require_words"]

MOST_PERSONS, MOST_MONEY = 1e9, 1e15  # more than the country has people; a third of what it spends in a year [VND]
LONGEST = 200


def checked_persons(purpose: str, persons: Any) -> float:
    """Return a number of persons paid for, 0 or more."""
    return _number(purpose, "persons", persons, MOST_PERSONS, _("real persons"))


def checked_sum(purpose: str, what: str, amount: Any) -> float:
    """Return an amount in VND, 0 or more; `what` names the argument."""
    return _number(purpose, what, amount, MOST_MONEY, "VND")


def require_words(purpose: Any, recipient: Any, payer: Any) -> None:
    """Refuse a purpose, recipient or payer that is no text, empty, very long or of several lines."""
    for what, text in (("purpose", purpose), ("recipient", recipient), ("payer", payer)):
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST or not text.isprintable():
            shown = repr(text) if len(repr(text)) <= 60 else f"{repr(text)[:57]}..."
            message = _("payment, {what}: given {given}; allowed a text of one line, 1 to {longest} letters")
            raise PolicyError(message.format(what=what, given=shown, longest=LONGEST))


def checked_rows_paid(purpose: str, rows: Any, size: int) -> np.ndarray:
    """Return how many rows are paid for, one number for each row of a lever, shape `(size,)`."""
    found = np.asarray(rows)
    if found.dtype.kind not in "biuf" or found.shape != (size,):
        message = _("payment {purpose!r}, rows: given an array of {dtype}, shape {shape}; allowed {size} numbers")
        raise PolicyError(message.format(purpose=purpose, dtype=found.dtype, shape=found.shape, size=size))
    if found.size and not (found.min() >= 0 and found.max() < math.inf):
        wrong = found[~((found >= 0) & (found < math.inf))][0].item()
        raise _refused(purpose, "rows", wrong, MOST_PERSONS, _("rows"))
    return found


def _number(purpose: str, what: str, given: Any, most: float, unit: str) -> float:
    # a number of numpy is a number; a truth value is none
    plain = (
        given.item() if isinstance(given, np.generic) or (isinstance(given, np.ndarray) and given.ndim == 0) else given
    )
    if isinstance(plain, bool) or not isinstance(plain, int | float) or not 0 <= plain <= most:
        raise _refused(purpose, what, plain, most, unit)
    return float(plain)


def _refused(purpose: str, what: str, given: Any, most: float, unit: str) -> PolicyError:
    try:
        shown = repr(given)
    except Exception:  # a huge whole number has no decimal text
        shown = type(given).__name__
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    message = _("payment {purpose!r}, {what}: given {given}; allowed {allowed}")
    return PolicyError(message.format(purpose=purpose, what=what, given=shown, allowed=allowed_range(0, most, unit)))
