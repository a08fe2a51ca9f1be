"""Add and lookup through every stage, on footage small enough to decode in a moment."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from storage import ledger, post_media, posts, videos
from storage.columns import clean_text
from tests.integration.ingest.conftest import AppMaker
from tests.support.footage import make_footage
from tests.support.pages import article, video_page
from tests.support.webserver import WebServer
from tracker.app import App
from tracker.errors import MediaError, NetworkError, OutsideError, TrackerError, UnknownSubject
from tracker.ingest.add import Stated, stated_time
from tracker.media.digest import sha256_of
from tracker.model.ids import PostKey, VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.time_claim import TimeInterval
from tracker.model.video import Video
from tracker.net.urls import canonical_url


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two short pieces of footage that have nothing in common."""
    folder = tmp_path_factory.mktemp("footage")
    made = folder / "one.mp4", folder / "two.mp4"
    for seed, path in enumerate(made):
        make_footage(path, seed=seed + 1, seconds=4)
    return made


def post_of(site: WebServer, name: str, video: Path) -> str:
    media = site.add(f"/{name}.mp4", video.read_bytes(), content_type="video/mp4")
    return site.add(f"/{name}", video_page(name, media, "2026-02-01T10:00:00Z"))


def test_what_succeeds_at_last_is_no_longer_failing(
    app: App, site: WebServer, footage: tuple[Path, Path]
) -> None:
    post = site.url("/post")
    page = site.add("/page", article("Page", post))
    first = app.add.take_in(page, Stated())
    assert [error.url for error in first.errors] == [post]
    assert len(app.status().failing) == 1
    media = site.url("/post.mp4")
    site.add("/post", video_page("post", media, "2026-02-01T10:00:00Z"))
    assert [error.url for error in app.add.take_in(page, Stated()).errors] == [media]
    assert [work.stage for work in app.status().failing] == ["capture"]
    site.add("/post.mp4", footage[0].read_bytes(), content_type="video/mp4")
    assert app.add.take_in(page, Stated()).errors == ()
    assert app.status().failing == ()


def test_a_case_made_of_local_files_lacks_nothing_of_their_capture(
    app: App, tmp_path: Path, footage: tuple[Path, Path]
) -> None:
    added = app.add.take_in(str(footage[0]), Stated())
    bundle = app.reports.write(added.videos[0].sha256, "bundle", tmp_path / "case")
    assert json.loads((bundle / "data/bundle.json").read_text())["incomplete"] == []
    (capture,) = json.loads((bundle / "data/captures/index.json").read_text())["captures"]
    assert [tool["name"] for tool in capture["tools"]] == ["tracker"]


def test_two_addresses_of_one_post_are_one_post(app: App, site: WebServer) -> None:
    target = site.add("/target", article("Target"))
    page = site.add("/page", article("Page", site.redirect("/short", target), target))
    added = app.add.take_in(page, Stated())
    assert [post.key for post in added.posts] == [canonical_url(page), canonical_url(target)]


def test_a_file_that_was_replaced_is_taken_in_again(
    app: App, tmp_path: Path, footage: tuple[Path, Path]
) -> None:
    path = tmp_path / "clip.mp4"
    digests = [sha256_of(file) for file in footage]
    seen = []
    for file, digest in zip((*footage, footage[1]), (*digests, digests[1]), strict=True):
        shutil.copyfile(file, path)
        added = app.add.take_in(str(path), Stated())
        assert added.errors == ()
        seen.append([(video.sha256, video.new) for video in added.videos])
        assert [chain.links[0].appearance.video for chain in app.subjects.chains(str(path))] == [
            digest
        ]
    assert seen == [[(digests[0], True)], [(digests[1], True)], [(digests[1], False)]]
    assert len(app.subjects.chains(digests[0])) == 1  # it was seen, and stays known


def test_a_replaced_file_that_is_no_video_changes_nothing(
    app: App, tmp_path: Path, footage: tuple[Path, Path]
) -> None:
    path = tmp_path / "clip.mp4"
    shutil.copyfile(footage[0], path)
    app.add.take_in(str(path), Stated())
    entries = app.status().ledger_entries
    path.write_bytes(b"no video")
    (error,) = app.add.take_in(str(path), Stated()).errors
    assert error.exit_code == 1
    assert app.status().ledger_entries == entries
    assert app.status().failing == ()


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        (Stated(published_at="the day before"), 2),
        (Stated(post_url="not an address"), 1),
    ],
)
def test_what_is_stated_wrongly_is_an_error_of_the_target(
    stated: Stated, code: int, app: App, footage: tuple[Path, Path]
) -> None:
    result = app.add.take_in(str(footage[0]), stated)
    assert [error.exit_code for error in result.errors] == [code]
    assert app.status().held.videos == 0


def test_media_finds_its_post_though_that_became_another(
    app: App, site: WebServer, footage: tuple[Path, Path]
) -> None:
    url = post_of(site, "post", footage[0])
    app.collect.take(url, key=None, depth=0, origin=None)
    (item,) = app.capture.pending(9)
    with app.archive.database.write() as s:
        stored = posts.get_post(s, canonical_url(url))
        assert stored is not None
        other = PostKey("https://posts.test/real")
        post = replace(stored.post, key=other, spellings=(canonical_url(url),), media=())
        posts.save_post(s, post, now=app.clock.now(), depth=0, origin=None, published=None)
    captured = app.capture.take(item)
    with app.archive.database.read() as s:
        assert post_media.videos_of_post(s, other) == [captured.video]
    assert app.capture.pending(9) == []


def test_a_fingerprint_is_recorded_once_whoever_else_makes_it(
    app: App, footage: tuple[Path, Path]
) -> None:
    app.add.take_in(str(footage[0]), Stated())
    app.fingerprint.process(sha256_of(footage[0]))
    with app.archive.database.read() as s:
        kinds = [entry.kind for entry in ledger.entries(s)]
    assert kinds.count(LedgerKind.FINGERPRINT) == 1
    assert app.verify().broken == ()


def test_lost_keyframes_stop_no_detection(
    app: App, tmp_path: Path, footage: tuple[Path, Path]
) -> None:
    app.add.take_in(str(footage[0]), Stated())
    app.archive.keyframes.remove(sha256_of(footage[0]), app.algorithm_key)
    copy = tmp_path / "copy.mp4"
    shutil.copyfile(footage[0], copy)
    with copy.open("ab") as file:
        file.write(b"\0\0\0\x08free")  # an empty box: other bytes, the same pictures
    added = app.add.take_in(str(copy), Stated())
    assert added.errors == ()
    (chain,) = app.subjects.chains(str(copy))
    assert len(chain.links) == 2
    app.reports.write(str(copy), "html", tmp_path / "report.html")


def test_a_lookup_knows_a_held_post_under_any_spelling_though_it_is_gone(
    app: App, site: WebServer, footage: tuple[Path, Path]
) -> None:
    url = post_of(site, "post", footage[0])
    app.add.take_in(url, Stated())
    site.routes.clear()
    (result,) = app.lookup.run(f"{url}?utm_source=newsletter#top")
    assert result.matches[0].match.reference == sha256_of(footage[0])
    assert result.earliest is not None
    assert result.earliest.post is not None
    assert result.earliest.post.key == canonical_url(url)


def test_several_files_of_one_video_are_each_called_by_their_own_name(
    app: App, footage: tuple[Path, Path], tmp_path: Path
) -> None:
    names = ["b late.mp4", "c ?early%.mp4", os.fsdecode(b"a \xff untimed.mp4")]
    paths = [Path(shutil.copy(footage[0], tmp_path / name)) for name in names]
    for path, stated in zip(paths, ("2022-09-09", "2020-01-01", None), strict=True):
        assert app.add.take_in(str(path), Stated(published_at=stated)).errors == ()
    late, early, untimed = (clean_text(str(path)) for path in paths)
    (chain,) = app.subjects.chains(sha256_of(footage[0]))
    shown = [link.appearance.files for link in chain.links]
    assert shown[:2] == [(early,), (late,)]
    assert shown[2:] == [(untimed,)]
    (result,) = app.lookup.run(str(footage[0]))
    assert result.earliest is not None
    assert result.earliest.files == (early,)
    assert set(result.matches[0].files) == {early, late, untimed}


def test_a_lookup_takes_the_digest_of_a_known_video(
    app: App, footage: tuple[Path, Path], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.mp4"
    shutil.copy(footage[0], kept)
    app.add.take_in(str(kept), Stated())
    digest = sha256_of(kept)
    kept.unlink()
    for spelling in (digest, digest.upper()):
        (result,) = app.lookup.run(spelling)
        assert result.subject.sha256 == digest
        assert [match.match.reference for match in result.matches] == [digest]


def test_a_digest_that_is_not_known_is_told_as_one(app: App, footage: tuple[Path, Path]) -> None:
    digest = sha256_of(footage[1])
    with pytest.raises(UnknownSubject, match=f"no video {digest} is held, nor is there a file"):
        app.lookup.run(digest)


def test_a_file_that_is_called_like_a_digest_is_that_file(
    app: App, footage: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.add.take_in(str(footage[0]), Stated())
    digest = sha256_of(footage[0])
    shutil.copy(footage[1], tmp_path / digest)
    monkeypatch.chdir(tmp_path)
    (result,) = app.lookup.run(digest)
    assert result.subject.sha256 == sha256_of(footage[1])


def test_a_video_without_a_fingerprint_says_what_makes_it(app: App) -> None:
    video = VideoId("ab" * 32)
    with app.archive.database.write() as session:
        videos.save_video(session, Video(video, 9), kept=False, now=app.clock.now())
    with pytest.raises(MediaError, match="tracker run"):
        app.lookup.run(video)


def test_a_lookup_says_what_it_left_out(
    app: App, site: WebServer, footage: tuple[Path, Path]
) -> None:
    gone, text = site.url("/gone"), site.add("/text.mp4", "text", content_type="video/mp4")
    bad = site.add("/bad", video_page("bad", text, "2026-02-01T10:00:00Z"))
    page = site.add("/page", article("Page", gone, post_of(site, "post", footage[0]), bad))
    told: list[tuple[str, TrackerError]] = []
    (result,) = app.lookup.run(page, left_out=lambda url, error: told.append((url, error)))
    assert result.subject.sha256 == sha256_of(footage[0])
    assert [url for url, _ in told] == [gone, text]
    assert isinstance(told[0][1], NetworkError)
    with pytest.raises(OutsideError, match="404"):
        app.lookup.run(gone)


def test_the_index_of_another_database_is_built_anew(
    make_app: AppMaker, tmp_path: Path, footage: tuple[Path, Path]
) -> None:
    with make_app() as app:
        app.add.take_in(str(footage[0]), Stated())
    for file in (tmp_path / "data").glob("tracker.db*"):
        file.unlink()
    with make_app() as app:
        assert app.lookup.run(str(footage[0]))[0].matches == ()
        app.add.take_in(str(footage[1]), Stated())
        (result,) = app.lookup.run(str(footage[1]))
        assert [m.match.reference for m in result.matches] == [sha256_of(footage[1])]
        assert app.lookup.run(str(footage[0]))[0].matches == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("2024-05-01T10:00", "2024-05-01T10:00Z"),
        (" 2024-05-01 10:00:30 ", "2024-05-01 10:00:30Z"),
        ("2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00+02:00"),
        ("2024-13-01", "2024-13-01"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_time_without_zone_is_utc(text: str | None, expected: str | None) -> None:
    assert stated_time(text) == expected


def test_a_day_is_the_whole_day() -> None:
    day = stated_time("2024-05-01")
    assert isinstance(day, TimeInterval)
    assert day.earliest_at is not None
    assert day.latest_at is not None
    assert (day.earliest_at.isoformat(), day.latest_at.hour) == ("2024-05-01T00:00:00+00:00", 23)
