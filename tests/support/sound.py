"""Sound from nothing: seeded melodies, and videos given a sound track of one's choice."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from tracker.media.sound import ALGORITHM, ITEM_PERIOD_MS, ITEM_WINDOW_MS
from tracker.model.sound import SoundPrint

RATE = 22050

AAC = ("-c:a", "aac", "-b:a", "64k", "-ar", "44100")
OPUS = ("-c:a", "libopus", "-b:a", "48k", "-ar", "48000")
MP3 = ("-c:a", "libmp3lame", "-b:a", "64k", "-ar", "32000")


def make_melody(path: Path, seed: int, seconds: float) -> Path:
    """Write a WAV of random notes and chords with a few overtones."""
    rng = np.random.default_rng(seed)
    notes: list[npt.NDArray[np.float64]] = []
    while sum(map(len, notes)) < seconds * RATE:
        times = np.arange(int(rng.uniform(0.12, 0.45) * RATE)) / RATE
        tones = 220 * 2 ** (rng.integers(0, 36, rng.integers(1, 4)) / 12)
        sound = sum(np.sin(2 * np.pi * f * k * times) / k for f in tones for k in (1, 2, 3))
        notes.append(np.asarray(sound) * np.exp(-times * rng.uniform(2, 8)))
    samples = np.concatenate(notes)[: round(seconds * RATE)]
    return _write(path, samples / np.abs(samples).max())


def make_silence(path: Path, seconds: float) -> Path:
    """Write a WAV of digital silence."""
    return _write(path, np.zeros(round(seconds * RATE)))


def make_noise(path: Path, seed: int, seconds: float) -> Path:
    """Write a WAV of white noise."""
    return _write(path, np.random.default_rng(seed).uniform(-1, 1, round(seconds * RATE)))


def make_tone(path: Path, hertz: float, seconds: float) -> Path:
    """Write a WAV of one tone that lasts."""
    return _write(path, np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE))


def with_sound(picture: Path, sound: Path, path: Path, codec: Sequence[str] = AAC) -> Path:
    """Write the picture of one file with the sound of another, as long as the shorter."""
    return run_ffmpeg(
        "-i", picture, "-i", sound, "-map", "0:v", "-map", "1:a", "-c:v", "copy", *codec,
        "-shortest", path,
    )  # fmt: skip


def run_ffmpeg(*arguments: str | Path) -> Path:
    """Run ffmpeg and return its last argument, the file it wrote."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run([str(word) for word in command], check=True)
    return Path(arguments[-1])


def a_sound(items: npt.NDArray[np.uint32] | Sequence[int]) -> SoundPrint:
    """Return a sound print of these items."""
    array = np.asarray(items, np.uint32)
    return SoundPrint(ALGORITHM, "test=1", array, ITEM_PERIOD_MS, ITEM_WINDOW_MS)


def random_sound(seed: int, n: int) -> SoundPrint:
    """Return a sound print of items that have nothing to do with any other's."""
    return a_sound(np.random.default_rng(seed).integers(0, 2**32, n, dtype=np.uint32))


def _write(path: Path, samples: npt.NDArray[np.float64]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 30000).astype("<i2").tobytes())
    return path
