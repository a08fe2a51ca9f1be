"""``python -m jobs [--once] [--config PATH] [--debug]``: the same as ``tracker run``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jobs.daemon import serve
from tracker.config import load_settings
from tracker.errors import TrackerError
from tracker.log import configure_logging
from tracker.process_start import begin


def main() -> int:
    """Run the daemon and return its exit code; errors are one line on standard error."""
    begin()
    parser = argparse.ArgumentParser(prog="python -m jobs", description="run the daemon")
    parser.add_argument("--once", action="store_true", help="finish all pending work, then exit")
    parser.add_argument("--config", type=Path, default=None, help="TOML file with settings")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.config)
        configure_logging(settings.log.level, settings.log.format, tracebacks=arguments.debug)
        return serve(settings, once=arguments.once)
    except TrackerError as exc:
        if arguments.debug:
            raise
        return _fail(exc)
    except Exception as exc:
        if arguments.debug:
            raise
        return _fail(TrackerError(f"internal error ({type(exc).__name__}); --debug shows where"))


def _fail(error: TrackerError) -> int:
    print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the user's one line
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
