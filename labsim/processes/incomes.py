"""Whose income rose and whose fell between two Decembers: only in runs that tell groups apart."""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.processes.counting import AGE_BANDS, tally
from labsim.world import Activity

EMPLOYEE, OUT = int(Activity.EMPLOYEE), int(Activity.OUT_OF_LABOUR_FORCE)
OF_WORKING_AGE = len(AGE_BANDS) - 1  # bands below this one
GAIN, LOSS = 0.05, -0.05
# Changes of income by bins: all lost; half a point each from -100 to 300 %; more, or from nothing.
BIN, HIGHEST = 0.005, 3.0
N_BINS = int((HIGHEST + 1.0) / BIN) + 2
GAINED, LOST, NOT_COUNTED = 1024, 2048, 4096  # above all bins


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
def write_changes(then: np.ndarray, now: np.ndarray, bands: np.ndarray, places: np.ndarray) -> None:
    """Write everyone's bin of changes, with GAINED or LOST added to it, shape `(n_workers,)`; NOT_COUNTED for who was
    not there, earned nothing in both Decembers or is past working age.
    """
    none, of_age = np.float32(0.0), np.uint8(OF_WORKING_AGE)
    for i in range(places.shape[0]):  # without branches, so that it runs several at a time
        before, after = then[i], now[i]
        change = (np.float64(after) - np.float64(before)) / np.float64(before) if before > none else np.inf
        inside = min(N_BINS - 3, int((min(change, HIGHEST) + 1.0) / BIN)) + 1
        place = N_BINS - 1 if change > HIGHEST else inside
        place = 0 if change <= -1.0 else place
        place += GAINED if change > GAIN else 0
        place += LOST if change < LOSS else 0
        counts = (before >= none) & (after >= none) & (before + after > none) & (bands[i] < of_age)
        places[i] = np.uint16(place if counts else NOT_COUNTED)


@kernel
def count_places(places: np.ndarray, code: np.ndarray, people: np.ndarray) -> None:
    """Count people by group and by what `write_changes` wrote into tables of shape `(4, n_groups x (NOT_COUNTED +
    1))`.
    """
    both = np.empty(places.shape[0], np.int32)
    for i in range(places.shape[0]):
        both[i] = np.int32(code[i]) * np.int32(NOT_COUNTED + 1) + np.int32(places[i])
    tally(both, people)


def read_places(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by group who gained and who lost much, shape `(n_groups, 2)`, and changes by bins, `(n_groups, N_BINS)`,
    from what `count_places` counted.
    """
    by_place = people.sum(axis=0).reshape(-1, NOT_COUNTED + 1)
    by_bin = by_place[:, :NOT_COUNTED].reshape(len(by_place), -1, GAINED)  # neither; gained; lost
    return by_bin[:, 1:3].sum(axis=2), by_bin[:, :, :N_BINS].sum(axis=1)
