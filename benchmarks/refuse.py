"""Spoil every kind of file in every way that people do, and see what each command makes of it.

Each spoilt file must be refused (exit 2, lines that say where, no traceback), noted, or mean the very same as before.
`python -m benchmarks refuse` makes 10,000 of them; tests/test_refuse.py some hundreds by the same generator.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from benchmarks.mutations import Mutation, of_json, of_table, of_yaml, usual

__all__ = ["VERDICTS", "WRONG", "Outcome", "Sandbox", "by_kind", "refuse", "side_by_side", "table_of"]

ROOT = Path(__file__).resolve().parents[1]
REFUSED, NOTED, SAME = "refused", "noted", "same"
ACCEPTED, TRACEBACK, HANG, MISSED = "ACCEPTED", "TRACEBACK", "HANG", "MISSED BY CHECK"
WRONG = (ACCEPTED, TRACEBACK, HANG, MISSED)
VERDICTS = (REFUSED, NOTED, SAME, *WRONG)
LONGEST = 10.0  # seconds of this process: other work on the machine is no hang
TINY = ("--scale", "0.001", "--until", "2021-01")


class Reached(BaseException):
    """Leave a command where its first month would begin."""


class _TooLong(BaseException):
    """Leave a command that takes too long."""


@dataclass(frozen=True)
class Outcome:
    """What came of one spoilt file: the kind of file, how it was spoilt, by which command, and what happened."""

    kind: str
    mutation: str
    command: str
    verdict: str
    words: str
    seed: int
    changed: str


@dataclass(frozen=True)
class Specimen:
    """A sound file of one kind: how it can be spoilt, what it means, and the commands that read it."""

    kind: str
    path: Path
    mutations: dict[str, Mutation]
    meaning: Callable[[], object]
    commands: tuple[tuple[str, ...], ...]
    weight: float = 1.0


@dataclass
class Sandbox:
    """A folder with a sound file of every kind; the current folder while the benchmark runs."""

    folder: Path
    specimens: list[Specimen] = field(default_factory=list)


@contextlib.contextmanager
def sandbox(*, with_runs: bool = True) -> Iterator[Sandbox]:
    """Make the folder, go there, and come back."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        made = Sandbox(folder)
        os.chdir(folder)
        try:
            _fill(folder)
            made.specimens = _specimens(folder)
            if with_runs:
                made.specimens += _specimens_of_runs(folder)
            yield made
        finally:
            os.chdir(before)


def refuse(n: int, seed: int = 1, *, with_runs: bool = True, commands_every: int = 4) -> list[Outcome]:
    """Spoil `n` files and return what came of each; every so many are also given to a command other than `check`."""
    outcomes = []
    with sandbox(with_runs=with_runs) as here, _stopped_at_month_0():
        meant = {one.path: one.meaning() for one in here.specimens}
        weights = [one.weight for one in here.specimens]
        for number in range(n):
            one_seed = seed * 1_000_003 + number
            rng = random.Random(one_seed)
            specimen = rng.choices(here.specimens, weights)[0]
            name = rng.choice(sorted(specimen.mutations))
            outcomes += _spoilt(specimen, name, rng, meant[specimen.path], number % commands_every == 0, one_seed)
    return outcomes


def side_by_side(n: int, seed: int = 1) -> list[Outcome]:
    """Spoil `n` files in as many processes as there are cores, each in a folder of its own."""
    cores = os.cpu_count() or 1
    parts = [(n // cores + (place < n % cores), seed + 1000 * place) for place in range(cores)]
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        return [one for found in pool.map(refuse, *zip(*parts, strict=True)) for one in found]


def _spoilt(
    specimen: Specimen, name: str, rng: random.Random, meant: object, with_command: bool, seed: int
) -> list[Outcome]:
    """Spoil one file, look at it with `check` and perhaps another command, and put it back."""
    sound = specimen.path.read_bytes()
    spoilt = specimen.mutations[name](rng, sound)
    if spoilt is None or spoilt == sound:
        return []

    changed = f"{specimen.path.name}: {_first_change(specimen.path, sound, spoilt)}"

    def outcome(command: str, verdict: str, words: str) -> Outcome:
        return Outcome(specimen.kind, name, command, verdict, words.strip()[:400], seed, changed)

    specimen.path.write_bytes(spoilt)
    try:
        verdict, words = _look(("check", str(specimen.path)), specimen, meant)
        found = [outcome("check", verdict, words)]
        if with_command and specimen.commands:
            command = rng.choice(specimen.commands)
            ran, said = _look(command, specimen, meant)
            if ran == REFUSED and verdict in (NOTED, SAME, ACCEPTED):
                ran = MISSED
            if ran == ACCEPTED and verdict in (NOTED, REFUSED):
                ran = verdict if verdict == NOTED else ACCEPTED
            found.append(outcome(command[0], ran, said))
        return found
    finally:
        specimen.path.write_bytes(sound)


def _first_change(path: Path, sound: bytes, spoilt: bytes) -> str:
    """Return the first line that differs, as it became and as it was."""
    sound = usual(path.suffix, sound)
    for old, new in zip_longest(sound.splitlines(), spoilt.splitlines(), fillvalue=b""):
        if old != new:
            return f"{new[:110]!r} for {old[:110]!r}"
    return ""


def _look(command: Sequence[str], specimen: Specimen, meant: object) -> tuple[str, str]:
    """Run a command in this process and return the verdict and what it said."""
    from click.testing import CliRunner

    from labsim.cli import cli

    began = time.process_time()
    try:
        with _time_limit():
            result = CliRunner().invoke(cli, [*command, "--lang", "en"], catch_exceptions=True)
    except Reached:
        return (SAME if _same(specimen, meant) else ACCEPTED), "month 0"
    except _TooLong:
        return HANG, f"{time.process_time() - began:.1f} s"
    if time.process_time() - began > LONGEST:
        return HANG, f"{time.process_time() - began:.1f} s"
    said = result.output
    if result.exit_code == 2 and "Traceback" not in said and said.strip():
        return REFUSED, said
    if result.exit_code != 0 or "Traceback" in said:
        return TRACEBACK, f"{result.exit_code} {type(result.exception).__name__}: {result.exception} {said}"
    if "note: " in said:
        return NOTED, said
    return (SAME if _same(specimen, meant) else ACCEPTED), said


def _same(specimen: Specimen, meant: object) -> bool:
    from labsim.errors import LabsimError

    try:
        return specimen.meaning() == meant
    except (LabsimError, ValueError, KeyError):
        return False


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """Stop what takes longer than the limit, where the system can; elsewhere it is measured only."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def _stopped_at_month_0() -> Iterator[None]:
    """Let every command come as far as month 0 of its first run: the world is built, and no month is simulated."""
    from labsim.experiment import run, runner

    def build(_work: Any, jobs: Sequence[Any], **_how: Any) -> NoReturn:
        from labsim.simulation import Simulation

        for job in list(jobs)[:1]:
            if hasattr(
                getattr(job, "config", None), "province"
            ):  # a study's jobs are packed: its province was read when it was planned
                Simulation(job.config, job.seed)
        raise Reached

    kept = [(module, name, getattr(module, name)) for module in (run, runner) for name in ("run_tasks", "warm_up")]
    for module, name, _value in kept:
        setattr(module, name, build if name == "run_tasks" else lambda *_given, **_named: None)
    try:
        yield
    finally:
        for module, name, value in kept:
            setattr(module, name, value)


# --- the files ------------------------------------------------------------------------------------------------------

_SCENARIO = """\
extends: son_la/baseline
title: {en: More seats, vi: Thêm chỗ học}
policies:
  vocational_training:
    seats_per_year: {2024: 19000, 2026: 25000}
  school_enterprise_linkage: {start: 2026-01}
  industrial_parks: {posts_per_year: {2022: 2000}, districts: {mai_son: 2}}
matching: {selectivity: 0.4}
period: {until: 2026-12}
replicates: 2
"""
_STUDY = """\
name: tiny
province: son_la
settings: {scale: 0.002, period.until: 2021-01}
vary:
  matching.selectivity: {values: [0.2, 0.4]}
  vocational_training.seats_per_year: {range: [15000, 25000], levels: 2, since: 2021}
replicates: 1
"""
_ROWS_MAY_BE_MISSING = (
    "businesses", "contrasts", "digital_skills", "employer_location", "enterprises", "level_affinity", "outsiders",
    "poverty", "training", "wages",
)  # fmt: skip
_FIGURES = """\
indicator,year,month,value,low,high,unit,status,plan_following,district,residence,note
labour_force,2021,12,660000,640000,680000,persons,observed,false,all,all,Điều tra
trained_share,2022,12,59,56,62,%,observed,true,all,all,Báo cáo
unemployment_rate,2022,12,3.74,3.2,4.5,%,observed,true,all,urban,
people_trained,2022,12,19000,17000,20500,persons,observed,true,all,all,
"""


def _fill(folder: Path) -> None:
    """Write a sound file of every kind."""
    source = ROOT / "configs" / "son_la"
    own = folder / "own"
    shutil.copytree(source, own, ignore=shutil.ignore_patterns("start_2010*", "evidence*", "*_history.csv"))
    for name, text in (("scenario.yaml", _SCENARIO), ("study.yaml", _STUDY), ("figures.csv", _FIGURES)):
        (folder / name).write_text(text, encoding="utf-8")
    (own / "more.yaml").write_text("extends: baseline\nmatching: {selectivity: 0.4}\n", encoding="utf-8")
    shutil.copy(ROOT / "configs" / "reference" / "occupational_small.yaml", folder / "world.yaml")


def _specimens(folder: Path) -> list[Specimen]:
    from labsim.config import load
    from labsim.evidence.backcast import HISTORY  # noqa: F401 (loads what back-casts need before time is measured)
    from labsim.experiment.observed_series import read_figures
    from labsim.experiment.posterior import read_posterior
    from labsim.experiment.study import plan_of
    from labsim.experiment.study_file import read_study
    from labsim.target_file import load_targets

    own = folder / "own"
    home = load(own / "profile.yaml")
    run = ("run", str(own / "profile.yaml"), *TINY, "--replicates", "1", "--quiet", "--json", "--executor", "serial")
    ask = ("ask", str(own / "profile.yaml"), "--target", "trained_share >= 40% in 2020", "--vary",
           "vocational_training.seats_per_year", "--scale", "0.001", "--replicates", "4", "--quiet")  # fmt: skip
    compare = (
        "compare",
        str(own / "profile.yaml"),
        "--scenarios",
        f"baseline,{own / 'more.yaml'}",
        "--scale",
        "0.001",
        "--quiet",
    )
    person = ("person", str(own / "profile.yaml"), "--who", "5", "--scale", "0.001", "--until", "2020-12")
    of_province, of_margins = (run, ask, compare), (run, ask, compare, person)
    lookback = ("backcast", "son_la", "--from", "2020", "--observed", str(folder / "figures.csv"), "--quiet")
    margins = sorted((own / "margins").glob("*.csv"))

    of_figures = without(of_table(("value", "low", "high", "year")), "row gone", "column gone")
    of_draws = without(of_table(tuple(posterior_names(own))), "row gone")

    def posterior() -> object:
        found = read_posterior(own / "posterior.csv")
        return found.names, found.draws.tobytes(), found.weights.tobytes(), json.dumps(found.about, sort_keys=True)

    def study() -> object:
        return [(run.id, run.point, run.replicate) for run in plan_of(read_study(folder / "study.yaml")).runs]

    scenario = folder / "scenario.yaml"
    numbers = ("value", "population", "urban_population", "mean_headcount", "number", "unskilled", "drought")
    return [
        Specimen("scenario", scenario, of_yaml(), lambda: load(scenario).hash,
                 (("run", str(scenario), *TINY, "--quiet", "--json", "--executor", "serial"), ("params", str(scenario)),
                  ("schedule", str(scenario)), ("run", "son_la", "--scenario", str(scenario), *TINY, "--json")), 12),
        Specimen("profile", own / "profile.yaml", of_yaml(), lambda: load(own / "profile.yaml").hash, of_margins, 6),
        Specimen("reference world", folder / "world.yaml", of_yaml(), lambda: load(folder / "world.yaml").hash,
                 (("run", str(folder / "world.yaml"), "--scale", "0.01", "--until", "2021-01", "--json"),), 6),
        Specimen("targets", own / "targets.yaml", of_yaml(),
                 lambda: _scored(load_targets(own / "targets.yaml", home)),
                 of_province, 10),
        Specimen("study", folder / "study.yaml", of_yaml(), study, (("sweep", str(folder / "study.yaml"), "--dry-run"),
                 ("compare", str(folder / "study.yaml"), "--quiet")), 6),
        Specimen("observed figures", own / "observed.csv", of_figures,
                 lambda: repr(read_figures(own / "observed.csv", home, leave_unknown=True)), of_province, 6),
        Specimen("own figures", folder / "figures.csv", of_figures,
                 lambda: repr(read_figures(folder / "figures.csv", home)), (lookback,), 6),
        Specimen("posterior", own / "posterior.csv", of_draws, posterior, of_province, 6),
        Specimen("posterior.json", own / "posterior.json", of_json(), posterior, of_province, 6),
        *(Specimen("margin", path, of_margin(path.stem, numbers), lambda: _margins(own), of_margins, 24 / len(margins))
          for path in margins),
    ]  # fmt: skip


def without(mutations: dict[str, Mutation], *names: str) -> dict[str, Mutation]:
    """Return mutations without those that leave a sound file: fewer figures or draws are figures and draws."""
    return {name: one for name, one in mutations.items() if name not in names}


def of_margin(name: str, numbers: tuple[str, ...]) -> dict[str, Mutation]:
    """Return what can be done to a margin; where a missing row stands for the usual value, none is taken away."""
    found = of_table(numbers)
    if name in _ROWS_MAY_BE_MISSING:
        del found["row gone"]
    return found


def _scored(targets: Sequence[Any]) -> str:
    """Return all of some targets that decides a verdict: no words, and of those not scored only that they stand."""
    kept = []
    for one in targets:
        update: dict[str, object] = dict.fromkeys(("label", "wording", "reading", "note", "source", "facts", "concept"))
        if one.indicator is None:
            update |= dict.fromkeys(("value", "unit", "direction", "base"))
        kept.append(one.model_copy(update=update))
    return repr(kept)


def posterior_names(own: Path) -> list[str]:
    """Return the columns of a posterior."""
    return (own / "posterior.csv").read_text(encoding="utf-8").splitlines()[0].split(",")[1:]


def _margins(own: Path) -> str:
    """Return a hash of all margins of a province as arrays."""
    from labsim.config import load
    from labsim.population.reading import read_margins

    found = read_margins(load(own / "profile.yaml").province)
    text = "\n".join(f"{name} {_plain(value)}" for name, value in sorted(vars(found).items()))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return repr({str(key): _plain(inner) for key, inner in sorted(value.items())})
    if hasattr(value, "tolist"):
        return repr(value.tolist())
    return (
        repr({name: _plain(inner) for name, inner in vars(value).items()})
        if hasattr(value, "__dict__")
        else repr(value)
    )


def _specimens_of_runs(folder: Path) -> list[Specimen]:
    """Run a small world and a small study, whose folders are spoilt."""
    import labsim
    from labsim.config import load
    from labsim.experiment.runner import carry_out
    from labsim.experiment.study import plan_of
    from labsim.experiment.study_file import read_study
    from labsim.text_files import read_text

    result, store = folder / "result", folder / "store"
    world = load(folder / "world.yaml", settings=["scale=0.01", "period.until=2021-02", "replicates=2"])
    labsim.run(world, executor="serial").save(result)
    text = _STUDY.replace("province: son_la", f"province: {json.dumps(str(folder / 'world.yaml'))}")
    small = "\n".join(line for line in text.splitlines() if "vocational" not in line).replace("0.002", "0.01")
    (folder / "small.yaml").write_text(small + "\n", encoding="utf-8")
    carry_out(plan_of(read_study(folder / "small.yaml")), store, executor="serial")

    def content(path: Path) -> Callable[[], object]:
        def read() -> str:
            found = json.loads(read_text(path))
            return json.dumps({name: found[name] for name in found}, sort_keys=True)

        return read

    tables = sorted(path for path in result.glob("*.csv") if path.read_bytes().count(b"\n") > 2)
    reads = (("report", str(result), "--out", str(folder / "paper.html")),)
    return [
        Specimen("manifest.json", result / "manifest.json", of_json(), content(result / "manifest.json"), reads, 8),
        Specimen("study.json", store / "study.json", of_json(), _study_as_run(store),
                 (("results", str(store)), ("results", str(store), "--sql", "select * from points")), 8),
        *(Specimen("tables of results", path, of_table(("value", "amount", "low", "high")), path.read_bytes, reads,
                   4 / len(tables)) for path in tables),
    ]  # fmt: skip


def _study_as_run(store: Path) -> Callable[[], object]:
    """Return what of study.json decides anything: runs, and the hash of each point's configuration."""
    def read() -> str:
        from labsim.config_hash import hash_of
        from labsim.experiment.about import config_data, read_about

        about = read_about(store)
        points = [(one["number"], one["name"], one["values"]) for one in about["points"]]
        hashes = [hash_of(config_data(about, number)) for number, _name, _values in points]
        return repr((about["runs"], points, hashes, about["code_hash"]))

    return read


# --- the table ------------------------------------------------------------------------------------------------------


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, Counter[str]]:
    """Return how often each verdict came, by kind of file."""
    found: dict[str, Counter[str]] = {kind: Counter() for kind in sorted({one.kind for one in outcomes})}
    for one in outcomes:
        found[one.kind][one.verdict] += 1
    return found


def table_of(outcomes: Sequence[Outcome]) -> str:
    """Return a table of kinds of file by verdict."""
    rows = by_kind(outcomes)
    rows["all"] = sum(rows.values(), Counter())
    lines = [f"{'kind':<18}" + "".join(f"{verdict:>17}" for verdict in VERDICTS) + f"{'all':>9}"]
    for kind, counts in rows.items():
        cells = "".join(f"{counts[verdict]:>17,}" for verdict in VERDICTS)
        lines.append(f"{kind:<18}{cells}{counts.total():>9,}")
    return "\n".join(lines)


def main(arguments: Sequence[str] = ()) -> int:
    """Spoil 10,000 files, or as many as are asked for, and print the table; return 1 if any got through."""
    n, seed = (int(arguments[0]) if arguments else 10_000), (int(arguments[1]) if len(arguments) > 1 else 1)
    began = time.monotonic()
    outcomes = side_by_side(n, seed)
    wrong = [one for one in outcomes if one.verdict not in (REFUSED, NOTED, SAME)]
    print(table_of(outcomes))
    seconds = time.monotonic() - began
    print(f"{len(outcomes):,} looks at {n:,} spoilt files in {seconds:,.0f} s; {len(wrong)} got through")
    for one in wrong[:200]:
        print(f"{one.verdict}: {one.kind}, {one.mutation}, {one.command}, seed {one.seed}: {one.words!r}")
        print(f"    {one.changed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
