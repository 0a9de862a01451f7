"""How policies spread a yearly amount over districts and fields."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from labsim.world import World


def weights_of(given: Mapping[str, float], names: tuple[str, ...], none_given: np.ndarray) -> np.ndarray:
    """Return the weight of every name, those not given 0; with none given, the weights of `none_given`."""
    return np.array([given.get(name, 0.0) for name in names]) if given else none_given


def where_most(spread: np.ndarray) -> np.ndarray:
    """Return an amount with all of it where most of it was to go: rounding to whole employers then adds one at most."""
    all_there = np.zeros_like(spread)
    all_there[np.argmax(spread)] = spread.sum()
    return all_there


def spread_over_markets(
    world: World, yearly: float, districts: Mapping[str, float], fields: Mapping[str, float]
) -> np.ndarray:
    """Spread an amount over markets, shape `(n_districts * n_fields,)`; districts go by people where none is given."""
    by_district = weights_of(districts, world.places.names, world.counts["people"].astype(np.float64))
    by_field = weights_of(fields, world.fields, np.ones(world.n_fields))
    weight = np.outer(by_district, by_field).ravel()
    total = weight.sum()
    spread: np.ndarray = yearly * weight / total if total > 0 else np.zeros_like(weight)
    return spread
