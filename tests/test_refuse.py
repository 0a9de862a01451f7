"""Files spoilt in every way that people do are refused, noted, or mean the same: a part of the benchmark's."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.mutations import of_json, of_table, of_yaml
from benchmarks.refuse import NOTED, REFUSED, SAME, refuse, table_of

N, SEEDS = 50, range(17, 27)  # 500 in all, in parts that run side by side; 10,000 are in `python -m benchmarks refuse`
ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_spoilt_gets_through(seed: int) -> None:
    outcomes = refuse(N, seed, with_runs=False, commands_every=15)
    wrong = [one for one in outcomes if one.verdict not in (REFUSED, NOTED, SAME)]
    assert wrong == [], "\n".join([table_of(outcomes), *map(str, wrong)])
    assert len({(one.kind, one.mutation) for one in outcomes}) > 25  # else the generator makes the same again and again
    assert sum(one.verdict == REFUSED for one in outcomes) > 0.6 * N


@pytest.mark.parametrize(
    ("mutations", "file"),
    [
        (of_yaml(), "configs/son_la/targets.yaml"), (of_table(("value",)), "configs/son_la/margins/district_age.csv"),
        (of_json(), "configs/son_la/posterior.json"),
    ],
)  # fmt: skip
def test_every_way_of_spoiling_spoils(mutations: dict, file: str) -> None:
    sound = (ROOT / file).read_bytes()
    for name, mutation in mutations.items():
        made = [mutation(random.Random(seed), sound) for seed in range(20)]
        assert any(one is not None and one != sound for one in made), name
        assert mutation(random.Random(1), sound) == mutation(random.Random(1), sound), name
