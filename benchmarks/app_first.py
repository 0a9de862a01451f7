"""One person moves a lever again and again: how long until the page can show the new plan beside its base."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

__all__ = ["MOVES", "first_answers"]

MOVES = 12
_SEATS = "policies.vocational_training.seats_per_year"


def first_answers() -> tuple[float, float]:
    """Return seconds from a lever's move to the first paired answer at the smallest size: the median, the longest.

    The workers are ready, as they are some seconds after the app's start. The first move also simulates the base.
    """
    from labsim.app.server import make_hub

    with tempfile.TemporaryDirectory() as folder:
        hub = make_hub(Path(folder))
        hub.engine.start()
        try:
            found = asyncio.run(_moved(hub))
        finally:
            hub.close()
    return statistics.median(found), max(found)


async def _moved(hub: Any) -> list[float]:
    session = hub.session("bench")
    lever = next(one for one in _levers(hub, session) if one.path == _SEATS)
    found = []
    for number in range(-1, MOVES):  # what comes before the first waits for the workers
        session.draft.set(_SEATS, lever.given(20_000.0 + 500.0 * number, session.draft.since))
        session.answer, began = None, time.perf_counter()
        await session.start()
        while session.answer is None or not session.answer.is_paired:
            await asyncio.sleep(0.02)
            await session.read()
        if number >= 0:
            found.append(time.perf_counter() - began)
    session.cancel()
    return found


def _levers(hub: Any, session: Any) -> list[Any]:
    from labsim.app.levers import levers_of

    config = hub.bases[session.draft.base].config
    return [lever for policy in levers_of(config, session.draft.since) for lever in policy.doses]
