"""What a command loads: libraries that it does not use cost every start of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.tracker_cli import TrackerCommand

NETWORK = {"httpx", "requests", "certifi", "anyio", "feedparser", "selectolax", "tweepy",
           "atproto_client", "mastodon", "yt_dlp", "imageio_ffmpeg"}  # fmt: skip
PICTURES = {"numpy", "cv2", "av", "faiss", "PIL", "imagehash", "scipy", "threadpoolctl"}
EVIDENCE = {"c2pa", "cryptography", "rfc3161_client", "opentimestamps"}
REPORTS = {"jinja2", "prov", "bagit", "networkx"}
DAEMON = {"apscheduler", "prometheus_client", "multiprocessing"}
SERVER = {"starlette", "uvicorn"}
MIGRATION = {"alembic"}
DATABASE = {"sqlalchemy", "sqlmodel"}
OTHER_DATABASE = {"psycopg", "sqlalchemy.dialects.postgresql"}
ADDRESSES = {"tracker.net.urls"}
HEAVY = NETWORK | PICTURES | EVIDENCE | REPORTS | DAEMON | SERVER | MIGRATION | OTHER_DATABASE
EVERYTHING = HEAVY | DATABASE | {"pydantic_settings", "structlog"}

RUN = """
import json, sys
from tracker.cli.main import run_command
code = run_command(sys.argv[1:])
sys.stderr.write(json.dumps({"code": code, "loaded": sorted(sys.modules)}))
"""


def loaded_by(tracker: TrackerCommand, *arguments: str) -> set[str]:
    """Return the names of the modules that the command has loaded when it is done."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        env=tracker.environment(), cwd=tracker.home, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] < 2, done.stderr[:2000]  # `health` says 1: nobody leads here
    return set(told["loaded"])


@pytest.fixture
def held(tracker: TrackerCommand) -> TrackerCommand:
    """The command with an archive that was made before: nothing is left to migrate."""
    tracker.run("watch", "add", "https://news.example/feed.xml")
    return tracker


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("--help", EVERYTHING),
        ("status --help", EVERYTHING),
        ("decode 1098230906194546688", EVERYTHING),
        ("status", HEAVY | ADDRESSES),
        ("status --json", HEAVY | ADDRESSES),
        ("watch list", HEAVY),
        ("watch pause https://news.example/feed.xml", HEAVY),
        ("quota", HEAVY),
        ("hold list", HEAVY - {"numpy"}),
        ("clips", HEAVY - {"numpy"}),
        ("hosts", HEAVY - {"httpx", "certifi", "anyio"}),
        ("health", HEAVY - DAEMON),
        ("verify", HEAVY - PICTURES),
    ],
)
def test_a_command_loads_no_library_that_it_does_not_use(
    held: TrackerCommand, command: str, needless: set[str]
) -> None:
    assert not loaded_by(held, *command.split()) & needless
