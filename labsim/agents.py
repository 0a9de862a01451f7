"""Institutions and the province as Mesa agents over columns: dozens of them, where agents pay; people are columns."""

from __future__ import annotations

from typing import Protocol

import mesa
import numpy as np

from labsim.world import Institutions, Programmes, World


class ModelOfColumns(Protocol):
    """What an agent needs of the model it lives in."""

    world: World

    @property
    def programmes(self) -> Programmes:
        """Return the programmes, one row each."""

    @property
    def institutions(self) -> Institutions:
        """Return the institutions, one row each."""


class TrainingInstitution(mesa.Agent):
    """A university, college or vocational centre; it reads and plans its programmes through the columns of the
    world.
    """

    model: ModelOfColumns

    def __init__(self, model: mesa.Model, row: int, name: str) -> None:
        super().__init__(model)
        self.row = row
        self.name = name

    @property
    def programmes(self) -> np.ndarray:
        """Return the rows of its programmes, shape `(n_own_programmes,)`."""
        return np.flatnonzero(self.model.programmes.institution == self.row)

    @property
    def district(self) -> str:
        """Return the district it stands in."""
        return self.model.world.places.names[int(self.model.institutions.district[self.row])]

    @property
    def quality(self) -> float:
        """Return the quality of its teaching, 0 to 1."""
        return float(self.model.institutions.quality[self.row])

    @property
    def seats(self) -> float:
        """Return the seats it teaches at one time, in real persons."""
        return float(self.model.programmes.seats[self.programmes].sum()) / self.model.world.scale

    @property
    def trainees(self) -> float:
        """Return the trainees it has now, in real persons."""
        return float(self.model.programmes.taken[self.programmes].sum()) / self.model.world.scale

    @property
    def fill_rate(self) -> float:
        """Return the share of its seats that is taken."""
        return self.trainees / self.seats if self.seats else 0.0

    def add_seats(self, persons: float, field: str | None = None) -> None:
        """Add seats of its own taught at one time, in real persons, to all its programmes or to those of a field.

        Raises ValueError if it teaches nothing there.
        """
        rows = self.programmes
        if field is not None:
            rows = rows[self.model.programmes.field[rows] == self.model.world.fields.index(field)]
        if rows.size == 0:
            raise ValueError(f"{self.name} teaches nothing in {field!r}")
        self.model.programmes.base_seats[rows] += persons * self.model.world.scale / rows.size


class Province(mesa.Agent):
    """The province itself: its budget and its people at a glance."""

    model: ModelOfColumns

    @property
    def labour_force(self) -> float:
        """Return the labour force, farmers for own use included, in real persons."""
        return float(self.model.world.ledger.stocks[:4].sum()) / self.model.world.scale

    @property
    def unemployment_rate(self) -> float:
        """Return the unemployed in percent of the labour force."""
        stocks = self.model.world.ledger.stocks
        return 100.0 * float(stocks[3]) / float(max(1, stocks[:4].sum()))

    @property
    def spent(self) -> int:
        """Return what all policies have cost so far, in VND."""
        return sum(self.model.world.ledger.spent.values())
