"""Find the class of a policy: built in, or in a researcher's own file beside the scenario."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pydantic

from labsim.profile import content_hash
from labsim.quantity import Parameters
from labsim.text import _, did_you_mean
from labsim.yaml_source import shown_path

__all__ = ["PolicyOrigin", "find_policy_class", "recall_policy_class"]


class PolicyOrigin(pydantic.BaseModel):
    """Record where a policy's class comes from.

    ``use`` is the name of a built-in class, or the name of a class in ``file`` whose content has the hash ``code``.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    use: str
    file: Path | None = None
    code: str | None = None




def find_policy_class(
    use: str,
    folder: Path,
    *,
    base: type[Parameters],
    built_in: Mapping[str, type[Parameters]],
    allow_code: bool = True,
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
    code = content_hash(path)
    return _class_in(_module(path, code), class_name, path, base), PolicyOrigin(use=class_name, file=path, code=code)


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


def _module(path: Path, code: str) -> ModuleType:
    # the content is part of the name: an edited file is a new module, an unchanged one is loaded once per process
    name = f"labsim_policy_{path.stem}_{code[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(_("{file} is not a Python file").format(file=shown_path(path)))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ValueError(_import_failure(path, error)) from error
    return module


def _import_failure(path: Path, error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    where = shown_path(path) if line is None else f"{shown_path(path)}:{line}"
    reason = error.msg if isinstance(error, SyntaxError) else str(error)
    return _("{where} cannot be loaded: {kind}: {reason}").format(
        where=where, kind=type(error).__name__, reason=reason
    )


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
