"""The routes, and the one place where errors become answers."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files

import anyio.to_thread
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tracker.app import App
from tracker.errors import TrackerError
from tracker.web.answers import Answers, error_response, failed
from tracker.web.guard import AllowedHosts, Guard
from tracker.web.pages import Pages, error_page, page_of
from tracker.web.questions import Questions
from tracker.web.upload import FORM_BYTES, Uploads, UploadTerms

THREADS = 4
"""Answers worked out at once; more would only share the processor."""

log = structlog.get_logger()
Endpoint = Callable[[Request], Response]
FileEndpoint = Callable[..., Response]
"""Called with the request and ``upload``, the file that came with it."""


def application(app: App, hosts: AllowedHosts) -> ASGIApp:
    """Return the web application over an open archive."""
    questions = Questions(app)
    pages, answers = Pages(questions), Answers(questions)
    limiter = anyio.CapacityLimiter(THREADS)

    def route(path: str, endpoint: Endpoint) -> Route:
        return Route(path, _in_a_thread(endpoint, limiter), methods=["GET"])

    network = app.settings.network
    terms = UploadTerms(app.archive.staging, network.max_media_bytes, network.media_timeout_s)
    uploads = Uploads(terms)

    def upload_route(path: str, endpoint: FileEndpoint) -> Route:
        return Route(path, _with_file(endpoint, uploads, limiter), methods=["POST"])

    starlette = Starlette(
        routes=[
            route("/", pages.index),
            route("/search", pages.search),
            route("/lookup", pages.lookup),
            route("/clips/{clip}", pages.clip),
            route("/style.css", _style),
            route("/api/clips", answers.clips),
            route("/api/chain/{subject:path}", answers.chain),
            route("/api/lookup", answers.lookup),
            route("/health", answers.health),
            upload_route("/lookup", pages.lookup_file),
            upload_route("/api/lookup", answers.lookup_file),
            route("/metrics", answers.metrics),
        ],
        exception_handlers={HTTPException: _not_found, Exception: _crashed},
    )
    return Guard(starlette, hosts, network.max_media_bytes + FORM_BYTES)


def _in_a_thread(endpoint: Endpoint, limiter: anyio.CapacityLimiter) -> Callable[..., object]:
    async def answered(request: Request) -> Response:
        return await anyio.to_thread.run_sync(_answer, endpoint, request, limiter=limiter)

    return answered


def _with_file(
    endpoint: FileEndpoint, uploads: Uploads, limiter: anyio.CapacityLimiter
) -> Callable[..., object]:
    async def answered(request: Request) -> Response:
        try:
            async with uploads.received(request) as upload:
                asked = partial(endpoint, upload=upload)
                return await anyio.to_thread.run_sync(_answer, asked, request, limiter=limiter)
        except TrackerError as exc:
            return _said(request, exc)

    return answered


def _answer(endpoint: Endpoint, request: Request) -> Response:
    try:
        return endpoint(request)
    except TrackerError as exc:
        return _said(request, exc)


def _said(request: Request, error: TrackerError) -> Response:
    return error_response(*failed(error)) if _wants_json(request) else page_of(error)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/health"))


def _not_found(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    message = "there is nothing under this address"
    return error_response(status, message) if _wants_json(request) else error_page(status, message)


def _crashed(request: Request, exc: Exception) -> Response:
    """Say that something went wrong and nothing of what it was: that is for the log."""
    place = traceback.extract_tb(exc.__traceback__)[-1]
    log.error(
        "web_request_failed",
        route=request.url.path[:200],
        exception_type=type(exc).__name__,  # its message may quote what it must not
        exception_at=f"{place.filename}:{place.lineno}",
    )
    message = "internal error; the server's log says more"
    return error_response(500, message) if _wants_json(request) else error_page(500, message)


def _style(request: Request) -> Response:
    del request
    return Response(_style_text(), media_type="text/css")


@cache
def _style_text() -> str:
    return (files("tracker.web") / "templates" / "style.css").read_text(encoding="utf-8")
