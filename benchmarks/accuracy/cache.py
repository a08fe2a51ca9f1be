"""Keeps what files were measured to be, so that a change in matching alone is measured at once.

An entry is found again under the file's SHA-256, the algorithm's key and a digest of the code
that makes fingerprints: whatever of the three changes, the file is examined anew.
"""

from __future__ import annotations

import hashlib
import pickle  # only what this program itself wrote to its own folder is read
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import tracker
from tracker.benchmark.run import Measured, measure_files
from tracker.fingerprint.algorithm import current_algorithm

_CODE = (
    "examine.py",
    "fingerprint",
    "media/frames.py",
    "media/sound.py",
    "model/features.py",
    "model/fingerprint.py",
    "model/sound.py",
)


class FingerprintCache:
    """Measures files, or remembers what was measured before under ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / _fingerprint_key()
        self._directory.mkdir(parents=True, exist_ok=True)

    def measure(self, paths: Sequence[Path], workers: int) -> Iterator[Measured]:
        """Yield what was measured of each file; see ``tracker.benchmark.run.Measure``."""
        places = [self._directory / f"{_sha256(path)}.pickle" for path in paths]
        missing = [not place.exists() for place in places]
        unknown = [path for path, is_new in zip(paths, missing, strict=True) if is_new]
        fresh: Iterable[Measured] = measure_files(unknown, workers) if unknown else ()
        arriving = iter(fresh)
        for place, is_new in zip(places, missing, strict=True):
            if is_new:
                _write(place, next(arriving))
            yield _read(place)


def _fingerprint_key() -> str:
    digest = hashlib.sha256(current_algorithm().key.encode())
    package = Path(tracker.__file__).parent
    for name in _CODE:
        whole = package / name
        for path in sorted(whole.rglob("*.py")) if whole.is_dir() else [whole]:
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(place: Path, measured: Measured) -> None:
    part = place.with_suffix(".part")
    part.write_bytes(pickle.dumps(measured, pickle.HIGHEST_PROTOCOL))
    part.replace(place)


def _read(place: Path) -> Measured:
    measured = pickle.loads(place.read_bytes())  # noqa: S301  # see the import
    assert isinstance(measured, Measured)
    return measured
