"""The command ``tracker``, also as ``python -m tracker``.

Imports wait until they are needed: decoding children import this module anew, and must not pay
for the whole command line.
"""

import resource
import sys


def run() -> None:
    """Run the command line of this process and exit with its code."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold tokens
    from tracker.cli.main import run_command  # see the docstring above

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    run()
