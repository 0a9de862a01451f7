"""A researcher's own file and what it imports from its folder: read once, hashed together, loaded anew at will.

Each loading has modules of its own, so that what one run keeps in them is not seen by another, and two projects whose
helpers have the same name do not mix. `import helper` is answered from the folder of the file, for these modules only.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib
import importlib.util
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from labsim.chance import forbidden_chance
from labsim.profile import content_hash

__all__ = ["OwnCode", "forget", "read_own_code"]

_PREFIX = "labsim_own_"
_counter = itertools.count(1)


@dataclass(frozen=True)
class _Source:
    path: Path
    text: bytes
    is_package: bool = False


@dataclass(frozen=True)
class OwnCode:
    """The content of a file and of the modules of its folder that it imports, by their dotted names.

    ``hash`` changes with any of them; that of a file alone is the hash of its content.
    """

    path: Path
    hash: str
    sources: dict[str, _Source]
    _compiled: dict[str, CodeType] = field(default_factory=dict, repr=False, compare=False)

    def load(self) -> ModuleType:
        """Import the file in modules of its own and return its module; whatever it raises passes through."""
        prefix = f"{_PREFIX}{next(_counter)}"
        _finder.codes[prefix] = self
        try:
            return importlib.import_module(f"{prefix}.{self.path.stem}")
        except BaseException:
            forget(prefix)
            raise

    def chance(self) -> list[str]:
        """Return where chance is drawn that no run could repeat, as `file:line` and what stands there."""
        return [
            f"{source.path.name}:{line} {what}"
            for source in self.sources.values()
            for line, what in forbidden_chance(source.text, self.names_here())
        ]

    def names_here(self) -> set[str]:
        """Return the first names of the modules of this folder."""
        return {name.partition(".")[0] for name in self.sources}

    def compiled(self, name: str) -> CodeType:
        """Return the code of a module, ready to run."""
        if name not in self._compiled:
            source = self.sources[name]
            self._compiled[name] = compile(source.text, str(source.path), "exec", dont_inherit=True)
        return self._compiled[name]


def read_own_code(path: Path) -> OwnCode:
    """Read a file and every module of its folder that it imports, directly or through others; nothing is run."""
    sources = {path.stem: _Source(path, path.read_bytes())}
    waiting = [path.stem]
    while waiting:
        importer = waiting.pop()
        for name in _imports_of(sources[importer], importer):
            for part in _chain(name):
                found = None if part in sources else _find(path.parent, part)
                if found is not None:
                    sources[part] = found
                    waiting.append(part)
                elif part not in sources:
                    break  # not of this folder: an installed library, or an attribute of the module before
    return OwnCode(path, _hash_of(path, sources), sources)


def forget(prefix: str) -> None:
    """Take the modules of one loading out of the interpreter's list."""
    _finder.codes.pop(prefix, None)
    for name in [name for name in sys.modules if name == prefix or name.startswith(f"{prefix}.")]:
        sys.modules.pop(name, None)


def _hash_of(path: Path, sources: dict[str, _Source]) -> str:
    if len(sources) == 1:
        return content_hash(path)
    digest = hashlib.sha256()
    for name, source in sorted(sources.items()):
        text = source.text.replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def _chain(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _find(folder: Path, name: str) -> _Source | None:
    """Return the source of a module of a folder; labsim itself is never taken from there."""
    place = folder.joinpath(*name.split("."))
    if name.partition(".")[0] == "labsim":
        return None
    if (place / "__init__.py").is_file():
        return _Source(place / "__init__.py", (place / "__init__.py").read_bytes(), is_package=True)
    file = place.with_name(f"{place.name}.py")
    if file.is_file():
        return _Source(file, file.read_bytes())
    is_bare = place.is_dir() and any(place.glob("*.py"))  # a folder without __init__.py, unless it is installed
    if is_bare and ("." in name or importlib.util.find_spec(name) is None):
        return _Source(place, b"", is_package=True)
    return None


def _imports_of(source: _Source, name: str) -> Iterator[str]:
    """Yield the full names of what a module imports, wherever in it the import stands."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError):
        return  # told when it is loaded
    package = name.split(".") if source.is_package else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            start = [*above, *([node.module] if node.module else [])]
            if start:
                yield ".".join(start)
            yield from (".".join([*start, alias.name]) for alias in node.names)


class _OwnFinder(MetaPathFinder, Loader):
    """Find the modules of loadings by their prefix, and nothing else."""

    def __init__(self) -> None:
        self.codes: dict[str, OwnCode] = {}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """Return where a module of a loading comes from, or None for all others."""
        prefix, _dot, name = fullname.partition(".")
        code = self.codes.get(prefix)
        if code is None or (name and name not in code.sources):
            return None
        if not name:
            return ModuleSpec(fullname, self, is_package=True)
        source = code.sources[name]
        spec = ModuleSpec(fullname, self, origin=str(source.path), is_package=source.is_package)
        spec.has_location = source.path.is_file()
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run a module, with the modules of its folder within reach of `import`."""
        prefix, _dot, name = module.__name__.partition(".")
        if name:
            module.__dict__["__builtins__"] = _builtins_of(prefix, self.codes[prefix])
            exec(self.codes[prefix].compiled(name), module.__dict__)


def _builtins_of(prefix: str, code: OwnCode) -> dict[str, Any]:
    def import_from_here(
        name: str, globals_: Any = None, locals_: Any = None, fromlist: Any = (), level: int = 0
    ) -> ModuleType:
        top = name.partition(".")[0]
        if level or top not in here:
            return builtins.__import__(name, globals_, locals_, fromlist, level)
        found = builtins.__import__(f"{prefix}.{name}", globals_, locals_, fromlist or ("__name__",), 0)
        return found if fromlist else sys.modules[f"{prefix}.{top}"]

    here = code.names_here()
    return {**vars(builtins), "__import__": import_from_here}


_finder = _OwnFinder()
sys.meta_path.append(_finder)
