"""Whose income rose and whose fell between two Decembers: only in runs that tell groups apart."""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.processes.counting import AGE_BANDS
from labsim.world import Activity

EMPLOYEE, OUT = int(Activity.EMPLOYEE), int(Activity.OUT_OF_LABOUR_FORCE)
OF_WORKING_AGE = len(AGE_BANDS) - 1  # bands below this one
GAIN, LOSS = 0.05, -0.05
# Changes of income by bins: all lost; half a point each from -100 to 300 %; more, or from nothing.
BIN, HIGHEST = 0.005, 3.0
N_BINS = int((HIGHEST + 1.0) / BIN) + 2


@kernel
def write_incomes(activity: np.ndarray, wage: np.ndarray, income: np.ndarray) -> None:
    """Write everyone's income of the month: pay or own-account income of people in work, nothing for all others in the
    province, minus 1 for who is not there, shape `(n_workers,)`, VND per month.
    """
    nothing, elsewhere = np.float32(0.0), np.float32(-1.0)
    for i in range(income.shape[0]):
        idle = nothing if activity[i] <= OUT else elsewhere
        income[i] = wage[i] if activity[i] <= EMPLOYEE else idle


@kernel
def count_changes(
    then: np.ndarray, now: np.ndarray, bands: np.ndarray, code: np.ndarray, far: np.ndarray, bins: np.ndarray
) -> None:
    """Count by group who gained and who lost much, shape `(n_groups, 2)`, and changes by bins, `(n_groups, N_BINS)`."""
    for i in range(then.shape[0]):
        before, after = then[i], now[i]
        if before < 0.0 or after < 0.0 or before + after <= 0.0 or bands[i] >= OF_WORKING_AGE:
            continue
        change = (float(after) - float(before)) / float(before) if before > 0.0 else np.inf
        group = code[i]
        far[group, 0] += change > GAIN
        far[group, 1] += change < LOSS
        if change <= -1.0:
            at = 0
        elif change > HIGHEST:
            at = N_BINS - 1
        else:
            at = min(N_BINS - 3, int((change + 1.0) / BIN)) + 1
        bins[group, at] += 1
