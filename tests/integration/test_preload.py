"""The fork server holds what children are asked to do: none of them pays for loading it again."""

from __future__ import annotations

import gc
import importlib
import json
import subprocess
import sys
from pathlib import Path

from tests.support.footage import make_footage
from tracker.app import CHILD_PRELOAD
from tracker.media.child_process import ChildLimits, ChildProcessExecutor

WORK = (
    ("tracker.examine", "examine"),
    ("tracker.media.playable", "playable"),
    ("tracker.evidence.content_credentials", "read_credentials"),
)


def loaded_late(module: str, function: str, path: Path) -> list[str]:
    """Return what this process had to load to do the work."""
    before = set(sys.modules)
    getattr(importlib.import_module(module), function)(path)
    return sorted(set(sys.modules) - before)


def left_out_of_the_search() -> int:
    """Return how many objects this process never looks through for garbage."""
    return gc.get_freeze_count()


def print_what_children_do(path: Path) -> None:
    """Print what each kind of work loads in a child, and how much of it is shared for good."""
    with ChildProcessExecutor(1, ChildLimits(60), preload=CHILD_PRELOAD) as executor:
        late = {
            function: executor.submit(loaded_late, module, function, path).result()
            for module, function in WORK
        }
        frozen = executor.submit(left_out_of_the_search).result()
    print(json.dumps({"late": late, "frozen": frozen}))  # noqa: T201 - for the test below


def test_children_load_nothing_and_share_what_the_fork_server_holds(tmp_path: Path) -> None:
    made = make_footage(tmp_path / "clip.mp4", seed=1, seconds=2)
    # In a process of its own: there is one fork server a process, and other tests may have theirs.
    asked = (
        "import sys, pathlib; from tests.integration.test_preload import print_what_children_do; "
        "print_what_children_do(pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, str(made.path)], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert told["late"] == {function: [] for _, function in WORK}
    assert told["frozen"] > 0
