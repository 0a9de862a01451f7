"""What a policy writes on a lever, looked at before it counts: numbers within the lever's range, rows that exist."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labsim.errors import PolicyError
from labsim.lever_kinds import LeverKind
from labsim.quantity import allowed_range
from labsim.text import _

__all__ = ["SLACK", "checked_amount", "checked_rows", "require_length"]

SLACK = 1.0 + 1e-9  # shares that sum to 1 may sum to a little more


def checked_amount(name: str, kind: LeverKind, amount: Any) -> Any:
    """Return an amount as a number or an array of numbers within the range of a lever."""
    if type(amount) is float or type(amount) is int:
        if kind.low <= amount <= kind.high:
            return float(amount)
        raise _out_of_range(name, kind, amount)
    try:
        array = np.asarray(amount)
    except (TypeError, ValueError, OverflowError) as error:
        raise _no_number(name, kind, amount) from error
    if array.dtype.kind not in ("iufb" if kind.unit == "switch" else "iuf") or np.ma.is_masked(amount):
        raise _no_number(name, kind, amount)
    _require_in_order(name, kind, amount)
    if array.ndim > 1:
        raise _wrong_shape(name, kind, array.shape)
    most = kind.high * SLACK
    if array.size and not (array.min() >= kind.low and array.max() <= most):
        flat = array.reshape(-1)
        place = int(np.flatnonzero(~((flat >= kind.low) & (flat <= most)))[0])
        raise _out_of_range(name, kind, flat[place].item(), place if array.ndim else None)
    return array


def checked_rows(name: str, kind: LeverKind, to: Any, size: int) -> NDArray[Any]:
    """Return a mask or ids of rows of a lever; raises PolicyError if they are neither."""
    try:
        rows = np.asarray(to)
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong_rows(name, kind, size, _given(to)) from error
    _require_in_order(name, kind, to)
    if rows.dtype.kind == "b" and rows.shape == (size,):
        return rows
    if rows.size == 0 and rows.ndim == 1 and rows.dtype.kind in "iuf":
        return rows.astype(np.int64)  # nobody; an empty list has no type of its own
    if rows.dtype.kind not in "iu" or rows.ndim > 1:
        raise _wrong_rows(name, kind, size, _given(to))
    rows = rows.reshape(-1)
    outside = rows[(rows < 0) | (rows >= size)]
    if outside.size:
        raise _wrong_rows(name, kind, size, _("given the id {id}").format(id=outside[0]))
    seen = np.zeros(size, dtype=bool)
    seen[rows] = True
    if int(seen.sum()) < rows.size:
        ids, times = np.unique(rows, return_counts=True)
        raise _wrong_rows(name, kind, size, _("the id {id} is given twice").format(id=ids[times > 1][0]))
    return rows


def _require_in_order(name: str, kind: LeverKind, given: Any) -> None:
    """Refuse a column of pandas whose labels are others than its places: which of the two are meant is not known."""
    labels = getattr(given, "index", None)
    if isinstance(given, list | tuple | str) or labels is None or not hasattr(given, "to_numpy"):
        return
    if not np.array_equal(np.asarray(labels), np.arange(len(given))):
        message = _("given a column whose labels are not 0, 1, 2, ...; .to_numpy() takes its values in their order")
        raise PolicyError(f"{_where(name, kind)}: {message}")


def require_length(name: str, kind: LeverKind, amount: NDArray[Any], rows: Any, size: int) -> None:
    """Refuse amounts that are not one for each row written: all `size` of the lever, or the `rows` chosen."""
    wanted = size if rows is None else int(rows.sum()) if rows.dtype.kind == "b" else len(rows)
    if len(amount) != wanted:
        raise _wrong_shape(name, kind, amount.shape, wanted)


def _where(name: str, kind: LeverKind) -> str:
    return _("lever {name} (over {over})").format(name=name, over=kind.over)


def _given(value: Any) -> str:
    """Write what was given: small things as they are, arrays by type and shape."""
    if isinstance(value, np.ndarray):
        return _("given an array of {dtype}, shape {shape}").format(dtype=value.dtype, shape=value.shape)
    try:
        text = repr(value)
    except Exception:  # a huge whole number has no decimal text
        text = type(value).__name__
    return _("given {given}").format(given=text if len(text) <= 60 else f"{text[:57]}...")


def _wrong_rows(name: str, kind: LeverKind, size: int, given: str) -> PolicyError:
    allowed = _("allowed a mask of {size} rows, or ids from 0 to {last}").format(size=size, last=size - 1)
    return PolicyError(f"{_where(name, kind)}, to: {given}; {allowed}")


def _out_of_range(name: str, kind: LeverKind, given: Any, row: int | None = None) -> PolicyError:
    place = "" if row is None else _(" in place {row}").format(row=row)
    allowed = _("allowed {range}").format(range=allowed_range(kind.low, kind.high, kind.unit))
    return PolicyError(f"{_where(name, kind)}: {_given(given)}{place}; {allowed}")


def _no_number(name: str, kind: LeverKind, given: Any) -> PolicyError:
    allowed = _("allowed a number or an array of numbers, {range}")
    words = allowed.format(range=allowed_range(kind.low, kind.high, kind.unit))
    return PolicyError(f"{_where(name, kind)}: {_given(given)}; {words}")


def _wrong_shape(name: str, kind: LeverKind, shape: tuple[int, ...], wanted: int | None = None) -> PolicyError:
    allowed = _("allowed one number, or one for each row that is written")
    if wanted is not None:
        allowed = _("allowed one number, or {wanted}: one for each row that is written").format(wanted=wanted)
    given = _("given an amount of shape {shape}").format(shape=shape)
    return PolicyError(f"{_where(name, kind)}: {given}; {allowed}")
