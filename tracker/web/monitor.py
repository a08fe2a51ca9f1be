"""The daemon's own small server, on this machine only: ``/metrics`` and ``/health``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import anyio.to_thread
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tracker.archive_metrics import ArchiveMetrics
from tracker.health import Checkup
from tracker.reports.health_document import health_document
from tracker.web import server
from tracker.web.guard import AllowedHosts, Guard

HOST = "127.0.0.1"
MAX_CONNECTIONS = 16


def monitor_application(metrics: ArchiveMetrics, checkup: Checkup, hosts: AllowedHosts) -> ASGIApp:
    """Return the application with both addresses, behind the guard of every server here."""

    async def metrics_page(_request: Request) -> Response:
        page = await anyio.to_thread.run_sync(metrics.page)
        return Response(page, media_type=CONTENT_TYPE_LATEST)

    async def health_page(_request: Request) -> Response:
        health = await anyio.to_thread.run_sync(checkup.health)
        return JSONResponse(health_document(health), 200 if health.ok else 503)

    routes = [Route("/metrics", metrics_page), Route("/health", health_page)]
    return Guard(Starlette(routes=routes), hosts)


@contextmanager
def monitored(
    port: int, metrics: ArchiveMetrics, checkup: Checkup, names: frozenset[str]
) -> Iterator[str]:
    """Serve both addresses in a thread of their own while the block lasts; gives the address.

    Raises ``OutsideError`` when the port is taken.
    """
    with closing(server.listen(HOST, port)) as listening:
        application = monitor_application(metrics, checkup, AllowedHosts(names))
        running = uvicorn.Server(
            uvicorn.Config(
                application,
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="off",
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=server.KEEP_ALIVE_S,
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(
            target=running.run, kwargs={"sockets": [listening]}, name="monitor", daemon=True
        )
        thread.start()
        try:
            yield server.address_of(listening)
        finally:
            running.should_exit = True
            thread.join(3)
