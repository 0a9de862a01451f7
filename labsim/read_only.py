"""The world as a researcher's own policy sees it: everything can be read, nothing written, and chance has a name.

Columns are views of numpy that cannot be written, not copies. What a policy writes goes through levers, what it pays
through its account.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from labsim.columns import Table
from labsim.draws import DrawsOfMonth, uniforms
from labsim.errors import PolicyError
from labsim.ledger import Payment
from labsim.levers import Levers, lever_named
from labsim.text import _, did_you_mean
from labsim.world import World

__all__ = ["SeenWorld", "Sight", "fix_parameters"]


class Sight:
    """How policies see one world; each sees views of its own, so that what it does to them reaches no other."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, policy: str, draws: DrawsOfMonth) -> SeenWorld:
        """Return the world of this month as a policy sees it, with the chance of its decisions."""
        return SeenWorld(self._world, policy, draws)


class SeenWorld(World):
    """A world that can only be read; `draw` gives a policy its chance."""

    def __init__(self, world: World, policy: str, draws: DrawsOfMonth) -> None:
        mine = {name: seen(value) for name, value in vars(world).items() if not name.startswith("_")}
        self.__dict__.update(mine, _policy=policy, _draws=draws)
        # the world itself is not kept here, where a policy would find it
        self.__dict__.update(_born_in=lambda month: world.born_in(month), _in_districts=lambda: world.by_district())

    def draw(self, decision: str, rows: Any = None, *, lasting: bool = False) -> NDArray[np.float64]:
        """Return a number between 0 and 1 for each person, shape `(n_workers,)`, or for some `rows` (a mask or ids).

        The number of a person depends on the seed of the replicate, the policy's name, the `decision` (any text), the
        month and the person, and on nothing else: who else is asked, and in which order, changes nothing, and a person
        has the same number in every scenario. With `lasting` it is the same in every month. Rows of employers or of
        anything else may be given as ids. Raises PolicyError for a decision without a name or rows that are neither.
        """
        if not isinstance(decision, str) or not decision.strip():
            message = _("world.draw: given {given!r}; allowed a text that names the decision")
            raise PolicyError(message.format(given=decision))
        name = f"policies.{self._policy}: {decision}"
        draws: DrawsOfMonth = self._draws
        return uniforms(draws.lasting_key(name) if lasting else draws.key(name), self._ids(rows))

    def _ids(self, rows: Any) -> NDArray[Any]:
        n = len(self.workers)
        if rows is None:
            return np.arange(n)
        ids = np.asarray(rows)
        if ids.dtype.kind == "b" and ids.shape == (n,):
            return np.flatnonzero(ids)
        if ids.size == 0 and ids.dtype.kind in "iuf":
            return ids.astype(np.int64)
        if ids.dtype.kind not in "iu" or ids.min() < 0:
            message = _("world.draw, rows: given {dtype} of shape {shape}; allowed a mask of {size} people, or ids")
            raise PolicyError(message.format(dtype=ids.dtype, shape=ids.shape, size=n))
        return ids

    def born_in(self, month: int) -> NDArray[np.int32]:
        """Return the people born in a month, in the order of rows; births never change."""
        return _view(self._born_in(month))

    def by_district(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return all rows in the order of their districts, and where each district begins."""
        rows, first = self._in_districts()
        return _view(rows), _view(first)

    def __setattr__(self, name: str, value: Any) -> None:
        _refuse(name)

    def __delattr__(self, name: str) -> None:
        _refuse(name)

    def __getattr__(self, name: str) -> Any:
        message = _("the world has no {name!r}; {hint}")
        known = [one for one in (*self.__dict__, *dir(SeenWorld)) if not one.startswith("_")]
        raise AttributeError(message.format(name=name, hint=did_you_mean(name, known)))


class SeenMapping(Mapping[Any, Any]):
    """A mapping that can only be read; what it holds can only be read either."""

    def __init__(self, mapping: MutableMapping[Any, Any]) -> None:
        self._mapping = MappingProxyType(mapping)

    def __getitem__(self, key: Any) -> Any:
        return seen(self._mapping[key])

    def __contains__(self, key: object) -> bool:
        return key in self._mapping

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what stands under a key, or the default."""
        return seen(self._mapping.get(key, default))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping)

    def __len__(self) -> int:
        return len(self._mapping)

    def __repr__(self) -> str:
        return repr(dict(self._mapping))

    def copy(self) -> dict[Any, Any]:
        """Return a dict of its own."""
        return dict(self)


class SeenSequence(Sequence[Any]):
    """A list that can only be read."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = tuple(items)

    def __getitem__(self, place: Any) -> Any:
        found = self._items[place]
        return SeenSequence(found) if isinstance(place, slice) else seen(found)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(list(self._items))

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return np.array(self._items, dtype=dtype)


class SeenLevers(Levers):
    """The levers of the month, to be read; a policy writes through the `levers` that `adjust` is given."""

    def __init__(self, levers: Levers) -> None:
        self._levers = levers
        changes = [dataclasses.replace(one, amount=_view(one.amount)) for one in levers.contributions]
        self.contributions: Any = SeenSequence(changes)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        lever_named(name)
        return _view(self._levers[name])

    def size(self, name: str) -> int:
        """Return how many rows a lever ranges over."""
        return self._levers.size(name)

    def shares(self, name: str) -> dict[str, NDArray[np.float64]]:
        """Return each policy's share of a lever, shape `(n,)` each."""
        lever_named(name)
        return {policy: _view(share) for policy, share in self._levers.shares(name).items()}

    def reset(self) -> None:
        """Refuse: levers are set back once a month."""
        _refuse("levers")

    def put(self, policy: str, name: str, rule: str, amount: Any, to: Any) -> None:
        """Refuse: a policy writes through the levers that it is given."""
        _refuse("levers")


class FixedDict(dict[Any, Any]):
    """A parameter given by key (year, field, district): it does not change during a run."""


def fix_parameters(parameters: Any) -> None:
    """Let no value of a policy change in place; its attributes are frozen already."""
    for name, value in vars(parameters).items():
        if isinstance(value, dict):
            parameters.__dict__[name] = FixedDict(value)


def seen(value: Any) -> Any:
    """Return a value as a policy sees it: arrays, tables and mappings that cannot be written."""
    if isinstance(value, np.ndarray):
        return _view(value)
    if isinstance(value, Levers):
        return SeenLevers(value)
    if isinstance(value, MutableMapping):
        return SeenMapping(value)
    if isinstance(value, list):
        return SeenSequence(value)
    if isinstance(value, tuple):
        parts = [seen(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, Table) or (dataclasses.is_dataclass(value) and not isinstance(value, type | Payment)):
        kind: Any = type(value)
        copy: Any = object.__new__(_only_read(kind))
        copy.__dict__.update({name: seen(part) for name, part in vars(value).items()})
        return copy
    return value


def _view(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that cannot be written, nor be made so: its memory is lent for reading only."""
    if array.dtype.kind in "biuf":
        return np.asarray(array.data.toreadonly())
    view = array.view()
    view.flags.writeable = False
    return view


@cache
def _only_read(kind: type) -> type:
    """Return a class like another whose attributes cannot be set, and whose methods that write are refused."""
    writing = [name for name in _WRITING if hasattr(kind, name)]
    body: dict[str, Any] = {name: _refusing(name) for name in writing}
    return type(kind.__name__, (kind,), body | {"__setattr__": _refuse_set, "__delattr__": _refuse_del})


def _refuse(name: str) -> NoReturn:
    message = _(
        "{name}: can only be read; a policy writes by levers.add, levers.multiply and levers.raise_to, and pays by "
        "account.pay"
    )
    raise PolicyError(message.format(name=name))


def _refuse_set(_self: Any, name: str, _value: Any) -> NoReturn:
    _refuse(name)


def _refuse_del(_self: Any, name: str) -> NoReturn:
    _refuse(name)


def _refusing(name: str) -> Any:
    def refuse(*_given: Any, **_named: Any) -> NoReturn:
        _refuse(_("what a policy is shown ({name})").format(name=name.strip("_")))

    return refuse


# what writes: of the ledger, of dicts and of lists
_WRITING = (
    *("pay", "count", "start_month", "close_month"),
    *(
        "__setitem__",
        "__delitem__",
        "__ior__",
        "__iadd__",
        "__imul__",
        "clear",
        "pop",
        "popitem",
        "setdefault",
        "update",
    ),
    *("append", "extend", "insert", "remove", "reverse", "sort"),
)
for _name in _WRITING[4:]:
    setattr(SeenMapping, _name, _refusing(_name))
    setattr(SeenSequence, _name, _refusing(_name))
    if hasattr(dict, _name):
        setattr(FixedDict, _name, _refusing(_name))
