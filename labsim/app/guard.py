"""What stands before every request: the name it was sent to, the page it comes from, and its size.

A page from elsewhere can make a browser send requests here, under a name of its own that it points at this computer, or
over a socket. Neither reaches the app: the name asked for must be one of this computer's, and the page that asks must
have come from here.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from labsim.app.limits import LARGEST_REQUEST
from labsim.text import _

__all__ = ["Guard", "Hosts", "host_name", "own_names"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HERE = ("localhost", "127.0.0.1", "::1")
_SOCKET = "/_nicegui_ws"
_NETLOC = re.compile(r"(\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s\[\]@/\\:?#]+))(:[0-9]{1,5})?")
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"))


def host_name(netloc: str) -> str:
    """Return the name or address in "name:port", small letters and without brackets; "" for what is none."""
    found = _NETLOC.fullmatch(netloc)
    return _plain(found["address"] or found["name"]) if found is not None else ""


def own_names() -> set[str]:
    """Return the names and addresses of this computer, as far as it knows them."""
    found = set(_HERE)
    try:
        name = socket.gethostname()
        short = name.partition(".")[0]
        found |= {name, short, f"{short}.local"}
        found |= {str(one[4][0]).partition("%")[0] for one in socket.getaddrinfo(name, None)}
    except OSError:
        pass  # a computer that does not know its own name still has its addresses
    return {_plain(one) for one in found if one}


@dataclass(frozen=True)
class Hosts:
    """The names under which the app is served: this computer's own, and `more` that its operator allows."""

    own: frozenset[str]
    more: frozenset[str] = frozenset()

    @classmethod
    def of(cls, served: Iterable[str], more: Iterable[str] = ()) -> Hosts:
        """Return this computer's names, those that the app is `served` on, and `more` that an operator allows."""
        given = frozenset(host_name(one.rpartition("://")[2]) or _plain(one) for one in more)
        return cls(frozenset({*own_names(), *(_plain(one) for one in served)} - {""}), given - {""})

    def serves(self, host: str, arrived_at: str = "") -> bool:
        """Say whether a Host header names this computer; the address that the request arrived at always does."""
        name = host_name(host)
        return name in self.own or name in self.more or (_is_address(name) and name == _plain(arrived_at))

    def is_from_here(self, origin: str, host: str) -> bool:
        """Say whether a page of an origin came from this app: the same name and port, or a name that is allowed."""
        scheme, _separator, netloc = origin.partition("://")
        name = host_name(netloc)
        return scheme in ("http", "https") and name != "" and (netloc.lower() == host.lower() or name in self.more)


class Guard:
    """Refuse what comes by a foreign name, from a foreign page or too large; hand everything else on."""

    def __init__(self, app: App, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        status, words = self._refusal(scope)
        if words:
            await _refuse(scope, receive, send, status, words)
        elif scope["type"] == "http":
            await self._counted(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str]:
        headers = _headers(scope)
        hosts = headers.get("host", [""])
        host, arrived_at = hosts[0], str((scope.get("server") or ("",))[0])
        if len(hosts) > 1 or not self._hosts.serves(host, arrived_at):
            message = _("labsim is not served under the name {name!r}. Whoever started it can allow it: labsim app "
                        "--allow-host NAME")  # fmt: skip
            return 400, message.format(name=host[:100])
        changes = scope["type"] == "websocket" or scope.get("method") not in ("GET", "HEAD")
        origins = headers.get("origin", [])
        if (changes or str(scope.get("path", "")).startswith(_SOCKET)) and not all(
            self._hosts.is_from_here(one, host) for one in origins
        ):
            return 403, _("This request comes from a page of another site and is not served.")
        size = headers.get("content-length", ["0"])[0]
        if not size.isdecimal() or len(size) > len(str(LARGEST_REQUEST)) + 1 or int(size) > LARGEST_REQUEST:
            return 413, _too_large()
        return 200, ""

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and stop it where more comes than was announced."""
        taken, has_begun = 0, False

        async def take() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_REQUEST:
                raise _TooLarge
            return message

        async def give(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        try:
            await self._app(scope, take, give)
        except _TooLarge:
            if not has_begun:
                await _refuse(scope, receive, send, 413, _too_large())


class _TooLarge(Exception):
    """A request has more bytes than anybody sends."""


def _too_large() -> str:
    return _("This request is larger than the {limit} kB that are allowed.").format(limit=LARGEST_REQUEST // 1000)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": words[:100]})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{words}\n".encode()})


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope.get("headers", ()):
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _plain(name: str) -> str:
    return name.strip().strip("[]").rstrip(".").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
