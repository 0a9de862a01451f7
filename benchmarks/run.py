"""Run pieces of the benchmark, each in a process of its own, and print one table: measured value, limit, verdict.

Usage: `python -m benchmarks [--json] [piece ...]`; without a piece all of them run, one after the other. Those that are
compared with each other run in turn, five times over.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __package__ in (None, ""):  # started as a file
    sys.path.insert(0, str(ROOT))

from benchmarks.pieces import PIECES, WORKERS, Measure  # noqa: E402

WIDTHS = (11, 54, 12, 10, 12)
COMPARED, ROUNDS = ("frictional", "numpy", "plain_numpy", "mesa"), 5
PER_MONTH = "per person-month"


def measured(piece: str) -> list[Measure] | str:
    """Return what a piece measured, or why it could not."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pieces", piece],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"ended with {done.returncode}"
    return [Measure(**row) for row in json.loads(done.stdout.strip().splitlines()[-1])]


def in_turn(pieces: list[str]) -> dict[str, list[Measure] | str]:
    """Return what pieces that are compared measured: each is run in turn, a few times over, and the quickest counts.

    Whatever else runs on a machine only ever slows a program down, and for minutes on end: one run each would compare
    two states of the machine.
    """
    results: dict[str, list[Measure] | str] = {}
    for _round in range(ROUNDS):
        for piece in pieces:
            found, best = measured(piece), results.get(piece)
            if isinstance(found, str) or not isinstance(best, list) or _cost(found) < _cost(best):
                results[piece] = best if isinstance(best, list) and isinstance(found, str) else found
    return results


def _cost(measures: list[Measure]) -> float:
    """Return the cost per person-month."""
    return next(row.value for row in measures if row.what == PER_MONTH and row.value is not None)


def comparisons(results: dict[str, list[Measure] | str]) -> list[Measure]:
    """Return labsim's cost per person-month against Mesa's and numpy's, for those that ran."""
    cost = {piece: _cost(found) for piece in COMPARED if isinstance(found := results.get(piece), list)}
    found = []
    if {"mesa", "frictional"} <= cost.keys():
        ratio = cost["mesa"] / cost["frictional"]
        found.append(Measure("labsim, times faster than plain Mesa", ratio, "times", 100.0, True))
    if {"plain_numpy", "frictional"} <= cost.keys():
        ratio = cost["plain_numpy"] / cost["frictional"]
        found.append(Measure("labsim, times faster than plain numpy", ratio, "times", 1.0, True))
    if {"numpy", "frictional"} <= cost.keys():
        ratio = cost["numpy"] / cost["frictional"]
        found.append(Measure("labsim, times faster than numpy written to be fast", ratio, "times"))
    return found


def _line(*cells: str) -> str:
    piece, what, value, unit, limit, *verdict = cells
    padded = f"{piece:<{WIDTHS[0]}} {what:<{WIDTHS[1]}} {value:>{WIDTHS[2]}} {unit:<{WIDTHS[3]}} {limit:>{WIDTHS[4]}}"
    return f"{padded}  {' '.join(verdict)}".rstrip()


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def rows(piece: str, measures: list[Measure] | str) -> list[str]:
    """Return one line of the table for each measure, or one saying why there are none."""
    if isinstance(measures, str):
        return [_line(piece, "could not run", "", "", "", measures)]
    lines = []
    for measure in measures:
        limit = "" if measure.limit is None else f"{'>=' if measure.at_least else '<='} {_number(measure.limit)}"
        verdict = {None: "", True: "met", False: "MISSED"}[measure.met]
        lines.append(_line(piece, measure.what, _number(measure.value), measure.unit, limit, verdict))
    return lines


def _versions() -> str:
    found = []
    for package in ("labsim", "numpy", "numba", "mesa"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()}; {', '.join(found)}"


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen pieces; return 1 if one could not run (a missed limit is shown, not an error)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure labsim against its limits.")
    parser.add_argument("pieces", nargs="*", metavar="piece", help=f"any of: {', '.join(PIECES)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    chosen = parser.parse_args(arguments)
    unknown = [piece for piece in chosen.pieces if piece not in PIECES]
    if unknown:
        parser.error(f"no piece {unknown[0]!r}; there are {', '.join(PIECES)}")

    results: dict[str, list[Measure] | str] = {}
    if not chosen.json:
        print(_versions())
        print(_line("piece", "what", "measured", "", "limit"))
    wanted = list(chosen.pieces or PIECES)
    compared = [piece for piece in COMPARED if piece in wanted]
    for piece in wanted:
        if piece in results:
            continue
        found = in_turn(compared) if piece in compared and len(compared) > 1 else {piece: measured(piece)}
        results |= found
        if not chosen.json:
            print("\n".join(line for name, outcome in found.items() for line in rows(name, outcome)), flush=True)
    between = comparisons(results)
    if chosen.json:
        everything = {**results, "comparison": between} if between else dict(results)
        print(json.dumps(everything, default=vars, indent=2))
    elif between:
        print("\n".join(rows(f"{WORKERS // 1_000_000} million", between)))
    return 1 if any(isinstance(outcome, str) for outcome in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
