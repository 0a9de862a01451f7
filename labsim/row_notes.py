"""Estimate before a run whether rows will run out: of employers that policies bring, of people who may move in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labsim.config_base import ConfigBase
from labsim.errors import LabsimError
from labsim.notes import Note
from labsim.policies.industrial_parks import IndustrialParks
from labsim.policies.markets import weights_of
from labsim.policies.startups import Startups
from labsim.processes.new_employers import WHOLE, NewEmployersParameters
from labsim.quantity import Yearly, amount_in, quantity_facts
from labsim.world import Kind

if TYPE_CHECKING:
    from labsim.population.margins import Margins

__all__ = ["notes_on_rows"]

Months = Sequence[tuple[int, int]]
_FEW = 0.05  # of the employers asked for: so many may stay without a row and are not worth a word


@dataclass(frozen=True)
class _Asked:
    """Employers that a policy asks for in the whole run: how many real ones, of what size, and where."""

    path: str
    number: float
    size: float
    districts: Mapping[str, float]


def notes_on_rows(config: ConfigBase, months: Mapping[str, Months]) -> list[Note]:
    """Return a note for each amount that asks for more rows than the starting population has; `months` are those in
    which each policy is in force.

    Rows that other employers take meanwhile are not counted, so that what is noted is sure to fail. Margins that cannot
    be read give no note: whoever builds the population says what is wrong with them.
    """
    if config.province.folder is None or config.province.kind == "reference":
        return []
    policies = sorted(config.policies.items())
    asked = [one for name, policy in policies for one in _asked(config, name, policy, months[name])]
    try:
        found = [_note_on_employers(config, one) for one in asked]
        found += [_note_on_movers(config), _note_on_founders(config), *_notes_on_people(config, months)]
    except (LabsimError, OSError):
        return []
    return [note for note in found if note is not None]


def _asked(config: ConfigBase, name: str, policy: object, months: Months) -> Iterator[_Asked]:
    """Yield the employers that a policy asks for; with a budget, money may end before rows do."""
    sizes = getattr(config, "new_employers", NewEmployersParameters())
    path = f"policies.{name}"
    if isinstance(policy, IndustrialParks) and policy.budget is None:
        number = _in_all(policy.posts_per_year, months) / sizes.park_size
        yield _Asked(f"{path}.posts_per_year", number, sizes.park_size, policy.districts)
    if isinstance(policy, Startups) and policy.budget is None:
        number = _in_all(policy.cooperatives_per_year, months)
        yield _Asked(f"{path}.cooperatives_per_year", number, sizes.cooperative_size, policy.districts)


def _in_all(yearly: Mapping[int, float], months: Months) -> float:
    return sum(amount_in(yearly, year) for year, _month in months) / 12.0


def _note_on_employers(config: ConfigBase, asked: _Asked) -> Note | None:
    """Tell where employers asked for exceed the dormant rows of the districts they are to open in."""
    from labsim.population.employers import draw_posts
    from labsim.population.people import census_cells
    from labsim.population.reading import read_margins
    from labsim.population.sampling import Traits

    if asked.number <= 0.0:
        return None
    margins = read_margins(config.province)
    people = census_cells(margins).sum(axis=(1, 2, 3, 4)).astype(np.float64)
    weight = weights_of(asked.districts, margins.districts, people)
    if weight.sum() <= 0.0:
        return None
    # as they are founded: one of size S is kept with min(S, max(10, S scale)) posts
    kept = min(asked.size, max(WHOLE, asked.size * config.scale))
    rows_of_one = asked.size * config.scale / kept
    wanted = asked.number * rows_of_one * weight / weight.sum()
    posts = draw_posts(margins, Traits(config.seed), config.scale)
    there = np.bincount(posts.district[~posts.active], minlength=len(margins.districts))
    missing = float(np.maximum(0.0, wanted - there).sum())
    if missing < 1.0 or missing < _FEW * float(wanted.sum()):
        return None
    lost = max(1, round(missing / rows_of_one))
    most = max(0, round(asked.number) - lost)
    return Note("no_rows", asked.path, {"missing": lost, "wanted": round(asked.number), "most": most})


def _note_on_movers(config: ConfigBase) -> Note | None:
    """Tell where more people are to move in than live outside: the pool is a share of the adults of the province."""
    from labsim.population.reading import read_margins

    moving = getattr(config, "migration", None)
    if moving is None:
        return None
    margins = read_margins(config.province)
    adults, outside = _adults(margins), margins.outsiders["outside"]["number"]
    wanted = moving.in_migration * config.period.n_months / 12.0
    if wanted <= outside:
        return None
    values = {"wanted": round(wanted * adults), "most": round(outside * adults)}
    return Note("people_gone", "migration.in_migration", values)


def _adults(margins: Margins) -> float:
    """Return the people of 15 and older in the province."""
    from labsim.population.margins import FIRST_ADULT
    from labsim.population.people import census_cells

    return float(census_cells(margins)[:, :, :, FIRST_ADULT:].sum())


def _note_on_founders(config: ConfigBase) -> Note | None:
    """Tell where more employers are to be founded than rows were kept for them, as their number stands at the start."""
    from labsim.population.reading import read_margins

    firms = getattr(config, "firms", None)
    if firms is None or not {"firms", "firms.enter_and_exit"}.isdisjoint(config.switched_off):
        return None
    margins = read_margins(config.province)
    entries, kept = firms.entry_rate * config.period.n_months / 12.0, margins.start["dormant_employers"]
    if entries <= (1.0 + _FEW) * kept:
        return None
    private = float(margins.employers.number[margins.employers.kind != Kind.PUBLIC].sum())
    return Note("firms_gone", "firms.entry_rate", {"wanted": round(entries * private), "most": round(kept * private)})


def _notes_on_people(config: ConfigBase, months: Mapping[str, Months]) -> Iterator[Note]:
    """Tell of amounts for more people in a year than there are."""
    from labsim.population.reading import read_margins

    adults = _adults(read_margins(config.province))
    for name, policy in sorted(config.policies.items()):
        for dose, field in type(policy).model_fields.items():
            if field.annotation != Yearly or (quantity_facts(field) or {}).get("unit") != "persons per year":
                continue
            most = max((amount_in(getattr(policy, dose), year) for year, _month in months[name]), default=0.0)
            if most > adults:
                values = {"wanted": round(most), "people": round(adults)}
                yield Note("more_than_people", f"policies.{name}.{dose}", values)
