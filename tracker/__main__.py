"""The command ``tracker``, also as ``python -m tracker``.

Imports wait until they are needed: decoding children import this module anew, and must not pay
for the whole command line.
"""

import sys

from tracker.process_start import begin


def run() -> None:
    """Run the command line of this process and exit with its code."""
    begin()
    from tracker.cli.main import run_command  # see the docstring above

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    run()
