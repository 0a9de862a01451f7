"""What a policy can offer with the money that is left of its budget of the year."""

from __future__ import annotations

import numpy as np

from labsim.world import World


def part_paid_for(money: float, cost: float) -> float:
    """Return the part of a month's offer that money in VND pays for, given the cost of all of it: 1 if it does."""
    if cost <= money:
        return 1.0
    return max(0.0, money) / cost if cost > 0.0 else 0.0


def places_paid_for(world: World, places: np.ndarray, each: np.ndarray | float, money: float) -> np.ndarray:
    """Return places of a year, shape `(n,)`, of which a month costs no more than the money; `each` is the cost of a
    place, shape `(n,)` or one for all, in VND.

    They are left as they are while the money lasts however they are rounded. Else they are cut in proportion and whole
    in rows of people, the largest remainders first, so that no rounding spends what is not there.
    """
    rows, price = places * world.scale / 12.0, np.broadcast_to(each, places.shape) / world.scale
    if float((np.ceil(rows) * price).sum()) <= money:
        return places
    rows = rows * part_paid_for(money, float((rows * price).sum()))
    whole = np.floor(rows)
    money -= float((whole * price).sum())
    more = round(float((rows - whole).sum()))
    for cell in np.argsort(whole - rows, kind="stable")[:more]:
        if price[cell] <= money:
            whole[cell] += 1.0
            money -= float(price[cell])
    cut: np.ndarray = whole * 12.0 / world.scale
    return cut
