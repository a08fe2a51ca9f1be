"""From files to sounds: what is heard again through codecs and cuts, and what is not claimed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.footage import make_footage
from tests.support.sound import (
    AAC,
    MP3,
    OPUS,
    make_melody,
    make_noise,
    make_silence,
    make_tone,
    run_ffmpeg,
    with_sound,
)
from tracker.examine import examine
from tracker.matching.sound_agreement import sound_agreement
from tracker.matching.sound_alignment import aligned
from tracker.media.sound import (
    ITEM_PERIOD_MS,
    ITEM_WINDOW_MS,
    WINDOW_SAMPLES,
    SoundLimits,
    sound_print,
)
from tracker.model.match import Segment, SoundAgreement
from tracker.model.sound import SILENT_ITEM, SoundPrint

BORDER_MS = 600


@dataclass(frozen=True)
class Sounds:
    folder: Path
    melody: Path
    other: Path

    def of(self, path: Path) -> SoundPrint:
        found = sound_print(path)
        assert found is not None
        return found

    def edited(self, name: str, *arguments: str) -> SoundPrint:
        """Return the print of the melody after ffmpeg's ``arguments``."""
        return self.of(run_ffmpeg("-i", self.melody, *arguments, self.folder / name))


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    folder = tmp_path_factory.mktemp("sounds")
    return Sounds(
        folder,
        make_melody(folder / "melody.wav", 1, 40),
        make_melody(folder / "other.wav", 2, 40),
    )


def whole(end_ms: int, speed: float = 1.0) -> Segment:
    return Segment(0, end_ms, 0, round(end_ms * speed), speed, mirrored=False, score=1.0)


def test_an_item_lasts_1365_samples_and_sees_2_7_seconds(sounds: Sounds) -> None:
    assert len(sounds.of(make_noise(sounds.folder / "n.wav", 1, 100)).items) == pytest.approx(
        (100_000 - ITEM_WINDOW_MS) / ITEM_PERIOD_MS + 1, abs=1
    )
    window_s = WINDOW_SAMPLES / 11025
    assert len(sounds.of(make_noise(sounds.folder / "s.wav", 1, window_s - 0.02)).items) == 0
    assert len(sounds.of(make_noise(sounds.folder / "l.wav", 1, window_s + 0.02)).items) == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("a.mp4", AAC),
        ("a.webm", OPUS),
        ("a.mp3", MP3),
        ("louder.mp4", ("-af", "volume=8dB", *AAC)),
        ("stereo.mp4", ("-ac", "2", *AAC)),
        ("noisy.mp4", ("-filter_complex", "anoisesrc=a=0.02:r=22050[n];[0][n]amix=2", "-t", "40")),
    ],
)
def test_the_same_sound_is_found_whole(
    sounds: Sounds, name: str, arguments: tuple[str, ...]
) -> None:
    copy = sounds.edited(name, *arguments)
    (segment,) = aligned(copy, sounds.of(sounds.melody))
    assert segment.speed == 1.0
    assert segment.query_start_ms == pytest.approx(segment.reference_start_ms, abs=150)
    assert segment.query_end_ms > 39_000
    assert segment.score > 0.6
    again = sound_agreement(copy, sounds.of(sounds.melody), [whole(38_000)])
    assert again is SoundAgreement.SAME


def test_a_stretch_between_others_is_found_where_it_is(sounds: Sounds) -> None:
    first = make_melody(sounds.folder / "first.wav", 3, 10)
    last = make_melody(sounds.folder / "last.wav", 4, 10)
    joined = run_ffmpeg(
        "-i", first, "-ss", "12.3", "-t", "15", "-i", sounds.melody, "-i", last,
        "-filter_complex", "[0][1][2]concat=n=3:v=0:a=1", *OPUS, sounds.folder / "joined.webm",
    )  # fmt: skip
    (segment,) = aligned(sounds.of(joined), sounds.of(sounds.melody))
    assert segment.query_start_ms == pytest.approx(10_000, abs=BORDER_MS)
    assert segment.query_end_ms == pytest.approx(25_000, abs=BORDER_MS)
    assert segment.reference_start_ms == pytest.approx(12_300, abs=BORDER_MS)
    assert segment.reference_end_ms == pytest.approx(27_300, abs=BORDER_MS)


@pytest.mark.parametrize("tempo", [0.9, 1.1, 1.25])
def test_another_tempo_at_the_same_pitch_is_found(sounds: Sounds, tempo: float) -> None:
    copy = sounds.edited(f"tempo{tempo}.mp4", "-af", f"atempo={tempo}", *AAC)
    found = aligned(copy, sounds.of(sounds.melody))
    longest = max(found, key=lambda s: s.query_end_ms - s.query_start_ms)
    assert longest.speed == pytest.approx(tempo, abs=0.03)
    covered = sum(s.query_end_ms - s.query_start_ms for s in found)
    assert covered > 0.7 * 40_000 / tempo
    again = sound_agreement(copy, sounds.of(sounds.melody), [whole(round(38_000 / tempo), tempo)])
    assert again is SoundAgreement.SAME


def test_another_melody_is_another_sound(sounds: Sounds) -> None:
    one, two = sounds.of(sounds.melody), sounds.of(sounds.other)
    assert aligned(one, two) == ()
    assert sound_agreement(one, two, [whole(38_000)]) is SoundAgreement.DIFFERENT
    assert sound_agreement(one, two, [whole(30_000, 1.25)]) is SoundAgreement.UNKNOWN


def test_noise_tones_and_silence_match_nothing(sounds: Sounds) -> None:
    prints = [
        *(sounds.of(make_noise(sounds.folder / f"noise{n}.wav", n, 30)) for n in (1, 2)),
        *(sounds.of(make_tone(sounds.folder / f"tone{n}.wav", 440, 30)) for n in (1, 2)),
        sounds.of(make_silence(sounds.folder / "silence.wav", 30)),
        sounds.of(make_silence(sounds.folder / "silence2.wav", 20)),
    ]
    for i, one in enumerate(prints):
        for other in prints[i + 1 :]:
            assert aligned(one, other) == ()
            told = sound_agreement(one, other, [whole(18_000)])
            both_silent = one.is_silent and other.is_silent
            assert told is (SoundAgreement.NONE if both_silent else SoundAgreement.UNKNOWN)


def test_silence_is_marked(sounds: Sounds) -> None:
    silence = sounds.of(make_silence(sounds.folder / "quiet.wav", 10))
    assert set(silence.items.tolist()) == {SILENT_ITEM}
    assert silence.is_silent
    assert not sounds.of(sounds.melody).is_silent
    heard = sounds.of(sounds.melody)
    assert sound_agreement(heard, silence, [whole(8000)]) is SoundAgreement.UNKNOWN
    assert sound_agreement(heard, None, [whole(8000)]) is SoundAgreement.UNKNOWN
    assert sound_agreement(silence, None, [whole(8000)]) is SoundAgreement.NONE
    assert sound_agreement(None, None, [whole(8000)]) is SoundAgreement.NONE


def test_sounds_of_other_algorithms_are_never_compared(sounds: Sounds) -> None:
    one = sounds.of(sounds.melody)
    other = replace(one, algorithm="chromaprint|algorithm=9")
    assert aligned(one, other) == ()
    assert sound_agreement(one, other, [whole(30_000)]) is SoundAgreement.UNKNOWN


def test_a_late_track_keeps_its_time(sounds: Sounds) -> None:
    film = make_footage(sounds.folder / "film.mp4", seed=5, seconds=20).path
    late = run_ffmpeg(
        "-i", film, "-itsoffset", "5", "-i", sounds.melody, "-map", "0:v", "-map", "1:a",
        "-c:v", "copy", *AAC, "-t", "20", sounds.folder / "late.mp4",
    )  # fmt: skip
    (segment,) = aligned(sounds.of(late), sounds.of(sounds.melody))
    assert segment.query_start_ms - segment.reference_start_ms == pytest.approx(5000, abs=150)


def test_one_examination_yields_picture_and_sound(sounds: Sounds) -> None:
    film = make_footage(sounds.folder / "mute.mp4", seed=6, seconds=8).path
    mute = examine(film)
    assert not mute.info.has_audio
    assert mute.fingerprint.sound is None
    heard = examine(with_sound(film, sounds.melody, sounds.folder / "heard.mp4"))
    assert heard.fingerprint.sound is not None
    assert heard.fingerprint.sound.duration_ms == pytest.approx(8000, abs=200)
    assert np.array_equal(heard.fingerprint.codes, mute.fingerprint.codes)


def test_hostile_files_have_no_sound(tmp_path: Path, sounds: Sounds) -> None:
    secret = sounds.melody.read_bytes()
    garbage = tmp_path / "garbage.mp4"
    garbage.write_bytes(secret[44:20_000])
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(run_ffmpeg("-i", sounds.melody, *AAC, tmp_path / "w.mp4").read_bytes()[:9000])
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:40,\n{sounds.melody}\n#EXT-X-ENDLIST\n")
    concat = tmp_path / "concat.mp4"
    concat.write_text(f"ffconcat version 1.0\nfile '{sounds.melody}'\n")
    for path in (garbage, torn, playlist, concat, tmp_path / "missing.mp4"):
        assert sound_print(path) is None
    odd = tmp_path / "-i pipe:0;touch x .wav"
    odd.write_bytes(secret)
    assert sound_print(odd) is not None
    assert not (tmp_path / "x").exists()


def test_limits_end_the_work_and_leave_no_sound(sounds: Sounds) -> None:
    assert sound_print(sounds.melody, SoundLimits(memory_bytes=20 * 1024**2)) is None
    assert sound_print(sounds.melody, SoundLimits(cpu_time_s=0)) is None
    short = sound_print(sounds.melody, SoundLimits(max_duration_s=10))
    assert short is not None
    assert short.duration_ms == pytest.approx(10_000, abs=200)
