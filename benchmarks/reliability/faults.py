"""Each call to the disk or the database fails once; everything must come out as if it had not.

``python -m benchmarks.reliability.faults [--sites N] [--part K/N] [--kind K]`` takes a small made
world through every stage: watch, add, import, collect, capture, credentials, fingerprint, detect,
record, export, forget, retention, fixity, anchor and verify. First undisturbed, noting each line
of the program that opens, writes, syncs, renames or removes a file of the archive, or speaks to the
database. Then once for each of these lines: there the system gives an error (no space, no
permission, a broken disk, a locked database …), the stage goes on as the daemon would, the archive
is opened anew a day later, and all is done again. What is held at the end must be what the
undisturbed archive holds, `tracker verify` must be content, and each error must be one sentence
that says what refused.

A line that several steps come by fails in the last of them, with ``--everywhere`` in each.
``--part 2/4`` tries every fourth of the lines from the second on, so that the parts of a sweep that
takes hours can be run one by one and together leave none out.

``--kind kills`` kills the process at each of these lines instead (those that change something), and
``--kind full`` gives each step a disk that is full (a small tmpfs, which needs the right to mount).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.reliability.interrupted import end_in_order


def main() -> int:
    """Run the sweep; return 1 if anything came out otherwise or was said unclearly."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=None, help="only so many, spread evenly")
    parser.add_argument("--part", type=_part, default=(0, 1), help="as 2/4: that quarter of them")
    parser.add_argument("--seed", type=int, default=1, help="which kind of error where")
    parser.add_argument("--step", default=None, help="only in this step")
    parser.add_argument("--everywhere", action="store_true", help="each line in each step")
    parser.add_argument("--kind", choices=("errors", "kills", "full"), default="errors")
    options = parser.parse_args()
    end_in_order()
    # Loaded late: decoding children import this module anew and must not pay for all of it.
    from benchmarks.reliability import fault_runs as runs

    def choose(calm: runs.Calm) -> Sequence[runs.Fault]:
        places = calm.places if options.everywhere else runs.once_each(calm.places)
        found = {
            "errors": lambda: runs.faults_at(places, options.seed),
            "kills": lambda: runs.kills_at(places),
            "full": runs.full_disks,
        }[options.kind]()
        found = [fault for fault in found if options.step in (None, fault.step)]
        first, parts = options.part
        found = found[first::parts]
        return found if options.sites is None else found[:: max(1, len(found) // options.sites)]

    with tempfile.TemporaryDirectory(prefix="fault-sweep-") as temporary:
        return runs.sweep(Path(temporary), choose)


def _part(text: str) -> tuple[int, int]:
    """Return where a part given as ``K/N`` begins, counted from 0, and of how many it is one."""
    number, of, parts = text.partition("/")
    if of and 1 <= int(number) <= int(parts):
        return int(number) - 1, int(parts)
    raise argparse.ArgumentTypeError(f"{text}: not a part such as 2/4")


if __name__ == "__main__":
    sys.exit(main())
