"""Earlier uploads looked for on loopback platforms: what is alike is fetched, nothing else is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from jobs.daemon import run_once
from jobs.schedule import build_scheduler
from storage import discoveries, ledger
from tests.integration.ingest.conftest import AppMaker, TurnedClock
from tests.support.bluesky_server import ALICE, BOB, BlueskySite, serve_bluesky, video_embed
from tests.support.footage import Edit, make_copy, make_footage
from tests.support.json_schema import problems
from tests.support.mastodon_server import MastodonSite, serve_mastodon
from tracker.app import App
from tracker.config import BlueskySettings, DiscoverySettings, MastodonSettings
from tracker.ingest.add import Stated
from tracker.model.chain import Chain
from tracker.model.discovery import Discovery
from tracker.model.ledger import LedgerKind
from tracker.reports.documents import chain_document
from tracker.reports.wording import discovery_words
from tracker.timestamps.snowflake import tid

SAME, OTHER, LATER = ("bafkrei" + letter * 52 for letter in "sol")
SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "chain.json"
LATE = datetime(2026, 2, 27, 10, tzinfo=UTC)
EARLY = LATE - timedelta(days=2)


@pytest.fixture
def bluesky() -> Iterator[BlueskySite]:
    with serve_bluesky() as running:
        yield running


@pytest.fixture
def mastodon() -> Iterator[MastodonSite]:
    with serve_mastodon() as running:
        yield running


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The footage, a copy of it, and another film."""
    folder = tmp_path_factory.mktemp("films")
    first = make_footage(folder / "first.mp4", seed=61, seconds=4).path
    make_copy(first, folder / "copy.mp4", Edit(height=144, crf=30))
    make_footage(folder / "other.mp4", seed=62, seconds=4)
    return {path.stem: path.read_bytes() for path in folder.glob("*.mp4")}


def still(film: bytes, folder: Path, *, mirror: bool = False, bar: int = 0) -> bytes:
    """A picture of the film a second in, as platforms show it, perhaps between bars."""
    path = folder / "film.mp4"
    path.write_bytes(film)
    reader = cv2.VideoCapture(str(path))
    for _ in range(25):
        read, picture = reader.read()
        assert read
    reader.release()
    picture = cv2.flip(picture, 1) if mirror else picture
    picture = cv2.copyMakeBorder(picture, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert done
    return jpeg.tobytes()


def on_bluesky(site: BlueskySite, did: str, text: str, at: datetime, cid: str) -> str:
    name = tid((int(at.timestamp() * 1_000_000) << 10) + 1)
    stamp = at.isoformat().replace("+00:00", ".000Z")
    site.post(did, name, text, at=stamp, embed=video_embed(cid))
    return f"https://bsky.app/profile/{did}/post/{name}"


def on_mastodon(
    site: MastodonSite, text: str, at: datetime, film: str, preview: str = "/preview.png"
) -> str:
    number = str(int(at.timestamp() * 1000) << 16)
    stamp = at.isoformat().replace("+00:00", ".000Z")
    media = [site.video(film, str(int(number) % 1000), preview)]
    return site.publish(number, f"<p>{text}</p>", at=stamp, media_attachments=media)


def opened(
    make_app: AppMaker, bluesky: BlueskySite, mastodon: MastodonSite, **discovery: object
) -> AbstractContextManager[App]:
    terms: dict[str, object] = {"platforms": ("bluesky", mastodon.host), **discovery}
    return make_app(
        bluesky=BlueskySettings(appview=bluesky.host, plc_directory=bluesky.host),
        mastodon=MastodonSettings(servers=(urlsplit(mastodon.host).netloc,)),
        discovery=DiscoverySettings(**terms),
    )


def known_late(app: App, site: MastodonSite, film: bytes, text: str | None = None) -> str:
    """Take in the upload that is known: a copy, posted late."""
    site.files["/media/late.mp4"] = film
    text = text or "Water is rising under the Kessler Bridge since dawn"
    url = on_mastodon(site, text, LATE, "late.mp4")
    assert app.add.take_in(url, Stated()).errors == ()
    return url


def run(app: App) -> None:
    assert run_once(app, threading.Event()) == 0


def chain_of(app: App, url: str) -> Chain:
    (chain,) = app.subjects.chains(url)
    return chain


def root_of(chain: Chain) -> str:
    root = next(link.appearance for link in chain.links if link.appearance.id == chain.root)
    assert root.post is not None
    return root.post.key


def made(app: App, url: str, platform: str) -> Discovery:
    """The search of a platform for the name that the post gives."""
    found = [s for s in chain_of(app, url).discovery if s.platform == platform]
    return next(s for s in found if "Kessler" in s.query)


def asked(site: BlueskySite | MastodonSite) -> list[str]:
    return [path for _, path, _ in site.server.seen]


@pytest.mark.parametrize("shown", [{}, {"mirror": True, "bar": 30}])
def test_an_earlier_upload_is_found_by_its_picture_and_becomes_the_root(
    make_app: AppMaker,
    bluesky: BlueskySite,
    mastodon: MastodonSite,
    films: dict[str, bytes],
    tmp_path: Path,
    shown: dict[str, int],
) -> None:
    bluesky.blobs = {SAME: films["first"], OTHER: films["other"], LATER: films["first"]}
    bluesky.thumbnails[SAME] = still(films["first"], tmp_path, **shown)  # type: ignore[arg-type]
    bluesky.thumbnails[OTHER] = still(films["other"], tmp_path)
    first = on_bluesky(bluesky, ALICE, "The Kessler Bridge right now", EARLY, SAME)
    on_bluesky(bluesky, BOB, "Kessler Bridge in spring", EARLY, OTHER)
    on_bluesky(bluesky, BOB, "Kessler Bridge again", LATE + timedelta(hours=3), LATER)
    with opened(make_app, bluesky, mastodon) as app:
        late = known_late(app, mastodon, films["copy"])
        assert root_of(chain_of(app, late)) == late
        run(app)
        chain = chain_of(app, late)
        assert root_of(chain) == first
        assert chain.history[-1].reason != ""
        search = made(app, late, "bluesky")
        assert (search.hits, search.compared, search.likely, search.fetched) == (2, 2, 1, 1)
        assert search.error is None
        document = json.loads(json.dumps(chain_document(chain)))
        assert problems(document, json.loads(SCHEMA.read_text(encoding="utf-8"))) == []
    fetched = [path for path in asked(bluesky) if "getBlob" in path]
    assert len(fetched) == 1
    assert SAME in fetched[0]


def test_a_hashtag_of_mastodon_is_searched_and_what_is_not_alike_is_never_downloaded(
    make_app: AppMaker,
    bluesky: BlueskySite,
    mastodon: MastodonSite,
    films: dict[str, bytes],
    tmp_path: Path,
) -> None:
    mastodon.files |= {
        "/media/first.mp4": films["first"],
        "/media/other.mp4": films["other"],
        "/first.jpg": still(films["first"], tmp_path),
        "/other.jpg": still(films["other"], tmp_path),
    }
    tag = "Under the bridge #KesslerBridge"
    first = on_mastodon(mastodon, tag, EARLY, "first.mp4", "/first.jpg")
    on_mastodon(mastodon, tag, EARLY - timedelta(hours=1), "other.mp4", "/other.jpg")
    on_mastodon(mastodon, tag, LATE + timedelta(hours=5), "other.mp4", "/later.jpg")
    with opened(make_app, bluesky, mastodon) as app:
        late = known_late(app, mastodon, films["copy"])
        run(app)
        assert root_of(chain_of(app, late)) == first
        search = made(app, late, "mastodon")
        assert (search.query, search.hits, search.earlier) == ("#KesslerBridge", 3, 2)
        empty = made(app, late, "bluesky")
    assert "/media/other.mp4" not in asked(mastodon)
    assert "/later.jpg" not in asked(mastodon)  # clearly later: not even its picture
    assert discovery_words(empty) == (
        f"Searched on Bluesky for “Kessler Bridge” up to {words_of(empty)}: "
        "0 posts, 0 compared, none alike."
    )


def words_of(search: Discovery) -> str:
    line = discovery_words(search)
    return line.partition(" up to ")[2].partition(": 0 posts")[0]


def test_the_chain_and_the_ledger_say_what_was_searched_and_found_empty(
    make_app: AppMaker, bluesky: BlueskySite, mastodon: MastodonSite, films: dict[str, bytes]
) -> None:
    bluesky.search_open = False
    with opened(make_app, bluesky, mastodon) as app:
        late = known_late(app, mastodon, films["copy"])
        run(app)
        chain = chain_of(app, late)
        with app.archive.database.read() as session:
            kinds = [entry.kind for entry in ledger.entries(session)]
        assert app.verify().ok
    document = chain_document(chain)["discovery"]
    assert isinstance(document, list)
    assert {item["platform"] for item in document} == {"bluesky", "mastodon"}
    refused = [item for item in document if item["platform"] == "bluesky"]
    assert all("accounts only" in item["error"] for item in refused)
    empty = [item for item in document if item["platform"] == "mastodon"]
    assert all((item["hits"], item["error"]) == (0, None) for item in empty)
    assert {item["until"] for item in document} == {chain_document(chain)["discovery"][0]["until"]}  # type: ignore[index]
    assert kinds.count(LedgerKind.DISCOVERY) == len(document)


def test_nothing_is_searched_twice_within_the_interval_nor_for_old_clips(
    make_app: AppMaker,
    bluesky: BlueskySite,
    mastodon: MastodonSite,
    films: dict[str, bytes],
    clock: TurnedClock,
) -> None:
    with opened(make_app, bluesky, mastodon, every_hours=6) as app:
        known_late(app, mastodon, films["copy"])
        run(app)
        once = searched(bluesky)
        assert once > 0
        run(app)
        clock.turn(hours=5)
        run(app)
        assert searched(bluesky) == once
        clock.turn(hours=2)
        run(app)
        assert searched(bluesky) == 2 * once
        clock.turn(days=30)  # no longer recent
        run(app)
        assert searched(bluesky) == 2 * once


def searched(site: BlueskySite) -> int:
    return site.calls.count("app.bsky.feed.searchPosts")


def test_the_days_budget_holds_and_what_it_cut_off_comes_first_the_next_time(
    make_app: AppMaker,
    bluesky: BlueskySite,
    mastodon: MastodonSite,
    films: dict[str, bytes],
    clock: TurnedClock,
) -> None:
    with opened(make_app, bluesky, mastodon, searches_per_day=1, every_hours=1) as app:
        late = known_late(app, mastodon, films["copy"])
        for _ in range(5):
            run(app)
            clock.turn(hours=2)
        assert [s.platform for s in chain_of(app, late).discovery] == ["bluesky"]
        clock.turn(hours=24)
        run(app)
        clock.turn(hours=1)
        run(app)
        assert [s.platform for s in chain_of(app, late).discovery] == ["bluesky", "mastodon"]


def huge_png() -> bytes:
    """A PNG that claims 60000 x 60000 pixels."""
    done, png = cv2.imencode(".png", np.zeros((16, 16), np.uint8))
    assert done
    body = bytearray(png.tobytes())
    body[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(body)


@pytest.mark.parametrize("fetch", [False, True])
def test_hostile_and_missing_pictures_are_counted_and_fetched_only_if_wanted(
    make_app: AppMaker,
    bluesky: BlueskySite,
    mastodon: MastodonSite,
    films: dict[str, bytes],
    tmp_path: Path,
    fetch: bool,
) -> None:
    hostile = {
        "huge": huge_png(),
        "long": b"\xff\xd8\xff" + b"\x00" * (5 * 1024**2),
        "broken": still(films["first"], tmp_path)[:300],
        "html": b"<html><body>not a picture</body></html>",
        "flat": flat(),
        "none": b"",
    }
    for number, (name, body) in enumerate(hostile.items()):
        mastodon.files |= {f"/{name}.jpg": body, f"/media/{name}.mp4": films["other"]}
        at = EARLY - timedelta(hours=number)
        on_mastodon(mastodon, "#KesslerBridge", at, f"{name}.mp4", f"/{name}.jpg")
    with opened(make_app, bluesky, mastodon, fetch_without_preview=fetch) as app:
        late = known_late(app, mastodon, films["copy"])
        run(app)
        search = made(app, late, "mastodon")
        assert (search.hits, search.without_preview, search.compared) == (6, 6, 0)
        assert search.fetched == (6 if fetch else 0)
        assert "6 without a picture" in discovery_words(search)
        assert root_of(chain_of(app, late)) == late
    downloads = {path for path in asked(mastodon) if path.startswith("/media/")}
    assert len(downloads - {"/media/late.mp4"}) == (6 if fetch else 0)


def flat() -> bytes:
    done, jpeg = cv2.imencode(".jpg", np.full((90, 160), 40, np.uint8))
    assert done
    return jpeg.tobytes()


def test_a_clip_without_words_is_not_searched_for_again_and_again(
    make_app: AppMaker, bluesky: BlueskySite, mastodon: MastodonSite, films: dict[str, bytes]
) -> None:
    with opened(make_app, bluesky, mastodon) as app:
        late = known_late(app, mastodon, films["copy"], text="see 123 https://example.org/Name")
        run(app)
        (search,) = chain_of(app, late).discovery
        assert (search.target, search.hits) == ("", 0)
        assert discovery_words(search).startswith("No search for earlier uploads: its posts")
    assert searched(bluesky) == 0


def test_a_platform_that_asks_to_wait_is_said_so_and_does_not_stop_the_others(
    make_app: AppMaker, bluesky: BlueskySite, mastodon: MastodonSite, films: dict[str, bytes]
) -> None:
    bluesky.limited_after = 0
    with opened(make_app, bluesky, mastodon) as app:
        late = known_late(app, mastodon, films["copy"])
        run(app)
        assert made(app, late, "bluesky").error is not None
        assert "no answer" in discovery_words(made(app, late, "bluesky"))
        assert made(app, late, "mastodon").error is None


def test_without_platforms_nothing_is_searched_and_no_job_is_scheduled(
    make_app: AppMaker, bluesky: BlueskySite, mastodon: MastodonSite, films: dict[str, bytes]
) -> None:
    with opened(make_app, bluesky, mastodon, platforms=()) as app:
        late = known_late(app, mastodon, films["copy"])
        run(app)
        assert chain_of(app, late).discovery == ()
        assert app.discover.pending(9) == ()
        assert "discover" not in {
            job.id for job in build_scheduler(app, threading.Event()).get_jobs()
        }
    with opened(make_app, bluesky, mastodon) as app:
        assert "discover" in {job.id for job in build_scheduler(app, threading.Event()).get_jobs()}
    assert searched(bluesky) == 0


def test_a_search_killed_half_way_counts_and_says_that_it_was_not_finished(
    make_app: AppMaker, bluesky: BlueskySite, mastodon: MastodonSite, films: dict[str, bytes]
) -> None:
    with opened(make_app, bluesky, mastodon, platforms=()) as app:
        late = known_late(app, mastodon, films["copy"])
        now = app.clock.now()
        with app.archive.database.write() as session:
            begun = Discovery(chain_of(app, late).clip, "bluesky", "a", "b", LATE, now)  # type: ignore[arg-type]
            discoveries.begin(session, begun)
            assert discoveries.count_since(session, now - timedelta(days=1)) == 1
        (found,) = chain_of(app, late).discovery
    assert found == replace(begun, error="the search was not finished")
