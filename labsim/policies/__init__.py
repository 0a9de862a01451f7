"""Policies by the name under which a scenario switches them on: every class of a module in this folder.

A file that is added here is found by its name; nothing else has to be edited. A class is named in scenarios by its own
name in small letters: `LabourExport` is `labour_export`.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from labsim.policies.base import Policy

__all__ = ["BUILT_IN", "Policy", "name_of"]


def name_of(policy: type[Policy]) -> str:
    """Return the name of a class of policies in scenarios: LabourExport is labour_export."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", policy.__name__).lower()


def _discovered() -> dict[str, type[Policy]]:
    """Return every policy that a module of this package defines, by name and in the order of names.

    A class whose name begins with an underscore is what others build on, and no policy itself.
    """
    found: dict[str, type[Policy]] = {}
    for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = import_module(f"{__name__}.{file.stem}")
        for word, value in vars(module).items():
            own = isinstance(value, type) and issubclass(value, Policy) and value.__module__ == module.__name__
            if own and value is not Policy and not word.startswith("_"):
                name = name_of(value)
                if name in found:
                    raise TypeError(f"two policies are named {name}: {found[name].__module__} and {module.__name__}")
                found[name] = value
    return dict(sorted(found.items()))


BUILT_IN: dict[str, type[Policy]] = _discovered()
