"""Write what a study found into one file for other programs: CSV, Parquet or netCDF."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from labsim.errors import ResultsError
from labsim.experiment.run import indicators_known
from labsim.folders import sync_folder
from labsim.text import _, did_you_mean

__all__ = ["ENDINGS", "Found", "write"]


class Found(Protocol):
    """Hold what a study found, as `OpenedStudy` does."""

    about: dict[str, Any]
    folder: Path

    @property
    def points(self) -> pd.DataFrame:
        """Return one row a point."""

    def monthly(self, *, grouped: bool = False) -> pd.DataFrame:
        """Return the tidy series."""


def write(study: Found, path: Path) -> Path:
    """Write the monthly table of a study into a file whose ending says how; whole or not at all.

    CSV and Parquet hold every row with the point's name and what varies there; netCDF holds, of all people together,
    one variable per indicator over point, replicate and month. Raises ResultsError for another ending, a missing
    library, or a place that cannot be written.
    """
    ending = path.suffix.lower()
    writer = ENDINGS.get(ending)
    if writer is None:
        hint = did_you_mean(ending, tuple(ENDINGS))
        raise ResultsError(_("given the ending {given!r}; {hint}").format(given=ending, hint=hint))
    draft = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{ending}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(study, draft)
        os.replace(draft, path)
        sync_folder(path.parent)
    except OSError as error:
        raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=path, error=error)) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return path


def _tidy(study: Found) -> pd.DataFrame:
    return _required(study, study.monthly(grouped=True)).merge(_points(study), on="point")


def _required(study: Found, frame: pd.DataFrame) -> pd.DataFrame:
    if not len(frame):
        raise ResultsError(_("{folder}: no run is finished yet").format(folder=study.folder))
    return frame


def _points(study: Found) -> pd.DataFrame:
    """Return the points, each column of one kind: numbers, or text where anything else stands in it."""
    points = study.points.drop(columns="config_hash")
    for name in points.columns:
        if not pd.api.types.is_numeric_dtype(points[name]):
            points[name] = ["" if one is None or one != one else str(one) for one in points[name]]
    return points


def _write_csv(study: Found, draft: Path) -> None:
    _tidy(study).to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")


def _write_parquet(study: Found, draft: Path) -> None:
    _tidy(study).to_parquet(draft, index=False, compression="zstd")


def _write_netcdf(study: Found, draft: Path) -> None:
    try:
        xarray: Any = import_module("xarray")
    except ImportError as error:
        raise ResultsError(_("netCDF needs a further library: pip install 'labsim[experiments]'")) from error
    known = indicators_known()
    frame = _required(study, study.monthly())
    points, replicates = np.sort(frame["point"].unique()), np.sort(frame["replicate"].unique())
    months = np.sort(frame["month"].unique())
    shape = (points.size, replicates.size, months.size)
    variables: dict[str, Any] = {}
    for name, part in frame.groupby("indicator", observed=True, sort=True):
        cube = np.full(shape, np.nan)
        where = (np.searchsorted(points, part["point"]), np.searchsorted(replicates, part["replicate"]))
        cube[(*where, np.searchsorted(months, part["month"]))] = part["value"]
        info = known.get(str(name))
        about = {"units": info.unit, "long_name": info.label, "concept": info.concept} if info is not None else {}
        variables[str(name)] = (("point", "replicate", "month"), cube, about)
    coordinates: dict[str, Any] = {"point": points, "replicate": replicates, "month": months}
    of_point = _points(study).set_index("point").loc[points]
    for column in of_point.columns:
        values = of_point[column]
        # the format knows whole numbers of 32 bits only
        varied = values.to_numpy(float) if pd.api.types.is_numeric_dtype(values) else values.to_numpy(object)
        coordinates[column.replace("/", "|")] = ("point", varied)
    about_study = {"title": study.about["study"]["title"]["en"], "labsim_code": study.about["code_hash"]}
    dataset = xarray.Dataset(variables, coords=coordinates, attrs=about_study)
    dataset.to_netcdf(draft, engine="scipy", format="NETCDF3_64BIT")


ENDINGS: dict[str, Callable[[Found, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".nc": _write_netcdf,
}
