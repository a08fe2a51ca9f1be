"""Every parser of what comes from outside, fed with what nobody should send.

``python -m benchmarks.reliability.fuzz_parsers [--minutes 60] [--processes 2] [--only NAME …]``
gives each parser its share of the time, in a process of its own, with inputs that hypothesis edits
from good ones (``mutations``), and then looks for inputs on which time grows faster than size
(``slow_inputs``). Time is processor time of that process, making the inputs included, so that an
hour is an hour on a busy machine too. A finding is an exception that is no answer of the parser, a
broken promise, an input (or up to 1 MB of one text) that takes longer than ``--slow`` seconds,
inputs that cannot be made, or a process that dies; none of them ends the sweep of the other
parsers. Inputs of findings are kept in ``--keep DIR``. Prints a table; the exit code is 1 when
anything was found.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
import random
import resource
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks.reliability.alarm import alarm
from benchmarks.reliability.interrupted import end_in_order
from benchmarks.reliability.parsers import all_parsers
from benchmarks.reliability.parsers.parser import Parser
from benchmarks.reliability.patience import Patience
from benchmarks.reliability.slow_inputs import Slowest, slowest

MEMORY_BYTES = 4 * 1024**3
EXAMPLES_AT_ONCE = 400
IDLE_S = 240.0
"""A process that uses next to no processor time for so long is taken for hung."""

MOST_TIMES = 20
"""So many times its share: a process that used that is taken for hung, too."""

GROWTH_S = 600.0
"""What the search for slow inputs may take on top."""


@dataclass
class Tally:
    """What happened to one parser."""

    name: str
    inputs: int = 0
    refused: int = 0
    cpu_s: float = 0.0
    worst_ms: float = 0.0
    worst_bytes: int = 0
    peak_mb: float = 0.0
    findings: dict[str, int] = field(default_factory=dict)
    growth: Slowest | None = None


def fuzz(parser: Parser, seconds: float, slow_s: float, keep: Path, start: int) -> Tally:
    """Feed the parser for ``seconds``; never raises for what it does."""
    tally = Tally(parser.name)
    until = time.process_time() + seconds
    rounds = 0
    while time.process_time() < until:
        _one_round(parser, tally, until, slow_s, keep, start + rounds)
        rounds += 1
        # What was done so far is known of a process that dies later.
        (keep / "tally").write_bytes(pickle.dumps(tally))
    if parser.grow is not None:
        tally.growth = grown = slowest(parser, limit_s=slow_s)
        if grown.cpu_s >= slow_s:
            tally.findings[f"{grown.size // 1000} kB of {grown.piece[:40]!a} took too long"] = 1
    tally.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (keep / "tally").write_bytes(pickle.dumps(tally))
    return tally


def _one_round(
    parser: Parser, tally: Tally, until: float, slow_s: float, keep: Path, number: int
) -> None:
    @seed(number)
    @settings(
        max_examples=EXAMPLES_AT_ONCE,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.inputs)
    def tried(value: object) -> None:
        if time.process_time() < until:
            _try(parser, value, tally, slow_s, keep)

    try:
        tried()
    except Exception as exc:  # noqa: BLE001 - what the parser raises was noted: this is its inputs
        _note(exc, None, tally, keep, "its inputs could not be made: ")


def _try(parser: Parser, value: object, tally: Tally, slow_s: float, keep: Path) -> None:
    size = _remember(value, keep)
    started_s = time.process_time()
    try:
        with alarm(slow_s):
            parser.read(value)
    except parser.refusals:
        tally.refused += 1
    except Exception as exc:  # noqa: BLE001 - whatever comes is what is looked for
        _note(exc, value, tally, keep)
    spent_ms = (time.process_time() - started_s) * 1000
    tally.inputs += 1
    tally.cpu_s += spent_ms / 1000
    if spent_ms > tally.worst_ms:
        tally.worst_ms, tally.worst_bytes = spent_ms, size


def _remember(value: object, keep: Path) -> int:
    """Write the input where it is found again if this process dies of it; return its size."""
    body = value if isinstance(value, bytes) else pickle.dumps(value)
    (keep / "now").write_bytes(body)
    return len(body)


def _note(exc: BaseException, value: object, tally: Tally, keep: Path, words: str = "") -> None:
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if "/tracker/" in f.filename]
    place = frames[-1] if frames else traceback.extract_tb(exc.__traceback__)[-1]
    file = place.filename.rpartition("/tracker/")[2]
    what = f"{type(exc).__name__} in {file}:{place.name}: {str(exc)[:80]!r}"
    known = f"{words}{type(exc).__name__} in {file}:{place.lineno}"
    first = next((key for key in tally.findings if key.startswith(known)), None)
    key = first or f"{known} {what}"
    tally.findings[key] = tally.findings.get(key, 0) + 1
    if first is None:
        number = len(tally.findings)
        (keep / f"finding-{number}.pickle").write_bytes(pickle.dumps(value))
        text = "".join(traceback.format_exception(exc))
        (keep / f"finding-{number}.txt").write_text(text, errors="backslashreplace")


# --- one process a parser -----------------------------------------------------------------


def _child(name: str, seconds: float, slow_s: float, keep: Path, start: int, scratch: str) -> None:
    tempfile.tempdir = scratch
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fuzz(all_parsers()[name], seconds, slow_s, keep, start)


def run_apart(name: str, seconds: float, slow_s: float, keep: Path, start: int) -> Tally:
    """Fuzz one parser in a process of its own; a death or a hang is a finding."""
    with tempfile.TemporaryDirectory(prefix="tracker-fuzz-") as scratch:
        return _run_in(scratch, name, seconds, slow_s, keep, start)


def _run_in(
    scratch: str, name: str, seconds: float, slow_s: float, keep: Path, start: int
) -> Tally:
    folder = keep / name.replace(" ", "-").replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tally").unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_child, args=(name, seconds, slow_s, folder, start, scratch))
    process.start()
    hung = not _ended(process, MOST_TIMES * seconds + GROWTH_S)
    if hung:
        process.kill()
        process.join()
    tally = _told(name, folder)
    if process.exitcode != 0:
        what = "the process hung" if hung else f"the process died ({process.exitcode})"
        tally.findings[f"{what}, see {folder / 'now'}"] = 1
    return tally


def _told(name: str, folder: Path) -> Tally:
    """Return what the child wrote down last: all of it, or what it did before it died."""
    try:
        found: Tally = pickle.loads((folder / "tally").read_bytes())  # noqa: S301 - our own child's
    except FileNotFoundError:
        return Tally(name)
    return found


def _ended(process: multiprocessing.process.BaseProcess, busy_s: float) -> bool:
    """Wait for the end; False once it is clear that none will come."""
    assert process.pid is not None
    patience = Patience(process.pid, busy_s=busy_s, idle_s=IDLE_S)
    while process.is_alive():
        process.join(1)
        if process.is_alive() and patience.is_over():
            return False
    return True


def report(tallies: list[Tally]) -> str:
    """Return the table of what happened."""
    lines = [
        "| parser | inputs | refused | CPU | worst input | 1 MB of the worst text | findings |",
        "|---|---|---|---|---|---|---|",
    ]
    for tally in tallies:
        worst = f"{tally.worst_ms:.0f} ms ({tally.worst_bytes / 1000:.0f} kB)"
        grown = tally.growth.text() if tally.growth else "–"
        lines.append(
            f"| {tally.name} | {tally.inputs:,} | {tally.refused:,} | {tally.cpu_s:.0f} s "
            f"| {worst} | {grown} | {len(tally.findings)} |"
        )
    inputs, cpu_s = sum(t.inputs for t in tallies), sum(t.cpu_s for t in tallies)
    found = sum(len(t.findings) for t in tallies)
    lines.append(f"| **all** | {inputs:,} | | {cpu_s:.0f} s | | | {found} |")
    return "\n".join(lines)


def main() -> int:
    """Fuzz, print, and return 1 when anything was found."""
    arguments = _arguments()
    end_in_order()
    names = [n for n in all_parsers() if not arguments.only or n in arguments.only]
    keep = arguments.keep or Path(tempfile.mkdtemp(prefix="tracker-fuzz-"))
    seconds = arguments.minutes * 60 / len(names)
    start = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"{len(names)} parsers, {seconds:.0f} s each, seed {start}, inputs in {keep}", flush=True)
    tallies: list[Tally] = []
    with ThreadPoolExecutor(arguments.processes) as pool:
        running = [
            pool.submit(run_apart, name, seconds, arguments.slow, keep, start) for name in names
        ]
        try:
            for future in running:
                tallies.append(future.result())
                _say(tallies[-1])
        except BaseException:  # interrupted: the children shall end as well
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.kill()
            raise
    print(report(tallies))
    return 1 if any(tally.findings for tally in tallies) else 0


def _say(tally: Tally) -> None:
    print(f"{tally.name}: {tally.inputs} inputs, {len(tally.findings)} findings", flush=True)
    for finding, count in tally.findings.items():
        print(f"    {count} × {finding}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability.fuzz_parsers")
    parser.add_argument("--minutes", type=float, default=60.0, help="for all parsers together")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--slow", type=float, default=10.0, help="seconds one input may take")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keep", type=Path, help="where inputs of findings are kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
