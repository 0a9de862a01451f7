"""Chance that a run could not repeat: shared generators and those without a seed, found in code and while it runs."""

from __future__ import annotations

import ast
import random
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np

from labsim.errors import PolicyError
from labsim.text import _

__all__ = ["forbidden_chance", "no_shared_chance"]

_SEEDED = {
    *(f"numpy.random.{name}" for name in ("default_rng", "RandomState", "SeedSequence", "MT19937", "Philox", "SFC64")),
    *("numpy.random.PCG64", "numpy.random.PCG64DXSM", "random.Random"),
}
_NEVER_THE_SAME = {"random.SystemRandom", "os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4"}
_OTHER_EACH_TIME = ("time.", "datetime.", "os.getpid", "id", "hash")  # as seeds


def forbidden_chance(text: bytes, own: Collection[str] = ()) -> list[tuple[int, str]]:
    """Return the lines of a source that name a shared generator, or make one without a seed, and what they name.

    `own` are names of modules of the source's folder: a helper may be called `random`.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []  # told when it is loaded
    known = dict(_names_imported(tree, own))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _full_name(node.func, known) in _SEEDED:
            given = [*node.args, *(one.value for one in node.keywords)]
            if all(isinstance(one, ast.Constant) and one.value is None for one in given):
                found.add((node.lineno, f"{ast.unparse(node.func)}() without a seed"))
            elif any(_is_other_each_time(one, known) for one in given):
                found.add((node.lineno, ast.unparse(node)))
        elif isinstance(node, ast.Attribute | ast.Name) and _is_shared(_full_name(node, known)):
            found.add((node.lineno, ast.unparse(node)))
    return sorted(found)


@contextmanager
def no_shared_chance(what: str) -> Iterator[None]:
    """Refuse draws from the generators that all of a program shares (`random`, `np.random`); raises PolicyError."""
    before = _state()
    yield
    for name, now in _state().items():
        if now != before[name]:
            message = _(
                "{what} draws from {generator}, which all of a program shares: no run could be repeated; "
                'take world.draw("a name for the decision")'
            )
            raise PolicyError(message.format(what=what, generator=name))


def _state() -> dict[str, object]:
    kind, words, *rest = np.random.get_state()  # noqa: NPY002 - whether somebody else drew from it
    return {"np.random": (kind, np.asarray(words).tobytes(), *rest), "random": random.getstate()}


def _names_imported(tree: ast.AST, own: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that a source gives to modules and to what it imports from them, with their full names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                if top not in own:
                    yield alias.asname or top, alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [] if node.module.partition(".")[0] in own else node.names
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in names)


def _full_name(node: ast.AST, known: dict[str, str]) -> str:
    """Return the dotted name of an expression with its first part as it was imported, or ""."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute):
        before = _full_name(node.value, known)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _is_other_each_time(seed: ast.expr, known: dict[str, str]) -> bool:
    """Say whether a seed is made of the clock, of an address in memory, or of a hash, which Python salts."""
    calls = [node.func for node in ast.walk(seed) if isinstance(node, ast.Call)]
    names = [
        func.id if isinstance(func, ast.Name) and func.id not in known else _full_name(func, known) for func in calls
    ]
    return any(name.startswith(one) if "." in one else name == one for name in names for one in _OTHER_EACH_TIME)


def _is_shared(name: str) -> bool:
    if name in _NEVER_THE_SAME or name.startswith("secrets."):
        return True
    module, _dot, last = name.rpartition(".")
    # functions are written small, classes that take a seed in capitals
    return module in ("numpy.random", "random") and last[:1].islower() and name not in _SEEDED
