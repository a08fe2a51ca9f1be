"""Files that are odd, broken or built to harm: examined as they are, or refused in one line."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reliability.media_edits import boxes
from tests.support.footage import Footage
from tests.support.hostile_media import (
    FILES,
    Examined,
    Made,
    Refused,
    clip_for,
    looked_at,
    run,
)
from tracker.errors import MediaLimitExceeded, NotAVideo, TrackerError
from tracker.examine import ExamineLimits, examine
from tracker.matching.candidates import SEARCH_RADIUS_BITS
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.model.fingerprint import Examined as Found
from tracker.model.fingerprint import Fingerprint

PRELOAD = ("pytest", "tests.support.hostile_media")
"""What each child would import anew otherwise."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The clip, what it yields, and the children that look at files."""

    clip: Footage
    reference: Fingerprint
    executor: Executor


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    clip = clip_for(tmp_path_factory.mktemp("hostile"))
    limits = ChildLimits(wall_time_s=60, memory_bytes=2 * 1024**3)
    executor = ChildProcessExecutor(1, limits, preload=PRELOAD)
    executor.warm_up()
    yield Bench(clip, examine(clip.path).fingerprint, executor)
    executor.shutdown()


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_examined_rightly_or_refused_in_one_line(
    name: str, bench: Bench, tmp_path: Path
) -> None:
    made: Made = FILES[name]
    path = tmp_path / f"file{made.suffix}"
    made.make(bench.clip, path)
    if isinstance(made.due, Refused):
        with pytest.raises(made.due.error, match=made.due.words) as refusal:
            bench.executor.submit(looked_at, path).result()
        check_sentence(refusal.value, path)
    else:
        check(bench.executor.submit(looked_at, path).result(), made.due, bench.reference)


def check_sentence(error: TrackerError, path: Path) -> None:
    assert str(error).startswith(path.name)
    assert len(str(error).splitlines()) == 1
    assert len(str(error)) < 120


def check(found: Found, due: Examined, reference: Fingerprint) -> None:
    assert abs(found.info.duration_ms - due.duration_ms) <= due.tolerance_ms
    assert due.size in {None, (found.info.width, found.info.height)}
    if due.alike:
        times = np.unique(found.fingerprint.pts_ms)
        assert abs(len(times) - due.samples) <= 1
        assert is_like(found.fingerprint, reference)


def is_like(found: Fingerprint, reference: Fingerprint) -> bool:
    """Tell whether a search by radius would find most frames, each at about its own time."""
    whole, known = found.views == 0, reference.views == 0
    hits = 0
    for code, pts_ms in zip(found.codes[whole], found.pts_ms[whole], strict=True):
        near = np.abs(reference.pts_ms - pts_ms) <= 300
        bits = np.bitwise_count(reference.codes[known & near] ^ code).sum(axis=1)
        hits += bool(len(bits)) and int(bits.min()) <= SEARCH_RADIUS_BITS
    return hits >= 0.8 * int(whole.sum())


def test_a_size_that_grows_beyond_the_limit_on_the_way_is_refused(
    bench: Bench, tmp_path: Path
) -> None:
    path = tmp_path / "grows.ts"
    FILES["changing size"].make(bench.clip, path)
    limits = ExamineLimits(max_pixels=160 * 90)
    with pytest.raises(MediaLimitExceeded, match="pixels"):
        bench.executor.submit(examine, path, limits).result()


# --- what a file names is not fetched -------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        yield listening


NAMING = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nURL\n#EXT-X-ENDLIST\n",
    "HLS with a key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="URL"\n#EXTINF:5,\nURL\n',
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>URL'
    "</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "concat": "ffconcat version 1.0\nfile 'URL'\n",
    "SMIL": '<smil><body><video src="URL"/></body></smil>',
    "RTSP": "[reference]\nRef1=URL\n",
}


@pytest.mark.parametrize("kind", NAMING)
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_list_that_names_addresses_or_files_opens_none(
    kind: str, scheme: str, bench: Bench, listener: socket.socket, tmp_path: Path
) -> None:
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/a.ts" if scheme == "http" else f"file:{bench.clip.path}"
    path = tmp_path / "list.mp4"
    path.write_text(NAMING[kind].replace("URL", url))
    with pytest.raises(NotAVideo):
        examine(path)  # in this process, where the network is open
    assert nobody_came(listener)


def nobody_came(listener: socket.socket) -> bool:
    try:
        connection, _ = listener.accept()
    except TimeoutError:
        return True
    connection.close()
    return False


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_an_external_reference_in_a_movie_is_not_followed(
    scheme: str, bench: Bench, listener: socket.socket, tmp_path: Path
) -> None:
    """Its samples are said to lie elsewhere: the canary's footage must not come up."""
    canary = tmp_path / "canary.mp4"
    run("-i", bench.clip.path, "-c", "copy", "-movflags", "+faststart", canary)
    port = listener.getsockname()[1]
    place = f"http://127.0.0.1:{port}/c.mp4" if scheme == "http" else f"file://{canary}"
    path = tmp_path / "movie.mov"
    path.write_bytes(referring(canary.read_bytes(), place.encode()))
    with pytest.raises(TrackerError, match=r"movie\.mov"):
        examine(path)
    assert nobody_came(listener)


def referring(data: bytes, place: bytes) -> bytes:
    """Return the movie without its samples, its data reference pointing at ``place``."""
    found = boxes(data)
    reference = next(box for box in found if box.kind == b"dref")
    entry = struct.pack(">I4sI", 12 + len(place) + 1, b"url ", 0) + place + b"\0"
    body = data[reference.start + 8 : reference.start + 16] + entry
    changed = struct.pack(">I4s", 8 + len(body), b"dref") + body
    grown = len(changed) - (reference.end - reference.start)
    whole = bytearray(data[: reference.start] + changed + data[reference.end :])
    for box in found:
        if box.start < reference.start and box.end >= reference.end:
            struct.pack_into(">I", whole, box.start, box.end - box.start + grown)
    samples = whole.index(b"mdat")
    return bytes(whole[: samples - 4])


def test_a_pipe_under_a_videos_name_does_not_hold_up_a_stage(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=1.5), preload=PRELOAD)
    executor.warm_up()
    with pytest.raises(MediaLimitExceeded, match="longer than"):
        executor.submit(examine, path).result()
    executor.shutdown()
