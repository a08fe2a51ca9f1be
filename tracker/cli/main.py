"""The command ``tracker``: where commands are registered and errors become one line.

``--config``, ``--json`` and ``--debug`` may stand anywhere on the line; they are moved to the
front before the commands see it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tracker import __version__
from tracker.cli import (
    anchor,
    ask,
    backup,
    custody,
    decode,
    discover,
    health,
    history,
    hosts,
    judge,
    quota,
    retry,
    serve,
    take,
    upkeep,
)
from tracker.cli.context import Session, fail
from tracker.errors import TrackerError

EXIT_INTERRUPTED = 130
_EVERYWHERE = "--config PATH, --json and --debug may be given with every command."

app = typer.Typer(
    name="tracker",
    help="Finds where a video was seen before, keeps the evidence, and says where first.",
    epilog=_EVERYWHERE,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("add", epilog=_EVERYWHERE)(take.add)
app.command("import", epilog=_EVERYWHERE)(take.import_)
app.add_typer(take.watch_app, name="watch")
app.command("run", epilog=_EVERYWHERE)(upkeep.run)
app.command("lookup", epilog=_EVERYWHERE)(ask.lookup)
app.command("clips", epilog=_EVERYWHERE)(ask.clips)
app.command("chain", epilog=_EVERYWHERE)(ask.chain)
app.command("history", epilog=_EVERYWHERE)(history.history)
app.command("decode", epilog=_EVERYWHERE)(decode.decode)
app.command("judge", epilog=_EVERYWHERE)(judge.judge)
app.command("report", epilog=_EVERYWHERE)(ask.report)
app.add_typer(custody.hold_app, name="hold")
app.command("forget", epilog=_EVERYWHERE)(custody.forget)
app.command("discover", epilog=_EVERYWHERE)(discover.discover)
app.command("quota", epilog=_EVERYWHERE)(quota.quota)
app.command("hosts", epilog=_EVERYWHERE)(hosts.hosts)
app.command("anchor", epilog=_EVERYWHERE)(anchor.anchor)
app.command("serve", epilog=_EVERYWHERE)(serve.serve)
app.command("verify", epilog=_EVERYWHERE)(upkeep.verify)
app.command("retry", epilog=_EVERYWHERE)(retry.retry)
app.command("status", epilog=_EVERYWHERE)(upkeep.status)
app.command("backup", epilog=_EVERYWHERE)(backup.backup)
app.command("restore", epilog=_EVERYWHERE)(backup.restore)
app.command("health", epilog=_EVERYWHERE)(health.health)
app.command("doctor", epilog=_EVERYWHERE)(upkeep.doctor)
app.command("bench", epilog=_EVERYWHERE)(upkeep.bench)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tracker {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="PATH", help="TOML file with settings.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object per line on standard output.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version."),
    ] = False,
) -> None:
    del version
    context.obj = Session(config_path=config, json=json, debug=debug)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors are one line on standard error."""
    debug = "--debug" in arguments
    try:
        result = app(hoisted(arguments), standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except typer.TyperException as exc:
        return _show_usage(exc)
    except TrackerError as exc:
        if debug:
            raise
        return fail(exc)
    except Exception as exc:
        if debug:
            raise
        return fail(TrackerError(f"internal error ({type(exc).__name__}); --debug shows where"))
    return result if isinstance(result, int) else 0


def _show_usage(exc: typer.TyperException) -> int:
    """Print what is wrong with the command line, or the help that was left to ask for."""
    show = getattr(exc, "show", None)  # every error of the command line has it, the root has not
    if show is not None:
        show(sys.stderr)
    else:
        sys.stderr.write(f"error: {exc}\n")
    return exc.exit_code


def hoisted(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the options that work everywhere moved to the front."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest.extend((argument, *waiting))
        elif argument in {"--json", "--debug"} or argument.startswith("--config="):
            front.append(argument)
        elif argument == "--config":
            front.extend((argument, *_following(waiting)))
        else:
            rest.append(argument)
    return front + rest


def _following(waiting: Iterator[str]) -> list[str]:
    value = next(waiting, None)
    return [] if value is None else [value]
