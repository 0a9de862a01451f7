"""The warm-up reaches every kernel, so that no worker compiles one again in the middle of a run."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from labsim.compiled import COMPILATION_ON, cache_folder

ROOT = Path(__file__).resolve().parents[1]
# in a process of its own: here other tests have already compiled what they needed
SCRIPT = """
import json, sys
import labsim

from labsim.experiment import run as run_module

def signatures():
    found = {}
    for module in [module for name, module in sys.modules.items() if name.startswith("labsim")]:
        for value in vars(module).values():
            if hasattr(value, "py_func") and getattr(value, "_cache", None) is not None:
                # only kernels are stored on disk; what they call has no cache
                if type(value._cache).__name__ != "NullCache":
                    found[f"{value.__module__}.{value.__name__}"] = sorted(map(str, value.signatures))
    return found

run_module.warm_up(this_process=True)
warm = signatures()
later = []
for name, settings in [("son_la", ["scale=0.005"]), ("reference/urn_ball", []), ("reference/frictional", []),
                       ("reference/erlang", []), ("reference/occupational_2021", [])]:
    if name != "son_la":
        settings = ["reference.people=1000"]
    labsim.LabourModel(labsim.load(name, settings=settings), seed=1).run(14)
    after = signatures()
    later += [f"{name}: {kernel}" for kernel in after if after[kernel] != warm.get(kernel)]
print(json.dumps({"n": len(warm), "cold": [name for name in warm if not warm[name]], "later": later}))
"""


@pytest.mark.slow
def test_no_kernel_is_compiled_after_the_warm_up() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=ROOT, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["n"] > 15
    assert found["cold"] == []
    assert found["later"] == []


@pytest.mark.slow
@pytest.mark.skipif(not COMPILATION_ON or cache_folder() is None, reason="nothing is compiled, or nothing can be kept")
def test_a_copy_of_the_program_finds_what_another_compiled(tmp_path: Path) -> None:
    """As after a new installation: another path, other dates, the same words."""
    for name in ("labsim", "configs"):
        copytree(ROOT / name, tmp_path / name, ignore=ignore_patterns("__pycache__", "locale"))
    script = (
        "import json, numpy as np; from labsim import world; order = world._order_by_birth\n"
        "order(np.zeros(3, np.int16), np.zeros(3, np.int64))\n"
        "print(json.dumps([world.__file__, sum(order.stats.cache_misses.values())]))\n"
    )
    run = partial(subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True, check=True)
    file, misses = [json.loads(run(cwd=folder).stdout) for folder in (ROOT, tmp_path)][1]
    assert Path(file).is_relative_to(tmp_path)
    assert misses == 0
