"""Find in what a run recorded where something was asked for and no row was left for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from labsim.notes import Note
from labsim.policies import BUILT_IN
from labsim.quantity import amount_in

__all__ = ["LOST", "lost_in", "notes_of_run", "without_estimates"]

LOST = "employers_without_row"
_YEAR = 12
_FEW = 0.05  # of what was asked for: so much may be missing for other reasons
# amount that asks for employers, by the lever through which it does
_ASKS = {"park_posts": "posts_per_year", "new_cooperatives": "cooperatives_per_year"}


def lost_in(monthly: pd.DataFrame) -> float:
    """Return the employers of a tidy frame that found no row, over all months, mean over replicates."""
    rows = monthly[monthly["indicator"] == LOST]
    if "district" in rows:
        rows = rows[rows["district"] == "all"]
    return float(rows["value"].sum()) / max(1, int(monthly["replicate"].nunique()))


def notes_of_run(config: Mapping[str, Any], lost: float, policies: pd.DataFrame) -> list[Note]:
    """Return a note for each policy of which nothing came, and each amount of which a part found no row.

    `config` holds a configuration as plain values, `policies` what each policy brought about by year and outcome.
    """
    found = list(_of_nothing(policies))
    if lost > 0.0:
        all_of_them = Note("employers_lost", "firms", {"lost": max(1, round(lost))})
        found += list(_of_policies(config, policies)) or [all_of_them]
    return found


def without_estimates(notes: list[Note]) -> list[Note]:
    """Return notes without estimates of what the run itself tells, and without results of which the reason is told."""
    told = {note.where for note in notes if note.code == "rows_gone"}
    reasons = {".".join(note.where.split(".")[:2]) for note in notes if note.code != "nothing_came"}
    return [
        note for note in notes
        if not (note.code == "no_rows" and note.where in told)
        and not (note.code == "nothing_came" and note.where in reasons)
    ]


def _of_nothing(policies: pd.DataFrame) -> Iterator[Note]:
    """Yield a note for each policy that was in force for a year and more without any outcome or payment."""
    for name, rows in policies.groupby("policy", sort=True):
        months = rows.drop_duplicates(["replicate", "year"]).groupby("replicate")["months_in_force"].sum().min()
        counted = rows["count"].notna().any()
        if counted and months >= _YEAR and not rows[["count", "spent", "private"]].fillna(0.0).to_numpy().any():
            yield Note("nothing_came", f"policies.{name}")


def _of_policies(config: Mapping[str, Any], policies: pd.DataFrame) -> Iterator[Note]:
    for name, policy in config["policies"].items():
        kind = BUILT_IN.get(str(config["origins"][name]["use"]))
        if kind is None or policy.get("budget") is not None:  # with a budget money may have ended before rows did
            continue
        for outcome in kind.outcomes():
            dose = _ASKS.get(str(outcome.lever))
            if dose is None:
                continue
            rows = policies[(policies["policy"] == name) & (policies["outcome"] == outcome.unit)]
            yearly = {int(year): float(amount) for year, amount in policy[dose].items()}
            n = max(1, int(rows["replicate"].nunique()))
            months = rows[["year", "months_in_force"]].itertuples(index=False, name=None)
            wanted = sum(amount_in(yearly, int(year)) * int(on) / 12.0 for year, on in months) / n
            opened = float(rows["count"].sum()) / n
            if wanted > 0.0 and opened < (1.0 - _FEW) * wanted:
                values = {"found": round(opened), "wanted": round(wanted)}
                yield Note("rows_gone", f"policies.{name}.{dose}", values)
