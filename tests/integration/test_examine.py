"""One decode of a file: what is fingerprinted, and what is refused with one clear sentence."""

from __future__ import annotations

import io
import pickle
import subprocess
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import imagehash
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.support.footage import Footage, make_footage
from tracker.errors import DamagedVideo, MediaLimitExceeded, NotAVideo, UsageError
from tracker.examine import ExamineLimits, examine
from tracker.fingerprint.algorithm import GRAY_SIDE, current_algorithm
from tracker.media.frames import FrameReader, Sampling
from tracker.media.probe import MediaLimits, probe


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return make_footage(tmp_path_factory.mktemp("clip") / "clip.mp4", seed=3, seconds=6)


def ffmpeg(*arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=60)


def encode(path: Path, frames: int, times_ms: list[int] | None = None, size: int = 96) -> None:
    """Write frames of noise, shown at the given times."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(frames):
            picture = np.kron(rng.integers(0, 256, (12, 12, 3)), np.ones((8, 8, 1)))
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
            frame.pts = times_ms[number] if times_ms else number * 40
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_a_clip_yields_facts_hashes_and_keyframes(clip: Footage) -> None:
    examined = examine(clip.path)
    assert (examined.info.width, examined.info.height) == (320, 180)
    assert examined.info.codec == "h264"
    assert abs(examined.info.duration_ms - clip.duration_ms) <= 40
    assert not examined.info.has_audio
    fingerprint = examined.fingerprint
    assert fingerprint.algorithm == current_algorithm()
    assert fingerprint.codes.shape[1] == 32
    assert np.all(np.diff(fingerprint.pts_ms) >= 0)
    times = np.unique(fingerprint.pts_ms)
    assert 22 <= len(times) <= 25
    assert len(examined.keyframes) >= 3
    for keyframe in examined.keyframes:
        picture = Image.open(io.BytesIO(keyframe.jpeg))
        assert max(picture.size) <= 512


def test_the_full_frame_hash_is_that_of_imagehash(clip: Footage) -> None:
    sampling = Sampling(gray_side=GRAY_SIDE)
    frames = list(FrameReader(clip.path, sampling, MediaLimits()))
    fingerprint = examine(clip.path).fingerprint
    full = fingerprint.codes[fingerprint.views == 0]
    for code, frame in zip(full, frames, strict=True):
        bits = imagehash.phash(Image.fromarray(frame.gray), hash_size=16).hash
        assert np.packbits(bits.ravel()).tobytes() == code.tobytes()


def test_the_result_can_be_pickled_and_is_the_same_every_time(clip: Footage) -> None:
    one, other = examine(clip.path), pickle.loads(pickle.dumps(examine(clip.path)))  # noqa: S301
    assert np.array_equal(one.fingerprint.codes, other.fingerprint.codes)
    assert one.keyframes == other.keyframes


def test_times_are_those_of_the_stream_not_of_a_frame_rate(tmp_path: Path) -> None:
    times = [0, 40, 80, 1000, 1040, 3000, 3500, 4000]
    path = tmp_path / "variable.mp4"
    encode(path, len(times), times)
    reader = FrameReader(path, Sampling(interval_ms=1), MediaLimits())
    seen = [frame.pts_ms for frame in reader]
    assert seen == times[: len(seen)] or set(seen) <= set(times)
    assert 3500 in seen or 4000 in seen


def test_rotation_metadata_is_applied(tmp_path: Path, clip: Footage) -> None:
    path = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", str(clip.path), "-c", "copy", str(path))
    upright, turned = examine(clip.path), examine(path)
    assert (turned.info.width, turned.info.height) == (180, 320)
    frames = list(FrameReader(path, Sampling(), MediaLimits()))
    plain = list(FrameReader(clip.path, Sampling(), MediaLimits()))
    assert np.array_equal(frames[0].gray, np.rot90(plain[0].gray))
    assert upright.info.duration_ms == turned.info.duration_ms


def test_grain_that_a_decoder_makes_up_is_not_drawn(tmp_path: Path, clip: Footage) -> None:
    path = tmp_path / "grain.mp4"
    grain = ["-svtav1-params", "film-grain=40", "-preset", "12", "-crf", "40", "-t", "1"]
    ffmpeg("-i", str(clip.path), "-c:v", "libsvtav1", *grain, str(path))
    (first, *_) = FrameReader(path, Sampling(gray_side=320), MediaLimits())
    with av.open(str(path)) as drawn:
        noisy = next(drawn.decode(video=0)).to_ndarray(format="gray").astype(np.uint8)
    assert high_frequencies(first.gray) < 0.9 * high_frequencies(noisy)


def high_frequencies(gray: npt.NDArray[np.uint8]) -> float:
    """Return how much neighbouring pixels differ, in grey levels."""
    return float(np.abs(np.diff(gray.astype(np.float32), axis=1)).mean())


def test_creation_time_and_audio_are_read(tmp_path: Path, clip: Footage) -> None:
    path = tmp_path / "dated.mp4"
    ffmpeg(
        *("-i", str(clip.path), "-f", "lavfi", "-i", "sine=d=6", "-c:v", "copy"),
        *("-metadata", "creation_time=2021-03-04T05:06:07Z", str(path)),
    )
    info = probe(path)
    assert info.creation_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert info.has_audio


def test_text_renamed_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear reader,\nthis is not a film.\n" * 50)
    with pytest.raises(NotAVideo, match=r"letter\.mp4 is not a video file"):
        examine(path)


def test_a_playlist_that_names_other_files_is_no_video(tmp_path: Path, clip: Footage) -> None:
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXTINF:5,\n{clip.path}\n#EXT-X-ENDLIST\n")
    with pytest.raises(NotAVideo):
        examine(path)
    path.write_text(f"ffconcat version 1.0\nfile {clip.path}\n")
    with pytest.raises(NotAVideo):
        examine(path)


def test_zero_bytes(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(NotAVideo, match="empty"):
        examine(path)


def test_no_such_file_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        examine(tmp_path / "nowhere.mp4")
    with pytest.raises(UsageError, match="directory"):
        examine(tmp_path)


def test_audio_only(tmp_path: Path) -> None:
    path = tmp_path / "voice.m4a"
    ffmpeg("-f", "lavfi", "-i", "sine=d=2", str(path))
    with pytest.raises(NotAVideo, match="audio only"):
        examine(path)


def test_audio_with_a_cover_picture(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    cover = tmp_path / "cover.png"
    Image.new("RGB", (64, 64), "red").save(cover)
    ffmpeg(
        *("-f", "lavfi", "-i", "sine=d=2", "-i", str(cover), "-map", "0", "-map", "1"),
        *("-c:v", "png", "-disposition:v:0", "attached_pic", str(path)),
    )
    with pytest.raises(NotAVideo, match="audio only"):
        examine(path)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "bmp"])
def test_a_still_image(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"picture.{kind}"
    Image.new("RGB", (64, 64), "blue").save(path)
    with pytest.raises(NotAVideo, match="still image"):
        examine(path)


def test_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "one.mp4"
    encode(path, 1)
    with pytest.raises(NotAVideo, match="a single frame"):
        examine(path)


def test_an_animated_gif_is_a_video(tmp_path: Path, clip: Footage) -> None:
    path = tmp_path / "meme.gif"
    ffmpeg("-i", str(clip.path), "-t", "2", "-r", "10", str(path))
    assert examine(path).info.codec == "gif"


def test_a_file_cut_off_is_fingerprinted_as_far_as_it_goes(tmp_path: Path, clip: Footage) -> None:
    whole = tmp_path / "whole.mp4"
    ffmpeg("-i", str(clip.path), "-c", "copy", "-movflags", "+faststart", str(whole))
    path = tmp_path / "half.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    info = examine(path).info
    assert 1000 <= info.duration_ms < 5500
    assert info.damage is not None
    assert info.damage.broken_packets >= 1
    assert info.damage.stated_duration_ms == 6000
    assert examine(whole).info.damage is None


def test_a_file_whose_container_counts_no_packets_is_seen_to_be_cut_off(
    tmp_path: Path, clip: Footage
) -> None:
    whole = tmp_path / "whole.mkv"
    ffmpeg("-i", str(clip.path), "-c", "copy", str(whole))
    path = tmp_path / "half.mkv"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    damage = examine(path).info.damage
    assert damage is not None
    assert damage.stated_duration_ms == 6000
    assert examine(whole).info.damage is None


def test_a_file_cut_off_at_once_is_damaged(tmp_path: Path, clip: Footage) -> None:
    data = clip.path.read_bytes()
    path = tmp_path / "stub.mp4"
    path.write_bytes(data[: len(data) // 2])  # the index at the end is gone
    with pytest.raises(DamagedVideo, match="damaged"):
        examine(path)


def test_noise_inside_a_file_does_not_stop_the_rest(tmp_path: Path, clip: Footage) -> None:
    data = bytearray(clip.path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path = tmp_path / "scratched.mp4"
    path.write_bytes(data)
    info = examine(path).info
    assert info.duration_ms > 3000
    assert info.damage is not None
    assert info.damage.broken_packets >= 1


def test_limits_are_kept(clip: Footage) -> None:
    with pytest.raises(MediaLimitExceeded, match="longer"):
        examine(clip.path, ExamineLimits(max_duration_ms=2000))
    with pytest.raises(MediaLimitExceeded, match="pixels"):
        examine(clip.path, ExamineLimits(max_pixels=1000))
    with pytest.raises(MediaLimitExceeded, match="frames"):
        examine(clip.path, ExamineLimits(max_frames=10))


def test_a_short_clip_still_has_three_keyframes(tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    encode(path, 30)
    examined = examine(path)
    assert len(examined.keyframes) == 3
    times = [keyframe.pts_ms for keyframe in examined.keyframes]
    assert times == sorted(set(times))
