"""The labour market information system: what forecasts by field and tier of skill tell institutions and people."""

from __future__ import annotations

import numpy as np

from labsim.draws import DrawsOfMonth, uniforms
from labsim.processes.base import process
from labsim.processes.insight import Forecast, Insight
from labsim.quantity import Parameters, quantity
from labsim.world import World

LEAST, MOST = 0.25, 4.0  # forecasts move the pull of a field or market within these factors of the mean


class InformationParameters(Parameters):
    """What forecasts do for those who have them; at zero nothing."""

    speed: float = quantity(
        0.15,
        unit="per year",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="assumed: no effect of the provinces' information systems has been measured",
        help="share of the seats of an institution with forecasts that moves in a year, beside that of all",
    )
    horizon: float = quantity(
        12.0,
        unit="months",
        low=1,
        high=60,
        grade="D",
        year=2025,
        source="assumed: institutions without forecasts go by the vacancies of the month",
        help="months over which forecasts average vacancies",
    )
    error_removed: float = quantity(
        0.3,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="assumed",
        help="share of the error in what people expect of training that forecasts remove",
    )
    course_response: float = quantity(
        0.5,
        unit="elasticity",
        low=0,
        high=3,
        grade="D",
        year=2025,
        source="assumed",
        help="how strongly the choice of a course by people with forecasts answers vacancies by field",
    )
    search_response: float = quantity(
        0.5,
        unit="elasticity",
        low=0,
        high=3,
        grade="D",
        year=2025,
        source="assumed",
        help="how strongly the applications of people with forecasts answer how hard posts are to fill",
    )


def _pull(of: np.ndarray, response: float) -> np.ndarray:
    """Return (relative to the mean)^response within bounds; 1 where there is nothing to compare."""
    mean = of.mean()
    pull: np.ndarray = np.clip(of / mean, LEAST, MOST) ** response if mean > 0 else np.ones_like(of)
    return pull


@process(
    reads="programmes.institution levers.information_schools levers.information_workers market",
    writes="tables events.forecast events.insight",
)
def forecast(world: World, parameters: InformationParameters, draws: DrawsOfMonth) -> None:
    """Forecast vacancies by field and tier for institutions and people who have the information system.

    The forecast is the running mean of vacancies over the horizon. Institutions and people are covered in an order
    keyed to them. A field draws the informed by (skilled vacancies / mean)^response, a market by (share of vacancies
    unfilled / mean)^response, each within a quarter and four times.
    """
    levers, market, tables = world.levers, world.market, world.tables
    schools, people = levers["information_schools"], levers["information_workers"]
    if not schools.any() and not people.any():
        tables.pop("vacancies_foreseen", None)
        return
    now, seen = market.vacancies.sum(axis=0), tables.get("vacancies_foreseen")
    fresh = seen is None or not seen.any()
    foreseen = now if fresh else seen + (now - seen) / parameters.horizon
    tables["vacancies_foreseen"] = foreseen.copy()
    covered = uniforms(draws.lasting_key("institution with forecasts"), world.programmes.institution) < schools
    world.events["forecast"] = Forecast(covered, foreseen, parameters.speed)
    world.events["insight"] = Insight(
        people,
        draws.lasting_key("person with forecasts"),
        1.0 - parameters.error_removed,
        _pull(foreseen[:, 1:].sum(axis=1), parameters.course_response),
        _pull(market.tightness, parameters.search_response),
    )
