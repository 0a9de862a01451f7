"""The pieces of the benchmark. Each runs in a process of its own and returns what it measured.

labsim is imported inside the pieces, so that Mesa and numpy can be timed without it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks import urn_ball
from benchmarks.measure import peak_memory_mb, stopwatch

MONTHS = 60
MESA_WORKERS, MESA_MONTHS = 100_000, 12
WORKERS = 1_000_000
VIET_NAM = 52_000_000
FRICTIONAL = "reference/frictional"


@dataclass(frozen=True)
class Measure:
    """One measured number and the limit it is held to; `at_least` turns the limit into a floor."""

    what: str
    value: float | None
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Say whether the limit is kept; None without a limit or a value."""
        if self.limit is None or self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def _run_months(model: Any, n_months: int) -> float:
    with stopwatch() as watch:
        for _ in range(n_months):
            model.step()
    return watch.seconds


def _ns(seconds: float, n_people: int, n_months: int) -> float:
    return seconds / n_people / n_months * 1e9


def check() -> list[Measure]:
    """Hold the yardsticks to the urn-ball expectation on small worlds before anything is timed."""
    from benchmarks import frictional_mesa, frictional_numpy

    found = []
    for name, market in (
        ("Mesa, 2,000 workers", frictional_mesa.Market(2_000, seed=1)),
        ("numpy written to be fast, 50,000 workers", frictional_numpy.Market(50_000, seed=1)),
        ("plain numpy, 50,000 workers", frictional_numpy.PlainMarket(50_000, seed=1)),
    ):
        _run_months(market, MONTHS)
        found.append(Measure(f"{name}: hires against urn-ball", abs(urn_ball.check(market.history, name)), "sd", 4.0))
    return found


def mesa() -> list[Measure]:
    """Time the frictional market in plain Mesa."""
    from benchmarks.frictional_mesa import Market

    with stopwatch() as creation:
        market = Market(MESA_WORKERS, seed=1)
    seconds = _run_months(market, MESA_MONTHS)
    urn_ball.check(market.history, "Mesa")
    return [
        Measure("100,000 agents created", creation.seconds, "s"),
        Measure("per person-month", _ns(seconds, MESA_WORKERS, MESA_MONTHS), "ns"),
        Measure("peak memory", peak_memory_mb(), "MB"),
    ]


def numpy() -> list[Measure]:
    """Time the frictional market in numpy written to be fast: 1 million workers, 60 months."""
    from benchmarks.frictional_numpy import Market

    return _in_numpy(Market(WORKERS, seed=1))


def plain_numpy() -> list[Measure]:
    """Time the frictional market in plain numpy, as its equations read: 1 million workers, 60 months."""
    from benchmarks.frictional_numpy import PlainMarket

    return _in_numpy(PlainMarket(WORKERS, seed=1))


def _in_numpy(market: Any) -> list[Measure]:
    seconds = _run_months(market, MONTHS)
    urn_ball.check(market.history, "numpy")
    return [
        Measure("60 months", seconds, "s"),
        Measure("per person-month", _ns(seconds, WORKERS, MONTHS), "ns"),
        Measure("peak memory", peak_memory_mb(), "MB"),
    ]


def _frictional_model(n_people: int) -> Any:
    """Return labsim's frictional market at month 0, its kernels already compiled."""
    import labsim
    from labsim.experiment.run import warm_up

    warm_up(this_process=True)
    return labsim.LabourModel(labsim.load(FRICTIONAL, settings=[f"reference.people={n_people}"]), seed=1)


def frictional() -> list[Measure]:
    """Time the frictional market in labsim: 1 million workers, 60 months."""
    model = _frictional_model(WORKERS)
    seconds = _run_months(model, MONTHS)
    return [
        Measure("60 months", seconds, "s"),
        Measure("per person-month", _ns(seconds, WORKERS, MONTHS), "ns"),
        Measure("peak memory", peak_memory_mb(), "MB"),
    ]


def viet_nam() -> list[Measure]:
    """Time 12 months of 52 million people, and of 1 million for the cost per person-month.

    Five months of the few follow each of the many, so that both meet the same states of the machine.
    """
    small, large = _frictional_model(WORKERS), _frictional_model(VIET_NAM)
    times = [(_run_months(large, 1), _run_months(small, 5)) for _month in range(12)]
    of_large, of_small = (sum(seconds) for seconds in zip(*times, strict=True))
    large_ns, small_ns = _ns(of_large, VIET_NAM, 12), _ns(of_small, WORKERS, 60)
    return [
        Measure("12 months of 52 million people", of_large, "s"),
        Measure("per person-month at 52 million", large_ns, "ns"),
        Measure("per person-month at 1 million", small_ns, "ns"),
        Measure("ratio of the two", large_ns / small_ns, "times", 1.3),
        Measure("peak memory", peak_memory_mb(), "MB", 12 * 1024),
    ]


def son_la() -> list[Measure]:
    """Time Son La at one row a person, 120 months, caches warm, one core."""
    import labsim
    from labsim.experiment.run import warm_up

    warm_up(this_process=True)
    config = labsim.load("son_la", settings=["scale=1"])
    with stopwatch() as population:
        model = labsim.LabourModel(config, seed=1)
    with stopwatch() as months:
        model.run()
    return [
        Measure("rows (people who are or may ever be in the province)", float(len(model.workers)), "rows"),
        Measure("population synthesis", population.seconds, "s", 3.0),
        Measure(f"{model.month} months", months.seconds, "s", 5.0),
        Measure("per row and month", _ns(months.seconds, len(model.workers), model.month), "ns"),
        Measure("peak memory", peak_memory_mb(), "MB", 1024),
    ]


def policies() -> list[Measure]:
    """Time Son La at one row a person with every built-in policy beside its baseline."""
    from benchmarks.policies import seconds_with_and_without

    every, baseline = seconds_with_and_without(36)
    return [Measure("36 months with every policy, times those of the baseline", every / baseline, "times", 1.5)]


def _command(*arguments: str) -> float:
    """Return the seconds a labsim command takes; raises RuntimeError when it fails."""
    with stopwatch() as watch:
        done = subprocess.run(
            [sys.executable, "-m", "labsim", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            check=False,
        )
    if done.returncode != 0:
        last_lines = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise RuntimeError(f"labsim {' '.join(arguments)} ended with {done.returncode}: {last_lines}")
    return watch.seconds


def default_run() -> list[Measure]:
    """Time `labsim run` without arguments, after a small one has warmed the caches."""
    with tempfile.TemporaryDirectory() as folder:
        _command("run", "--quiet", "--scale", "0.001", "--replicates", "2", "--out", f"{folder}/warm")
        seconds = _command("run", "--quiet", "--out", f"{folder}/default")
    return [Measure("labsim run, wall time", seconds, "s", 25.0)]


def help_text() -> list[Measure]:
    """Time `labsim --help`, the median of seven after one to warm the disk."""
    _command("--help")
    return [Measure("labsim --help, wall time", median(_command("--help") for _ in range(7)), "s", 0.4)]


def pairing() -> list[Measure]:
    """Compare the variance of a difference with independent seeds to that with common draws."""
    from labsim.evidence.pairing import LIMITS, ratios

    # with 24 seeds the ratio is known within a factor of two only, with these within a quarter; it takes minutes
    found = ratios(tuple(LIMITS), n_seeds=300, scale=0.1)
    measures = []
    for months, ratio in found.items():
        what = f"variance ratio, {months} months after"
        measures += [
            Measure(what, ratio.factor, "times", LIMITS[months], at_least=True),
            Measure(f"{what}: lower end of its 95 % interval", ratio.low, "times"),
            Measure(f"{what}: upper end", ratio.high, "times"),
        ]
    return measures


def sweep() -> list[Measure]:
    """Time 200 runs of Son La at 1:100 on two cores, and what each costs beyond its simulation."""
    from benchmarks.sweep import busy_and_overhead, processor_time_beyond

    processor = processor_time_beyond()
    busy, seconds, beyond = busy_and_overhead()
    return [
        Measure("sweep of 200 runs: two cores busy with runs", 100 * busy, "%", 90.0, at_least=True),
        Measure("a run in its worker, wall time", seconds, "s"),
        Measure("a run beyond its simulation, processor time", 1000 * processor, "ms", 20.0),
        Measure("a run beyond its simulation, wall time", 1000 * beyond, "ms", 20.0),
    ]


def kill() -> list[Measure]:
    """Kill sweeps of 60 runs a hundred times, in processes and on a Dask cluster, resume them, and count the damage."""
    from pathlib import Path

    from benchmarks.kill import kill_and_resume

    found = []
    for executor in ("processes", "dask"):
        with tempfile.TemporaryDirectory() as folder:
            damage = kill_and_resume(Path(folder), 40, 10, executor=executor)
        found += [
            Measure(f"{executor}: sweeps and compactions killed (kill -9)", damage.kills, "kills"),
            Measure(f"{executor}: of these while a file was being written", damage.amid_a_file, "kills"),
            *(
                Measure(f"{executor}: runs {what}", getattr(damage, what), "runs", 0.0)
                for what in ("lost", "doubled", "torn", "different")
            ),
        ]
    return found


def flips() -> list[Measure]:
    """Flip 150 bits each in shards, packs and a result folder, one at a time, and count those that go unnoticed."""
    from pathlib import Path

    from benchmarks.flips import flip_bits

    with tempfile.TemporaryDirectory() as folder:
        found = flip_bits(Path(folder), 150)
    return [
        measure
        for where, noticed in found.items()
        for measure in (
            Measure(f"{where}: bits flipped, one at a time", noticed.flips, "bits"),
            Measure(f"{where}: not noticed", noticed.unnoticed, "bits", 0.0),
            Measure(f"{where}: noticed without a name of what is lost", noticed.unnamed, "bits", 0.0),
        )
    ]


def app() -> list[Measure]:
    """Let ten participants use the browser app for two minutes."""
    from benchmarks.app_load import load

    found = load()
    return [
        Measure("ten participants: pages opened", found["pages"], "pages"),
        Measure("ten participants: longest page", found["longest page"], "s", 5.0),
        Measure("ten participants: changes made", found["changes"], "changes"),
        Measure("ten participants: longest answer to a change", found["longest change"], "s", 5.0),
        Measure("ten participants: lost updates", found["lost updates"], "updates", 0.0),
        Measure("ten participants: longest wait for a first answer", found["longest first answer"], "s"),
    ]


def visits() -> list[Measure]:
    """Let a hundred people visit the app and leave, then keep two hundred pages open for a minute."""
    from benchmarks.app_visits import visits as measured

    found = measured()
    return [
        Measure("a hundred visits: memory before", found["before"], "MB"),
        Measure("a hundred visits: memory after", found["after"], "MB"),
        Measure("a hundred visits: growth", found["after"] - found["before"], "MB", 30.0),
        Measure("a hundred visits: longest answer", found["longest of visits"], "s", 5.0),
        Measure("sockets open for a minute", found["sockets"], "sockets"),
        Measure("sockets open: longest answer", found["longest with sockets"], "s", 5.0),
        Measure("sockets closed: memory", found["at the end"], "MB"),
    ]


def first_answer() -> list[Measure]:
    """Move a lever of the app and wait for the new plan beside its base."""
    from benchmarks.app_first import first_answers

    median, longest = first_answers()
    return [
        Measure("a lever moved: first paired answer, median", median, "s", 2.0),
        Measure("a lever moved: first paired answer, longest", longest, "s"),
    ]


def refuse() -> list[Measure]:
    """Spoil 10,000 files in every way that people do: none gets through, none hangs, none ends in a traceback."""
    from benchmarks.refuse import WRONG, by_kind, side_by_side

    outcomes = side_by_side(10_000)
    what = "looks at spoilt files, each refused, noted or harmless"
    found = [Measure(what, float(len(outcomes)), "", 10_000.0, True)]
    for kind, counts in by_kind(outcomes).items():
        words = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in ("refused", "noted", "same"))
        found.append(Measure(f"{kind}: {words}; got through", float(sum(counts[name] for name in WRONG)), "", 0.0))
    for name in WRONG:
        found.append(Measure(f"of all: {name.lower()}", float(sum(one.verdict == name for one in outcomes)), "", 0.0))
    return found


PIECES: dict[str, Callable[[], list[Measure]]] = {
    "check": check,
    "mesa": mesa,
    "numpy": numpy,
    "plain_numpy": plain_numpy,
    "frictional": frictional,
    "viet_nam": viet_nam,
    "son_la": son_la,
    "policies": policies,
    "run": default_run,
    "help": help_text,
    "pairing": pairing,
    "sweep": sweep,
    "kill": kill,
    "refuse": refuse,
    "flips": flips,
    "first_answer": first_answer,
    "app": app,
    "visits": visits,
}


def main() -> None:
    """Run the piece named on the command line and write its measures as one line of JSON."""
    measures = PIECES[sys.argv[1]]()
    sys.stdout.write("\n" + json.dumps([asdict(measure) for measure in measures]) + "\n")


if __name__ == "__main__":
    main()
