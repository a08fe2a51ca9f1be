"""A video sent with the question: the one file of a form, kept while it is looked up.

Source: RFC 7578 (multipart/form-data), read by python-multipart, bytes by bytes to disk.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import anyio
import anyio.to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from storage.files import outside_errors
from storage.staging import own_folder
from tracker.errors import TrackerError
from tracker.reports.plain_text import clean_line

FIELD = b"file"
STAGED = "uploaded-video"
FORM_BYTES = 64 * 1024
"""What boundaries and headers of the form may take besides the file."""


class UploadRefused(TrackerError):
    """The form cannot be taken; ``status`` is what HTTP calls the reason."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class UploadTerms:
    """Where an upload is kept meanwhile, how large it may be and how long it may take."""

    staging: Path
    max_bytes: int
    max_time_s: float


@dataclass(frozen=True, slots=True)
class Upload:
    """A received file and the name that its sender gave it."""

    path: Path
    name: str


class Uploads:
    """Receives one upload at a time, so that no more than one fills the disk."""

    def __init__(self, terms: UploadTerms) -> None:
        self._terms = terms
        self._receiving = threading.Lock()

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[Upload]:
        """Give the file of a form; it is gone when the block ends, however that comes.

        Raises ``UploadRefused`` for any other body, one that is too large or too slow, or while
        another is received; ``OutsideError`` where nothing can be written.
        """
        if not self._receiving.acquire(blocking=False):
            raise UploadRefused("another file is being looked up; ask again in a moment", 503)
        try:
            with ExitStack() as held:  # so that no process that begins takes it for abandoned
                made = own_folder(self._terms.staging.absolute())
                folder = await anyio.to_thread.run_sync(held.enter_context, made)
                yield await self._receive(request, folder / STAGED)
        finally:
            self._receiving.release()

    async def _receive(self, request: Request, path: Path) -> Upload:
        with outside_errors(path, "write"):
            file = await anyio.to_thread.run_sync(path.open, "xb")
        with file:
            form = _Form(_boundary(request), file, self._terms.max_bytes)
            try:
                with anyio.fail_after(self._terms.max_time_s):
                    async for chunk in request.stream():
                        await anyio.to_thread.run_sync(form.take, chunk)
            except TimeoutError as exc:
                raise UploadRefused("the upload took too long", 408) from exc
            except ClientDisconnect as exc:
                raise UploadRefused("the upload broke off") from exc
            return Upload(path, form.finish())


class _Form:
    """Takes the bytes of a form in turn and writes those of its one file."""

    def __init__(self, boundary: bytes, file: IO[bytes], max_bytes: int) -> None:
        self._file = file
        self._left = max_bytes
        self._left_of_form = max_bytes + FORM_BYTES
        self._max_bytes = max_bytes
        self._header = b""
        self._headers: dict[bytes, bytes] = {}
        self._value = b""
        self._name: bytes | None = None
        self._ended = False
        callbacks = {
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_end": self._on_end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # its own type of callbacks is not exported
        except FormParserError as exc:
            raise UploadRefused("the form cannot be read") from exc

    def take(self, chunk: bytes) -> None:
        """Take some more bytes; raises ``UploadRefused``, or ``OutsideError`` on a full disk."""
        self._left_of_form -= len(chunk)
        if self._left_of_form < 0:
            raise self._too_large()
        try:
            self._parser.write(chunk)
        except FormParserError as exc:
            raise UploadRefused("the form cannot be read") from exc

    def finish(self) -> str:
        """Return the name of the file that was received whole; raises ``UploadRefused``."""
        if not self._ended:
            raise UploadRefused("the form breaks off")
        if not self._name:
            raise UploadRefused('no file was sent: a form with one file named "file" is wanted')
        with outside_errors(Path(self._file.name), "write"):
            self._file.flush()
        return clean_line(self._name.decode("utf-8", "replace"), 200) or STAGED

    def _too_large(self) -> UploadRefused:
        said = f"{self._max_bytes:,} bytes"
        return UploadRefused(f"the file is larger than {said} (network.max_media_bytes)", 413)

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.pop(b"content-disposition", b""))
        self._headers.clear()
        if kind != b"form-data" or options.get(b"name") != FIELD or self._name is not None:
            raise UploadRefused('a form with one file named "file" and nothing else is wanted')
        self._name = options.get(b"filename", b"")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._left -= end - start
        if self._left < 0:
            raise self._too_large()
        with outside_errors(Path(self._file.name), "write"):
            self._file.write(data[start:end])

    def _on_end(self) -> None:
        self._ended = True


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise UploadRefused("a form (multipart/form-data) is wanted", 415)
    return boundary
