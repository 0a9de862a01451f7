"""The files beside a province's profile that say on what its answers rest, and whether that still holds.

`evidence.csv` and `evidence_next.csv` (the numbers most worth collecting) are made by `labsim evidence --keep` from the
runs of one scenario. The first carries a hash of the code that
decides the numbers and one of the configuration; a scorecard of another code shows it as stale, one of another
configuration as made for another scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labsim.config_files import find_configs
from labsim.errors import ConfigError, ResultsError
from labsim.evidence.parts import TOGETHER, WORTH
from labsim.experiment.code import configuration_of_numbers, model_hash
from labsim.experiment.store import write_whole
from labsim.frames import read_frame
from labsim.text import _

if TYPE_CHECKING:
    from labsim.evidence.shares import Evidence

__all__ = [
    "FILE", "NEXT_FILE", "Rest", "keep_shares", "kept_shares",
    "kept_worth", "rests_of",
]

FILE, NEXT_FILE = "evidence.csv", "evidence_next.csv"
MOST_KEPT = 10
COLUMNS = (
    "answer", "indicator", "year", "unit", "part", "share", "low", "high", "told", "blocks", "ranges", "scale",
    "scenario", "code", "configuration",
)  # fmt: skip
_NUMBERS = (
    "year", "share", "low", "high", "blocks", "scale", "cut", "cut_low", "cut_high", "worth", "best_cut", "present",
)  # fmt: skip


@dataclass(frozen=True)
class Rest:
    """Say how much of the variance of one answer rests on assumption (grade D): `share` from `low` to `high` (95 %).

    `together` is what assumed parameters and others do only together. `is_stale` says that the code that decides the
    numbers has changed since, `is_of_another` that the configuration is another one.
    """

    share: float
    low: float
    high: float
    together: float
    is_stale: bool
    is_of_another: bool


def keep_shares(found: Evidence, folder: Path | None = None) -> Path:
    """Write the shares and the numbers most worth collecting to a folder, that of the province's profile by default.

    Returns the file of the shares. Raises ResultsError if there are none, if the world has no folder, or if the files
    cannot be written.
    """
    if not len(found.shares):
        raise ResultsError(_("there are no shares to keep: give --samples"))
    margins = found.config.province.folder
    if folder is None and margins is None:
        raise ResultsError(_("a world without a folder has no place to keep shares in"))
    folder = folder or (margins.parent if margins is not None else Path())
    told = dict(zip(found.quality["answer"], found.quality["told"], strict=True))
    table = found.shares.assign(
        told=found.shares["answer"].map(told), blocks=found.about["blocks"], ranges=found.about["ranges"],
        scale=found.about["scale"], scenario=found.about["scenario"], code=model_hash(),
        configuration=configuration_of_numbers(found.config.to_dict()),
    )[list(COLUMNS)].round({"share": 4, "low": 4, "high": 4})  # fmt: skip
    worth = found.worth.head(MOST_KEPT)
    worth = worth.round({name: 4 for name in ("cut", "cut_low", "cut_high", "worth", "best_cut") if name in worth})
    try:
        for name, frame in ((FILE, table), (NEXT_FILE, worth)):
            write_whole(folder / name, frame.to_csv(index=False, lineterminator="\n").encode("utf-8"))
    except OSError as error:
        raise ResultsError(_("{file}: cannot be written ({error})").format(file=folder, error=error)) from error
    return folder / FILE


def kept_shares(province: str, folder: Path | None = None) -> pd.DataFrame:
    """Return the shares kept for a province, by its id or the folder of its profile; an empty table if there are none.

    Raises ResultsError for a file that cannot be read.
    """
    return _kept(FILE, province, folder, COLUMNS)


def kept_worth(province: str, folder: Path | None = None) -> pd.DataFrame:
    """Return the numbers most worth collecting that were kept for a province, as in `Evidence.worth`.

    Raises ResultsError for a file that cannot be read.
    """
    return _kept(NEXT_FILE, province, folder, WORTH)


def _kept(name: str, province: str, folder: Path | None, columns: Sequence[str]) -> pd.DataFrame:
    places = [folder] if folder is not None else [root / province for root in find_configs()]
    file = next((place / name for place in places if (place / name).is_file()), None)
    if file is None:
        return pd.DataFrame(columns=list(columns))
    try:
        numbers = [name for name in columns if name in _NUMBERS]
        return read_frame(file, numbers=numbers, words=("code", "configuration"))[list(columns)]
    except (OSError, ValueError, KeyError, ConfigError) as error:
        raise ResultsError(_("{file}: damaged ({why})").format(file=file, why=error)) from error


def rests_of(manifest: Mapping[str, Any]) -> dict[tuple[str, int], Rest]:
    """Return by target and year how much of it rests on assumption, for the province of a result's manifest.

    Answers that parameters decide too little of to split, and those that do not vary, are left out.
    """
    table = kept_shares(str(manifest.get("province", "")))
    if not len(table):
        return {}
    is_stale = bool((table["code"] != model_hash()).any())
    here = configuration_of_numbers(manifest.get("config", {}))
    is_of_another = bool((table["configuration"] != here).any())
    found = {}
    told = table[table["told"].astype(bool) & table["share"].notna()].to_dict("records")
    together = {(row["answer"], row["year"]): row["share"] for row in told if row["part"] == TOGETHER}
    for row in told:
        key = (row["answer"], row["year"])
        if row["part"] == "D" and key in together:
            found[key] = Rest(row["share"], row["low"], row["high"], together[key], is_stale, is_of_another)
    return found
