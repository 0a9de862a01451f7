"""Ten participants use the app for two minutes: how long the longest page takes, and whether a change is ever lost.

Pages come over HTTP from the server as `labsim app` runs it. Changes enter through the calls that the pages' handlers
make, so that no browser is needed; what is measured is the server, not the network.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

__all__ = ["CLIENTS", "SECONDS", "load"]

CLIENTS, SECONDS = 10, 120.0
_SEATS = "policies.vocational_training.seats_per_year"
_PORT = 18_731
_PAUSE = (1.0, 4.0)  # seconds between what a participant does


class _Client:
    """One participant: opens pages, moves a lever, and remembers what was set last."""

    def __init__(self, number: int, room: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.random = random.Random(number)
        self.room, self.loop = room, loop
        self.session = room.hub.session(f"load-{number}")
        self.person = room.hub.workshops.join(room.workshop, f"client {number}", self.session.id)
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.pages: list[float] = []
        self.changes: list[float] = []
        self.first_answers: list[float] = []
        self.last: float | None = None

    def live(self, until: float) -> None:
        """Do what a participant does until a moment of the clock."""
        while time.monotonic() < until:
            self._open()
            self._move()
            time.sleep(self.random.uniform(*_PAUSE))

    def _open(self) -> None:
        path = self.random.choice(("/", "/seat", "/answer", "/money", "/workshop"))
        began = time.monotonic()
        with self.opener.open(f"http://127.0.0.1:{_PORT}{path}", timeout=60) as answer:
            answer.read()
        self.pages.append(time.monotonic() - began)

    def _move(self) -> None:
        from labsim.app.room import start_seat

        before = self.session.run
        if before is not None and before.seconds_to_first == before.seconds_to_first:
            self.first_answers.append(before.seconds_to_first)
        self.last = float(self.random.randrange(1_000, 60_000, 500))
        began = time.monotonic()
        self.room.hub.workshops.put(self.room.workshop, self.person.seat, "levers", _SEATS, self.last)
        waiting = start_seat(self.session, self.room, self.person)
        asyncio.run_coroutine_threadsafe(waiting, self.loop).result(timeout=60)
        self.changes.append(time.monotonic() - began)


def load() -> dict[str, float]:
    """Run the load and return seconds and counts by name."""
    from nicegui import app, ui

    from labsim.app.pages import register
    from labsim.app.room import Room
    from labsim.app.server import make_hub
    from labsim.app.workshop import Workshops

    with tempfile.TemporaryDirectory() as folder:
        hub = make_hub(Path(folder))
        register(hub)
        workshop = hub.workshops.open("load", hub.first_base(), 2026, "leader", [_SEATS], [])
        found: dict[str, float] = {}

        def drive(loop: asyncio.AbstractEventLoop) -> None:
            clients = [_Client(number, Room(hub, workshop), loop) for number in range(CLIENTS)]
            until = time.monotonic() + SECONDS
            threads = [threading.Thread(target=client.live, args=(until,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            stored = Workshops(hub.workspace, hub.bases).get(workshop.code)
            lost = [
                client for client in clients
                if stored is None or stored.participants[client.person.seat].levers.get(_SEATS) != client.last
            ]  # fmt: skip
            every = [one for client in clients for one in client.first_answers] or [float("nan")]
            found.update({
                "pages": sum(len(client.pages) for client in clients),
                "longest page": max(max(client.pages, default=0.0) for client in clients),
                "changes": sum(len(client.changes) for client in clients),
                "longest change": max(max(client.changes, default=0.0) for client in clients),
                "lost updates": len(lost), "answers": len(every), "longest first answer": max(every),
            })  # fmt: skip
            app.shutdown()

        def begin() -> None:
            hub.engine.start()
            threading.Thread(target=drive, args=(asyncio.get_running_loop(),), daemon=True).start()

        app.on_startup(begin)
        app.on_shutdown(hub.close)
        ui.run(
            host="127.0.0.1", port=_PORT, show=False, reload=False, tailwind=False, show_welcome_message=False,
            storage_secret=hub.workspace.secret(),
        )  # fmt: skip
        return found
