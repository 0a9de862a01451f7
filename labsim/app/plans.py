"""Plans that people saved, and whose they are: everybody has their own, whoever sits at the computer has all.

A plan that was put into the folder by hand, or saved at the computer itself, belongs to the computer.
"""

from __future__ import annotations

import threading

from labsim.app.limits import LARGEST_PLAN, MOST_PLANS, MOST_PLANS_OF_ONE
from labsim.app.reach import Reach
from labsim.app.workspace import Workspace
from labsim.errors import ResultsError
from labsim.text import _

__all__ = ["Plans"]

_OF_THE_HOST = ""


class Plans:
    """Keep the plans of a workspace for one browser; `session` and `reach` say for whom."""

    _lock = threading.Lock()

    def __init__(self, workspace: Workspace, session: str, reach: Reach) -> None:
        self._workspace, self._reach = workspace, reach
        self._owner = _OF_THE_HOST if reach is Reach.HOST else session

    def names(self) -> list[str]:
        """List the plans that this browser may open and delete."""
        return [name for name in self._workspace.scenarios() if self._is_open(name)]

    def save(self, name: str, text: str) -> str:
        """Keep a plan and return its file's name. Raises ValueError for a name that is taken, or too many plans."""
        with self._lock:
            every = self._workspace.scenarios()
            file = self._workspace.scenario_file(name)
            is_new = file.stem not in every
            if not is_new and self._owner_of(file.stem) != self._owner:
                raise ValueError(_("somebody else has a plan of this name; choose another"))
            mine = sum(self._owner_of(one) == self._owner for one in every)
            is_full = len(every) >= MOST_PLANS or (self._reach is not Reach.HOST and mine >= MOST_PLANS_OF_ONE)
            if is_new and is_full:
                raise ValueError(_("too many plans are saved; delete some first"))
            self._workspace.write("owners", file.stem, {"owner": self._owner})
            return self._workspace.save_scenario(name, text).name

    def require(self, name: str) -> str:
        """Return the name of a plan that this browser may open. Raises ResultsError for any other."""
        file = self._workspace.scenario_file(name)
        if file.stem not in self._workspace.scenarios() or not self._is_open(file.stem):
            raise ResultsError(_("no file {name}").format(name=file.name))
        if file.stat().st_size > LARGEST_PLAN:
            raise ResultsError(_("{name} is larger than a plan").format(name=file.name))
        return file.stem

    def text(self, name: str) -> str:
        """Return the file of a plan. Raises ResultsError where it is not this browser's."""
        return self._workspace.read_scenario(self.require(name))

    def delete(self, name: str) -> None:
        """Remove a plan. Raises ResultsError where it is not this browser's."""
        with self._lock:
            known = self.require(name)
            self._workspace.delete_scenario(known)
            self._workspace.remove("owners", known)

    def _is_open(self, name: str) -> bool:
        return self._reach is Reach.HOST or self._owner_of(name) == self._owner

    def _owner_of(self, name: str) -> str:
        stored = self._workspace.read_one("owners", name)
        owner = stored.get("owner") if stored is not None else None
        return owner if isinstance(owner, str) else _OF_THE_HOST
