"""The command by which a person decides whether a video shows a clip."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.cli.context import session_of, stdout_console
from tracker.cli.custody import By, Why
from tracker.cli.lines import say
from tracker.model.verdict import VerdictKind
from tracker.reports.documents import judged_document
from tracker.reports.verdict_words import verdict_words

_EVERYWHERE = "--config PATH, --json and --debug may be given with every command."


def judge(
    context: typer.Context,
    clip: Annotated[
        str, typer.Argument(metavar="CLIP", help="Clip id, or a post, SHA-256 or file of one clip.")
    ],
    video: Annotated[
        str, typer.Argument(metavar="VIDEO", help="SHA-256, post URL or file of one video.")
    ],
    verdict: Annotated[
        VerdictKind, typer.Option("--verdict", help="Whether the video shows the clip.")
    ],
    by: By,
    why: Why,
) -> int:
    """Say whether a video shows a clip; kept beside the machine's finding and obeyed."""
    session = session_of(context)
    with session.app(writes=True) as app:
        judged = app.judge.judge(clip, video, verdict, by=by, why=why)
    if session.json:
        session.emit(judged_document(judged))
    else:
        say(stdout_console(), verdict_words(judged, judged.clip))
    return 0
