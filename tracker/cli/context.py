"""What every command shares: settings, consoles, JSON lines, and errors as one line.

Here and in the commands, what only some of them need is imported where it is needed: `tracker
status` or `--help` shall not wait for decoders and clients that they do not use.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console

from storage.files import outside_errors
from tracker.cli.text import plain
from tracker.errors import OutsideError, TrackerError, without_user_names

if TYPE_CHECKING:
    from tracker.app import App
    from tracker.config import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """The options that every command takes."""

    config_path: Path | None = None
    json: bool = False
    debug: bool = False

    def settings(self) -> Settings:
        """Return the settings and start logging by them."""
        from tracker.config import load_settings
        from tracker.log import configure_logging

        settings = load_settings(self.config_path)
        configure_logging(settings.log.level, settings.log.format, tracebacks=self.debug)
        return settings

    @contextmanager
    def app(self, *, writes: bool) -> Iterator[App]:
        """Open the archive; with ``writes=False`` nothing is created or changed."""
        from storage.staging import keep_temporary_files_together
        from tracker.app import open_app

        keep_temporary_files_together()
        with open_app(self.settings(), writes=writes) as app:
            yield app

    def emit(self, document: Mapping[str, object]) -> None:
        """Print one JSON object on one line, which may be read on a terminal as well."""
        line = _harmless(json.dumps(document, ensure_ascii=False, allow_nan=False))
        with _written():
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


def _harmless(line: str) -> str:
    """Escape, as JSON does, what a terminal would obey and what UTF-8 cannot hold."""
    if line.isprintable():
        return line
    odd = (char for char in set(line) if not char.isprintable())
    return line.translate({ord(char): json.dumps(char)[1:-1] for char in odd})


def session_of(context: typer.Context) -> Session:
    """Return the options given before or after the command's name."""
    found = context.find_object(Session)
    return found if found is not None else Session()


class _Results(Console):
    def on_broken_pipe(self) -> None:
        _end_without_reader()

    def print(self, *objects: Any, **options: Any) -> None:
        with _written():
            super().print(*objects, **options)


def stdout_console() -> Console:
    """Return the console for results."""
    return _Results(highlight=False, soft_wrap=False)


@contextmanager
def _written() -> Iterator[None]:
    """End in good order where nobody reads; raise ``OutsideError`` where nothing can be written."""
    try:
        with outside_errors(Path("standard output"), "write to"):
            yield
    except OutsideError as exc:
        if isinstance(exc.__cause__, BrokenPipeError):
            _end_without_reader()
        _send_nowhere()
        raise


def _end_without_reader() -> NoReturn:
    """End in good order: whoever read our output has seen enough, as `| head` does."""
    _send_nowhere()
    raise typer.Exit


def _send_nowhere() -> None:
    """Drop what is still buffered: Python would fail to write it once more at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def stderr_console() -> Console:
    """Return the console for messages and progress."""
    return Console(stderr=True, highlight=False)


def fail(error: TrackerError, subject: str = "") -> int:
    """Print the error as one line, with what it is about, and return its exit code."""
    complain(str(error), subject)
    return error.exit_code


def complain(message: str, subject: str = "") -> None:
    """Print ``message`` as an error of one line; ``subject`` goes before it unless it is in it."""
    subject = without_user_names(subject)
    about = "" if subject in message else f"{plain(subject, 300)}: "
    sys.stderr.write(f"error: {about}{plain(message)}\n")


def note(message: str) -> None:
    """Print ``message`` as one line for the person at the terminal; it is no result."""
    sys.stderr.write(f"{plain(without_user_names(message))}\n")


def warn(subject: str, error: TrackerError) -> None:
    """Print as one line what was left out, and why."""
    sys.stderr.write(f"left out: {plain(without_user_names(subject))}: {plain(str(error))}\n")


@contextmanager
def progress() -> Iterator[Callable[[str, str], None]]:
    """Give a function that shows the stage and the item in work, on a terminal only.

    Results are printed after it ended: while it is alive it keeps the terminal for itself.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn

    console = stderr_console()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        redirect_stdout=False,  # it would send results to standard error
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda stage, label: bar.update(task, description=f"{stage}: {plain(label)[:60]}")


@contextmanager
def counted_progress() -> Iterator[Callable[[int, int, str], None]]:
    """Give a function that shows how many items of how many are done, on a terminal only."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = stderr_console()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # it would send results to standard error
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, label: bar.update(
            task, completed=done, total=total, description=plain(label)[:40]
        )
