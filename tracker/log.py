"""Structured logs on standard error: fixed event names, facts as keys, never secrets or texts."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Literal

import structlog

from tracker.errors import without_user_names

MAX_MESSAGE_CHARS = 500

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logging(
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["text", "json"],
    *,
    tracebacks: bool = False,
) -> None:
    """Send this program's events to standard error, and quiet the libraries below them.

    Without ``tracebacks`` an unexpected exception is named with the place it came from.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if tracebacks else _name_exception,
            _without_user_names,
            _escape_texts,
            _renderer(form),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries speak only when something is wrong: some print headers (tokens) at debug level.
    logging.basicConfig(level=logging.ERROR, handlers=[_Libraries()], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.WARNING)
    sys.excepthook = _note_crash
    threading.excepthook = _note_thread_crash


class _Libraries(logging.Handler):
    """Makes what libraries say an event like any other, so that every line has one form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record as ``library_message``, cut to one line's worth."""
        log = structlog.get_logger()
        told = log.error if record.levelno >= logging.ERROR else log.warning
        told(
            "library_message",
            library=record.name,
            message=" ".join(record.getMessage().split())[:MAX_MESSAGE_CHARS],
        )


def _note_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log an exception that nobody caught as one event."""
    structlog.get_logger().error("crashed", exc_info=(kind, error, trace))


def _note_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None:
        _note_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)


def _name_exception(
    _logger: structlog.typing.WrappedLogger, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace the exception by its type and place; its message may quote what it must not."""
    told = event.pop("exc_info", None)
    error = told[1] if isinstance(told, tuple) else sys.exception() if told else None
    if error is not None:
        event["exception_type"] = type(error).__name__
        innermost = traceback.extract_tb(error.__traceback__)[-1:]
        event["exception_at"] = "".join(f"{f.filename}:{f.lineno}" for f in innermost)
    return event


def _without_user_names(
    _logger: structlog.typing.WrappedLogger, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Leave passwords out of addresses, wherever in an event they stand."""
    return {k: without_user_names(v) if isinstance(v, str) else v for k, v in event.items()}


def _escape_texts(
    _logger: structlog.typing.WrappedLogger, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Escape what a terminal or a reader of lines would obey in texts from outside."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable() and key != "exception":
            event[key] = ascii(value)[1:-1]
    return event


def _renderer(form: Literal["text", "json"]) -> structlog.typing.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    plain = structlog.dev.plain_traceback  # the default shows local variables: texts, secrets
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)
