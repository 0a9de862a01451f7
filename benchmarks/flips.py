"""Flip single bits in shards, packs and result folders, and count those that reading does not notice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kill import ROOT, STUDY


@dataclass
class Noticed:
    """Say how many bits were flipped, how many of these reading did not notice, and how often no run was named."""

    flips: int = 0
    unnoticed: int = 0
    unnamed: int = 0


def flip_bits(folder: Path, n: int, *, points: int = 3, replicates: int = 3, seed: int = 1) -> dict[str, Noticed]:
    """Flip `n` bits, one at a time, in each of: shards, study.json, a pack, and the result folder of a run."""
    from labsim.experiment.about import read_about
    from labsim.experiment.store import Store
    from labsim.results import open_results

    dice = random.Random(seed)
    (folder / "study.yaml").write_text(STUDY.format(points=points, replicates=replicates), encoding="utf-8")
    _labsim(folder, "sweep", "study.yaml", "--out", "study", "--executor", "serial", "--quiet")
    small = ("--set", "reference.people=100", "--replicates", "2", "--until", "2021-02", "--executor", "serial")
    _labsim(folder, "run", "reference/frictional", *small, "--out", "results", "--quiet")
    store = Store(folder / "study")
    whole = store.done()
    found = {"shards": _flipped(sorted(store.runs.iterdir()), n, dice, lambda: _lost(store, whole))}
    about = [store.about]
    found["study.json"] = _flipped(about, n, dice, lambda: _refused(lambda: read_about(store.folder)))
    store.compact()
    found["packs"] = _flipped(sorted(store.runs.iterdir()), n, dice, lambda: _lost(store, whole))
    results = folder / "results"
    found["results"] = _flipped(sorted(results.iterdir()), n, dice, lambda: _refused(lambda: open_results(results)))
    return found


def _flipped(
    files: Sequence[Path], n: int, dice: random.Random, looked_at: Callable[[], tuple[bool, bool]]
) -> Noticed:
    noticed, files = Noticed(), [path for path in files if path.stat().st_size]
    for _flip in range(n):
        path = dice.choice(files)
        right = path.read_bytes()
        place = dice.randrange(8 * len(right))
        wrong = bytearray(right)
        wrong[place // 8] ^= 1 << place % 8
        path.write_bytes(wrong)
        is_noticed, is_named = looked_at()
        noticed.flips += 1
        noticed.unnoticed += not is_noticed
        noticed.unnamed += is_noticed and not is_named
        path.write_bytes(right)
    return noticed


def _lost(store: object, whole: set[str]) -> tuple[bool, bool]:
    """Say whether runs are missed, and whether the lost ones are named; of a damaged name nothing can be known."""
    held = store.holding()  # type: ignore[attr-defined]
    lost = whole - held.runs
    return bool(lost), bool(held.lost) and len(lost - held.lost.keys()) <= 1 and len(held.notes()) == 1


def _refused(read: Callable[[], object]) -> tuple[bool, bool]:
    from labsim.errors import ResultsError

    with suppress(ResultsError):
        read()
        return False, False
    return True, True


def _labsim(folder: Path, *words: str) -> None:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    subprocess.run([sys.executable, "-m", "labsim", *words], cwd=folder, env=env, check=True, capture_output=True)
