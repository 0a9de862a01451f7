"""The files of a posterior: its draws as a table, and beside them how they were made and what they are worth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labsim.config import Config, load
from labsim.errors import ResultsError
from labsim.evidence.calibrate import Calibration
from labsim.evidence.fit import following_plan
from labsim.evidence.weights import effective_size
from labsim.experiment.code import configuration_of_numbers, model_hash
from labsim.experiment.posterior import FORMAT, beside_margins, data_hash, hash_of_draws, observed_hash
from labsim.text import _

__all__ = ["home_of", "posterior_files"]

NAME = "posterior"
_DIGITS = 6


def posterior_files(found: Calibration) -> dict[str, bytes]:
    """Return the content of posterior.csv and posterior.json of a finished calibration, by their names."""
    table = found.draws.copy()
    table.insert(0, "weight", f"{1.0 / len(table):.6g}")
    table.insert(0, "draw", np.arange(1, len(table) + 1))
    text = table.to_csv(index=False, lineterminator="\n", float_format=f"%.{_DIGITS}g")
    content = _about(found) | {"draws_hash": hash_of_draws(text)}
    about = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    return {f"{NAME}.csv": text.encode("utf-8"), f"{NAME}.json": (about + "\n").encode("utf-8")}


def home_of(config: Config) -> Path:
    """Return the folder in which runs of a province look for its posterior. Raises ResultsError if it has none."""
    beside = beside_margins(config, "observed.csv")
    if beside is None:
        raise ResultsError(_("{province} has no observed figures to put a posterior beside").format(
            province=config.province.id))  # fmt: skip
    return beside.parent


def _about(found: Calibration) -> dict[str, Any]:
    """Return how a posterior was made; no time and no machine, so that the same calibration gives the same file."""
    assert found.sampled is not None
    config = load(found.about["province"], scenario=found.about["scenario"], settings=found.about["settings"])
    present = {one.name: one.present for one in found.priors}
    parameters = [
        {"name": row.pop("parameter"), **row, "present": present[name]}
        for row in _rows(found.moved)
        if (name := row["parameter"])
    ]
    size = effective_size(found.weights)
    return {
        "format": FORMAT, **found.about,
        "code_hash": model_hash(), "data_hash": data_hash(config), "observations_hash": observed_hash(config),
        "configuration_hash": configuration_of_numbers(
            load(found.about["province"], scenario=found.about["scenario"]).to_dict()
        ),
        "runs": int(sum(found.sampled.sizes)), "draws": len(found.draws),
        "distinct_draws": len(found.draws.drop_duplicates()), "effective_sample_size": round(size, 1),
        "left_of_the_prior": _short(found.sampled.left), "plan_following": _plain(following_plan(found.fit)),
        "waves": _rows(found.waves), "observations": _rows(found.fit), "parameters": parameters,
    }  # fmt: skip


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [_plain({str(key): value for key, value in row.items()}) for row in frame.to_dict("records")]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _short(value.item() if hasattr(value, "item") else value) for key, value in row.items()}


def _short(value: Any) -> Any:
    """Return a number to six digits, none where it is not known; anything else as it is."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
