"""The JSON interface: the documents of the command line, under addresses.

``/api/clips`` is a list; a chain and a look-up are one document, the best where there are
several. Whoever accepts ``application/x-ndjson`` gets all of them, one a line, exactly as the
commands print them with ``--json``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tracker.errors import OutsideError, TrackerError, UnknownSubject, UsageError
from tracker.reports.documents import Document, chain_document, clip_document, lookup_document
from tracker.reports.health_document import health_document
from tracker.web.guard import asked_by_another_site
from tracker.web.questions import Busy, Questions
from tracker.web.upload import Upload, UploadRefused

NDJSON = "application/x-ndjson"
RETRY_AFTER_S = 5


class Answers:
    """One method an address; each is run in a thread of its own."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def clips(self, request: Request) -> Response:
        """Return ``tracker/clip/1`` of every clip."""
        documents = [clip_document(summary) for summary in self._questions.clips()]
        return _lines(documents) if _wants_lines(request) else _json(documents)

    def chain(self, request: Request) -> Response:
        """Return ``tracker/chain/1`` of a clip id, a SHA-256 or a post's address."""
        subject = _with_query(request, request.path_params["subject"])
        return _documents(request, [chain_document(c) for c in self._questions.chains(subject)])

    def lookup(self, request: Request) -> Response:
        """Return ``tracker/lookup/1`` of the web address in ``target``."""
        if asked_by_another_site(request.headers):
            return error_response(403, "look-ups are not made for pages of other sites")
        target = request.query_params.get("target", "")
        found = self._questions.lookup(target)
        return _documents(request, [lookup_document(result) for result in found])

    def lookup_file(self, request: Request, upload: Upload) -> Response:
        """Return ``tracker/lookup/1`` of the file that was sent."""
        found = self._questions.lookup_file(upload.path, upload.name)
        return _documents(request, [lookup_document(result) for result in found])

    def health(self, request: Request) -> Response:
        """Return whether the archive can be read and its disk is not full."""
        del request
        health = self._questions.health()
        return _json(health_document(health), 200 if health.ok else 503)

    def metrics(self, request: Request) -> Response:
        """Return the gauges over the archive and this server's counters, for Prometheus."""
        del request
        return Response(self._questions.metrics(), media_type=CONTENT_TYPE_LATEST)


def failed(error: TrackerError) -> tuple[int, str]:
    """Return the HTTP status and the sentence for an error."""
    if isinstance(error, UnknownSubject):
        return 404, str(error)
    if isinstance(error, UploadRefused):
        return error.status, str(error)
    if isinstance(error, Busy):
        return 503, str(error)
    if isinstance(error, UsageError):
        return 400, str(error)
    return (502 if isinstance(error, OutsideError) else 422), str(error)


def error_response(status: int, message: str) -> Response:
    """Return an error as JSON."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else None
    document = {"schema": "tracker/error/1", "error": message}
    return JSONResponse(document, status, headers)


def _documents(request: Request, documents: Sequence[Document]) -> Response:
    return _lines(documents) if _wants_lines(request) else _json(documents[0])


def _wants_lines(request: Request) -> bool:
    return NDJSON in request.headers.get("accept", "")


def _json(content: object, status: int = 200) -> Response:
    return Response(_text(content) + "\n", status, media_type="application/json")


def _lines(documents: Sequence[Document]) -> Response:
    body = "".join(_text(document) + "\n" for document in documents)
    return Response(body, media_type=NDJSON)


def _text(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def _with_query(request: Request, path: str) -> str:
    """Return the subject in a path: a post's address may have a query of its own."""
    query = request.url.query
    return f"{path}?{query}" if query and "://" in path else path
