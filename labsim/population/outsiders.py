"""People beyond the census count: those away in other provinces or abroad, and those who may come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labsim.population.margins import DESTINATIONS, LEVELS, OUTSIDERS, SCHOOLINGS, Margins
from labsim.population.people import UPPER_SECONDARY, Bytes, Shorts, census_cells
from labsim.population.sampling import Doubles, Traits, choose, counts_of
from labsim.world import Activity, Level

_ACTIVITY = {"away": Activity.AWAY_IN_VIET_NAM, "abroad": Activity.ABROAD, "outside": Activity.OUTSIDE}


@dataclass(eq=False)
class Outsiders:
    """People who are not in the province at the start, in rows by kind and district; arrays `(n,)`."""

    activity: Bytes
    district: Bytes
    urban: Bytes
    sex: Bytes
    ethnicity: Bytes
    months: Shorts
    schooling: Bytes
    level: Bytes
    wage: Doubles
    destination: Bytes
    months_left: Shorts
    poor: Bytes
    digital: Bytes

    @property
    def n(self) -> int:
        """Return the number of rows."""
        return int(self.months.size)


def gather_outsiders(margins: Margins, traits: Traits, scale: float) -> Outsiders:
    """Draw everyone who is away, abroad or may come in; the home (or future) district follows the census."""
    parts = [_of_kind(margins, traits, scale, kind) for kind in OUTSIDERS]
    return Outsiders(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Outsiders.__dataclass_fields__)
    )


def _of_kind(margins: Margins, traits: Traits, scale: float, kind: str) -> Outsiders:
    facts = margins.outsiders[kind]
    cells = census_cells(margins)
    adults = cells[:, :, :, 3:].sum()
    number = facts["number"] * (adults if kind == "outside" else 1.0) * scale
    homes = cells.sum(axis=(2, 3))  # (districts, residences, peoples)
    homes = (
        homes / homes.sum(axis=(0, 2), keepdims=True) * np.array([1.0 - facts["urban"], facts["urban"]])[None, :, None]
    )
    kinh = homes[:, :, 0].sum()
    homes[:, :, 0] *= facts["kinh"] / kinh
    homes[:, :, 1:] *= (1.0 - facts["kinh"]) / (1.0 - kinh)
    counts = counts_of(number * homes, traits.one(f"{kind}/people"))
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    district, urban, ethnicity = (
        index.astype(np.uint8)[cell] for index in np.unravel_index(np.arange(counts.size), counts.shape)
    )
    n = cell.size
    nothing = np.zeros(n, dtype=np.uint8)
    low, high = 12.0 * facts["age_low"], 12.0 * (facts["age_high"] + 1.0)
    # the young are many: ages thin out in a straight line
    months = (high - (high - low) * np.sqrt(traits.spread(f"{kind}/age", n))).astype(np.int16)
    level = choose(_cumulative(facts, LEVELS), nothing, traits.spread(f"{kind}/level", n))
    schooling = choose(_cumulative(facts, SCHOOLINGS), nothing, traits.spread(f"{kind}/schooling", n))
    schooling[level >= Level.COLLEGE] = UPPER_SECONDARY
    months = np.where(level >= Level.UNIVERSITY, np.maximum(months, 12 * 22), months).astype(np.int16)
    sex = (traits.spread(f"{kind}/sex", n) >= facts["male"]).astype(np.uint8)
    wage = facts["wage"] * (0.85 + 0.3 * traits.spread(f"{kind}/wage", n))
    left, destination = np.zeros(n, dtype=np.int16), nothing
    if kind == "abroad":
        destination = choose(_cumulative(facts, DESTINATIONS), nothing, traits.spread("abroad/country", n))
        left = (1 + traits.spread("abroad/contract", n) * (facts["contract_months"] - 1)).astype(np.int16)
    poor = (traits.spread(f"{kind}/poor", n) < facts["poor"]).astype(np.uint8)
    # the better trained first: those of an even draw who rank highest by level
    skilled = np.argsort(np.argsort(level + traits.spread(f"{kind}/digital", n), kind="stable"), kind="stable")
    digital = (skilled >= (1.0 - facts["digital"]) * n).astype(np.uint8)
    activity = np.full(n, _ACTIVITY[kind], dtype=np.uint8)
    return Outsiders(
        activity, district, urban, sex, ethnicity, months, schooling, level, wage, destination, left, poor, digital
    )


def _cumulative(facts: dict[str, float], names: tuple[str, ...]) -> Doubles:
    shares: NDArray[np.float64] = np.array([facts.get(name, 0.0) for name in names])
    cumulative: Doubles = (np.cumsum(shares) / shares.sum())[None, :-1]
    return cumulative
