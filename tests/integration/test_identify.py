"""From files to matches: which copies are found, where they lie, and what is not claimed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from storage.index import FaissHashIndex, feature_rows, features_key
from tests.support.footage import Copy, Edit, Footage, make_compilation, make_copy, make_footage
from tests.support.signed_video import remux
from tracker.examine import examine
from tracker.fingerprint.algorithm import CODE_BYTES, current_algorithm
from tracker.identify import Identified, Identifier
from tracker.matching.compare import SharedStretch, compare
from tracker.matching.cuts import hard_cut_near
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.match import Match


def video(path: Path) -> VideoId:
    return VideoId(hashlib.sha256(path.read_bytes()).hexdigest())


@dataclass
class Shelf:
    """An archive in memory with its index."""

    directory: Path
    held: dict[VideoId, Examined] = field(default_factory=dict)

    def put(self, path: Path) -> VideoId:
        self.held[video(path)] = examine(path)
        return video(path)

    def get(self, wanted: VideoId) -> Fingerprint:
        return self.held[wanted].fingerprint

    def keyframes(self, wanted: VideoId) -> Sequence[Keyframe]:
        return self.held[wanted].keyframes

    def size(self, wanted: VideoId) -> tuple[int, int]:
        return self.held[wanted].info.size

    def identifier(self, by_features: bool = True) -> Identifier:
        index = FaissHashIndex(self.directory, current_algorithm().key, CODE_BYTES)
        rows = [(n, v, e.fingerprint) for n, (v, e) in enumerate(self.held.items(), start=1)]
        index.refresh(lambda after: [row for row in rows if row[0] > after])
        features = FaissHashIndex(
            self.directory, features_key(current_algorithm().key), FEATURE_CODE_BYTES, feature_rows
        )
        features.refresh(lambda after: [row for row in rows if row[0] > after])
        return Identifier(index, self, features if by_features else None)


@dataclass(frozen=True)
class World:
    shelf: Shelf
    identifier: Identifier
    films: tuple[Footage, ...]
    directory: Path

    def ask(self, path: Path) -> Identified:
        return self.identifier.identify(video(path), examine(path))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    directory = tmp_path_factory.mktemp("world")
    films = tuple(
        make_footage(directory / f"film{seed}.mp4", seed=seed, seconds=14) for seed in (11, 12, 13)
    )
    shelf = Shelf(directory / "index")
    for film in films:
        shelf.put(film.path)
    return World(shelf, shelf.identifier(), films, directory)


def only_match(world: World, path: Path, film: int = 0) -> Match:
    identified = world.ask(path)
    assert [m.reference for m in identified.matches] == [video(world.films[film].path)]
    return identified.matches[0]


def test_how_likely_one_moment_is_comes_with_what_is_kept(world: World, tmp_path: Path) -> None:
    """And it is the same whichever of the two was asked about."""
    film, copy = (
        world.films[0],
        make_copy(world.films[0].path, tmp_path / "copy.mp4", Edit(start_s=4)),
    )
    other = Shelf(tmp_path / "index")
    other.put(copy.path)
    kept = [
        shelf.identifier().identify(video(asked), examine(asked), both_directions=True).matches[0]
        for shelf, asked in ((world.shelf, copy.path), (other, film.path))
    ]
    assert kept[0].reference == video(film.path)
    assert kept[0].moment_odds is not None
    assert kept[0].moment_odds > 4
    assert kept[1].moment_odds == kept[0].moment_odds
    assert only_match(world, copy.path).moment_odds is None


def assert_covers(match: Match, copy: Copy, tolerance_ms: int = 450) -> None:
    truth = copy.stretches[0]
    assert match.segments[0].query_start_ms == pytest.approx(truth.copy_ms[0], abs=tolerance_ms)
    assert match.segments[-1].query_end_ms == pytest.approx(truth.copy_ms[1], abs=tolerance_ms)
    assert match.segments[0].reference_start_ms == pytest.approx(
        truth.source_ms[0], abs=tolerance_ms
    )
    assert match.segments[-1].reference_end_ms == pytest.approx(
        truth.source_ms[1], abs=tolerance_ms
    )


EDITS = {
    "trim": Edit(start_s=4, end_s=9),
    "poor quality": Edit(start_s=3, end_s=9, height=120, crf=40),
    "mirror": Edit(start_s=3, end_s=9, mirror=True),
    "crop": Edit(start_s=3, end_s=9, crop=0.1),
    "letterbox": Edit(start_s=3, end_s=9, letterbox=0.15),
    "pillarbox": Edit(start_s=3, end_s=9, pillarbox=0.3),
    "caption": Edit(start_s=3, end_s=9, caption=0.12),
    "faster": Edit(start_s=2, end_s=12, speed=1.5),
    "slower": Edit(start_s=3, end_s=9, speed=0.75),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_copy_is_found_with_its_borders(world: World, tmp_path: Path, name: str) -> None:
    edit = EDITS[name]
    copy = make_copy(world.films[0].path, tmp_path / "copy.mp4", edit)
    match = only_match(world, copy.path)
    assert_covers(match, copy)
    assert match.segments[0].mirrored == edit.mirror
    assert match.segments[0].speed == pytest.approx(edit.speed, rel=0.05)
    kinds = {t.kind: t.detail for t in match.transformations}
    assert ("mirror" in kinds) == edit.mirror
    assert ("speed" in kinds) == (edit.speed != 1.0)
    assert "trim" in kinds
    if edit.crop:
        assert kinds["crop"]["box"] == pytest.approx([0.1, 0.1, 0.8, 0.8], abs=0.03)
    if edit.letterbox:
        assert kinds["borders"]["box"] == pytest.approx([0, 0.15, 1, 0.7], abs=0.03)
    if name == "trim":
        assert set(kinds) == {"reencode", "trim"}


@pytest.mark.parametrize("container", ["mkv", "mov"])
def test_a_file_that_was_only_repackaged_is_told_from_one_compressed_again(
    world: World, tmp_path: Path, container: str
) -> None:
    repackaged = remux(world.films[0].path, tmp_path / f"copy.{container}")
    again = make_copy(world.films[0].path, tmp_path / "again.mp4", Edit(crf=5))
    kinds = [
        [t.kind for t in only_match(world, p).transformations] for p in (repackaged, again.path)
    ]
    assert kinds == [["remux"], ["reencode"]]


def test_a_copy_of_another_size_says_both(world: World, tmp_path: Path) -> None:
    small = make_copy(world.films[0].path, tmp_path / "small.mp4", Edit(height=120))
    (change,) = only_match(world, small.path).transformations
    held = world.shelf.size(video(world.films[0].path))
    assert change.detail["size"] == list(examine(small.path).info.size)
    assert change.detail["reference_size"] == list(held)
    assert change.detail["size"] != change.detail["reference_size"]


@pytest.mark.parametrize("mirror", [False, True])
def test_a_turned_copy_is_found_by_its_local_features(
    world: World, tmp_path: Path, mirror: bool
) -> None:
    edit = Edit(start_s=3, end_s=11, turn_degrees=12, mirror=mirror)
    copy = make_copy(world.films[0].path, tmp_path / "copy.mp4", edit)
    by_hash_alone = world.shelf.identifier(by_features=False)
    assert not by_hash_alone.identify(video(copy.path), examine(copy.path)).matches
    match = only_match(world, copy.path)
    assert_covers(match, copy, tolerance_ms=1000)
    assert match.segments[0].mirrored == mirror


def test_the_same_bytes_match_in_full(world: World) -> None:
    film = world.films[1]
    best = world.ask(film.path).matches[0]
    assert (best.reference, best.score, best.transformations) == (video(film.path), 1.0, ())
    segment = best.segments[0]
    assert (segment.query_start_ms, segment.query_end_ms) == (0, film.duration_ms)


def test_a_video_that_says_nothing_still_finds_its_own_bytes(tmp_path: Path) -> None:
    path = tmp_path / "black.mp4"
    write_frames(path, [np.zeros((96, 96), np.uint8)] * 75)
    shelf = Shelf(tmp_path / "index")
    shelf.put(path)
    matches = shelf.identifier().identify(video(path), examine(path)).matches
    assert [m.score for m in matches] == [1.0]


def test_unrelated_footage_matches_nothing(world: World, tmp_path: Path) -> None:
    stranger = make_footage(tmp_path / "stranger.mp4", seed=99, seconds=10)
    identified = world.ask(stranger.path)
    assert identified.matches == ()
    assert set(identified.elapsed_ms) == {"search", "align", "verify"}


def test_a_compilation_is_matched_part_by_part(world: World, tmp_path: Path) -> None:
    a, b, c = (film.path for film in world.films)
    parts = [(a, 2.0, 6.0), (b, 5.0, 9.0), (c, 1.0, 5.0), (a, 8.0, 12.0)]
    compilation = make_compilation(parts, tmp_path / "compilation.mp4")
    identified = world.ask(compilation.path)
    found = {
        (m.reference, round(s.query_start_ms / 1000), round(s.query_end_ms / 1000))
        for m in identified.matches
        for s in m.segments
    }
    assert found == {
        (video(a), 0, 4),
        (video(b), 4, 8),
        (video(c), 8, 12),
        (video(a), 12, 16),
    }


def test_a_channels_opening_is_a_candidate_that_says_so(tmp_path: Path) -> None:
    opening, one, other = (
        make_footage(tmp_path / f"film{seed}.mp4", seed=seed, seconds=9).path
        for seed in (21, 22, 23)
    )
    shelf = Shelf(tmp_path / "index")
    stored = make_compilation([(opening, 0, 3), (one, 0, 8)], tmp_path / "one.mp4")
    shelf.put(stored.path)
    asked = make_compilation([(opening, 0, 3), (other, 0, 8)], tmp_path / "other.mp4").path
    identified = shelf.identifier().identify(video(asked), examine(asked))
    assert identified.matches == ()
    (candidate,) = identified.candidates
    assert [change.kind for change in candidate.transformations] == ["shared_opening"]
    assert candidate.segments[0].query_end_ms == pytest.approx(3000, abs=300)


def test_leaving_out_and_restricting(world: World, tmp_path: Path) -> None:
    copy = make_copy(world.films[0].path, tmp_path / "copy.mp4", EDITS["trim"])
    ask = world.identifier.identify
    source, examined = video(world.films[0].path), examine(copy.path)
    assert ask(video(copy.path), examined, exclude=[source]).matches == ()
    assert ask(video(copy.path), examined, only=[]).matches == ()
    assert len(ask(video(copy.path), examined, only=[source]).matches) == 1


@pytest.mark.parametrize("name", ["mirror", "crop", "letterbox", "faster"])
def test_which_video_was_stored_first_changes_nothing(
    world: World, tmp_path: Path, name: str
) -> None:
    copy = make_copy(world.films[2].path, tmp_path / "copy.mp4", EDITS[name])
    forth = only_match(world, copy.path, film=2)
    shelf = Shelf(tmp_path / "index")
    shelf.put(copy.path)
    film = world.films[2].path
    back = shelf.identifier().identify(video(film), examine(film)).matches
    assert len(back) == 1
    assert back[0].score == forth.score
    for there, again in zip(forth.segments, back[0].segments, strict=True):
        assert (there.query_start_ms, there.query_end_ms) == (
            again.reference_start_ms,
            again.reference_end_ms,
        )
        assert (there.reference_start_ms, there.reference_end_ms) == (
            again.query_start_ms,
            again.query_end_ms,
        )


def write_frames(path: Path, frames: Sequence[np.ndarray]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode())


def noise_world(seed: int) -> np.ndarray:
    cells = np.random.default_rng(seed).integers(0, 256, (12, 60)).astype(np.uint8)
    return np.asarray(cv2.resize(cells, (1500, 192), interpolation=cv2.INTER_CUBIC), np.uint8)


def pan(seed: int, seconds: float, step: float) -> list[np.ndarray]:
    picture = noise_world(seed)
    starts = [round(n * step) for n in range(round(seconds * 25))]
    return [np.ascontiguousarray(picture[:, s : s + 256]) for s in starts]


def comparison(
    tmp_path: Path, one: Sequence[np.ndarray], other: Sequence[np.ndarray]
) -> list[SharedStretch]:
    results = []
    for name, frames in (("one", one), ("other", other)):
        write_frames(tmp_path / f"{name}.mp4", frames)
        results.append(examine(tmp_path / f"{name}.mp4").fingerprint)
    return list(compare(VideoId("a" * 64), results[0], VideoId("b" * 64), results[1]).stretches)


def test_a_still_shot_is_not_stretched(tmp_path: Path) -> None:
    still = noise_world(4)[:, :256].copy()
    stretches = comparison(tmp_path, [still] * 150, [still] * 300)
    assert [s.segment.speed for s in stretches] == [1.0]


def test_a_slow_pan_is_not_stretched(tmp_path: Path) -> None:
    frames = pan(5, 12, 0.4)
    stretches = comparison(tmp_path, frames[75:225], frames)
    assert len(stretches) == 1
    assert stretches[0].segment.speed == 1.0
    assert stretches[0].segment.reference_start_ms == pytest.approx(3000, abs=500)


def test_footage_played_backwards_is_not_claimed(tmp_path: Path) -> None:
    frames = pan(6, 10, 3.0)
    assert comparison(tmp_path, frames[::-1], frames) == []


def test_hard_cuts_are_found_and_nothing_else(tmp_path: Path) -> None:
    film = make_footage(tmp_path / "cuts.mp4", seed=21, seconds=12, cuts=(3.0, 7.5))
    fingerprint = examine(film.path).fingerprint
    assert hard_cut_near(fingerprint, 3000, 250)
    assert hard_cut_near(fingerprint, 7600, 250)
    for moment in (1000, 2000, 4500, 5500, 6500, 9000, 10500):
        assert not hard_cut_near(fingerprint, moment, 250)
