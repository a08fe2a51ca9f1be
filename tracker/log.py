"""Structured logs on standard error: fixed event names, facts as keys, never secrets or texts."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Literal

import structlog

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
            _escape_texts,
            _renderer(form),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries speak only when something is wrong: some print headers (tokens) at debug level.
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, force=True)


def _name_exception(
    _logger: structlog.typing.WrappedLogger, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace the exception by its type and place; its message may quote what it must not."""
    error = sys.exception() if event.pop("exc_info", None) else None
    if error is not None:
        event["exception_type"] = type(error).__name__
        innermost = traceback.extract_tb(error.__traceback__)[-1:]
        event["exception_at"] = "".join(f"{f.filename}:{f.lineno}" for f in innermost)
    return event


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
