"""How long a report of a long chain takes, and how large it is.

``python -m benchmarks.speed.report [--appearances 2000]`` stores a clip with so many appearances
(fingerprints and pictures are made up, 512 pixels wide), writes every form of its report and prints
seconds of the clock, seconds of the processor, and megabytes. ``chain`` is what comes before any
report; ``gather`` and ``render`` are the parts of the page; each form is the work of the whole
command. ``--archive DIR`` keeps what was stored there and takes it from there the next time;
``--forms`` names the forms to be written.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.support.made_case import make_case
from tracker.app import App, open_app
from tracker.config import Settings
from tracker.export import FORMATS
from tracker.export.gather import Gatherer
from tracker.reports.html import render_html

ValueT = TypeVar("ValueT")

MAX_SECONDS, MAX_MEGABYTES = 5.0, 15.0
"""The targets for the page of 2,000 appearances."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if the page misses its targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.report", description=__doc__)
    parser.add_argument("--appearances", type=int, default=2000)
    parser.add_argument("--archive", type=Path)
    parser.add_argument("--forms", nargs="*", choices=FORMATS, default=FORMATS)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tracker-report-") as folder:
        root = Path(folder)
        with open_app(Settings(data_dir=given.archive or root / "archive")) as app:
            clip = _stored(app, given.appearances, given.archive)
            return _measure(app, clip, root, given.forms)


def _stored(app: App, count: int, kept: Path | None) -> str:
    note = kept / "clip.txt" if kept else None
    if note is not None and note.exists():
        return note.read_text()
    case, took, _ = _timed(lambda: make_case(app, count, width=512))
    print(f"{count} appearances stored and recorded in {took:.1f} s")
    if note is not None:
        note.write_text(case.clip)
    return case.clip


def _measure(app: App, clip: str, root: Path, forms: Sequence[str]) -> int:
    (chain,), chain_s, cpu_s = _timed(lambda: app.subjects.chains(clip))
    print(f"chain   {chain_s:6.2f} s  {cpu_s:6.2f} s of CPU")
    gatherer = Gatherer(app.archive, app.algorithm_key)
    with app.archive.database.read() as session:
        report, gather_s, gather_cpu_s = _timed(lambda: gatherer.report(session, clip, chain))
    pairs = len(report.pictures)
    print(f"gather  {gather_s:6.2f} s  {gather_cpu_s:6.2f} s of CPU  {pairs} pairs of frames")
    page, render_s, render_cpu_s = _timed(lambda: render_html(report))
    megabytes = len(page.encode()) / 1e6
    print(f"render  {render_s:6.2f} s  {render_cpu_s:6.2f} s of CPU  {megabytes:.1f} MB")
    page_s = gather_s + render_s
    print(f"page    {page_s:6.2f} s  {megabytes:.1f} MB (gather and render)")
    for form in forms:
        path = root / f"report.{form}"
        _, took, cpu_s = _timed(lambda form=form, path=path: app.reports.write(clip, form, path))  # type: ignore[misc]  # bound at once
        size = _size(path) / 1e6
        print(f"{form:7} {took:6.2f} s  {cpu_s:6.2f} s of CPU  {size:.1f} MB, chain included")
    met = page_s <= MAX_SECONDS and megabytes <= MAX_MEGABYTES
    said = "met" if met else "MISSED"
    print(f"targets for the page, {MAX_SECONDS} s and {MAX_MEGABYTES} MB: {said}")
    return 0 if met else 1


def _timed(work: Callable[[], ValueT]) -> tuple[ValueT, float, float]:
    """Return the value, the seconds on the clock, and those of this process on the processor."""
    started, cpu_started = time.perf_counter(), time.process_time()
    value = work()
    return value, time.perf_counter() - started, time.process_time() - cpu_started


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)


if __name__ == "__main__":
    raise SystemExit(main())
