"""Serve the app: pages by their paths, cookies signed with the workspace's own secret, nothing from outside."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from labsim.app.drafts import bases
from labsim.app.engine import Engine
from labsim.app.guard import Guard, Hosts, host_name
from labsim.app.hub import Hub
from labsim.app.limits import LARGEST_MESSAGE
from labsim.app.visits import FORGET
from labsim.app.workspace import Workspace

_TIDY = 10.0  # seconds between looks for what nobody visits

__all__ = ["make_hub", "serve", "shown_address"]


def make_hub(
    workspace: str | Path, *, scenarios: Sequence[Path] = (), workers: int = 2, address: str = "",
    language: str | None = None,
    is_open: bool = False, allow_hosts: Sequence[str] = (),
) -> Hub:  # fmt: skip
    """Open a workspace and prepare an engine that is not started yet.

    Raises ResultsError for a folder that cannot be written and ConfigError for a scenario file that does not load.
    """
    place = Workspace(workspace)
    hosts = Hosts.of([host_name(urlsplit(address).netloc)], allow_hosts)
    known = bases(tuple(scenarios))
    return Hub(place, Engine(workers), known, address=address, language=language, is_open=is_open, hosts=hosts)


def serve(hub: Hub, *, host: str = "127.0.0.1", port: int = 8080, show: bool = True) -> None:
    """Serve until interrupted."""
    # where NiceGUI would keep what browsers store, before it is imported
    os.environ["NICEGUI_STORAGE_PATH"] = str(hub.workspace.folder / "browsers")
    from nicegui import app, core, ui

    from labsim.app.pages import register
    from labsim.app.theme import FAVICON

    register(hub)
    app.add_middleware(Guard, hosts=hub.hosts)
    core.sio.eio.max_http_buffer_size = LARGEST_MESSAGE
    app.storage.max_tab_storage_age = FORGET
    app.timer(_TIDY, hub.visits.tidy)
    app.on_startup(hub.engine.start)
    app.on_shutdown(hub.close)
    ui.run(
        host=host, port=port, title="labsim", favicon=FAVICON, show=show, reload=False, tailwind=False,
        show_welcome_message=False, storage_secret=hub.workspace.secret(), reconnect_timeout=20.0,
        session_middleware_kwargs={"same_site": "strict", "max_age": 30 * 24 * 3600},
    )  # fmt: skip


def shown_address(host: str, port: int) -> str:
    """Return the address that a browser in the same room can open."""
    if host not in ("0.0.0.0", "::", ""):
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address kept for documentation: nothing is sent
            found = str(probe.getsockname()[0])
        except OSError:
            found = "127.0.0.1"
    return f"http://{found}:{port}"
