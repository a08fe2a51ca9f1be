"""What the search benchmark measured, and how it is told."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.speed.feature_search import EDITS, FeatureTimes


@dataclass(frozen=True, slots=True)
class Built:
    """An index of hashes on disk."""

    frames: int
    rows: int
    videos: int
    size_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What one fresh process took; seconds of wall clock but for ``…cpu_s``.

    ``memory_bytes`` is the peak resident size less what was resident before the index was
    opened; pages of the index count. ``found`` tells whether the right video came first.
    """

    start_s: float
    first_s: float
    first_cpu_s: float
    all_s: float
    cpu_s: float
    memory_bytes: int
    codes: int
    found: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: ``answers`` are (page cache, threads, answer)."""

    command: str
    originals: int
    originals_ms: int
    query_frames: int
    large: Built
    answers: tuple[tuple[str, int, Answered], ...]
    exact: Built
    exact_pairs: int
    features: tuple[FeatureTimes, ...]
    choices: tuple[str, ...]
    load: float


def report(run: Measured) -> str:
    """Return the whole report as Markdown."""
    return "\n".join([*_head(run), *_hashes(run), *_features(run), *_choices(run)]) + "\n"


def _head(run: Measured) -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in ("faiss-cpu", "numpy"))
    return [
        "# Speed of the search indexes",
        "",
        (
            f"`{run.command}` on {_processor()}, Python {platform.python_version()}, {versions}. "
            f"On the average of the last quarter of an hour {run.load:.0f} processes wanted the "
            "cores; where that is more than there are, wall clocks include waiting. CPU seconds "
            "are those of all threads."
        ),
        "",
        (
            f"{run.originals} videos ({run.originals_ms / 60_000:.0f} minutes) are fingerprinted "
            "and multiplied: every copy is turned over by a random mask of its own, which keeps "
            "all distances within a video and makes copies strangers to each other."
        ),
        "",
    ]


def _hashes(run: Measured) -> list[str]:
    large, exact = run.large, run.exact
    return [
        "## Hashes",
        "",
        (
            f"{large.frames:,} reference frames of {large.videos:,} videos: {large.rows:,} "
            f"hashes, {large.size_bytes / 1e6:,.0f} MB on disk "
            f"({large.size_bytes / large.rows:.1f} bytes a hash), written in "
            f"{large.seconds:.0f} s. The query is {run.query_frames} successive frames of one of "
            "them with 0 to 60 of 256 bits turned over in each hash, in all its views, as it is "
            "and mirrored; a fresh process for each row."
        ),
        "",
        (
            "| index | threads | interpreter and imports, s | open and first frame, s (CPU) "
            "| all frames, s (CPU) | memory ÷ index | right video first |"
        ),
        "|---|---|---|---|---|---|---|",
        *(_answer_line(*answer, large) for answer in run.answers),
        "",
        (
            f"All frames are {run.answers[0][2].codes} hashes to ask for, mirrored ones counted. "
            f"Among {exact.frames:,} frames ({exact.rows:,} hashes) such a query finds the same "
            f"{run.exact_pairs:,} pairs as brute force (`IndexBinaryFlat` of faiss over the plain "
            "rows), none more, none less."
        ),
        "",
    ]


def _answer_line(label: str, threads: int, told: Answered, large: Built) -> str:
    return (
        f"| {label} | {threads} | {told.start_s:.2f} "
        f"| {told.first_s:.2f} ({told.first_cpu_s:.2f}) | {told.all_s:.2f} ({told.cpu_s:.2f}) "
        f"| {told.memory_bytes / large.size_bytes:.2f} | {'yes' if told.found else 'NO'} |"
    )


def _features(run: Measured) -> list[str]:
    return [
        "## Local features",
        "",
        (
            f"Queries are edited copies of the first {run.features[0].videos} videos "
            f"({'; '.join(EDITS)}), at most a minute each, as they are and mirrored; figures are "
            "means. By cells is how an index of more than a million codes is searched, smaller "
            "ones are searched exactly; both are measured here at every size. Recall is against "
            "brute force: of all pairs of codes within the radius, and of pairs of frames that "
            "share enough of them to be looked at."
        ),
        "",
        (
            "| keyframes | codes | MB | exact, s (CPU) | by cells, s (CPU) | recall of codes "
            "| recall of frames | right video found |"
        ),
        "|---|---|---|---|---|---|---|---|",
        *(_feature_line(one) for one in run.features),
    ]


def _choices(run: Measured) -> list[str]:
    return [
        "",
        "## Choices",
        "",
        (
            "On the videos as they are: how many hashes share a leader when none may lie farther "
            "from it, and the share of unrelated leaders that are then near enough to be looked "
            "into; and what of all pairs of feature codes within the radius is found, and what "
            "share of all codes is compared, when cells may differ in so many of their bits."
        ),
        "",
        *run.choices,
    ]


def _feature_line(one: FeatureTimes) -> str:
    return (
        f"| {one.keyframes:,} | {one.codes:,} | {one.size_bytes / 1e6:.1f} "
        f"| {one.exact_wall_s:.3f} ({one.exact_cpu_s:.3f}) "
        f"| {one.cells_wall_s:.3f} ({one.cells_cpu_s:.3f}) "
        f"| {one.pair_recall:.3f} | {one.frame_recall:.3f} | {one.found_videos}/{one.videos} |"
    )


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
    except OSError:
        return platform.processor() or "an unknown processor"
    return f"{len(names)} cores of {names[0]}" if names else "an unknown processor"
