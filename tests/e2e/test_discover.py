"""A search for earlier uploads by the real command, and what the chain then says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import cv2

from tests.support.footage import make_footage
from tests.support.mastodon_server import MastodonSite, serve_mastodon
from tests.support.tracker_cli import TrackerCommand

NOW = datetime.now(UTC).replace(microsecond=0)


def post(site: MastodonSite, at: datetime) -> str:
    number = str(int(at.timestamp() * 1000) << 16)
    media = [site.video("a.mp4", str(int(number) % 1000), "/a.jpg")]
    return site.publish(
        number, "<p>seen #KesslerBridge</p>", at=at.isoformat(), media_attachments=media
    )


def test_one_clip_is_searched_for_by_command_and_the_chain_begins_earlier(
    tracker: TrackerCommand, tmp_path: Path
) -> None:
    film = make_footage(tmp_path / "a.mp4", seconds=4, seed=63).path
    reader = cv2.VideoCapture(str(film))
    done, jpeg = cv2.imencode(".jpg", reader.read()[1])
    reader.release()
    assert done
    with serve_mastodon() as site:
        site.files |= {"/media/a.mp4": film.read_bytes(), "/a.jpg": jpeg.tobytes()}
        late, first = post(site, NOW - timedelta(hours=5)), post(site, NOW - timedelta(days=3))
        settings = {
            "TRACKER_MASTODON__SERVERS": json.dumps([urlsplit(site.host).netloc]),
            "TRACKER_DISCOVERY__PLATFORMS": json.dumps([site.host]),
        }
        assert tracker.run("add", late).code == 0
        found = tracker.run("discover", late, "--json", **settings)
        assert found.code == 0, found.stderr
        assert (found.documents[0]["likely"], found.documents[0]["fetched"]) == (1, 1)
        assert tracker.run("run", "--once", **settings).code == 0
        chain = tracker.run("chain", late, "--json").document
        assert chain["appearances"][0]["post"]["url"] == first
        assert chain["discovery"][0]["query"] == "#KesslerBridge"
