"""The command ``tracker``, also as ``python -m tracker``.

Imports wait until they are needed: decoding children import this module anew, and must not pay
for the whole command line.
"""

import gc
import sys

from tracker.process_start import begin, load_without_looking


def run() -> None:
    """Run the command line of this process and exit with its code."""
    begin()
    load_without_looking()
    from tracker.cli.main import run_command  # see the docstring above

    code = run_command(sys.argv[1:])
    gc.freeze()  # what is left goes with the process: looking through it once more helps nobody
    sys.exit(code)


if __name__ == "__main__":
    run()
