"""Hash what source code does, not how it is written: comments, docstrings, words for users and layout are left out.

The same code gives the same hash on every platform and every version of Python. `hash_of_files` covers whole modules,
`Sources.hash_of` one function with all that it reaches inside a package: what it calls, the constants it reads, the
classes that its arguments are annotated with.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Sources", "hash_of_bytes", "hash_of_files"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Module)
# of a node: where a name is used how, and what some versions of Python record beside it
_NOT_SAID = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_OF_ARGUMENTS = frozenset({"annotation", "returns"})
_WORDS = frozenset({"_", "n_", "mark"})  # what is given to them is read by people only


def hash_of_bytes(package: Path, files: Iterable[Path]) -> str:
    """Return one hash of the words of some files as they stand, whatever their line ends: quick, and enough to remember
    another hash by.
    """
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def hash_of_files(package: Path, files: Iterable[Path]) -> str:
    """Return one hash of what the code of some files of a package does, with their paths inside it."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(_said(_tree(path, _stamp(path))).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


class Sources:
    """The modules of a package as far as their functions reach each other: `Sources(folder, "labsim")`.

    What modules in `without` hold is nowhere reached: decorators, say, that are told apart otherwise.
    """

    def __init__(self, folder: Path, package: str, without: frozenset[str] = frozenset()) -> None:
        self._folder, self._package, self._without = folder, package, without
        self._modules: dict[str, dict[str, Any]] = {}
        self._reached: dict[tuple[str, str], set[tuple[str, str]]] = {}

    def hash_of(self, module: str, name: str) -> str:
        """Return the hash of a function or class at the top of a module ("labsim.draws"), with all that it reaches.

        A name that the module does not hold at its top, such as that of a function inside another, stands for the whole
        module.
        """
        names = [name] if name in self._names(module) else list(self._names(module))
        reached = set().union(*(self._closure((module, one)) for one in names))
        digest = hashlib.sha256()
        for where, what in sorted(reached):
            digest.update(f"{where}.{what}".encode() + b"\0")
            for node in self._names(where)[what]:
                digest.update(_said(node).encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    def _closure(self, start: tuple[str, str]) -> set[tuple[str, str]]:
        found, waiting = {start}, [start]
        while waiting:
            for reached in self._reaches(waiting.pop()):
                if reached not in found:
                    found.add(reached)
                    waiting.append(reached)
        return found

    def _reaches(self, place: tuple[str, str]) -> set[tuple[str, str]]:
        """Return what a definition names directly: (module, name) of this package."""
        if place not in self._reached:
            module, name = place
            found: set[tuple[str, str]] = set()
            for node in self._names(module)[name]:
                for one in ast.walk(node):
                    found.update(self._meant(module, one))
            self._reached[place] = found
        return self._reached[place]

    def _meant(self, module: str, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Name):
            yield from self._resolved(module, node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = self._imported(module).get(node.value.id)
            if whole is not None and whole[1] is None:  # a module's own function: `courses.pay(...)`
                yield from self._resolved(whole[0], node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield from self._resolved(module, node.value)  # an annotation between quotes

    def _resolved(self, module: str, name: str) -> Iterator[tuple[str, str]]:
        if self._file(module) is None:
            return
        if name in self._names(module):
            yield module, name
            return
        source, inner = self._imported(module).get(name, (None, None))
        if source is not None and inner is not None:
            yield from self._resolved(source, inner)

    def _names(self, module: str) -> dict[str, list[ast.stmt]]:
        names: dict[str, list[ast.stmt]] = self._module(module)["names"]
        return names

    def _imported(self, module: str) -> dict[str, tuple[str, str | None]]:
        imported: dict[str, tuple[str, str | None]] = self._module(module)["imported"]
        return imported

    def _file(self, module: str) -> Path | None:
        first, *rest = module.split(".")
        if first != self._package or module in self._without:
            return None
        path = self._folder.joinpath(*rest)
        return next((one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()), None)

    def _module(self, module: str) -> dict[str, Any]:
        if module not in self._modules:
            path = self._file(module)
            body = _tree(path, _stamp(path)).body if path is not None else []
            names: dict[str, list[ast.stmt]] = {}
            imported: dict[str, tuple[str, str | None]] = {}
            for statement in body:
                for name in _bound(statement):
                    names.setdefault(name, []).append(statement)
                imported.update(self._imports(statement))
            self._modules[module] = {"names": names, "imported": imported}
        return self._modules[module]

    def _imports(self, statement: ast.stmt) -> Iterator[tuple[str, tuple[str, str | None]]]:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.asname is not None:
                    yield alias.asname, (alias.name, None)
        elif isinstance(statement, ast.ImportFrom) and statement.module is not None and not statement.level:
            for alias in statement.names:
                whole = f"{statement.module}.{alias.name}"
                is_module = self._file(whole) is not None
                yield alias.asname or alias.name, (whole, None) if is_module else (statement.module, alias.name)


def _bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module makes or changes."""
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return []
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and _is_written(node, statement)]


def _is_written(name: ast.Name, statement: ast.stmt) -> bool:
    if isinstance(name.ctx, ast.Store):
        return True
    # `TABLE[rows] = values` changes what TABLE is
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(isinstance(one, ast.Subscript) and one.value is name for one in targets)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@cache
def _tree(path: Path, _stamp: tuple[int, int]) -> ast.Module:
    """Return the syntax tree of a file as it is at this date."""
    return ast.parse(path.read_bytes())


def _said(node: Any) -> str:
    """Write a syntax tree without what does not act, alike in every version of Python."""
    parts: list[str] = []
    _write(node, parts, in_function=False)
    return "".join(parts)


def _write(node: Any, parts: list[str], in_function: bool) -> None:
    if isinstance(node, ast.Constant):
        parts.append(f"{type(node.value).__name__}:{node.value!r} ")
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _WORDS:
        parts.append(f"{node.func.id}() ")
    elif isinstance(node, ast.AST):
        parts.append(f"({type(node).__name__} ")
        for name in node._fields:
            value = getattr(node, name, None)
            if value is None or value == [] or name in _NOT_SAID or _is_hint(node, name, in_function):
                continue
            if name == "body" and isinstance(node, _SCOPES):
                value = [one for one in value if not _is_text(one)]
            parts.append(f"{name}=")
            _write(value, parts, in_function or isinstance(node, (*_FUNCTIONS, ast.Lambda)))
        parts.append(")")
    elif isinstance(node, list):
        parts.append("[")
        for one in node:
            _write(one, parts, in_function)
        parts.append("]")
    else:
        parts.append(f"{node!r} ")


def _is_hint(node: ast.AST, name: str, in_function: bool) -> bool:
    """Say whether a field is an annotation that decides nothing; that of a column or parameter in a class does."""
    if name not in _OF_ARGUMENTS:
        return False
    return isinstance(node, (ast.arg, *_FUNCTIONS)) or in_function


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
