"""Local files, saved articles and sidecars."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.sources.pages import page
from tracker.errors import SourceError, TrackerError, UnsupportedSource, UsageError
from tracker.model.post import Post, PostKind
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy
from tracker.sources.local_file import local_post
from tracker.sources.saved_article import read_saved, read_saved_html, read_saved_text
from tracker.sources.sidecar import read_sidecars

URI = "file:///home/u/story.html"
LONG = "<p>" + "Plain words about what happened at the bridge that night. " * 6 + "</p>"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip one.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom")
    return path


def test_a_file_that_says_nothing_of_itself(video: Path) -> None:
    post = local_post(video)
    assert (post.key, post.kind, post.platform) == (video.as_uri(), PostKind.FILE, "file")
    assert [(ref.url, ref.via) for ref in post.media] == [(video.as_uri(), "file")]
    assert (post.title, post.claims) == ("clip one.mp4", ())


def test_a_file_whose_source_the_operator_names(video: Path) -> None:
    url = "https://twitter.com/ann/status/1098230906194546688"
    post = local_post(video, post_url=url, published_at="2019-02-20T14:40:27Z")
    assert (post.key, post.kind) == ("https://x.com/i/status/1098230906194546688", PostKind.POST)
    assert (post.platform, post.account, post.status) == ("x", "ann", PostStatus.UNKNOWN)
    assert post.title is None  # what a file is called is nothing that the post says
    (claim,) = post.claims
    assert (claim.kind, claim.forgeable_by) == (ClaimKind.OPERATOR, ForgeableBy.US)
    assert claim.interval.earliest_at == datetime(2019, 2, 20, 14, 40, 27, tzinfo=UTC)
    named = local_post(video, platform="Telegram", account="@ann")
    assert (named.platform, named.account, named.kind) == ("telegram", "ann", PostKind.POST)


def test_wrong_statements_about_a_file(video: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a date"):
        local_post(video, published_at="last Tuesday")
    with pytest.raises(UnsupportedSource):
        local_post(video, post_url="ftp://x.example/a")
    with pytest.raises(SourceError, match="no such file"):
        local_post(tmp_path / "none.mp4")
    with pytest.raises(UnsupportedSource, match="tracker import"):
        local_post(tmp_path)


def test_a_saved_page_without_an_address_is_named_by_its_file() -> None:
    html = page('<a href="https://t.me/abcde/5">x</a><video src="page_files/v.mp4"></video>')
    post = read_saved_html(html.encode(), URI)
    assert (post.key, post.kind, post.status) == (URI, PostKind.ARTICLE, PostStatus.UNKNOWN)
    assert [link.url for link in post.links] == ["https://t.me/abcde/5"]
    assert post.media == ()  # nothing a page says may reach into this machine


@pytest.mark.parametrize(
    "top",
    [
        '<link rel="canonical" href="https://news.example/story">',
        '<meta property="og:url" content="https://news.example/story">',
        "<!-- saved from url=(0026)https://news.example/story -->",
        "<!--\n Page saved with SingleFile \n url: https://news.example/story \n saved date: x -->",
    ],
)
def test_a_saved_page_that_says_where_it_is_from(top: str) -> None:
    body = f"{top}<html><body><article><video src='/v.mp4'></video>{LONG}".encode()
    post = read_saved_html(body, URI)
    assert post.key == "https://news.example/story"
    assert [ref.url for ref in post.media] == ["https://news.example/v.mp4"]


def test_a_saved_text() -> None:
    text = (
        "The bridge\r\n\r\nA video posted on Telegram by the channel Rybar shows the bridge.\r\n"
        "Also https://x.com/a/status/21, and https://cdn.example/v.mp4 (mirror)."
    )
    post = read_saved_text(text.encode(), "file:///s.txt")
    assert (post.key, post.title, post.platform) == ("file:///s.txt", "The bridge", "web")
    assert [link.url for link in post.links] == ["https://x.com/a/status/21"]
    assert [ref.url for ref in post.media] == ["https://cdn.example/v.mp4"]
    assert [(lead.platform, lead.account) for lead in post.leads] == [("telegram", "Rybar")]


def test_a_saved_text_in_an_old_encoding_and_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    path.write_bytes("Größe".encode("cp1252"))
    assert read_saved(path, path.as_uri())[0].title == "Größe"
    path.write_bytes(b"")
    assert read_saved(path, path.as_uri())[0].text is None


INFO = {
    "id": "1098230897000000000",
    "webpage_url": "https://x.com/ann/status/1098230906194546688",
    "uploader_id": "ann",
    "title": "ann - The \x1b[31mbridge",
    "description": "As in https://t.me/abcde/55.",
    "timestamp": 1550673626,
}


def collect(folder: Path) -> tuple[dict[str, Post], dict[str, str]]:
    problems: dict[str, str] = {}
    found = {
        path.name: post
        for path, post in read_sidecars(folder, lambda p, e: problems.update({p.name: str(e)}))
    }
    return found, problems


def test_sidecars_in_both_spellings_and_nested(tmp_path: Path) -> None:
    nested = tmp_path / "a" / "b"
    nested.mkdir(parents=True)
    for folder, name, sidecar in (
        (tmp_path, "one.mp4", "one.info.json"),
        (nested, "two.webm", "two.webm.info.json"),
    ):
        (folder / name).write_bytes(b"v")
        (folder / sidecar).write_text(json.dumps(INFO))
    (tmp_path / "three.mkv").write_bytes(b"v")
    (tmp_path / "notes.txt").write_text("no video")
    found, problems = collect(tmp_path)
    assert problems == {}
    assert {name: post.kind for name, post in found.items()} == {
        "one.mp4": PostKind.POST,
        "two.webm": PostKind.POST,
        "three.mkv": PostKind.FILE,
    }
    post = found["one.mp4"]
    assert (post.key, post.account) == ("https://x.com/i/status/1098230906194546688", "ann")
    assert (post.title, post.status) == ("ann - The [31mbridge", PostStatus.UNKNOWN)
    assert [(ref.url, ref.via, ref.platform_media_id) for ref in post.media] == [
        ((tmp_path / "one.mp4").as_uri(), "file", "x:1098230897000000000")
    ]
    assert [link.url for link in post.links] == ["https://t.me/abcde/55"]
    assert {claim.kind for claim in post.claims} >= {
        ClaimKind.ID_DERIVED,
        ClaimKind.PLATFORM_REPORTED,
    }


@pytest.mark.parametrize(
    "sidecar",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"null",
        b"[" * 200_000,
        b"{}",
        b'{"webpage_url": 7}',
        b'{"webpage_url": "file:///etc/passwd"}',
    ],
)
def test_a_hostile_sidecar_is_reported_and_its_video_still_comes(
    tmp_path: Path, sidecar: bytes
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"v")
    (tmp_path / "a.info.json").write_bytes(sidecar)
    (tmp_path / "b.info.json").write_text(json.dumps(INFO))
    found, problems = collect(tmp_path)
    assert set(problems) == {"a.mp4"}
    assert {name: post.kind for name, post in found.items()} == {
        "a.mp4": PostKind.FILE,
        "b.mp4": PostKind.POST,
    }


def test_wrong_types_in_a_sidecar_are_passed_over(tmp_path: Path) -> None:
    wrongs: tuple[object, ...] = (None, 1e400, True, [], {}, [[1]], "x" * 5000, -1)
    for number, wrong in enumerate(wrongs):
        info: dict[str, object] = dict.fromkeys(
            ("id", "uploader_id", "uploader", "title", "description", "timestamp", "upload_date",
             "entries", "formats", "availability", "original_url", "extractor_key", "epoch"),
            wrong,
        )  # fmt: skip
        info["webpage_url"] = "https://vimeo.com/76979871"
        (tmp_path / f"{number}.mp4").write_bytes(b"v")
        (tmp_path / f"{number}.info.json").write_text(json.dumps(info))
    found, problems = collect(tmp_path)
    assert problems == {}
    assert {post.key for post in found.values()} == {"https://vimeo.com/76979871"}
    assert all(len(post.title or "") <= 500 for post in found.values())


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (outside / "secret.mp4").write_bytes(b"s")
    (outside / "secret.json").write_text(json.dumps(INFO))
    (folder / "leak.mp4").symlink_to(outside / "secret.mp4")
    (folder / "tree").symlink_to(outside)
    (folder / "gone.mp4").symlink_to(outside / "none.mp4")
    (folder / "own.mp4").write_bytes(b"v")
    (folder / "own.info.json").symlink_to(outside / "secret.json")
    found, problems = collect(folder)
    assert {name: post.kind for name, post in found.items()} == {"own.mp4": PostKind.FILE}
    assert set(problems) == {"leak.mp4", "gone.mp4", "own.mp4"}


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(TrackerError, match="not a folder"):
            list(read_sidecars(path))
