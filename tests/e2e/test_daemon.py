"""The daemon: one feed in, chains out; stops when told; survives being killed."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Clips
from tests.support.tracker_cli import TrackerCommand
from tests.support.webserver import WebServer

VIDEO_PAGE = """<!doctype html><html><head><title>{title}</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "VideoObject",
"name": "{title}", "uploadDate": "{date}", "contentUrl": "{media}"}}</script></head>
<body><article><h1>{title}</h1><p>Posted by {title}.</p>
<video controls src="{media}"></video></article></body></html>"""

ARTICLE = """<!doctype html><html><head><title>{title}</title>
<meta property="article:published_time" content="{date}"></head><body><article><h1>{title}</h1>
<p>Footage that went round this week appears to show a street.</p>
<blockquote class="post" cite="{post}"><p>Look at this</p><a href="{post}">{post}</a></blockquote>
</article></body></html>"""

FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>News</title>{items}</channel></rss>"""
ITEM = "<item><title>{0}</title><link>{0}</link><guid>{0}</guid></item>"


def publish(site: WebServer, clips: Clips) -> str:
    """Put a feed, articles, post pages and videos on the site; return the feed's address."""
    articles = []
    for name, path, date in (
        ("first", clips.source, "2021-03-01T08:00:00Z"),
        ("second", clips.copy, "2023-06-01T08:00:00Z"),
        ("other", clips.foreign, "2022-01-01T08:00:00Z"),
    ):
        media = site.add(f"/media/{name}.mp4", path.read_bytes(), content_type="video/mp4")
        page = VIDEO_PAGE.format(title=name, date=date, media=media)
        post = site.add(f"/posts/{name}", page)
        text = ARTICLE.format(title=f"About {name}", date="2024-01-01T00:00:00Z", post=post)
        articles.append(site.add(f"/news/{name}", text))
    items = "".join(ITEM.format(url) for url in articles)
    return site.add("/feed.xml", FEED.format(items=items), content_type="application/rss+xml")


def outcome_of(tracker: TrackerCommand) -> list[Any]:
    """Return the chains with everything that may differ between two runs left out."""
    chains = []
    for clip in tracker.run("clips", "--json").documents:
        chain = tracker.run("chain", "--json", clip["clip"]).document
        by_id = {a["id"]: a for a in chain["appearances"]}
        chains.append(
            sorted(
                (
                    a["video"], a["post"]["url"], a["relation"],
                    by_id[a["parent"]]["post"]["url"] if a["parent"] else "",
                )
                for a in chain["appearances"]
            )
        )  # fmt: skip
    return sorted(chains)


def test_one_watched_feed_becomes_chains(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    feed = publish(site, clips)
    assert tracker.run("watch", "add", feed).code == 0
    run = tracker.run("run", "--once")
    assert run.code == 0, run
    chains = outcome_of(tracker)
    assert len(chains) == 2
    (shared,) = [chain for chain in chains if len(chain) == 4]
    assert {relation for _, _, relation, _ in shared} == {"root", "partial_copy", "cites"}
    (root,) = [url for _, url, relation, _ in shared if relation == "root"]
    assert root == site.url("/posts/first")
    status = tracker.run("status", "--json").document
    assert status["failing"] == []
    assert tracker.run("verify", "--json").document["ok"] is True
    media_requests = [r.path for r in site.requests if r.path.startswith("/media/")]
    again = tracker.run("run", "--once")
    assert again.code == 0
    assert [r.path for r in site.requests if r.path.startswith("/media/")] == media_requests


def test_a_budget_holds_back_and_drops_nothing(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    feed = publish(site, clips)
    tracker.run("watch", "add", feed, "--budget", "4")
    tracker.run("run", "--once")
    held = tracker.run("status", "--json").document["held"]
    assert held["posts"] == 4
    tracker.run("run", "--once")
    assert tracker.run("status", "--json").document["held"]["posts"] == 6


def test_a_watch_that_cannot_be_polled_is_reported_and_the_rest_runs(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    feed = publish(site, clips)
    tracker.run("watch", "add", feed, site.url("/gone.xml"))
    run = tracker.run("run", "--once")
    assert run.code == 3
    assert "/gone.xml" in run.stderr
    assert len(outcome_of(tracker)) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_daemon_stops_within_ten_seconds(
    number: signal.Signals, tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    feed = publish(site, clips)
    site.add("/media/second.mp4", clips.copy.read_bytes(), content_type="video/mp4", delay_s=60)
    tracker.run("watch", "add", feed)
    daemon = tracker.start("run")
    try:
        wait_for(lambda: any(r.path == "/media/second.mp4" for r in site.requests))
        started = time.monotonic()
        daemon.send_signal(number)
        assert daemon.wait(timeout=20) == 0
        assert time.monotonic() - started < 10
    finally:
        kill_group(daemon.pid)
    assert tracker.run("verify", "--json").document["ok"] is True


def test_killed_at_random_moments_it_ends_with_the_same_chains(
    tracker: TrackerCommand, clips: Clips, site: WebServer, tmp_path: Path
) -> None:
    feed = publish(site, clips)
    undisturbed = TrackerCommand(tmp_path / "undisturbed")
    undisturbed.home.mkdir()
    for command in (tracker, undisturbed):
        command.run("watch", "add", feed)
    undisturbed.run("run", "--once")
    moments = random.Random(7)  # noqa: S311 - moments in time, no secret
    for _ in range(4):
        daemon = tracker.start("run", "--once")
        try:
            time.sleep(moments.uniform(0.5, 4.0))
        finally:
            kill_group(daemon.pid)
            daemon.wait()
    assert tracker.run("run", "--once").code == 0
    assert outcome_of(tracker) == outcome_of(undisturbed)
    verified = tracker.run("verify", "--json").document
    assert verified["ok"] is True, verified


def wait_for(condition: Any, timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def kill_group(pid: int) -> None:
    """Kill a process we started and its children; it may be gone already."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
