"""Makes a corpus folder with known answers from any folder of videos.

    python -m benchmarks.accuracy.edits REFDIR OUT --seed N [--queries N]

Some of the videos become references and are copied as they are; copies are cut from them and
edited in every way there is a recipe for, with sizes, places and strengths drawn from the seed.
The others become foreign footage and look-alikes. The videos must not share footage with each
other.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.accuracy.edits.make import make_corpus
from tracker.errors import TrackerError


def main(arguments: list[str] | None = None) -> int:
    """Write the corpus and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.edits")
    parser.add_argument("folder", type=Path, metavar="REFDIR", help="videos to cut from")
    parser.add_argument("to", type=Path, metavar="OUT", help="an empty or new folder")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--queries", type=int, default=84, help="copies; half as many others")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    try:
        make_corpus(
            options.folder,
            options.to,
            options.seed,
            options.queries,
            lambda name: print(name, file=sys.stderr),
        )
    except TrackerError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
