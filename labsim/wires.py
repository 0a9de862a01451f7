"""What happens in a month, declared: each event and count with who makes it, and what a month without it holds.

A process hands on what it found to later processes of the same month, to policies that pay for it and to the recorder.
Nobody reads a name that is not declared here, and nobody but its producers writes it; `labsim schedule` prints who
makes and who reads what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from labsim.text import did_you_mean

__all__ = ["COUNTS", "EVENTS", "CountKind", "EventKind", "Events", "require_count"]


@dataclass(frozen=True)
class EventKind:
    """What happened in a month: who may write it, what it ranges over, its unit and its meaning.

    `readers` are those who read it beside processes: "policies", which pay for it or count it as their outcome, and
    the "recorder".

    `empty` is what a month in which nobody wrote it holds: "zeros" over what it ranges over, no "rows" of people or
    employers, or "nothing" (None), which whoever reads it has to expect.
    """

    producers: tuple[str, ...]
    over: str
    unit: str
    meaning: str
    empty: str = "nothing"
    readers: tuple[str, ...] = ()


@dataclass(frozen=True)
class CountKind:
    """A number of rows that the books count in a month: who may add to it, and its meaning."""

    producers: tuple[str, ...]
    meaning: str


def _event(producers: str, over: str, unit: str, meaning: str, empty: str = "nothing", readers: str = "") -> EventKind:
    return EventKind(tuple(producers.split()), over, unit, meaning, empty, tuple(readers.split()))


def _count(producers: str, meaning: str) -> CountKind:
    return CountKind(tuple(producers.split()), meaning)


EVENTS: dict[str, EventKind] = {
    "savings_lost": _event(
        "climate.strike", "districts", "share", "savings that a hazard of this month takes", "zeros"
    ),
    "districts_struck": _event("climate.strike", "province", "districts", "districts that a hazard strikes"),
    "forecast": _event("information.forecast", "fields and tiers", "vacancies", "what institutions are told to expect"),
    "insight": _event("information.forecast", "people", "factors", "what people who know the forecasts reckon with"),
    "linked": _event("linkage.agree", "programmes", "switch", "programmes made with enterprises", readers="policies"),
    "quality_gain": _event("linkage.agree", "province", "share", "what linkage adds to the quality of a programme"),
    "part_on_policies": _event(
        "training.plan_intake",
        "programmes",
        "share",
        "part of this month's admissions on places of policies",
        "zeros",
        readers="policies",
    ),
    "admitted": _event(
        "training.enrol",
        "programmes",
        "persons",
        "admitted with help towards fees or living",
        "zeros",
        readers="policies",
    ),
    "admitted_paying": _event(
        "training.enrol", "programmes", "persons", "admitted who pay the fee themselves", "zeros", readers="policies"
    ),
    "travelled": _event(
        "training.enrol", "programmes", "persons", "admitted whose travel is paid", "zeros", readers="policies"
    ),
    "graduates": _event("training.progress", "people", "rows", "who completes a course", "rows", readers="recorder"),
    "completed": _event(
        "training.progress",
        "programmes",
        "persons",
        "who completes a course, by programme",
        "zeros",
        readers="policies",
    ),
    "digital_trained": _event(
        "digital.teach",
        "districts, by months ago",
        "persons",
        "who completes a course in digital skills",
        readers="policies",
    ),
    "digital_enrolled": _event(
        "digital.teach", "districts", "persons", "who begins a course in digital skills", "zeros", readers="policies"
    ),
    "posts_ask": _event("public_bodies.ask", "sorts of employers and tiers", "level", "training that posts ask for"),
    "degrees_in_service": _event(
        "in_service.study", "degrees, by months ago", "persons", "who finishes a degree in service", readers="policies"
    ),
    "degree_started": _event(
        "in_service.study", "degrees", "persons", "who begins to study in service", "zeros", readers="policies"
    ),
    "degree_years": _event(
        "in_service.study", "degrees", "years", "years of study that begin", "zeros", readers="policies"
    ),
    "separation_chance": _event(
        "firms.plan_headcount", "enterprises and tiers", "probability", "chance of each employee to be separated"
    ),
    "openings_mean": _event(
        "firms.plan_headcount", "enterprises and tiers", "posts", "vacancies that open in the mean"
    ),
    "company_park_posts": _event(
        "new_employers.settle",
        "markets",
        "posts",
        "posts of enterprises that settle in parks",
        "zeros",
        readers="policies",
    ),
    "company_park_number": _event("new_employers.settle", "markets", "enterprises", "enterprises that settle in parks"),
    "cooperative_new_posts": _event("new_employers.settle", "markets", "posts", "posts of cooperatives founded"),
    "cooperative_new_number": _event(
        "new_employers.settle", "markets", "cooperatives", "cooperatives founded", "zeros", readers="policies"
    ),
    "converted": _event(
        "own_account.run_businesses",
        "districts",
        "persons",
        "farmers who change livelihood",
        "zeros",
        readers="policies",
    ),
    "lent": _event(
        "own_account.lend", "districts", "persons", "who opens a business with a loan", "zeros", readers="policies"
    ),
    "supported": _event(
        "own_account.support", "districts", "persons", "owners given digital support", "zeros", readers="policies"
    ),
    "reached": _event(
        "services.reach", "channels and districts", "persons", "whom employment services reach", readers="policies"
    ),
    "helped_since": _event("services.reach", "province", "month", "first month in which who was reached is helped yet"),
    "search_gain": _event("services.reach", "channels", "factor", "how much more often who was reached applies"),
    "placed": _event(
        "services.follow_up",
        "channels and districts, by months ago",
        "persons",
        "hired after an introduction",
        readers="policies",
    ),
    "talent_came": _event(
        "talent.attract", "districts", "persons", "degree holders who take reserved posts", "zeros", readers="policies"
    ),
    "talent_pay": _event(
        "talent.attract", "districts", "VND", "supplements promised to them", "zeros", readers="policies"
    ),
    "talent_people": _event(
        "talent.attract", "people", "rows", "degree holders who take reserved posts", "rows", readers="recorder"
    ),
    "hired": _event("matching.hire", "people", "rows", "who is hired", "rows", readers="recorder"),
    "hired_by": _event(
        "matching.hire", "people", "rows", "by which employer each is hired", "rows", readers="recorder"
    ),
    "hired_by_partners": _event(
        "matching.hire", "programmes", "persons", "graduates hired for a post that a partner kept", readers="policies"
    ),
    "sent_abroad": _event(
        "abroad.go", "destinations", "persons", "who leaves under a contract", "zeros", readers="policies"
    ),
    "cost_abroad": _event(
        "abroad.go", "destinations", "VND", "what those who leave borrow", "zeros", readers="policies"
    ),
    "sent_people": _event("abroad.go", "people", "rows", "who leaves under a contract", "rows", readers="recorder"),
}

COUNTS: dict[str, CountKind] = {
    "reached_fifteen": _count("demography.come_of_age", "who turns fifteen"),
    "left_school": _count("demography.come_of_age", "who leaves school"),
    "deaths": _count("demography.die", "who dies"),
    "retired": _count("demography.retire", "who retires"),
    "training_applicants": _count("training.enrol", "who applies for a course"),
    "training_enrolled": _count("training.enrol", "who begins a course"),
    "training_dropped_out": _count("training.progress", "who gives a course up"),
    "people_trained": _count("training.progress", "who completes a course"),
    "people_trained_below_intermediate": _count("training.progress", "of these, below intermediate"),
    "people_trained_highly_skilled": _count("training.progress", "of these, intermediate and above"),
    "people_trained_rural": _count("training.progress", "of these, of the country"),
    "people_trained_urban": _count("training.progress", "of these, of towns"),
    "graduates_short_course": _count("training.progress", "of these, at this level"),
    "graduates_elementary": _count("training.progress", "of these, at this level"),
    "graduates_intermediate": _count("training.progress", "of these, at this level"),
    "graduates_college": _count("training.progress", "of these, at this level"),
    "graduates_university": _count("training.progress", "of these, at this level"),
    "graduates_postgraduate": _count("training.progress", "of these, at this level"),
    "trained_by_extension": _count("extension.train_informally", "farmers taught by extension"),
    "trained_on_the_job": _count("extension.train_informally", "employees taught on the job"),
    "digital_trained": _count("digital.teach", "who completes a course in digital skills"),
    "degrees_dropped_out": _count("in_service.study", "who gives up a degree in service"),
    "degrees_in_service": _count("in_service.study", "who finishes a degree in service"),
    "degrees_at_own_cost": _count("in_service.study", "who begins one at their own cost"),
    "employers_without_row": _count("firms.enter_and_exit new_employers.settle", "employers for whom no row was left"),
    "firms_closed": _count("firms.enter_and_exit", "employers that close"),
    "firms_opened": _count("firms.enter_and_exit", "employers that open"),
    "company_park_posts": _count("new_employers.settle", "posts of enterprises that settle in parks"),
    "cooperative_new_posts": _count("new_employers.settle", "posts of cooperatives founded"),
    "separations": _count("firms.separate", "employees separated"),
    "vacancies_opened": _count("firms.open_vacancies", "vacancies opened"),
    "businesses_opened": _count("own_account.run_businesses own_account.lend", "household businesses opened"),
    "businesses_closed": _count("own_account.run_businesses", "household businesses closed"),
    "businesses_on_loans": _count("own_account.lend", "household businesses opened on loans"),
    "businesses_supported": _count("own_account.support", "owners given digital support"),
    "reached": _count("services.reach", "whom employment services reach"),
    "introduced": _count("services.introduce", "whom they introduce to an employer"),
    "placed": _count("services.follow_up", "whom they place"),
    "talent_came": _count("talent.attract", "degree holders who take reserved posts"),
    "seekers": _count("search.search", "who searches"),
    "applications": _count("search.search", "who applies"),
    "hires": _count("matching.hire", "who is hired"),
    "job_changes": _count("matching.hire", "of these, from another job"),
    "hired_from_farming": _count("matching.hire", "of these, from a farm"),
    "hired_from_unemployment": _count("matching.hire", "of these, from unemployment"),
    "hired_from_business": _count("matching.hire", "of these, from a household business"),
    "hired_by_partners": _count("matching.hire", "graduates hired for a post that a partner kept"),
    "returned_from_abroad": _count("abroad.come_back", "who comes back from abroad"),
    "sent_abroad": _count("abroad.go", "who leaves under a contract"),
    "left_for_other_provinces": _count("migration.leave_province", "who leaves for work in another province"),
    "settled_elsewhere": _count("migration.return_home", "who settles there for good"),
    "returned_from_other_provinces": _count("migration.return_home", "who comes back from there"),
    "moved_in": _count("migration.move_in", "who moves in"),
    "jobs_gross": _count("counting.count_people", "new jobs of every kind"),
    "jobs_created": _count("counting.count_people", "of these, those that the province would report"),
}


def require_count(name: str) -> None:
    """Raise LookupError for a count that nobody declared, with the nearest name."""
    if name not in COUNTS:
        raise LookupError(f"there is no count {name!r}; {did_you_mean(name, COUNTS)}")


class Events(MutableMapping[str, Any]):
    """What has happened so far this month, by its declared name; a name that nobody wrote has its empty value.

    `name in events` and iteration tell what was written. Every use of an undeclared name raises LookupError with the
    nearest one.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sizes = dict(sizes)
        self._written: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._written:
            return self._written[name]
        kind = self._kind(name)
        if kind.empty == "zeros":
            return np.zeros(self._sizes[kind.over])
        return np.zeros(0, dtype=np.int64) if kind.empty == "rows" else None

    def __setitem__(self, name: str, value: Any) -> None:
        self._kind(name)
        self._written[name] = value

    def __delitem__(self, name: str) -> None:
        del self._written[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    def __contains__(self, name: object) -> bool:
        self._kind(str(name))
        return name in self._written

    def get(self, name: str, default: Any = None) -> Any:
        """Return what was written under a name, or the default where nothing was."""
        return self._written[name] if name in self else default

    def clear(self) -> None:
        """Forget the month."""
        self._written.clear()

    @staticmethod
    def _kind(name: str) -> EventKind:
        kind = EVENTS.get(name)
        if kind is None:
            raise LookupError(f"there is no event {name!r}; {did_you_mean(name, EVENTS)}")
        return kind
