"""`labsim app`: the browser app."""

from __future__ import annotations

import socket
from pathlib import Path

import rich_click as click

from labsim.cli.common import language_option
from labsim.cli.usage import Whole
from labsim.text import _, current_language

__all__ = ["app"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command(
    help=_("Open the app in the browser: move levers, run, compare, hold a workshop; no internet is needed.")
)
@click.option("--host", default="127.0.0.1", show_default=True,
              help=_("Address to serve on; 0.0.0.0 lets others in the same network join."))  # fmt: skip
@click.option("--port", type=Whole(1, 65535), default=8080, show_default=True, help=_("Port to serve on."))
@click.option("--workspace", type=click.Path(path_type=Path, file_okay=False), default=Path("labsim-workspace"),
              show_default=True, help=_("Folder that keeps scenarios, choices and workshops."))  # fmt: skip
@click.option("--scenario", "scenarios", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help=_("A scenario file of your own to start from, with policies of your own if you like; repeatable."),
              )  # fmt: skip
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="NAME",
              help=_("One more name under which browsers may ask for the app, such as that of a proxy; repeatable."),
              )  # fmt: skip
@click.option("--workers", type=Whole(1), default=2, show_default=True, help=_("Processes that simulate."))
@click.option("--no-browser", is_flag=True, help=_("Do not open the browser."))
@language_option
def app(
    host: str, port: int, workspace: Path, scenarios: tuple[Path, ...], allow_hosts: tuple[str, ...], workers: int,
    no_browser: bool,
) -> None:  # fmt: skip
    """Check, prepare, say where, and serve."""
    try:
        import nicegui  # noqa: F401
    except ImportError as error:
        raise click.UsageError(_("the app needs NiceGUI: python -m pip install 'labsim[app]'")) from error
    _require_free(host, port)
    from labsim.app.server import make_hub, serve, shown_address

    address = shown_address(host, port)
    hub = make_hub(workspace, scenarios=scenarios, workers=workers, address=address, language=current_language(),
        is_open=host not in _LOOPBACK, allow_hosts=allow_hosts)
    click.echo(_("labsim app: {address}   (Ctrl-C ends it)").format(address=address))
    click.echo(_("Workspace: {folder}").format(folder=hub.workspace.folder))
    if hub.is_open:
        click.echo(_("Others join at {address}/join with the code {code}").format(address=address, code=hub.code))
    serve(hub, host=host, port=port, show=not no_browser)


def _require_free(host: str, port: int) -> None:
    """Refuse a port that is taken, or an address that this machine does not have, before anything starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = _("{host}:{port} cannot be served on ({why}); give another --port or --host")
            raise click.UsageError(message.format(host=host, port=port, why=error.strerror or error)) from error
