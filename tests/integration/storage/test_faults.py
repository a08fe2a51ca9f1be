"""The disk or the database fails once, or the process is killed: nothing lost, nothing doubled.

The short form of ``benchmarks.reliability.faults``: a small world through every step, in processes
of their own between which and the system stands a shim that lets one call fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.reliability.fault_runs import (
    FULL_DISK,
    KILL,
    Calm,
    Fault,
    Outcome,
    calm_run,
    outcome_of,
    small_disk,
)
from benchmarks.reliability.steps import Work

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Work, Calm]]:
    with calm_run(tmp_path_factory.mktemp("faults"), posts=2) as made:
        yield made


def place(calm: Calm, step: str, operation: str, within: str) -> str:
    """Return the first line of that file that does so in the step."""
    return next(
        site
        for at, done, site in calm.places
        if (at, done) == (step, operation) and site.startswith(within)
    )


@pytest.mark.parametrize(
    ("step", "operation", "within", "error", "says"),
    [
        ("detect", "write", "storage/index/", "no space", "the disk is full"),
        ("record", "commit", "", "database full", "cannot grow because the disk is full"),
        ("export", "fsync", "tracker/reports/bundle/", "no space", "No space left"),
        ("forget", "unlink", "storage/media_store.py", "no permission", "permission denied"),
        ("anchor", "statement", "storage/anchors.py", "locked", "is locked by another process"),
    ],
)
def test_a_call_that_fails_is_named_and_made_good(
    world: tuple[Work, Calm],
    tmp_path: Path,
    step: str,
    operation: str,
    within: str,
    error: str,
    says: str,
) -> None:
    work, calm = world
    fault = Fault(step, operation, place(calm, step, operation, within), error)
    found = outcome_of(work, calm, fault, tmp_path / "run")
    assert found == Outcome(fault, hit=True, said=found.said, wrong=())
    assert [says in sentence for sentence in found.said] == [True]


def test_a_folder_that_cannot_be_removed_stops_nothing(
    world: tuple[Work, Calm], tmp_path: Path
) -> None:
    work, calm = world
    where = place(calm, "capture", "rmdir", "tracker/ingest/capture.py")
    fault = Fault("capture", "rmdir", where, "disk error")
    found = outcome_of(work, calm, fault, tmp_path / "run")
    assert found == Outcome(fault, hit=True, said=(), wrong=())


@pytest.mark.parametrize(
    ("step", "operation", "within"),
    [
        ("detect", "replace", "storage/index/"),
        ("forget", "unlink", "storage/media_store.py"),
        ("anchor", "replace", "storage/files.py"),
    ],
)
def test_a_kill_at_a_call_is_made_good(
    world: tuple[Work, Calm], tmp_path: Path, step: str, operation: str, within: str
) -> None:
    work, calm = world
    fault = Fault(step, operation, place(calm, step, operation, within), KILL)
    assert outcome_of(work, calm, fault, tmp_path / "run").wrong == ()


def test_a_full_disk_is_named_and_work_resumes(world: tuple[Work, Calm], tmp_path: Path) -> None:
    work, calm = world
    with small_disk(tmp_path / "disk") as permitted:
        if not permitted:
            pytest.skip("a disk of its own cannot be mounted here")
        fault = Fault("anchor", "any", "anywhere", FULL_DISK)
        found = outcome_of(work, calm, fault, tmp_path / "disk" / "run")
    assert found.wrong == ()
    assert found.said


def test_files_and_their_names_are_on_disk_before_a_row_rests_on_them(
    world: tuple[Work, Calm],
) -> None:
    """Sync of the file, its name, sync of the name's folder, and only then a commit."""
    calls = world[1].calls
    kept = ("/media/sha256/", "/keyframes/", "/anchors/", "/exports/")
    named = [n for n, c in enumerate(calls) if c.operation == "replace" and _is_in(c.subject, kept)]
    for number in named:
        renamed = calls[number]
        before = {c.subject for c in calls[:number] if c.operation == "fsync"}
        assert renamed.source in before or _all_below(renamed.source, before), renamed
        after = calls[number + 1 :]
        commit = next((n for n, c in enumerate(after) if c.operation == "commit"), len(after))
        folder = os.path.dirname(renamed.subject)  # noqa: PTH120 - texts, as the system got them
        synced = {c.subject for c in after[:commit] if c.operation == "fsync"}
        assert folder in synced, renamed
    assert {part for part in kept for n in named if part in calls[n].subject} == set(kept)


def _is_in(path: str, folders: tuple[str, ...]) -> bool:
    return any(folder in path for folder in folders)


def _all_below(folder: str, synced: set[str]) -> bool:
    """Tell whether a folder and files below it were synced (a bundle is renamed as a whole)."""
    return folder in synced and any(path.startswith(f"{folder}/") for path in synced)
