"""Who founds the small new employers: established household businesses of the district and field, each alike."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from labsim import load
from labsim.processes.firms import _assign_owners
from labsim.rows import where_equal
from labsim.simulation import Simulation
from labsim.world import Activity


def test_new_firms_grow_out_of_any_established_business_of_their_field_alike():
    model = Simulation(load("son_la", settings={"scale": 0.004}), seed=1).run(2)
    w, months, n_keys, n_fields = model.workers, 12, 4000, model.world.n_fields
    may = (w.activity == Activity.HOUSEHOLD_BUSINESS) & (w.spell >= months)
    cells = w.district.astype(int) * n_fields + w.work_field
    found = np.bincount(cells[may], minlength=len(model.world.places) * n_fields)
    cell = int(np.flatnonzero((found >= 5) & (found <= 12))[0])
    here = np.flatnonzero(may & (cells == cell))
    rows = where_equal(w.activity, Activity.HOUSEHOLD_BUSINESS)

    def owners(n_firms, key):
        first = np.where(np.arange(found.size + 1) > cell, n_firms, 0)
        return _assign_owners(model.world.people, rows, model.world.runs, first, n_fields, months, np.uint64(key))

    times = np.bincount([owners(1, 7919 * k + 1)[0] for k in range(n_keys)], minlength=len(w))
    expected = n_keys / here.size
    assert times[here].sum() == n_keys
    assert ((times[here] - expected) ** 2 / expected).sum() < chi2.isf(1e-4, here.size - 1)
    # nobody founds two at once, and a firm more changes no earlier one
    two, three = owners(2, 5), owners(3, 5)
    assert set(three) <= set(here.tolist()) and len(set(three)) == 3
    assert two.tolist() == three[:2].tolist()
