"""X by the real command: from a watch to a report, and where its token never gets to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.callback_server import file, serving
from tests.support.footage import make_footage
from tests.support.tracker_cli import TrackerCommand
from tests.support.x_server import PROTECTED, TOKEN, serving_x

NOW = datetime.now(UTC)


def test_a_watched_account_becomes_a_report_and_no_token_is_left_anywhere(
    tracker: TrackerCommand, tmp_path: Path
) -> None:
    make_footage(tmp_path / "clip.mp4", seconds=5, seed=5)
    with serving_x() as site, serving() as media:
        settings = {
            "TRACKER_X__BEARER_TOKEN": TOKEN,
            "TRACKER_X__API_URL": site.url,
            "TRACKER_LOG__LEVEL": "debug",
        }
        media.routes["/a.mp4"] = file((tmp_path / "clip.mp4").read_bytes(), "video/mp4")
        key = site.add_video("717462543795523584", (media.url("/a.mp4"), "video/mp4", 832_000))
        site.add_user("22", "bob")
        shown = site.add_post(NOW - timedelta(days=2), "22", "mine", media=(key,))
        site.add_post(NOW - timedelta(hours=5), "22", refers={"quoted": "20"})
        site.hidden["20"] = PROTECTED
        url = f"https://x.com/i/status/{shown}"
        commands: list[tuple[str | Path, ...]] = [
            ("watch", "add", "x:@bob"),
            ("run", "--once", "--debug"),
            ("report", url, "--format", "html", "-o", tracker.home / "report.html"),
            ("quota", "--json"),
        ]
        outcomes = [tracker.run(*command, **settings) for command in commands]
    assert [outcome.code for outcome in outcomes] == [0, 0, 0, 0], outcomes[1].stderr
    assert url in (tracker.home / "report.html").read_text(encoding="utf-8")
    assert outcomes[-1].document["reads"] == site.served_posts + 1  # and one look-up
    assert outcomes[-1].document["limit"] == 10_000
    spoken = "".join(outcome.stdout + outcome.stderr for outcome in outcomes)
    assert TOKEN not in spoken
    files = [path for path in tracker.home.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []
