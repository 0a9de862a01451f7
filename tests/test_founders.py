"""Who founds the small new employers: established household businesses of the district and field, each alike."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from labsim import load
from labsim.processes.firms import _assign_owners
from labsim.simulation import Simulation
from labsim.world import Activity


def test_new_firms_grow_out_of_any_business_of_their_field_alike():
    """Proposed or, where proposals are few, looked for: established businesses of the district and the field."""
    model = Simulation(load("son_la", settings={"scale": 0.004}), seed=1).run(2)
    w, e, months, n_keys = model.workers, model.enterprises, 12, 4000
    may = (w.activity == Activity.HOUSEHOLD_BUSINESS) & (w.spell >= months)
    cells = e.district.astype(int) * model.world.n_fields + e.field
    at = w.district[may].astype(int) * model.world.n_fields + w.work_field[may]
    found = np.bincount(at, minlength=cells.max() + 1)
    firm = np.flatnonzero((found[cells] >= 5) & (found[cells] <= 12))[:1]
    here = np.flatnonzero(may & (w.district == e.district[firm[0]]) & (w.work_field == e.field[firm[0]]))
    for known in (1.0, 1e9):  # with as many businesses said to be there as hardly any proposal is made for
        counts = np.full((len(model.world.places), model.world.n_fields), known)
        owners = [
            _assign_owners(model.world.people, model.world.employers, model.world.runs, firm, counts, months, key)[0]
            for key in (np.uint64(7919 * k + 1) for k in range(n_keys))
        ]
        times = np.bincount(owners, minlength=len(w))
        assert times[here].sum() == n_keys
        expected = n_keys / here.size
        assert ((times[here] - expected) ** 2 / expected).sum() < chi2.isf(1e-4, here.size - 1)
    every = np.repeat(firm, here.size + 3)  # nobody founds two at once
    owners = _assign_owners(
        model.world.people, model.world.employers, model.world.runs, every, counts, months, np.uint64(5)
    )
    assert sorted(owners[owners >= 0]) == here.tolist() and (owners < 0).sum() == 3
