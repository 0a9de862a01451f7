"""What is known of one person after a run, as plain data: the app, the report and a terminal show the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["SERIES", "Difference", "Event", "Life", "Paired"]

# What is noted of every month: activity by its code, income from work, savings less debt (VND), skill (share).
SERIES = ("activity", "income", "savings", "skill")


@dataclass(frozen=True)
class Event:
    """Hold what one process of one month did to the person, or considered and did not do.

    `kind` says what happened ("hired", "seat_refused"), `facts` why, as plain numbers and ids; money in VND. `changes`
    are the columns of the person's row that the process changed, from -> to. A `minor` event changed nothing and is
    repeated month after month, such as a month without an application.
    """

    month: int
    process: str
    kind: str
    facts: Mapping[str, Any]
    changes: Mapping[str, tuple[int, int]]
    minor: bool = False


@dataclass(frozen=True)
class Life:
    """Hold one person's life in one run.

    `person` is the row of the world at this `scale` and `seed`; `who` is what the person was at month 0; `series` has
    a value for every month from 0 on, by the names in `SERIES`; `names` has the names in English and Vietnamese of
    the ids that facts use. `start` is the month 0 as "2020-12".
    """

    person: int
    province: Mapping[str, str]
    scenario: str
    title: Mapping[str, str]
    scale: float
    seed: int
    start: str
    who: Mapping[str, Any]
    series: Mapping[str, tuple[float, ...]]
    events: tuple[Event, ...]
    names: Mapping[str, Mapping[str, Mapping[str, str]]]

    @property
    def n_months(self) -> int:
        """Return the months simulated."""
        return len(self.series["activity"]) - 1

    def calendar(self, month: int) -> str:
        """Return a month of the run as "2021-03"."""
        year, at = divmod(int(self.start[:4]) * 12 + int(self.start[5:7]) - 1 + month, 12)
        return f"{year:04d}-{at + 1:02d}"

    def in_month(self, month: int) -> tuple[Event, ...]:
        """Return the events of a month, in the order of its processes."""
        return tuple(event for event in self.events if event.month == month)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON, from which `from_dict` makes an equal life."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Life:
        """Make a life from what `to_dict` returned, or from its JSON."""
        events = tuple(
            Event(**{**one, "changes": {name: (a, b) for name, (a, b) in one["changes"].items()}})
            for one in data["events"]
        )
        series = {name: tuple(values) for name, values in data["series"].items()}
        return cls(**{**data, "events": events, "series": series})


@dataclass(frozen=True)
class Difference:
    """Hold one month in which two lives of the same person differ: what happened in each, in that month."""

    month: int
    here: tuple[Event, ...]
    there: tuple[Event, ...]


@dataclass(frozen=True)
class Paired:
    """Hold the same person with the same luck under two scenarios.

    `first_number` is the first month in which income, savings or skill differ at all (None: never), often by a little,
    since wages and crowding answer what others do; `first_event` the first in which something else happened, and
    `differences` are all such months. `levers` tell what policies offered otherwise in that first month where the
    person could be reached: (lever, here, there, unit).
    """

    life: Life
    other: Life
    first_number: int | None
    first_event: int | None
    differences: tuple[Difference, ...]
    levers: tuple[tuple[str, float, float, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)
