"""What drives a province's change, and what it means to switch a driver off: precisely, in processes and policies.

============ ==========================================================================================================
policies     no policy of the scenario runs; institutions keep their own seats and public bodies their own posts
demography   nobody comes of age, leaves school, dies, retires, or enters or leaves the labour force for their age
             (section `demography`); birthdays still count, so that groups by age and chances by age move on
demand       demand for labour stays what it was in every field (section `demand`): output grows as fast as productivity
climate      no drought, frost, flood or landslide (section `climate`)
migration    nobody leaves for other provinces or comes from them (section `migration`), nobody goes abroad under
             contract or comes back (section `abroad`); who is away at the start stays away
============ ==========================================================================================================

With all five off there remain search and hiring, training that people take up of their own accord, turnover, luck of
firms, own-account work, wages, and ageing on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labsim.config import Config
from labsim.experiment.study import WorldGiven
from labsim.text import mark

__all__ = ["DRIVERS", "Driver", "coalitions", "with_drivers"]


@dataclass(frozen=True)
class Driver:
    """Name a driver, the sections of the month that make it, and say what is so without it."""

    name: str
    label: str
    sections: tuple[str, ...]
    off: str


DRIVERS: tuple[Driver, ...] = (
    Driver("policies", mark("policies"), (), mark("no policy of the scenario runs")),
    Driver(
        "demography",
        mark("demography"),
        ("demography",),
        mark("nobody comes of age, dies, retires, or enters or leaves the labour force; birthdays still count"),
    ),
    Driver(
        "demand",
        mark("demand"),
        ("demand",),
        mark("demand for labour stays what it was: output grows as fast as productivity"),
    ),
    Driver("climate", mark("climate"), ("climate",), mark("no drought, frost, flood or landslide")),
    Driver(
        "migration",
        mark("migration"),
        ("migration", "abroad"),
        mark("nobody leaves for other provinces or abroad, or comes in or back; who is away stays away"),
    ),
)


def with_drivers(config: Config, on: Mapping[str, bool]) -> Config:
    """Return a configuration in which the drivers that are not on are switched off; the others stay as they are."""
    off = [section for driver in DRIVERS if not on[driver.name] for section in driver.sections]
    # what is off already stays written once: a driver that the scenario has not got changes nothing, not even the hash
    update: dict[str, object] = {
        "switched_off": (*config.switched_off, *(one for one in off if one not in config.switched_off))
    }
    if not on["policies"]:
        named = ("policies.",)
        update |= {"policies": {}, "origins": {}}
        update["given"] = {path: one for path, one in config.given.items() if not path.startswith(named)}
    return config.model_copy(update=update)


def coalitions(config: Config) -> list[WorldGiven]:
    """Return the configuration with every set of drivers on; place k has driver i on where bit i of k is set."""
    worlds = []
    for number in range(1 << len(DRIVERS)):
        on = {driver.name: bool(number >> place & 1) for place, driver in enumerate(DRIVERS)}
        name = "+".join(driver for driver, is_on in on.items() if is_on) or "none"
        worlds.append(WorldGiven(name, with_drivers(config, on), on))
    return worlds
