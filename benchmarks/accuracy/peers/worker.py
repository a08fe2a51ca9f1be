"""Runs in the peers' own environment: reads paths, writes what a method keeps of each file.

    python worker.py vpdq|videohash2 FFMPEG < paths > lines

The first line names the version, then comes one JSON object a path. Imports nothing of the
product, whose environment this is not.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def main() -> int:
    """Answer every path and return the exit code."""
    method, ffmpeg = sys.argv[1:]
    name, features = _METHODS[method](ffmpeg)
    print(json.dumps({"version": name}), flush=True)
    for line in sys.stdin:
        before = _cpu_s()
        found = features(line.strip())
        print(json.dumps({"data": found, "cpu_s": _cpu_s() - before}), flush=True)
    return 0


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of the children it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


Method = Callable[[str], Any]


def _vpdq(ffmpeg: str) -> tuple[str, Method]:
    """Return vPDQ's own hasher, or PDQ hashes of a frame a second where it is not installed."""
    try:
        vpdq = importlib.import_module("vpdq")
    except ImportError:
        pdqhash = importlib.import_module("pdqhash")
        return f"pdqhash {version('pdqhash')} in place of vpdq", lambda path: [
            _pdq(pdqhash, picture) for picture in _pictures(path, ffmpeg)
        ]
    return f"vpdq {version('vpdq')}", lambda path: [
        [feature.hex, feature.quality] for feature in vpdq.computeHash(path, thread_count=1)
    ]


def _pdq(pdqhash: Any, picture: Any) -> list[object]:
    bits, quality = pdqhash.compute(picture)
    return [f"{int(''.join(str(int(bit)) for bit in bits), 2):064x}", int(quality)]


def _pictures(path: str, ffmpeg: str) -> Iterator[Any]:
    """Yield the first frame of every second, in full size, uint8 (h, w, 3) RGB."""
    numpy = importlib.import_module("numpy")
    image = importlib.import_module("PIL.Image")
    chosen = "select='isnan(prev_selected_t)+gte(t-prev_selected_t,0.999)'"
    with tempfile.TemporaryDirectory() as folder:
        command = [ffmpeg, "-v", "error", "-nostdin", "-threads", "1", "-i", path, "-vf", chosen]
        command += ["-fps_mode", "passthrough", str(Path(folder) / "%06d.bmp")]
        subprocess.run(command, check=True)
        for picture in sorted(Path(folder).iterdir()):
            yield numpy.asarray(image.open(picture).convert("RGB"))


def _videohash(ffmpeg: str) -> tuple[str, Method]:
    videohash = importlib.import_module("videohash2")
    folder = Path(tempfile.mkdtemp())
    (folder / "ffmpeg").symlink_to(ffmpeg)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    return f"videohash2 {version('videohash2')}", lambda path: _hash(videohash, path)


def _hash(videohash: Any, path: str) -> str | None:
    """Return the hash, ``None`` for a video the package cannot hash."""
    try:
        made = videohash.VideoHash(path=path)
    except Exception as exc:  # noqa: BLE001  # whatever it raises, the file counts as not found
        print(f"videohash2: {path}: {exc}", file=sys.stderr)
        return None
    made.delete_storage_path()
    return str(made.hash_hex)


_METHODS = {"vpdq": _vpdq, "videohash2": _videohash}

if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ImportError, PackageNotFoundError) as exc:
        sys.exit(f"{exc}: run `make bench-peers`")
