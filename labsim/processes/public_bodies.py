"""Public bodies ask for the training that the law sets for their posts."""

from __future__ import annotations

from typing import Any

import numpy as np

from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import N_TIERS, PUBLIC_BODIES, World

LAWS = (
    "recalled, not in the sources: Law on Cadres and Civil Servants (2008), Law on Public Employees (2010), recruits"
    " hold the diploma of the post; "
)
POSTS = "; that the tiers of the model are these posts is assumed"
HELP = "least training of who is hired for an unskilled, a skilled and a professional post"


def _asked(levels: tuple[int, int, int], posts: str, whose: str) -> Any:
    return quantity(
        levels, unit="level of training, 0 none to 6 postgraduate", low=0, high=6, grade="D", year=2020,
        source=LAWS + posts + POSTS, help=f"{HELP} {whose}",
    )  # fmt: skip


class PublicBodiesParameters(Parameters):
    """What training posts in public bodies ask for."""

    officials: tuple[int, int, int] = _asked(
        (0, 3, 5), "specialists university, other officials intermediate, support staff on contract nothing",
        "of bodies of province and district",
    )  # fmt: skip
    public_employees: tuple[int, int, int] = _asked(
        (0, 4, 5),
        "teachers a university degree, in kindergartens college (Education Law 2019), nurses college (from 2021)",
        "of schools, hospitals and public services",
    )
    communes: tuple[int, int, int] = _asked(
        (0, 3, 5), "university, in the mountains intermediate if the province says so (Circular 13/2019)", "of communes"
    )


@process(
    reads="",
    writes="events.posts_ask",
)
def ask(world: World, parameters: PublicBodiesParameters, draws: DrawsOfMonth) -> None:
    """Let public bodies ask for the level of training that the law sets for each tier of their posts.

    Who is on the staff already stays; police and army recruit by laws of their own and ask for nothing here.
    """
    names = world.employer_groups
    asked = np.zeros((len(names) + 1, N_TIERS), dtype=np.uint8)  # no group, -1, is the last place
    for body, groups in PUBLIC_BODIES.items():
        asked[[names.index(name) for name in groups if name in names]] = getattr(parameters, body)
    if asked.any():
        world.events["posts_ask"] = asked
