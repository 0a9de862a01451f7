"""The ledger: every parameter in use with what stands behind it, and the tables of a province by grade of evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from labsim.config import Config
from labsim.experiment.parameters import evidence_in_use
from labsim.quantity import GRADES
from labsim.text_files import read_table

__all__ = ["COUNTS", "MARGIN", "OBSERVATION", "parameter_ledger", "row_counts"]

MARGIN, OBSERVATION = "margin", "observation"
COUNTS = "persons"  # the unit of tables that count people; others hold shares, rates, weights, prices
_LEDGER = ("path", "section", "value", "unit", "low", "high", "grade", "source", "year", "help")


def parameter_ledger(config: Config) -> pd.DataFrame:
    """Return every parameter in use, sorted by path; `low` and `high` are missing where the range is open."""
    rows = [
        {name: getattr(one, name) for name in _LEDGER if name != "section"}
        | {"section": one.path.rpartition(".")[0] or one.path}
        for one in sorted(evidence_in_use(config), key=lambda one: one.path)
    ]
    return pd.DataFrame(rows, columns=list(_LEDGER)).astype({"low": "float64", "high": "float64", "year": "Int64"})


def row_counts(config: Config) -> pd.DataFrame:
    """Return how many rows of each table of a province are of which grade: table, kind, unit, rows, A, B, C, D.

    A table that holds several units has a row for each of them. A reference world has no tables.
    """
    rows = []
    for path, kind in _tables(config):
        found = read_table(path).dicts()
        for unit in dict.fromkeys(row.get("unit") or "" for row in found):
            here = [row.get("grade") or "" for row in found if (row.get("unit") or "") == unit]
            by_grade = Counter(here)
            rows.append(
                {"table": path.stem, "kind": kind, "unit": unit, "rows": len(here)}
                | {grade: by_grade[grade] for grade in GRADES}
            )
    return pd.DataFrame(rows, columns=["table", "kind", "unit", "rows", *GRADES])


def _tables(config: Config) -> Iterator[tuple[Path, str]]:
    folder = config.province.folder
    if folder is None or not folder.is_dir():
        return
    yield from ((path, MARGIN) for path in sorted(folder.glob("*.csv")))
    observed = folder.parent / "observed.csv"
    if observed.is_file():
        yield observed, OBSERVATION
