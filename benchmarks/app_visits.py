"""A hundred people visit the app and leave, then two hundred pages stay open for a minute: memory and longest answer.

The server is `labsim app` in a process of its own; visitors open pages over HTTP and their sockets as a browser does,
each with cookies of its own. Everything stays on this computer.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

__all__ = ["SECONDS", "SOCKETS", "VISITS", "visits"]

VISITS, SOCKETS, SECONDS = 100, 200, 60.0
_FIRST = 20  # visits before memory is read first: by then everything is loaded and as much is kept as ever will be
_LEAVING = 100.0  # seconds until what nobody visits is let go
_AT_ONCE = 10
_PAGES = ("/", "/answer", "/seat", "/scenarios", "/workshop", "/join")
_CLIENT = re.compile(r"'client_id': '([0-9a-f-]+)'")


class _Visitor:
    """Somebody with a browser: cookies, and the longest time that an answer took."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.longest = 0.0

    async def page(self, path: str) -> str:
        """Open a page and return its text."""
        began = time.monotonic()
        text = await asyncio.to_thread(self._read, path)
        self.longest = max(self.longest, time.monotonic() - began)
        return text

    def _read(self, path: str) -> str:
        with self.opener.open(f"http://{self.address}{path}", timeout=120) as answer:
            return str(answer.read().decode("utf-8"))

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator[Any]:
        """Open a page with its socket, which answers the server's pings until it is closed."""
        import websockets
        from websockets.typing import Origin

        client = _CLIENT.search(await self.page(path))
        if client is None:
            raise RuntimeError(f"{path} holds no page")
        query = {"client_id": client[1], "next_message_id": 0, "implicit_handshake": "true", "tab_id": uuid4(),
                 "document_id": uuid4(), "EIO": 4, "transport": "websocket"}  # fmt: skip
        target = f"ws://{self.address}/_nicegui_ws/socket.io/?{urlencode(query)}"
        async with websockets.connect(target, origin=Origin(f"http://{self.address}"), max_size=None) as line:
            await line.send("40")
            listening = asyncio.create_task(_answer(line))
            try:
                yield line
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening


async def _answer(line: Any) -> None:
    async for message in line:
        if message == "2":
            await line.send("3")


def visits() -> dict[str, float]:
    """Return counts, seconds and megabytes by name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "labsim", "app", "--port", str(port), "--workspace", folder, "--no-browser"]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            return asyncio.run(_measured(f"127.0.0.1:{port}", server.pid))
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


async def _measured(address: str, process: int) -> dict[str, float]:
    await _await_server(address)
    await asyncio.gather(*_visited(address, _FIRST))
    await asyncio.sleep(_LEAVING)
    before = _megabytes(process)
    longest_visit = max(await asyncio.gather(*_visited(address, VISITS)))
    await asyncio.sleep(_LEAVING)
    after = _megabytes(process)
    opened, longest = await _held(address)
    await asyncio.sleep(_LEAVING)
    return {
        "visits": VISITS, "longest of visits": longest_visit, "before": before, "after": after, "sockets": opened,
        "longest with sockets": longest, "at the end": _megabytes(process),
    }  # fmt: skip


def _visited(address: str, number: int) -> list[Coroutine[Any, Any, float]]:
    """Return so many visits, some of them at once: each opens a page, stays for a moment and leaves."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(place: int) -> float:
        async with gate:
            visitor = _Visitor(address)
            async with visitor.open(_PAGES[place % len(_PAGES)]):
                await asyncio.sleep(1.0)
            return visitor.longest

    return [one(place) for place in range(number)]


async def _held(address: str) -> tuple[int, float]:
    """Keep sockets open for a minute and open further pages meanwhile; return how many, and the longest answer."""
    people = [_Visitor(address) for _number in range(SOCKETS)]
    gate, opened, until = asyncio.Semaphore(_AT_ONCE), 0, 0.0
    ready = asyncio.Event()

    async def stay(place: int) -> None:
        nonlocal opened, until
        async with gate:
            line = people[place].open(_PAGES[place % len(_PAGES)])
            await line.__aenter__()
        opened += 1
        if opened == SOCKETS:
            until = time.monotonic() + SECONDS
            ready.set()
        await ready.wait()
        await asyncio.sleep(max(0.0, until - time.monotonic()))
        await line.__aexit__(None, None, None)

    async def look() -> float:
        visitor = _Visitor(address)
        await ready.wait()
        while time.monotonic() < until:
            await visitor.page("/join")
            await asyncio.sleep(0.5)
        return visitor.longest

    *_nothing, longest = await asyncio.gather(*(stay(place) for place in range(SOCKETS)), look())
    return opened, max(float(longest or 0.0), *(one.longest for one in people))


async def _await_server(address: str) -> None:
    end = time.monotonic() + 300
    while True:
        try:
            await _Visitor(address).page("/join")
            return
        except OSError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.5)


def _megabytes(process: int) -> float:
    """Return what a process holds in memory, or not a number where the system does not say."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return float("nan")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return float(found[1]) / 1024.0 if found is not None else float("nan")
