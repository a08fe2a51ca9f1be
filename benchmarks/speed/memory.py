"""Peak memory of a worker on a long video.

``python -m benchmarks.speed.memory [--hours 2] [--height 1080]`` joins made footage to a file of
that length (without encoding it again), fingerprints it in a fresh process, and prints the
largest resident set of that process in MB, with its CPU time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.footage import Kind, ffmpeg, make

LIMIT_MB = 600
PIECE_S = 20
"""Length of the piece that is repeated."""


@dataclass(frozen=True, slots=True)
class Used:
    """What one process took: largest resident set, and CPU."""

    peak_mb: float
    cpu_s: float


def long_file(kind: Kind, hours: float, folder: Path) -> Path:
    """Return a file of ``kind`` repeated for ``hours``, made when it is not there yet."""
    path = folder / f"{hours:g}h-{kind.name}"
    if path.exists():
        return path
    part = path.with_name(f"part-{path.name}")
    source = ["-stream_loop", "-1", "-i", str(make(kind, folder)), "-t", f"{hours * 3600:.0f}"]
    line = [ffmpeg(), "-v", "error", "-nostdin", "-y", *source, "-c", "copy", str(part)]
    subprocess.run(line, check=True)
    part.rename(path)
    return path


def used(path: Path) -> Used:
    """Return what fingerprinting the file at ``path`` takes; raises ``OSError`` if it fails."""
    line = [sys.executable, "-m", "benchmarks.speed.stages", str(path)]
    process = os.posix_spawn(sys.executable, line, os.environ)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise OSError(f"fingerprinting {path.name} failed")
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Used(usage.ru_maxrss * unit / 1e6, usage.ru_utime + usage.ru_stime)


def main() -> int:
    """Measure and print; return 1 when the limit is passed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.memory")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--height", type=int, default=1080)
    folder = Path(tempfile.gettempdir()) / "tracker-speed-footage"
    parser.add_argument("--folder", type=Path, default=folder, help="where footage is kept")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    kind = Kind("light", arguments.height, PIECE_S)
    path = long_file(kind, arguments.hours, arguments.folder)
    taken = used(path)
    print(f"{path.name}: peak {taken.peak_mb:.0f} MB (limit {LIMIT_MB}), CPU {taken.cpu_s:.0f} s")
    return 0 if taken.peak_mb <= LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
