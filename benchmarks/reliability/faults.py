"""Each call to the disk or the database fails once; everything must come out as if it had not.

``python -m benchmarks.reliability.faults [--sites N] [--seed 1]`` takes a small made world through
every stage: watch, add, import, collect, capture, credentials, fingerprint, detect, record, export,
forget, retention, fixity and anchor. First undisturbed, noting each line of the program that opens,
writes, syncs, renames or removes a file of the archive, or speaks to the database. Then once for
each of these lines: there the system gives an error (no space, no permission, a broken disk, a
locked database …), the stage goes on as the daemon would, the archive is opened anew a day later,
and all is done again. What is held at the end must be what the undisturbed archive holds, `tracker
verify` must be content, and each error must be one sentence that says what refused.

A line that several steps come by fails in the last of them, with ``--everywhere`` in each.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Run the sweep; return 1 if anything came out otherwise or was said unclearly."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=None, help="only so many, spread evenly")
    parser.add_argument("--seed", type=int, default=1, help="which kind of error where")
    parser.add_argument("--step", default=None, help="only in this step")
    parser.add_argument(
        "--everywhere", action="store_true", help="each line in each step, not once only"
    )
    options = parser.parse_args()
    # Loaded late: decoding children import this module anew and must not pay for all of it.
    from benchmarks.reliability.fault_runs import sweep

    with tempfile.TemporaryDirectory(prefix="fault-sweep-") as temporary:
        return sweep(
            Path(temporary),
            options.sites,
            options.seed,
            options.step,
            everywhere=options.everywhere,
        )


if __name__ == "__main__":
    sys.exit(main())
