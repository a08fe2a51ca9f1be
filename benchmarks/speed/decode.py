"""CPU of fingerprinting, beside that of plain decoding by ffmpeg on one thread.

``python -m benchmarks.speed.decode [--rounds 3] [--codec h264] [--height 360] [FILE …]`` makes
footage in four codecs and four sizes (kept in ``--folder``), or takes the files named, and runs
``ffmpeg -threads 1 -i FILE -f null -`` and ``examine`` in fresh processes, by turns. CPU is user
and system time of the whole process; the least of all rounds counts, since other work on the
machine only adds. Start-up (interpreter and imports, once per archive in a running daemon, whose
workers are forked from a warm process) is printed by itself and left out of the ratios.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.footage import CODECS, KINDS, ffmpeg, make

STAGES = ("decode", "scale", "hashes", "features", "keyframes", "sound")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds for one file: ffmpeg, our whole process, its start, and shares of the rest."""

    ffmpeg_s: float
    process_s: float
    start_s: float
    stages_ms: dict[str, float]

    @property
    def ratio(self) -> float:
        """Our work over ffmpeg's, without our start-up."""
        return (self.process_s - self.start_s) / self.ffmpeg_s

    def share(self, stage: str) -> float:
        """The CPU of one step over ffmpeg's."""
        return self.stages_ms[stage] / 1000 / self.ffmpeg_s


def cost(path: Path, rounds: int) -> Cost:
    """Return the least CPU of ``rounds`` alternating runs on the file at ``path``."""
    ours = [sys.executable, "-m", "benchmarks.speed.stages"]
    decoding, whole, start, stages = [], [], [], []
    for _ in range(rounds):
        decoding.append(
            cpu_s([ffmpeg(), "-nostdin", "-threads", "1", "-i", path, "-f", "null", "-"])
        )
        whole.append(cpu_s([*ours, path]))
        start.append(cpu_s([*ours, "--only-import"]))
        stages.append(json.loads(answer([*ours, "--apart", path])))
    least = {name: min(one[name] for one in stages) for name in STAGES}
    return Cost(min(decoding), min(whole), min(start), least)


def cpu_s(command: Sequence[str | Path]) -> float:
    """Run a command and return its CPU seconds, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def answer(command: Sequence[str | Path]) -> bytes:
    """Run a command that must succeed and return what it printed."""
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout


def show(*cells: object) -> None:
    """Print one line of the table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def main() -> int:
    """Measure and print the table; return the exit code."""
    arguments = _arguments()
    files = arguments.files
    if not files:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        wanted = [k for k in KINDS if arguments.codec in {None, k.codec}]
        wanted = [k for k in wanted if arguments.height in {None, k.height}]
        files = [make(kind, arguments.folder) for kind in wanted]
    show("file", "ffmpeg s", "ours ÷ ffmpeg", *STAGES, "start s")
    show(*["---"] * (len(STAGES) + 4))
    costs = [_measured(path, arguments.rounds) for path in files]
    ours = sum(c.process_s - c.start_s for c in costs)
    everything = ours / sum(c.ffmpeg_s for c in costs)
    worst = max(c.ratio for c in costs)
    show("all", "", f"{everything:.2f}", *[""] * len(STAGES), f"worst {worst:.2f}")
    return 0


def _measured(path: Path, rounds: int) -> Cost:
    one = cost(path, rounds)
    shares = [f"{one.share(stage):.2f}" for stage in STAGES]
    show(path.name, f"{one.ffmpeg_s:.2f}", f"{one.ratio:.2f}", *shares, f"{one.start_s:.2f}")
    return one


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.decode")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE")
    parser.add_argument("--codec", choices=CODECS)
    parser.add_argument("--height", type=int, choices=sorted({k.height for k in KINDS}))
    parser.add_argument("--rounds", type=int, default=3)
    folder = Path(tempfile.gettempdir()) / "tracker-speed-footage"
    parser.add_argument("--folder", type=Path, default=folder, help="where footage is kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
