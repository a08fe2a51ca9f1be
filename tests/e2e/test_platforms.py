"""One post of every platform, added by the real command: who, when, what it points at, its video.

X, Bluesky, Mastodon and Telegram are asked by their own clients, the others by yt-dlp's own
extractors, which are led to loopback by ``network.connect_to`` and trust ``network.ca_file``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from storage import captures, posts
from storage.database import Database
from tests.support.bluesky_server import ALICE, BOB, link_facet, serve_bluesky, video_embed
from tests.support.callback_server import file, page, serving
from tests.support.footage import make_footage
from tests.support.mastodon_server import serve_mastodon
from tests.support.platform_sites import MAKERS, PUBLISHED_AT, PlatformSites, serving_platforms
from tests.support.telegram_server import Message, serve_telegram
from tests.support.tracker_cli import Outcome, TrackerCommand
from tests.support.x_server import TOKEN, XSite, serving_x
from tracker.model.ids import VideoId
from tracker.timestamps.snowflake import tid

NATIVE = ("x", "bluesky", "mastodon", "telegram")
YTDLP = tuple(name for name in MAKERS if name not in NATIVE)
STORY = "<article><h1>The bridge</h1><p>" + "What is known of the bridge. " * 20 + "</p></article>"
CID = "bafkrei" + "p" * 52


@dataclass
class Added:
    """What the one command brought in, by platform."""

    urls: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    relations: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    x: XSite = field(init=False)  # the billed API

    def expect(self, platform: str, url: str, account: str, *relations: tuple[str, str]) -> None:
        self.urls[platform], self.accounts[platform] = url, account
        self.relations[platform] = set(relations)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def sites() -> dict[str, PlatformSites]:
    return {}


@pytest.fixture(scope="module")
def added(home: Path, sites: dict[str, PlatformSites]) -> Iterator[Added]:
    told = Added()
    with ExitStack() as stack:
        web = stack.enter_context(serving())
        web.routes["/story"] = page(STORY)
        videos = _videos(home)
        told.sha256 = {name: hashlib.sha256(video).hexdigest() for name, video in videos.items()}
        _native(stack, told, videos, web.url("/story"))
        of_ytdlp = {name: videos[name] for name in YTDLP} | {"x": videos["telegram"]}
        running = stack.enter_context(serving_platforms(home, of_ytdlp, web.url("/story")))
        for name in YTDLP:
            post = running.posts[name]
            told.expect(name, post.url, post.account, ("links", web.url("/story")))
        told.settings |= running.environment
        outcome = _add(home, told)
        told.documents = dict(zip(told.urls, outcome.documents, strict=True))
        sites["running"] = running
        yield told


def _videos(folder: Path) -> dict[str, bytes]:
    names = (*NATIVE, *YTDLP)
    made = (make_footage(folder / f"{n}.mp4", seed=60 + i, seconds=2) for i, n in enumerate(names))
    return {name: footage.path.read_bytes() for name, footage in zip(names, made, strict=True)}


def _add(home: Path, told: Added) -> Outcome:
    outcome = TrackerCommand(home).run("add", "--json", *told.urls.values(), **told.settings)
    assert (outcome.code, outcome.stderr) == (0, ""), outcome.stderr
    return outcome


def _native(stack: ExitStack, told: Added, videos: dict[str, bytes], story: str) -> None:
    """Publish one post on each platform that has a client of its own."""
    hour = timedelta(hours=1)
    media = stack.enter_context(serving())
    media.routes["/x.mp4"] = file(videos["x"], "video/mp4")
    x = told.x = stack.enter_context(serving_x())
    x.add_user("22", "river_x")
    film = x.add_video("717462543795523584", (media.url("/x.mp4"), "video/mp4", 832_000))
    quoted = x.add_post(PUBLISHED_AT - hour, "22", "Before")
    links = {"urls": [{"url": "https://t.co/a", "expanded_url": story}]}
    shown = x.add_post(
        PUBLISHED_AT, "22", "Seen https://t.co/a", media=(film,), refers={"quoted": quoted},
        entities=links,
    )  # fmt: skip
    told.expect("x", f"https://x.com/river_x/status/{shown}", "river_x",
                ("quotes", f"https://x.com/i/status/{quoted}"), ("links", story))  # fmt: skip
    told.settings |= {"TRACKER_X__BEARER_TOKEN": TOKEN, "TRACKER_X__API_URL": x.url}

    sky = stack.enter_context(serve_bluesky())
    sky.blobs[CID] = videos["bluesky"]
    number = round(PUBLISHED_AT.timestamp() * 1_000_000) << 10
    said = PUBLISHED_AT.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    earlier = tid(number - (7_000_000 << 10))
    before = sky.post(BOB, earlier, "Before", at=said)
    answered = {"uri": before, "cid": CID}
    name = tid(number)
    sky.post(ALICE, name, "Seen here", at=said, embed=video_embed(CID), facets=[link_facet(story)],
             reply={"root": answered, "parent": answered})  # fmt: skip
    told.expect("bluesky", f"https://bsky.app/profile/alice.test/post/{name}", "alice.test",
                ("replies", f"https://bsky.app/profile/{BOB}/post/{earlier}"),
                ("links", story))  # fmt: skip
    told.settings |= {"TRACKER_BLUESKY__APPVIEW": sky.host,
                      "TRACKER_BLUESKY__PLC_DIRECTORY": sky.host}  # fmt: skip

    toots = stack.enter_context(serve_mastodon())
    toots.files["/media/m.mp4"] = videos["mastodon"]
    status = round(PUBLISHED_AT.timestamp() * 1000) << 16
    first = toots.publish(str(status - (60_000 << 16)), "<p>Before</p>", account="ben")
    url = toots.publish(
        str(status), f'<p>Seen <a href="{story}">here</a></p>',
        at=PUBLISHED_AT.isoformat(), media_attachments=[toots.video("m.mp4")],
        quote={"state": "accepted",
               "quoted_status": toots.statuses[str(status - (60_000 << 16))]},
    )  # fmt: skip
    told.expect("mastodon", url, f"ann@{toots.host.removeprefix('http://')}",
                ("quotes", first), ("links", story))  # fmt: skip

    telegram = stack.enter_context(serve_telegram())
    telegram.files["t.mp4"] = videos["telegram"]
    telegram.publish("rivernews", Message(7, "Before"), Message(
        8, f'Seen <a href="{story}">here</a>', at=PUBLISHED_AT.isoformat(), videos=("t.mp4",),
        reply_to="https://t.me/rivernews/7"))  # fmt: skip
    told.expect("telegram", "https://t.me/rivernews/8", "rivernews",
                ("replies", "https://t.me/rivernews/7"), ("links", story))  # fmt: skip
    told.settings["TRACKER_TELEGRAM__HOST"] = telegram.host


@pytest.fixture(scope="module")
def archive(added: Added, home: Path) -> Iterator[Session]:
    database = Database(f"sqlite:///{TrackerCommand(home).data_dir / 'tracker.db'}")
    with database.read() as session:
        yield session
    database.close()


@pytest.mark.parametrize("platform", [*NATIVE, *YTDLP])
def test_a_post_its_author_relations_claims_and_video(
    platform: str, added: Added, archive: Session
) -> None:
    document = added.documents[platform]
    stored = posts.get_post(archive, document["posts"][0]["url"])
    assert stored is not None
    post = stored.post
    assert document["errors"] == []
    assert (post.platform, post.account) == (platform, added.accounts[platform].removeprefix("@"))
    assert {(str(link.relation), link.url) for link in post.links} >= added.relations[platform]
    told_at = {
        (claim.interval.earliest_at, str(claim.kind))
        for claim in post.claims
        if claim.interval.earliest_at is not None
    }
    assert any(
        abs(at - PUBLISHED_AT) < timedelta(minutes=1) and kind == "platform_reported"
        for at, kind in told_at
    ), told_at
    assert stored.published is not None
    interval = stored.published.interval
    assert interval.earliest_at is not None
    assert interval.latest_at is not None
    assert interval.earliest_at <= PUBLISHED_AT <= interval.latest_at
    assert [video["sha256"] for video in document["videos"]] == [added.sha256[platform]]
    assert all(video["new"] and video["clip"] for video in document["videos"])


@pytest.mark.parametrize("platform", ["x", "tiktok", "instagram", "mastodon", "bluesky"])
def test_the_id_is_a_claim_of_its_own(platform: str, added: Added, archive: Session) -> None:
    stored = posts.get_post(archive, added.documents[platform]["posts"][0]["url"])
    assert stored is not None
    kinds = {str(claim.kind) for claim in stored.post.claims}
    assert {"id_derived", "platform_reported", "first_observed"} <= kinds


def test_linked_posts_are_taken_in_with_it(added: Added) -> None:
    for platform, document in added.documents.items():
        urls = {post["url"] for post in document["posts"]}
        assert {url for _, url in added.relations[platform]} <= urls, platform


def test_a_lookup_reads_x_as_a_guest_and_never_by_the_billed_api(
    added: Added, sites: dict[str, PlatformSites], home: Path
) -> None:
    url = sites["running"].posts["x"].url  # a post the archive does not hold, with a known video
    tracker, asked = TrackerCommand(home), len(added.x.asked)
    outcome = tracker.run("lookup", "--json", url, **added.settings)
    assert outcome.code == 0, outcome.stderr
    assert outcome.document["matches"][0]["video"] == added.sha256["telegram"]
    assert outcome.document["matches"][0]["posts"][0]["platform"] == "telegram"
    unled = {**added.settings, "TRACKER_NETWORK__CONNECT_TO": '{"api.x.com": "127.0.0.1:9"}'}
    refused = tracker.run("lookup", url, **unled)
    assert (refused.code, refused.stdout) == (3, "")
    assert "lookups never ask X's API" in refused.stderr
    assert "`tracker add` does" in refused.stderr
    assert len(added.x.asked) == asked > 0


def test_a_subreddit_is_watched_by_its_feed_and_a_page_of_facebook_is_refused(
    added: Added, sites: dict[str, PlatformSites], tmp_path: Path
) -> None:
    tracker, led = TrackerCommand(tmp_path), sites["running"].environment
    page = "https://www.facebook.com/riverfriends/"
    assert tracker.run("watch", "add", "https://www.reddit.com/r/videos/", page).code == 0
    assert tracker.run("run", "--once", **led).code == 1  # the other watch fails
    database = Database(f"sqlite:///{tracker.data_dir / 'tracker.db'}")
    with database.read() as session:
        stored = posts.get_post(session, "https://www.reddit.com/comments/1cu7abc")
        assert stored is not None
        assert stored.post.account == "river_redditor"
        assert {"feed", "platform_reported"} <= {str(claim.kind) for claim in stored.post.claims}
        assert posts.posts_of_video(session, VideoId(added.sha256["reddit"])) == [stored.post.key]
    database.close()
    (failing,) = tracker.run("status", "--json").document["failing"]
    assert failing["subject"].startswith("https://www.facebook.com/riverfriends")
    assert "Facebook lists nothing" in failing["error"]


def test_an_answer_says_that_it_came_by_another_way(added: Added, archive: Session) -> None:
    (video,) = added.documents["tiktok"]["videos"]
    for capture in captures.captures_of_video(archive, video["sha256"]):
        tools = dict(capture.exchange.tools)
        assert "www.tiktok.com at 127.0.0.1:" in tools["network.connect_to"]
        assert tools["network.ca_file"].startswith("sha256 ")


def test_without_leave_for_loopback_nobody_is_led_there(
    added: Added, sites: dict[str, PlatformSites], tmp_path: Path
) -> None:
    running = sites["running"]
    asked = len(running.asked)
    closed = {**running.environment, "TRACKER_NETWORK__ALLOW_PRIVATE": "false"}
    outcome = TrackerCommand(tmp_path).run("add", added.urls["reddit"], **closed)
    assert outcome.code == 3
    assert "closed address 127.0.0.1" in outcome.stderr + outcome.stdout
    assert len(running.asked) == asked


def test_an_authority_that_is_not_named_is_not_trusted(
    added: Added, sites: dict[str, PlatformSites], tmp_path: Path
) -> None:
    untrusted = {**sites["running"].environment, "TRACKER_NETWORK__CA_FILE": ""}
    outcome = TrackerCommand(tmp_path).run("add", added.urls["rumble"], **untrusted)
    assert outcome.code == 3
    assert "certificate" in (outcome.stderr + outcome.stdout).lower()
