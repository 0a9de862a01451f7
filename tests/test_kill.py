"""kill -9 at random moments costs nothing but time; `python -m benchmarks kill` does it a hundred times."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.flips import flip_bits
from benchmarks.kill import kill_and_resume


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a whole group of processes, which POSIX has")
@pytest.mark.parametrize("executor", ["processes", "dask"])
def test_a_sweep_killed_again_and_again_ends_as_if_undisturbed(tmp_path, executor: str) -> None:
    if executor == "dask":
        pytest.importorskip("distributed")
    damage = kill_and_resume(tmp_path, 3, 1, executor=executor, points=2, replicates=5, seed=7)
    assert damage.kills >= 3
    assert (damage.lost, damage.doubled, damage.torn, damage.different) == (0, 0, 0, 0)


@pytest.mark.slow
def test_every_flipped_bit_is_noticed_and_what_it_costs_is_named(tmp_path) -> None:
    for where, noticed in flip_bits(tmp_path, 30, points=2, replicates=2, seed=3).items():
        assert (where, noticed.flips, noticed.unnoticed, noticed.unnamed) == (where, 30, 0, 0)
