"""A tile map: one square a district, near where it lies, so that a small town is seen as well as a large district."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from labsim.config_files import find_configs
from labsim.errors import ConfigError
from labsim.number_text import read_number
from labsim.report.numbers import number
from labsim.report.pictures import blank, styled
from labsim.text import current_language
from labsim.text_files import read_table

__all__ = ["District", "districts_of", "tile_figure", "tiles_of"]

_KIND = re.compile(r"^(Thành phố|Thị xã|Huyện|Quận)\s+")
_RAMP = "cividis_r"  # read alike with every colour vision, and in grey
_WIDTH = 4.3  # inches
_FLAT = 0.72  # height of a tile over its width
_ROOMY = 1.35  # tiles of the grid over districts: holes keep neighbours near where they are
_LETTER = 0.6  # mean width of a letter over its size
_EVEN = 0.18  # luminance at which black and white stand out alike


@dataclass(frozen=True)
class District:
    """Name a district and say where its seat lies [degrees]."""

    id: str
    name: str
    latitude: float
    longitude: float


def districts_of(province: str) -> list[District]:
    """Return the districts of a province in the language in use; none where its files do not say where they lie."""
    column = "vi" if current_language() == "vi" else "en"
    for root in find_configs():
        file = root / province / "margins" / "districts.csv"
        if not file.is_file():
            continue
        try:
            return [
                District(row["id"], _KIND.sub("", row[column]), read_number(row["lat"]), read_number(row["lon"]))
                for row in read_table(file).dicts()
            ]
        except (KeyError, ValueError, ConfigError):
            return []
    return []


def tiles_of(districts: Sequence[District]) -> dict[str, tuple[int, int]]:
    """Return row and column of each district's tile, north up: the least sum of squared shifts on a grid that fits."""
    from scipy.optimize import linear_sum_assignment

    north = np.array([one.latitude for one in districts])
    east = np.array([one.longitude for one in districts]) * math.cos(math.radians(float(north.mean())))
    height, width = max(float(np.ptp(north)), 1e-6), max(float(np.ptp(east)), 1e-6)
    columns = max(1, round(math.sqrt(_ROOMY * len(districts) * width / height)))
    rows = max(1, math.ceil(_ROOMY * len(districts) / columns))
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    at = np.column_stack([(north.max() - north) / height * (rows - 1), (east - east.min()) / width * (columns - 1)])
    shifts = ((at[:, None, :] - np.array(cells, dtype=float)[None, :, :]) ** 2).sum(axis=2)
    chosen, cell = linear_sum_assignment(shifts)
    return {districts[one].id: cells[place] for one, place in zip(chosen, cell, strict=True)}


def tile_figure(districts: Sequence[District], values: Mapping[str, float], unit: str) -> Figure:
    """Draw a value of each district on its tile, darker where it is higher."""
    tiles = tiles_of(districts)
    n_rows = 1 + max(row for row, _column in tiles.values())
    n_columns = 1 + max(column for _row, column in tiles.values())
    known = [value for value in values.values() if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    colours = matplotlib.colormaps[_RAMP]
    with styled():
        figure = blank(_WIDTH * _FLAT * n_rows / n_columns, _WIDTH)
        axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axis.set_axis_off()
        axis.set_xlim(0, n_columns)
        axis.set_ylim(n_rows, 0)
        for one in districts:
            row, column = tiles[one.id]
            value = values.get(one.id, math.nan)
            share = (value - low) / (high - low) if math.isfinite(value) and high > low else 0.5
            colour = colours(0.05 + 0.9 * share) if math.isfinite(value) else (0.93, 0.93, 0.93, 1.0)
            axis.add_patch(Rectangle((column + 0.02, row + 0.02), 0.96, 0.96, facecolor=colour, linewidth=0))
            ink = "white" if _luminance(colour) < _EVEN else "black"
            room = 0.92 * _WIDTH * 72 / n_columns  # points
            size = min(9.5, room / (_LETTER * max(1, len(one.name))))
            middle: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
            axis.text(column + 0.5, row + 0.33, one.name, fontsize=size, **middle)
            axis.text(column + 0.5, row + 0.68, number(value, unit), fontsize=10.5, fontweight="bold", **middle)
    return figure


def _luminance(colour: tuple[float, ...]) -> float:
    """Return the relative luminance of a colour, 0 to 1, as the guidelines for accessible pages define it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
