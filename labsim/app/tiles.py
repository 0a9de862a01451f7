"""Where a district's square stands in a tile map: as close as squares allow to where the district lies."""

from __future__ import annotations

import math
from collections.abc import Mapping

from scipy.optimize import linear_sum_assignment

from labsim.config import Config
from labsim.text import current_language
from labsim.text_files import read_table

__all__ = ["district_names", "tiles_of"]

Place = tuple[int, int]


def tiles_of(config: Config) -> dict[str, Place]:
    """Return column and row (from the south-west) of each district of a province's margins; {} where it lists none.

    Districts and squares are matched so that the sum of squared shifts is least.
    """
    rows = _rows(config)
    if not rows:
        return {}
    places = {row["id"]: (float(row["lon"]), float(row["lat"])) for row in rows}
    east = [lon for lon, _lat in places.values()]
    north = [lat for _lon, lat in places.values()]
    width = (max(east) - min(east)) * math.cos(math.radians(sum(north) / len(north))) or 1.0
    height = (max(north) - min(north)) or 1.0
    columns = max(1, min(len(rows), round(math.sqrt(len(rows) * width / height))))
    n_rows = math.ceil(len(rows) / columns)
    squares = [(column, row) for row in range(n_rows) for column in range(columns)]
    wanted = {
        name: (
            (lon - min(east)) / ((max(east) - min(east)) or 1.0) * (columns - 1),
            (lat - min(north)) / height * (n_rows - 1),
        )
        for name, (lon, lat) in places.items()
    }
    cost = [[(x - a) ** 2 + (y - b) ** 2 for a, b in squares] for x, y in wanted.values()]
    chosen, found = linear_sum_assignment(cost)
    names = list(wanted)
    return {names[one]: squares[square] for one, square in zip(chosen, found, strict=True)}


def district_names(config: Config) -> dict[str, str]:
    """Return the names of the districts in the language in use."""
    return {row["id"]: _short(row.get(current_language()) or row["id"]) for row in _rows(config)}


def _rows(config: Config) -> list[Mapping[str, str]]:
    folder = config.province.folder
    path = folder / "districts.csv" if folder is not None else None
    if path is None or not path.is_file():
        return []
    return [row for row in read_table(path).dicts() if row.get("lat") and row.get("lon")]


def _short(name: str) -> str:
    """Return a name without the word for what kind of place it is, which would not fit a square."""
    for word in ("Huyện ", "Thành phố ", "Thị xã ", "Thị Xã "):
        name = name.removeprefix(word)
    return name
