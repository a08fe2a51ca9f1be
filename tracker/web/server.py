"""The server: one socket, bound to this machine unless told otherwise."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from ipaddress import ip_address
from types import FrameType

import uvicorn

from tracker.app import App
from tracker.errors import OutsideError, UsageError
from tracker.web.application import application
from tracker.web.guard import AllowedHosts

STOP_LIMIT_S = 7.0
"""Who sent SIGTERM gets its answer within ten seconds."""

MAX_CONNECTIONS = 64
KEEP_ALIVE_S = 5
BACKLOG = 64


def listen(host: str, port: int, *, open_to_network: bool = False) -> socket.socket:
    """Return a listening socket; port 0 takes any free one.

    Raises ``UsageError`` for an address beyond this machine without ``open_to_network``,
    ``OutsideError`` when the address cannot be bound.
    """
    if not is_loopback(host) and not open_to_network:
        raise UsageError(
            f"{host} can be reached from other machines, and there is no log-in: everyone who "
            "reaches it could read the whole archive and have addresses fetched. "
            "--open-to-network says that this is meant"
        )
    return _bound(host, port)


def address_of(listening: socket.socket) -> str:
    """Return the address of the page."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: App, listening: socket.socket, hosts: AllowedHosts) -> None:
    """Serve the archive on the socket until the process is told to stop."""
    config = uvicorn.Config(
        application(app, hosts),
        log_config=None,
        log_level="critical",  # our own log names what fails
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(STOP_LIMIT_S),
    )
    # uvicorn raises a signal again once it has stopped: by then it has been obeyed.
    former = {number: signal.signal(number, _obeyed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _Server(config, app).run(sockets=[listening])
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """Ends what is being worked on when it is told to stop."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting, end running children, and make sure of the end."""
        super().handle_exit(sig, frame)
        threading.Thread(target=self._app.interrupt, daemon=True).start()
        threading.Thread(target=_end_at_last, daemon=True).start()


def _end_at_last() -> None:
    time.sleep(STOP_LIMIT_S)
    os._exit(0)


def _obeyed(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the server has stopped."""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
        except BaseException:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise OutsideError(f"cannot serve on {host}, port {port}: {reason}") from exc
    return listening
