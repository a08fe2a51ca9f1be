"""Logs: one line an event, and of an exception only what may be told."""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from tracker.errors import TrackerError
from tracker.log import configure_logging


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    hooks = sys.excepthook, threading.excepthook
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.basicConfig(force=True)
    sys.excepthook, threading.excepthook = hooks


def no_such_key(key: str) -> int:
    return {"a": 1}[key]


def log_a_crash() -> None:
    try:
        no_such_key("hunter2")
    except KeyError:
        structlog.get_logger().exception("item_crashed", stage="capture")


def test_an_exception_is_named_with_its_place_and_nothing_of_its_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("warning", "json")
    log_a_crash()
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert event["exception_type"] == "KeyError"
    assert event["exception_at"].startswith(__file__)
    assert "hunter2" not in line


def test_tracebacks_are_for_those_who_ask(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "text", tracebacks=True)
    log_a_crash()
    text = capsys.readouterr().err
    assert "Traceback" in text


@pytest.mark.parametrize("form", ["text", "json"])
def test_below_the_level_nothing_is_said(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", form)  # type: ignore[arg-type]  # both are forms
    structlog.get_logger().info("item_done", item="x")
    structlog.get_logger().warning("item_failed", item="y")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "item_done" not in captured.err
    assert "item_failed" in captured.err
    assert sys.exception() is None


@pytest.mark.parametrize("form", ["text", "json"])
def test_addresses_lose_their_passwords(
    form: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", form)
    url = "http://name:canary@news.test/feed?to=a@b"
    structlog.get_logger().warning("watch_failed", target=url, error=f"no answer from {url}")
    said = capsys.readouterr().err
    assert "canary" not in said
    assert "news.test/feed?to=a@b" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://u:w@a.test/", "https://***@a.test/"),
        (
            "at http://u@v@a.test:80/x@y, or ftp://q@b",
            "at http://***@a.test:80/x@y, or ftp://***@b",
        ),
        ("https://a.test/@someone?x=http://b.test", "https://a.test/@someone?x=http://b.test"),
        ("x:@handle, mail a@b.test", "x:@handle, mail a@b.test"),
    ],
)
def test_an_error_never_quotes_a_password(text: str, said: str) -> None:
    assert str(TrackerError(text)) == said


def test_libraries_warnings_and_crashes_are_json_lines_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("warning", "json")
    logging.getLogger("apscheduler.scheduler").error("a job\nwas %s", "missed")
    logging.getLogger("tweepy").info("GET /2/tweets Authorization: Bearer hunter2")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("this will go away", DeprecationWarning, stacklevel=1)
    crashing = threading.Thread(target=no_such_key, args=("hunter2",))
    crashing.start()
    crashing.join()
    try:
        no_such_key("hunter2")
    except KeyError as exc:
        sys.excepthook(type(exc), exc, exc.__traceback__)
    text = capsys.readouterr().err
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["event"] for event in events] == [
        "library_message", "library_message", "crashed", "crashed",
    ]  # fmt: skip
    assert events[0]["message"] == "a job was missed"
    assert events[1]["library"] == "py.warnings"
    assert {event["exception_type"] for event in events[2:]} == {"KeyError"}
    assert all({"event", "level", "timestamp"} <= event.keys() for event in events)
    assert "hunter2" not in text
