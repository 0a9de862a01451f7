"""Who founds the small new employers: established household businesses of the district and field, each alike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from labsim import load
from labsim.processes.firms import _find_owners
from labsim.simulation import Simulation
from labsim.world import Activity


@pytest.mark.parametrize("tries", [1, 40_000])
def test_new_firms_grow_out_of_any_established_business_of_their_field_alike(tries):
    """With one try nearly every firm looks at all people, with many it has met an owner before."""
    model = Simulation(load("son_la", settings={"scale": 0.004}), seed=1).run(2)
    w, e, months, n_keys, n_fields = model.workers, model.enterprises, 12, 4000, model.world.n_fields
    may = (w.activity == Activity.HOUSEHOLD_BUSINESS) & (w.spell >= months)
    cells = w.district.astype(int) * n_fields + w.work_field
    found = np.bincount(cells[may], minlength=len(model.world.places) * n_fields)
    cell = int(np.flatnonzero((found >= 5) & (found <= 12))[0])
    here, firms = np.flatnonzero(may & (cells == cell)), np.arange(3)
    e.district[firms], e.field[firms] = divmod(cell, n_fields)

    def owners(n_firms, key):
        people, employers, numbers = model.world.people, model.world.employers, np.full(n_firms, tries)
        return _find_owners(
            people, employers, firms[:n_firms], *model.world.by_district(), numbers, months, np.uint64(key)
        )

    times = np.bincount([owners(1, 7919 * k + 1)[0] for k in range(n_keys)], minlength=len(w))
    expected = n_keys / here.size
    assert times[here].sum() == n_keys
    assert ((times[here] - expected) ** 2 / expected).sum() < chi2.isf(1e-4, here.size - 1)
    # nobody founds two at once, and a firm more changes no earlier one
    two, three = owners(2, 5), owners(3, 5)
    assert set(three) <= set(here.tolist()) and len(set(three)) == 3
    assert two.tolist() == three[:2].tolist()
