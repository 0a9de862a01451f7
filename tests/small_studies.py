"""Small studies for tests: reference worlds of a few hundred people, and a policy that does harm when asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labsim.experiment.study import Plan, Study, plan_of

HARM = '''
import os
import signal

from labsim.policies.base import Policy
from labsim.quantity import quantity


class Harm(Policy):
    """Do harm: 1 raises, 2 kills the worker, 3 asks for all memory there is."""

    how: int = quantity(0, unit="harm", low=0, high=3, grade="D", source="assumed")

    def adjust(self, levers, world):
        if self.how == 1:
            raise ValueError("a policy of one's own fails")
        if self.how == 2:
            os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        if self.how == 3:
            bytearray(2**62)
'''
SCENARIO = """policies:
  harm: {use: "harm.py:Harm"}
"""


def study(**given: Any) -> Study:
    """Describe two points of a market of 100 people for three months, two replicates each."""
    tiny: dict[str, Any] = {
        "name": "tiny",
        "province": "reference/frictional",
        "settings": {"reference.people": 100},
        "until": "2021-03",
        "vary": {"firms.separation_rate": {"values": [0.01, 0.05]}},
        "replicates": 2,
    }
    return Study.model_validate(tiny | given)


def plan(**given: Any) -> Plan:
    return plan_of(study(**given))


def harmful(folder: Path, *hows: int, replicates: int = 1) -> Plan:
    """Plan one point for each kind of harm."""
    (folder / "harm.py").write_text(HARM, encoding="utf-8")
    (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    return plan(scenarios=(str(folder / "scenario.yaml"),), vary={"harm.how": {"values": hows}}, replicates=replicates)


def content(folder: Path, *, killed: bool = False) -> dict[str, bytes]:
    """Return the bytes of every file with runs by its name; a killed process may leave a draft, nobody else."""
    files = sorted(path for path in (folder / "runs").iterdir() if not (killed and path.suffix == ".tmp"))
    return {path.name: path.read_bytes() for path in files}
