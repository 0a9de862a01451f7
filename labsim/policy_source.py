"""Find the class of a policy: built in, or in a researcher's own file beside the scenario."""

from __future__ import annotations

import traceback
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeVar, cast

import pydantic

from labsim.chance import no_shared_chance
from labsim.errors import PolicyError
from labsim.own_code import OwnCode, forget, read_own_code
from labsim.quantity import Parameters
from labsim.text import _, did_you_mean
from labsim.yaml_source import shown_path

__all__ = ["PolicyOrigin", "find_policy_class", "policy_anew", "recall_policy_class"]

Policy = TypeVar("Policy", bound=Parameters)
# by file and hash: what was read, so that an edit does not reach a configuration made before it, and what was loaded
_codes: dict[tuple[Path, str], OwnCode] = {}
_modules: dict[tuple[Path, str], ModuleType] = {}


class PolicyOrigin(pydantic.BaseModel):
    """Record where a policy's class comes from.

    ``use`` is the name of a built-in class, or the name of a class in ``file``, which has the hash ``code`` together
    with the modules of its folder that it imports.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    use: str
    file: Path | None = None
    code: str | None = None


def find_policy_class(
    use: str, folder: Path, *, base: type[Parameters], built_in: Mapping[str, type[Parameters]], allow_code: bool = True
) -> tuple[type[Parameters], PolicyOrigin]:
    """Return the class that ``use`` names: a built-in name, or ``file.py:Class`` relative to ``folder``.

    Raises ValueError saying what is wrong; with ``allow_code=False`` every file is refused before it is read.
    """
    file_name, colon, class_name = use.rpartition(":")
    if not colon:
        if use in built_in:
            return built_in[use], PolicyOrigin(use=use)
        hint = did_you_mean(use, sorted(built_in))
        own = _('write `use: "file.py:Class"` for a policy of your own')
        raise ValueError("; ".join(part for part in (_("no policy {use!r}").format(use=use), hint, own) if part))
    if not allow_code:
        raise ValueError(_("given {use!r}; policies in files are not allowed here").format(use=use))
    path = (folder / file_name).resolve()
    if not path.is_file():
        raise ValueError(_("no file {file}").format(file=shown_path(path)))
    if not class_name:
        raise ValueError(_('given {use!r}; write `use: "file.py:Class"`').format(use=use))
    code = read_own_code(path)
    _codes[path, code.hash] = code
    return _class_in(_module(code), class_name, path, base), PolicyOrigin(use=class_name, file=path, code=code.hash)


def recall_policy_class(
    origin: PolicyOrigin, *, base: type[Parameters], built_in: Mapping[str, type[Parameters]], allow_code: bool = True
) -> type[Parameters]:
    """Return the class of a recorded policy; raises ValueError if its file is gone or has changed since."""
    if origin.file is None:
        use, folder = origin.use, Path()
    else:
        use, folder = f"{origin.file.name}:{origin.use}", origin.file.parent
    found, now = find_policy_class(use, folder, base=base, built_in=built_in, allow_code=allow_code)
    if now.code != origin.code:
        raise ValueError(_("{file} has changed since the configuration was made").format(file=origin.file))
    return found


def policy_anew(policy: Policy, origin: PolicyOrigin | None, *, base: type[Parameters]) -> Policy:
    """Return a policy of a researcher's own with its file loaded anew, so that nothing is left of an earlier run.

    One that is built in, or was written in a notebook, is returned as it is. Raises ValueError if the file is gone or
    has changed.
    """
    if origin is None or origin.file is None:
        return policy
    code = _codes.get((origin.file, str(origin.code)))
    if code is None:
        recall_policy_class(origin, base=base, built_in={})
        code = _codes[origin.file, str(origin.code)]
    module = _run(code)
    found = _class_in(module, origin.use, origin.file, base).model_validate_json(policy.model_dump_json(), strict=True)
    weakref.finalize(found, forget, module.__name__.partition(".")[0])
    return cast("Policy", found)


def _module(code: OwnCode) -> ModuleType:
    """Return the module of a file as configurations share it: loaded once per process as long as nothing changes."""
    key = (code.path, code.hash)
    if key not in _modules:
        places = code.chance()
        if places:
            message = _('{places}: chance that no run could repeat; take world.draw("a name for the decision")')
            raise ValueError(message.format(places=", ".join(places)))
        _modules[key] = _run(code)
    return _modules[key]


def _run(code: OwnCode) -> ModuleType:
    try:
        try:
            with no_shared_chance(code.path.name):
                return code.load()
        except PolicyError:  # perhaps of a library that was imported along, which happens only once
            with no_shared_chance(code.path.name):
                return code.load()
    except (Exception, SystemExit) as error:
        raise ValueError(_import_failure(code, error)) from error


def _import_failure(code: OwnCode, error: BaseException) -> str:
    files = {str(source.path): source.path for source in code.sources.values()}
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename is not None:
        places.append((error.filename, error.lineno))
    mine = [(files[name], line) for name, line in places if name in files]
    path, line = mine[-1] if mine else (code.path, None)
    where = shown_path(path) if line is None else f"{shown_path(path)}:{line}"
    reason = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    return _("{where} cannot be loaded: {kind}: {reason}").format(where=where, kind=type(error).__name__, reason=reason)


def _class_in(module: ModuleType, name: str, path: Path, base: type[Parameters]) -> type[Parameters]:
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, base):
        return found
    if found is not None:
        message = _("{name} in {file} is not a {base}; write `class {name}({base}):`")
        raise ValueError(message.format(name=name, file=shown_path(path), base=base.__name__))
    offered = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
    ]
    message = _("no class {name} in {file}").format(name=name, file=shown_path(path))
    raise ValueError("; ".join(part for part in (message, did_you_mean(name, offered)) if part))
