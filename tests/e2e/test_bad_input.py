"""Whatever is wrong with a target: one clear line, the right code, nothing left behind."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import pytest

from tests.e2e.conftest import Clips
from tests.support.pages import article
from tests.support.tracker_cli import Outcome, TrackerCommand
from tests.support.webserver import WebServer


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)], check=True
    )


def bad_file(kind: str, folder: Path, clips: Clips) -> Path:
    """Make a file that is no video in the given way."""
    path = folder / f"{kind}.mp4"
    if kind == "text":
        path.write_text("This is not a video. " * 500)
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "audio":
        ffmpeg("-f", "lavfi", "-i", "sine=duration=3", "-c:a", "aac", path)
    elif kind == "one-frame":
        ffmpeg("-i", clips.source, "-frames:v", "1", "-c:v", "libx264", path)
    elif kind == "still":
        cv2.imwrite(str(folder / "still.jpg"), np.full((90, 160, 3), 99, np.uint8))
        (folder / "still.jpg").rename(path)
    elif kind == "headless":
        path.write_bytes(clips.source.read_bytes()[:2_000])
    elif kind == "claims-to-be-huge":
        path.write_bytes(struct.pack(">I4s", 0xFFFFFFF0, b"moov") + b"\0" * 4000)
    return path


KINDS = ["text", "empty", "audio", "one-frame", "still", "headless", "claims-to-be-huge"]


def one_error(outcome: Outcome, code: int) -> str:
    """Check the shape of a failed `add --json` and return its error."""
    assert outcome.code == code, outcome
    assert "Traceback" not in outcome.stderr + outcome.stdout
    (error,) = outcome.document["errors"]
    assert "\n" not in error["error"]
    return str(error["error"])


def holds_nothing(tracker: TrackerCommand) -> bool:
    """Tell whether the archive is empty: no posts, no videos, no file but the database."""
    status = tracker.run("status", "--json").document
    files = [p for p in tracker.data_dir.rglob("*") if p.is_file()]
    named = [p for p in files if not p.name.startswith("tracker.db")]
    return status["held"]["videos"] == 0 and status["held"]["posts"] == 0 and named == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_video_leaves_nothing(
    kind: str, tracker: TrackerCommand, tmp_path: Path, clips: Clips
) -> None:
    path = bad_file(kind, tmp_path, clips)
    error = one_error(tracker.run("add", "--json", path), code=1)
    assert path.name in error
    assert holds_nothing(tracker)


@pytest.mark.parametrize("kind", ["text", "still", "headless"])
def test_a_lookup_of_no_video_says_so_in_one_line(
    kind: str, tracker: TrackerCommand, tmp_path: Path, clips: Clips
) -> None:
    outcome = tracker.run("lookup", bad_file(kind, tmp_path, clips))
    assert outcome.code == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("error: ")
    assert outcome.stderr.count("\n") == 1


def test_a_file_that_does_not_exist(tracker: TrackerCommand) -> None:
    error = one_error(tracker.run("add", "--json", "nowhere.mp4"), code=1)
    assert "nowhere.mp4" in error
    lookup = tracker.run("lookup", "nowhere.mp4")
    assert (lookup.code, lookup.stdout) == (1, "")
    assert not tracker.run("lookup", "nowhere.mp4").stderr.count("Traceback")


def test_the_other_targets_still_run_and_the_worst_code_is_returned(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    gone = site.url("/gone.mp4")
    outcome = tracker.run("add", "--json", "nowhere.mp4", gone, clips.source)
    assert outcome.code == 3
    missing, not_found, good = outcome.documents
    assert "nowhere.mp4" in missing["errors"][0]["error"]
    assert "404" in not_found["errors"][0]["error"]
    assert len(good["videos"]) == 1
    assert good["errors"] == []


def test_errors_go_to_standard_error_and_name_their_target(
    tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    gone = site.url("/gone.mp4")
    outcome = tracker.run("add", "nowhere.mp4", gone, clips.source)
    assert outcome.code == 3
    assert outcome.stdout.startswith(f"Added {clips.source}: ")
    lines = outcome.stderr.splitlines()
    assert [line.startswith("error: ") for line in lines] == [True, True]
    assert "nowhere.mp4" in lines[0]
    assert gone in lines[1]


def test_a_file_name_that_is_no_text_is_a_name_like_any_other(
    tracker: TrackerCommand, clips: Clips, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9-\xff.mp4")
    path.write_bytes(clips.source.read_bytes())
    added = tracker.run("add", "--json", path)
    assert (added.code, added.stderr) == (0, "")
    (video,) = added.document["videos"]
    assert video["new"] is True
    for command in ("lookup", "chain"):
        found = tracker.run(command, "--json", path)
        assert (found.code, found.stderr) == (0, "")
        assert found.document["schema"] == f"tracker/{command}/1"


def test_what_cannot_be_captured_is_tried_and_told_once(
    tracker: TrackerCommand, clips: Clips
) -> None:
    digest = hashlib.sha256(clips.foreign.read_bytes()).hexdigest()
    in_the_way = tracker.data_dir / "media" / "sha256" / digest[:2]
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_bytes(b"")
    outcome = tracker.run("add", "--json", clips.foreign)
    assert outcome.code == 3
    (error,) = outcome.document["errors"]
    assert error["error"].endswith(": something else is in its place")


@pytest.mark.parametrize("command", ["lookup", "chain", "history"])
def test_a_target_that_fails_has_a_line_of_error_and_none_of_results(
    command: str, tracker: TrackerCommand, clips: Clips, site: WebServer
) -> None:
    post = site.add("/post", f'<h1>A</h1><video src="{site.url("/v.mp4")}"></video>')
    site.add("/v.mp4", clips.foreign.read_bytes(), content_type="video/mp4")
    assert tracker.run("add", post).code == 0
    outcome = tracker.run(command, "--json", site.url("/gone"), post)
    assert outcome.code in {1, 3}
    assert len(outcome.documents) == 1
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("error: ")
    assert site.url("/gone") in line


def test_a_time_in_the_future_is_refused_in_one_line(tracker: TrackerCommand, clips: Clips) -> None:
    stated = ("--published-at", "2999-01-01")
    outcome = tracker.run("add", clips.source, *stated)
    assert (outcome.code, outcome.stdout) == (2, "")
    (line,) = outcome.stderr.splitlines()
    assert "--published-at lies in the future: 2999-01-01" in line
    assert holds_nothing(tracker)


@pytest.mark.parametrize("command", ["add", "lookup"])
def test_no_name_of_a_temporary_file_is_told(
    command: str, tracker: TrackerCommand, site: WebServer
) -> None:
    address = site.add("/film.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 9000, content_type="video/mp4")
    outcome = tracker.run(command, address)
    assert outcome.code == 1
    assert address in outcome.stderr
    assert "download-" not in outcome.stderr + outcome.stdout


def test_links_that_are_not_followed_are_told(tracker: TrackerCommand, site: WebServer) -> None:
    far = site.add("/far", article("Far"))
    near = [site.add(f"/near{n}", article(f"Near {n}", far)) for n in range(4)]
    page = site.add("/page", article("Page", *near))
    reach = {"TRACKER_COLLECT__DEPTH": "1", "TRACKER_COLLECT__BUDGET": "3"}
    outcome = tracker.run("add", "--json", page, **reach)
    assert outcome.document["left"] == {"over_budget": 2, "beyond_depth": 1}
    spoken = tracker.run("add", page, **reach)
    assert "2 links left: the budget of 3 posts is spent." in spoken.stdout
    assert "1 link not followed, beyond the depth of 1." in spoken.stdout
    assert "left" not in tracker.run("add", page).stdout


def test_a_truncated_file_is_taken_as_far_as_it_goes(
    tracker: TrackerCommand, tmp_path: Path, clips: Clips
) -> None:
    whole = tmp_path / "whole.mkv"
    ffmpeg("-i", clips.source, "-c", "copy", whole)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    tracker.run("add", clips.source)
    result = tracker.run("lookup", "--json", cut)
    assert result.code == 0, result
    document = result.document
    assert document["subject"]["duration_ms"] < 11_000
    assert len(document["matches"]) == 1


@pytest.mark.parametrize(
    ("route", "options", "code"),
    [
        ("/missing", {"status": 404}, 3),
        ("/error", {"status": 500}, 3),
        ("/slow", {"delay_s": 30.0}, 3),
        ("/endless.mp4", {"endless": True, "content_type": "video/mp4"}, 1),
        ("/login", {"status": 401}, 3),
        (
            "/picture.png",
            {"body": b"\x89PNG\r\n\x1a\n" + b"0" * 64, "content_type": "image/png"},
            1,
        ),
        ("/nothing", {"body": b"<html><body></body></html>"}, 1),
    ],
)
def test_an_address_that_gives_no_video(
    route: str, options: dict[str, object], code: int, tracker: TrackerCommand, site: WebServer
) -> None:
    body = options.pop("body", b"")
    assert isinstance(body, bytes)
    site.add(route, body, **options)
    outcome = tracker.run(
        "add", "--json", site.url(route),
        TRACKER_NETWORK__READ_TIMEOUT_S="2", TRACKER_NETWORK__MAX_MEDIA_BYTES="3000000",
        TRACKER_NETWORK__PAGE_TIMEOUT_S="5", TRACKER_NETWORK__MEDIA_TIMEOUT_S="20",
    )  # fmt: skip
    assert outcome.code == code, outcome
    assert outcome.document["videos"] == []
    assert outcome.document["errors"]
    assert "Traceback" not in outcome.stderr
    assert list((tracker.data_dir / "staging").iterdir()) == []
    failing = tracker.run("status", "--json").document["failing"]
    assert all(item["subject"].startswith("http") for item in failing), failing


def test_a_closed_network_is_not_connected_to(tracker: TrackerCommand, site: WebServer) -> None:
    outcome = tracker.run("add", "--json", site.url("/x"), TRACKER_NETWORK__ALLOW_PRIVATE="false")
    assert "closed" in one_error(outcome, code=3)
    assert site.requests == []


@pytest.mark.parametrize("target", ["ftp://example.org/x", "javascript:alert(1)", "gopher://x"])
def test_a_scheme_nobody_reads(target: str, tracker: TrackerCommand) -> None:
    outcome = tracker.run("add", "--json", target)
    assert outcome.code == 1
    assert outcome.document["errors"]


def test_a_wrong_key_in_the_config_is_named(tracker: TrackerCommand) -> None:
    config = tracker.home / "tracker.toml"
    config.write_text("[network]\nallow_privat = true\n")
    outcome = tracker.run("--config", config, "status")
    assert outcome.code == 2
    assert "network.allow_privat" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["not toml [", "jobs = 3\n", "[jobs]\nworkers = 0\n"])
def test_a_config_that_cannot_be_read(text: str, tracker: TrackerCommand) -> None:
    config = tracker.home / "tracker.toml"
    config.write_text(text)
    outcome = tracker.run("status", "--config", config)
    assert outcome.code == 2
    assert str(config) in outcome.stderr


def test_a_misspelt_variable_is_named(tracker: TrackerCommand) -> None:
    outcome = tracker.run("status", TRACKER_NETWROK__ALLOW_PRIVATE="true")
    assert outcome.code == 2
    assert "TRACKER_NETWROK__ALLOW_PRIVATE" in outcome.stderr


def test_a_secret_in_the_wrong_place_is_not_repeated(tracker: TrackerCommand) -> None:
    outcome = tracker.run("status", TRACKER_DATABASE__URL="nonsense://user:hunter2@host/db")
    assert outcome.code == 2
    assert "hunter2" not in outcome.stderr


@pytest.mark.parametrize("arguments", [["lookup"], ["frobnicate"], ["report", "x"], ["add", "--x"]])
def test_wrong_usage_is_code_two(arguments: list[str], tracker: TrackerCommand) -> None:
    outcome = tracker.run(*arguments)
    assert outcome.code == 2
    assert "Traceback" not in outcome.stderr
