"""Name the members of every grouping of people in a configuration, as targets, figures and questions name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labsim.groups import RESIDENCES
from labsim.processes.counting import AGE_BANDS
from labsim.world import Sex

if TYPE_CHECKING:
    from labsim.config import Config

__all__ = ["members_of"]


def members_of(config: Config) -> dict[str, tuple[str, ...]]:
    """Return the members of each grouping of people, in the order in which results show them."""
    return {
        "district": config.names_of("districts"),
        "sex": tuple(sex.name.lower() for sex in Sex),
        "age": tuple(AGE_BANDS),
        "ethnicity": tuple(one.id for one in config.province.groups.get("ethnicity", ())),
        "residence": tuple(RESIDENCES),
        "field": config.names_of("fields"),
    }
