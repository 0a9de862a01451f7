"""kill -9 at random moments costs nothing but time; `python -m benchmarks kill` does it fifty times."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.kill import kill_and_resume


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a whole group of processes, which POSIX has")
def test_a_sweep_killed_again_and_again_ends_as_if_undisturbed(tmp_path) -> None:
    damage = kill_and_resume(tmp_path, 3, 1, points=2, replicates=5, seed=7)
    assert damage.kills >= 3
    assert (damage.lost, damage.doubled, damage.torn, damage.different) == (0, 0, 0, 0)
