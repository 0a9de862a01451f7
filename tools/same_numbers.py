"""Print one hash for what a simulation counts, world by world, so that a change of code can be shown to move no number.

python tools/same_numbers.py                        hash every world, scenario and seed of this tree
python tools/same_numbers.py --against REVISION     the same of an older state beside it; exit code 1 if any differs
python tools/same_numbers.py --interpreted          with compilation off, on worlds of a few hundred people

A hash covers the monthly series, the stocks and payments of the ledger, and every column of people, employers,
institutions and programmes at the end. It is of the machine and the versions of libraries it was made with: compare
states on one machine. The older state is read out of git into a folder that is thrown away.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (1, 2)
PROVINCES = ("son_la", "lao_cai", "bac_kan")
SCENARIOS = ("baseline", "more_seats", "linked_seats", "job_services", "start_2010")
EVERY_POLICY = "every policy"
BY = ("district", "sex", "age", "ethnicity", "residence", "field")
TABLES = ("workers", "enterprises", "institutions", "programmes")
# how large a world is: a province compiled and not, a reference world compiled and not
SCALES = {False: (0.01, 0.05), True: (0.001, 0.001)}
MONTHS = {False: 120, True: 3}


def worlds() -> Iterator[tuple[str, str]]:
    """Yield every world with each of its scenarios; a reference world has one."""
    from labsim.config import known_names

    for province in PROVINCES:
        for scenario in (*SCENARIOS, EVERY_POLICY):
            yield province, scenario
    for name in known_names():
        if name.startswith("reference/"):
            yield name, "as it is"


def number_hash(world: str, scenario: str, seed: int, interpreted: bool) -> str:
    """Simulate one world and return the hash of what it counts."""
    from labsim.config import load
    from labsim.evidence.common_draws import DOSES
    from labsim.policies import BUILT_IN
    from labsim.simulation import Simulation

    of_province, of_reference = SCALES[interpreted]
    is_reference = world.startswith("reference/")
    settings = [f"scale={of_reference if is_reference else of_province}"]
    named = "baseline" if scenario in (EVERY_POLICY, "as it is") else scenario
    config = load(world, settings=settings) if is_reference else load(world, scenario=named, settings=settings)
    if scenario == EVERY_POLICY:
        policies = {name: BUILT_IN[name](**DOSES[name]) for name in sorted(BUILT_IN)}
        config = config.model_copy(update={"policies": policies, "by": BY})
    run = Simulation(config, seed)
    run.run(min(MONTHS[interpreted], config.period.n_months))
    digest = hashlib.sha256()
    monthly = run.recorder.monthly()
    for column in sorted(monthly.columns):
        values = monthly[column]
        told = values.to_numpy().tobytes() if values.dtype.kind in "fiu" else "\n".join(map(str, values)).encode()
        digest.update(column.encode() + b"\0" + told)
    digest.update(run.world.ledger.stocks.tobytes() + repr(sorted(run.world.ledger.spent.items())).encode())
    for name in TABLES:
        table = getattr(run.world, name)
        for column in sorted(table.columns()):
            digest.update(f"{name}.{column}".encode() + getattr(table, column).tobytes())
    return digest.hexdigest()[:16]


def hashes(interpreted: bool, only: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each run that `only` is part of, and its hash."""
    for world, scenario in worlds():
        for seed in SEEDS:
            name = f"{world}, {scenario}, seed {seed}"
            if only in name:
                yield name, number_hash(world, scenario, seed, interpreted)


@contextmanager
def tree_of(revision: str) -> Iterator[Path]:
    """Lay out an older state in a folder that is thrown away. Raises CalledProcessError if git does not know it."""
    packed = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def hashes_of(revision: str, interpreted: bool, only: str) -> dict[str, str]:
    """Return the hashes of an older state, by name of run. Raises CalledProcessError if it cannot be read or run."""
    with tree_of(revision) as folder:
        command = [sys.executable, str(Path(__file__).resolve()), "--only", only]
        command += ["--interpreted"] if interpreted else []
        environment = os.environ | {"PYTHONPATH": str(folder)}
        there = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout
    return {name: value for value, _space, name in (line.partition("  ") for line in there.splitlines())}


def main() -> int:
    """Print hashes, beside those of an older state where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="REVISION")
    parser.add_argument("--interpreted", action="store_true")
    parser.add_argument("--only", default="", metavar="PART", help="runs whose name has this part")
    given = parser.parse_args()
    if given.interpreted:
        os.environ["NUMBA_DISABLE_JIT"] = "1"
    before = hashes_of(given.against, given.interpreted, given.only) if given.against else {}
    moved = 0
    for name, value in hashes(given.interpreted, given.only):
        differs = bool(before) and before.get(name) != value
        moved += differs
        print(f"{value}  {name}" + (f"   was {before.get(name, 'not there')}" if differs else ""), flush=True)
    if before:
        print(f"{moved} of {len(before)} runs differ from {given.against}" if moved else "all the same")
    return int(moved > 0)


if __name__ == "__main__":
    sys.exit(main())
